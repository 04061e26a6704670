"""What moves bytes from one place to another."""

from __future__ import annotations

from typing import Final

from procession.monitor.progress.found import Found
from procession.monitor.progress.profile import Profile, profile, read_groups


def _percent(text: bytes) -> Found | None:
    return Found(percent=float(text)) if int(text) <= 100 else None


PROFILES: Final[tuple[Profile, ...]] = (
    profile(
        "curl",  # " 23 19.0M   23 4638k    0     0  4844k      0  0:00:04 --:--:--  0:00:04 4842k": no sign
        rb"^ *(?P<percent>\d{1,3}) +\d[\d.]*[kMGTP]? +\d{1,3} +\d[\d.]*[kMGTP]? +\d{1,3} +\d[\d.]*[kMGTP]? +\d"
        rb"|^ *(?P<percent_of_all>\d{1,3}) +(?:--|\d{1,3}) +\d[\d.]*[kMGTP]? +\d[\d.]*[kMGTP]? +\d+ +\d+ +[-\d]",
        programs="curl",
        read=lambda match, _: _percent(match["percent"] or match["percent_of_all"]),
    ),
    profile("curl, a bar", rb"^[#=O -]*?(?P<percent>\d{1,3}\.\d)%$", programs="curl"),
    profile(
        "wget",  # "/dev/null   40%[====>  ]   7.64M  4.68MB/s", " 9750K .......... .......... 49% 1017M 2s"
        rb"(?:^\S+ +|^ *\d+K[ .,]+)(?P<percent>\d{1,3})%",
        programs="wget",
    ),
    profile("aria2c", rb"^\[#\w+ \S+?/\S+?\((?P<percent>\d{1,3})%\)", programs="aria2c", by_content=True),
    profile(
        "rsync",  # "     54,493,184  75%   24.95MB/s    0:00:00 (xfr#201, to-chk=200/402)"
        rb"^ *(?P<current>[\d,]+) +(?P<percent>\d{1,3})% +[\d.]+[kMGT]?B/s +\d+:\d\d:\d\d",
        programs="rsync",
        by_content=True,
    ),
    profile("sftp and scp", rb"^\S.*? +(?P<percent>\d{1,3})% +\S+ +\S+/s +[\d:-]+", programs="sftp scp"),
    profile(
        "yt-dlp",
        rb"^\[download\] +(?P<percent>\d{1,3}(?:\.\d+)?)% of",
        programs="yt-dlp youtube-dl",
        by_content=True,
    ),
    profile(
        "pip",  # "     ━━━━╺━━ 15.6/37.7 MB 102.2 MB/s eta 0:00:01": of one file of many
        rb"(?:\xe2\x94\x81|\xe2\x95\xba|\xe2\x95\xb8)[\xe2\x94\x81\x95\xba\xb8 ]* *"
        rb"(?P<current>[\d.]+)/(?P<total>[\d.]+) (?P<unit>[kMG]?B)\b",
        programs="pip",
        by_content=True,
        fact=rb"(?P<several>(?:Collecting|Processing) [^\n]+\n(?:[^\n]*\n){0,6}?[^\n]*?(?:Collecting|Processing) )",
        read=lambda match, facts: None if "several" in facts else read_groups(match, facts),
    ),
    profile(
        "apt",
        rb"^\(?(?P<label>Reading [\w ]+)\.\.\. *(?P<percent>\d{1,3})%",
        programs="apt apt-get dpkg",
        in_phases=True,
    ),
    profile("npm", programs="npm"),
)
