"""Libraries that draw bars, whichever program uses them."""

from __future__ import annotations

from typing import Final

from procession.monitor.progress.profile import Profile, profile

PROFILES: Final[tuple[Profile, ...]] = (
    profile(
        "tqdm",  # also enlighten: "load:  21%|███▌   | 25/120 [00:00<00:02, 48.97rec/s]"
        rb"^(?P<label>[^%|\x00-\x08]*?):? *(?P<percent>\d{1,3})%\|"
        rb"[^|]*\| *(?P<current>[\d.]+\w?)/(?P<total>[\d.]+\w?) \[",
        by_content=True,
        bars=True,
    ),
    profile(
        "tqdm without a total",  # "stream: 5.12kB [00:00, 50.4kB/s]"
        rb"(?P<current>\d[\d.]*[kMGT]?)(?P<unit>[A-Za-z]+) \[(?:\d+:)+\d\d, +[?\d][\d.]*[kMGT]?[A-Za-z]+/s",
        by_content=True,
    ),
    profile(
        "rich",  # "⠋ process  ━━━━╺━━━  50% 40/80 0:00:01"; of one without a total there is no percentage
        rb"^(?P<label>[^%]*?) *(?:\xe2\x94\x81|\xe2\x95\xba|\xe2\x95\xb8)+(?:[ \xe2\x94\x81\x95\xba\xb8])*"
        rb" +(?P<percent>\d{1,3})%(?: +(?P<current>\d+)/(?P<total>\d+))?",
        by_content=True,
        bars=True,
    ),
    profile(
        "alive-progress",  # "ingest |███▍    | ▅▇▇ 51/100 [51%] in 1s (~1s, 4"
        rb"^(?P<label>[^|]*)\|.*\| .*?(?P<current>\d+)/(?P<total>\d+) \[(?P<percent>\d{1,3})%\]",
        by_content=True,
        bars=True,
    ),
    profile(
        "progressbar2",  # " 52% (42 of 80) |####    | Elapsed Time: 0:00:01 ETA: 0:00:01"
        rb"^ *(?P<percent>\d{1,3})% \((?P<current>\d+) of (?P<total>\d+)\) \|",
        by_content=True,
    ),
    profile(
        "click",  # "Modifying accounts  [####----]   50%  00:00:01"
        rb"^(?P<label>.*?) *\[#*-*\] +(?P<percent>\d{1,3})%",
        by_content=True,
    ),
    profile(
        "dask",  # "[####    ] | 52% Completed | 1.11 s"
        rb"^\[#* *\] \| (?P<percent>\d{1,3})% Completed",
        by_content=True,
    ),
    profile(
        "duckdb",  # " 53% ▕███▏  ▏ (~4 seconds remaining)"
        rb"^ *(?P<percent>\d{1,3})% \xe2\x96\x95",
        by_content=True,
    ),
)
