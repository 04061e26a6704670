"""The facts of one exit: the fields of EXITED, and the checksummed record of the journal.

Not here: what they mean (`policy.verdict`).
"""

from __future__ import annotations

import struct
from zlib import crc32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# key, seq, raw status, pid, user and system seconds, peak memory, time; then the checksum of these
_FACTS = struct.Struct("<QQIIddQd")
_CHECKSUM = struct.Struct("<I")
RECORD_BYTES = _FACTS.size + _CHECKSUM.size


class Exit:
    """How one child ended. ``status`` is raw, ``max_rss_kb`` 0 when it may be the keeper's own, ``at`` since 1970."""

    __slots__ = ("at", "key", "max_rss_kb", "pid", "seq", "status", "system_s", "user_s")

    def __init__(  # noqa: PLR0917 - in the order of the record
        self, key: int, seq: int, status: int, pid: int, user_s: float, system_s: float, max_rss_kb: int, at: float
    ) -> None:
        """Keep them, in the order of the record."""
        self.key = key
        self.seq = seq
        self.status = status
        self.pid = pid
        self.user_s = user_s
        self.system_s = system_s
        self.max_rss_kb = max_rss_kb
        self.at = at


def encode_exit(ended: Exit) -> list[bytes]:
    """Give the fields of EXITED; the key is the frame's id."""
    whole = (ended.seq, ended.pid, ended.status)
    rest = (b"%.6f" % ended.user_s, b"%.6f" % ended.system_s, b"%d" % ended.max_rss_kb, b"%.6f" % ended.at)
    return [*(b"%d" % each for each in whole), *rest]


def decode_exit(key: int, fields: Sequence[bytes]) -> Exit:
    """Read them again. Raises: ValueError."""
    seq, pid, status, user_s, system_s, max_rss_kb, at = fields
    return Exit(key, int(seq), int(status), int(pid), float(user_s), float(system_s), int(max_rss_kb), float(at))


def pack_record(ended: Exit) -> bytes:
    """Give its record in the journal."""
    facts = _FACTS.pack(
        ended.key, ended.seq, ended.status, ended.pid, ended.user_s, ended.system_s, ended.max_rss_kb, ended.at
    )
    return facts + _CHECKSUM.pack(crc32(facts))


def unpack_records(data: bytes) -> list[Exit]:
    """Give the exits of a journal, up to the first record that is not whole."""
    exits = []
    for start in range(0, len(data) - RECORD_BYTES + 1, RECORD_BYTES):
        facts = data[start : start + _FACTS.size]
        if _CHECKSUM.unpack_from(data, start + _FACTS.size)[0] != crc32(facts):
            break
        exits.append(Exit(*_FACTS.unpack(facts)))
    return exits
