"""Files, archives, images, file systems."""

from __future__ import annotations

from typing import Final

from procession.monitor.progress.profile import Profile, profile

PROFILES: Final[tuple[Profile, ...]] = (
    profile("dd", rb"^(?P<current>\d+) (?P<unit>bytes) \(.*\) copied, ", programs="dd", by_content=True),
    profile("pv", rb"\[[\d.]+ ?[kKMGT]?i?B/s\] \[[=> ]*\] +(?P<percent>\d{1,3})%", programs="pv", by_content=True),
    profile("pv -n", rb"^(?P<percent>\d{1,3})$", programs="pv"),
    profile("xz", rb"^ *(?P<percent>\d{1,3}(?:\.\d)?) % +[\d.,]+ [KMG]?i?B / ", programs="xz", by_content=True),
    profile("tar", rb"^\.*tar: #(?P<current>\d+): [WR]: ", programs="tar"),
    profile("7z", rb"^ *(?P<percent>\d{1,3})%(?: |$)", programs="7z 7za 7zr 7zz"),
    profile("qemu-img", rb"^ *\((?P<percent>\d{1,3}\.\d+)/100%\)", programs="qemu-img", by_content=True),
    profile(
        "squashfs",  # "[=====/    ] 131/858  15%"
        rb"^\[[=|/\\ -]*\] +(?P<current>\d+)/(?P<total>\d+) +(?P<percent>\d{1,3})%",
        programs="mksquashfs unsquashfs",
        by_content=True,
    ),
    profile("xorriso", rb"^xorriso : UPDATE : +(?P<percent>\d{1,3}\.\d+)% done", by_content=True),
    profile("genisoimage", rb"^ *(?P<percent>\d{1,3}\.\d+)% done, estimate finish", by_content=True),
    profile(
        "e2fsprogs",  # "fs.img: |=====    | 45.0%"; "Writing superblocks …: 12/480" is quick, and no share of anything
        rb"^(?P<label>[^|]*)\|[=|/\\ -]*\| +(?P<percent>\d{1,3}\.\d)%",
        programs="mke2fs mkfs.ext4 e2fsck fsck.ext4 resize2fs",
        by_content=True,
        in_phases=True,
    ),
    profile("restic", rb"^\[\d+:\d\d\] +(?P<percent>\d{1,3}\.\d+)% ", programs="restic", by_content=True),
    profile("borg", rb" D (?P<current>\d+) N ", programs="borg"),
    profile("memtester", programs="memtester"),
    profile("stress-ng", programs="stress-ng"),
    profile("sysbench", rb"^\[ (?P<current>\d+)(?P<unit>s) \] thds: ", programs="sysbench"),
)
