"""The body of SPAWN: everything the keeper has to know to start one program. Its descriptors travel beside it.

Not here: whether it makes sense. Texts are bytes, as the kernel takes them; what is None is the keeper's own.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class SpawnRequest:
    """What to start, and where. ``soft_limits`` are by number of the resource, -1 for none."""

    __slots__ = ("argv", "cwd", "environment", "executable", "leaf", "soft_limits", "umask")

    def __init__(
        self,
        executable: bytes,
        argv: Sequence[bytes],
        environment: Sequence[bytes],
        *,
        cwd: bytes | None = None,
        umask: int | None = None,
        leaf: bytes | None = None,
        soft_limits: Mapping[int, int] | None = None,
    ) -> None:
        """Keep them."""
        self.executable = executable
        self.argv = argv
        self.environment = environment
        self.cwd = cwd
        self.umask = umask
        self.leaf = leaf
        self.soft_limits = dict(soft_limits or {})


def encode_spawn(request: SpawnRequest) -> list[bytes]:
    """Give the fields of the frame."""
    return [
        request.executable,
        request.cwd or b"",
        b"" if request.umask is None else b"%o" % request.umask,
        request.leaf or b"",
        b",".join(b"%d:%d" % each for each in request.soft_limits.items()),
        b"%d" % len(request.argv),
        *request.argv,
        *request.environment,
    ]


def decode_spawn(fields: Sequence[bytes]) -> SpawnRequest:
    """Read them again. Raises: ValueError."""
    if len(fields) < 6:
        raise ValueError("a SPAWN has six fields before its arguments")
    executable, cwd, umask, leaf, limits, argc = fields[:6]
    count = int(argc)
    if not 1 <= count <= len(fields) - 6 or not executable:
        raise ValueError("a SPAWN names its program and all of its arguments")
    return SpawnRequest(
        executable,
        fields[6 : 6 + count],
        fields[6 + count :],
        cwd=cwd or None,
        umask=int(umask, 8) if umask else None,
        leaf=leaf or None,
        soft_limits=dict(_decode_limit(each) for each in limits.split(b",") if each),
    )


def _decode_limit(text: bytes) -> tuple[int, int]:
    number, _, soft = text.partition(b":")
    return int(number), int(soft)
