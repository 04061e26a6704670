"""Compilers' conductors, and what checks and documents."""

from __future__ import annotations

import re
from typing import Final

from procession.monitor.progress.found import Found, label_of
from procession.monitor.progress.profile import Facts, Profile, profile, read_groups


def _sphinx(match: re.Match[bytes], facts: Facts) -> Found | None:
    found = read_groups(match, facts)
    return found._replace(label=label_of(match["label"]), in_phases=True) if found else None


PROFILES: Final[tuple[Profile, ...]] = (
    profile(
        "git",  # "Receiving objects:  51% (4719/9252)"
        rb"^(?P<label>(?:remote: )?[A-Z][\w ]+): +(?P<percent>\d{1,3})% \((?P<current>\d+)/(?P<total>\d+)\)",
        programs="git",
        by_content=True,
        in_phases=True,
    ),
    profile("ninja", rb"^\[(?P<current>\d+)/(?P<total>\d+)\] ", programs="ninja meson samu"),
    profile(
        "cmake's makefiles",  # "[ 48%] Building C object CMakeFiles/lib2.dir/s2_6.c.o"
        rb"^\[ *(?P<percent>\d{1,3})%\] (?:Building|Linking|Built|Generating|Completed|Creating|Performing|No )",
        programs="make cmake gmake",
    ),
    profile(
        "cargo",
        rb"^ *(?:Building|Checking|Documenting|Downloading|Compiling) \[[=> ]*\] (?P<current>\d+)/(?P<total>\d+)",
        programs="cargo",
        by_content=True,
    ),
    profile("ctest", rb"^ *(?P<current>\d+)/(?P<total>\d+) Test +#\d+:", programs="ctest", by_content=True),
    profile(
        "pytest",  # "....F....s      [ 36%]"; "test_m.py::test_x[24] PASSED [ 52%]"; "[gw0] [ 50%] PASSED …"
        rb"^[.FEsxXRr]+ *\[ *(?P<percent>\d{1,3})%\]$"
        rb"|^\S+\.py (?:[.FEsxXRr]+|::.*) *\[ *(?P<of_file>\d{1,3})%\]$"
        rb"|^\S+::.* [A-Z]+(?: \(.*\))? +\[ *(?P<of_line>\d{1,3})%\]$"
        rb"|^\[gw\d+\] \[ *(?P<of_worker>\d{1,3})%\] [A-Z]+",
        programs="pytest py.test",
        by_content=True,
        read=lambda match, _: _first_percent(match),
    ),
    profile("unittest", rb"^(?P<label>\w+) \([\w.]+\)(?:\n.*)? \.\.\. ", programs="unittest", read=lambda *_: None),
    profile(
        "sphinx",  # "writing output... [ 32%] p2"
        rb"^(?P<label>[a-z][\w ]+\.\.\.) *\[ *(?P<percent>\d{1,3})%\]",
        programs="sphinx sphinx-build",
        by_content=True,
        read=_sphinx,
    ),
    profile("webpack", rb"^(?:<s> \[webpack\.Progress\] )?(?P<percent>\d{1,3})% ?(?:[a-z\[(]|$)", programs="webpack"),
    profile("compilers", programs="gcc g++ cc clang tsc"),
)


def _first_percent(match: re.Match[bytes]) -> Found | None:
    text = next(text for text in match.groups() if text is not None)
    return Found(percent=float(text)) if int(text) <= 100 else None
