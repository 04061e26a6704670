"""Sound and pictures."""

from __future__ import annotations

from typing import Final

from procession.monitor.progress.profile import Profile, profile

PROFILES: Final[tuple[Profile, ...]] = (
    profile(
        "ffmpeg",  # "frame=  131 fps= 50 … time=00:00:02.03 bitrate=…" of "Duration: 00:00:40.00, start: …"
        rb"^(?:frame|size)=.*? time=(?P<time>\d+:\d\d:\d\d(?:\.\d+)?) ",
        programs="ffmpeg",
        by_content=True,
        fact=rb"\n  Duration: (?P<duration>\d+:\d\d:\d\d\.\d+), start: ",
    ),
    profile("ffmpeg -progress", rb"^out_time=(?P<time>\d+:\d\d:\d\d(?:\.\d+)?)$", programs="ffmpeg", by_content=True),
    profile("sox", rb"^In:(?:0\.00%|(?P<percent>\d+\.\d+)%) (?P<time>\d+:\d\d:\d\d(?:\.\d+)?) ", programs="sox"),
)
