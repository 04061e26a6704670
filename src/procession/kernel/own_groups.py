"""Which control groups we are in: every directory from ours up to the top, of both versions, for one controller.

A limit of any of them is ours, too. Source: cgroups(7); Documentation/admin-guide/cgroup-v2.rst and cgroup-v1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from procession.kernel.files import read_file

MOUNT = "/sys/fs/cgroup"
OWN = "/proc/self/cgroup"


class OwnGroups(NamedTuple):
    """Directories, the innermost last: of version 2, and of the hierarchy of version 1 that has the controller."""

    unified: tuple[str, ...]
    legacy: tuple[str, ...]


def own_groups(controller: str, mount: str = MOUNT, own: str = OWN) -> OwnGroups:
    """Find those that may limit what ``controller`` counts."""
    unified: tuple[str, ...] = ()
    legacy: tuple[str, ...] = ()
    for line in read_file(own).decode(errors="replace").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            unified = (*_down(mount, path), *_down(f"{mount}/unified", path))
        elif controller in controllers.split(","):
            legacy = tuple(_down(f"{mount}/{controller}", path))
    return OwnGroups(unified, legacy)


def read_number(path: str) -> int | None:
    """Read a file of one number; None: it is not there, or says *max*."""
    text = read_file(path).strip()
    return int(text) if text.isdigit() else None


def _down(mount: str, path: str) -> Iterator[str]:
    parts = [part for part in path.split("/") if part not in ("", "..")]
    for depth in range(len(parts) + 1):
        yield "/".join((mount, *parts[:depth]))
