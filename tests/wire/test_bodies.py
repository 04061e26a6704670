"""The bodies of SPAWN and EXITED, and the record of the journal, come back as they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.wire.exits import RECORD_BYTES, Exit, decode_exit, encode_exit, pack_record, unpack_records
from procession.wire.spawn import SpawnRequest, decode_spawn, encode_spawn

TEXT = st.binary(max_size=12).map(lambda text: text.replace(b"\0", b"x"))
NAME = st.binary(min_size=1, max_size=12).map(lambda text: text.replace(b"\0", b"x"))
SECONDS = st.integers(0, 10**12).map(lambda microseconds: microseconds / 1e6)
EXITS = st.builds(
    Exit, st.integers(0, 2**64 - 1), st.integers(1, 2**63), st.integers(0, 65535), st.integers(1, 2**31 - 1),
    SECONDS, SECONDS, st.integers(0, 2**40), SECONDS,
)  # fmt: skip


@given(
    NAME, st.lists(TEXT, min_size=1, max_size=4), st.lists(TEXT, max_size=4), st.none() | NAME,
    st.none() | st.integers(0, 0o777), st.none() | NAME, st.dictionaries(st.integers(0, 15), st.integers(-1, 2**40)),
)  # fmt: skip
def test_a_spawn_comes_back(executable, argv, environment, cwd, umask, leaf, limits):  # noqa: PLR0917 - one per field
    """Empty arguments and variables included."""
    request = SpawnRequest(executable, argv, environment, cwd=cwd, umask=umask, leaf=leaf, soft_limits=limits)

    assert facts(decode_spawn(encode_spawn(request))) == facts(request)


@pytest.mark.parametrize(
    "fields",
    [
        [],
        [b"/bin/true", b"", b"", b"", b"", b"2", b"true"],
        [b"x", b"", b"9", b"", b"", b"1", b"x"],
        [b"x", b"", b"", b"", b"1", b"1", b"x"],
    ],
)
def test_what_is_no_spawn_is_refused(fields):
    """Too short, fewer arguments than announced, no octal number, a limit without a value."""
    with pytest.raises(ValueError, match=r"."):
        decode_spawn(fields)


@given(EXITS)
def test_an_exit_comes_back(ended):
    """From the frame, and from the journal."""
    assert facts(decode_exit(ended.key, encode_exit(ended))) == pytest.approx(facts(ended))
    assert [facts(ended)] == [facts(each) for each in unpack_records(pack_record(ended))]


@given(st.lists(EXITS, min_size=1, max_size=4), st.data())
def test_a_damaged_record_ends_the_journal(exits, data):
    """What stands before it counts; it and what follows do not."""
    records = b"".join(map(pack_record, exits))
    place = data.draw(st.integers(0, len(records) - 1))
    damaged = records[:place] + bytes([records[place] ^ 1]) + records[place + 1 :]

    assert [facts(each) for each in unpack_records(damaged)] == [facts(each) for each in exits[: place // RECORD_BYTES]]
    assert len(unpack_records(records[:place])) == place // RECORD_BYTES


def facts(value):
    """All that it holds."""
    return [getattr(value, name) for name in value.__slots__]
