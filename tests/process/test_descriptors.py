"""What is open in a child: exactly 0, 1, 2 and what was declared, at the numbers declared."""

import os
import socket
import tempfile
import time

import pytest

from procession import INHERIT, NULL, PIPE, Descriptor, File, Limits, StdioUnavailable, run


@pytest.fixture
def list_descriptors(python, children):
    """What a child finds open: number to target, and how many bytes its standard input had."""

    async def run_it(**options) -> dict[str, str]:
        result = await run([python, "-I", "-S", children / "lists_descriptors.py"], check=True, **options)
        return dict(line.split(" ", 1) for line in result.stdout.splitlines())

    return run_it


@pytest.fixture
def crowd():
    """200 open files and sockets of ours, half of them inheritable."""
    opened = [os.open("/dev/null", os.O_RDWR) for _ in range(100)]
    sockets = [socket.socket() for _ in range(100)]
    for descriptor in opened[::2] + [each.fileno() for each in sockets[::2]]:
        os.set_inheritable(descriptor, True)
    yield opened
    for descriptor in opened:
        os.close(descriptor)
    for each in sockets:
        each.close()


async def test_a_child_has_three_descriptors(tree_kind, list_descriptors, crowd):
    """C008: with 200 descriptors open here, some inheritable, a child has 0, 1 and 2, and stdin is at its end."""
    found = await list_descriptors()

    assert sorted(found) == ["0", "1", "2", "stdin"]
    assert found["0"] == "/dev/null"
    assert found["stdin"] == "0"


async def test_declared_descriptors_stand_at_their_numbers(list_descriptors, crowd, tmp_path):
    """C008: further descriptors stand where they were declared, whatever overlaps, and nothing else is open."""
    path = tmp_path / "file"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    other = os.open("/dev/zero", os.O_RDONLY | os.O_CLOEXEC)
    try:
        kept = await list_descriptors(fds={descriptor: descriptor})
        moved = await list_descriptors(fds={3: descriptor, 9: other})
        swapped = await list_descriptors(fds={descriptor: other, other: descriptor})
        doubled = await list_descriptors(fds={7: other, 8: other})
    finally:
        os.close(descriptor)
        os.close(other)

    standard = {"0", "1", "2", "stdin"}
    assert {number: found for number, found in kept.items() if number not in standard} == {str(descriptor): str(path)}
    assert {number: found for number, found in moved.items() if number not in standard} == {
        "3": str(path),
        "9": "/dev/zero",
    }
    assert (swapped[str(descriptor)], swapped[str(other)], len(swapped)) == ("/dev/zero", str(path), 6)
    assert (doubled["7"], doubled["8"], len(doubled)) == ("/dev/zero", "/dev/zero", 6)


async def test_our_own_standard_streams_can_be_declared(tmp_path):
    """C008: `fds={5: 1}` is *our* standard output, also where the child's own 1 is a pipe."""
    ours = os.open(tmp_path / "ours", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    saved = os.dup(1)
    os.dup2(ours, 1)
    try:
        result = await run(["sh", "-c", "echo further >&5; echo own"], fds={5: 1})
    finally:
        os.dup2(saved, 1)
        os.close(saved)
        os.close(ours)

    assert result.stdout == "own\n"
    assert (tmp_path / "ours").read_text() == "further\n"


async def test_a_descriptor_that_is_not_open_is_named():
    """C008: a declared descriptor that is not open is refused by its number."""
    with pytest.raises(StdioUnavailable, match="999999") as further:
        await run(["true"], fds={7: 999_999})
    with pytest.raises(StdioUnavailable, match="999999") as stream:
        await run(["true"], stdout=Descriptor(999_999))

    assert (further.value.stream, stream.value.stream) == ("fds[7]", "stdout")


async def test_what_was_given_stays_ours(tmp_path):
    """C008: a descriptor given to a child is still open here, and as inheritable as before."""
    ours = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    try:
        for options in ({"stdout": Descriptor(ours)}, {"fds": {5: ours}}, {"fds": {ours: ours}}):
            await run(["sh", "-c", "echo x"], check=True, **options)
            assert not os.get_inheritable(ours)
        assert (tmp_path / "file").read_text() == "x\n"
    finally:
        os.close(ours)


def test_all_eight_combinations_of_lost_streams(run_host, tmp_path):
    """C008: a host with any of 0, 1 and 2 closed maps the streams of its children right, both ways of starting."""
    (tmp_path / "marker").touch()

    assert run_host("lost_its_standard_streams.py", tmp_path / "marker") == "all eight combinations\n"

    assert (tmp_path / "marker").read_text() == "further\n" * 16


async def test_a_fifo_without_its_other_end_blocks_nothing(tmp_path):
    """C014: a FIFO as a stream is opened without waiting for its other end: read, it is empty; written, refused."""
    os.mkfifo(tmp_path / "fifo")
    began = time.monotonic()

    read = await run(["cat"], stdin=File(tmp_path / "fifo"))
    with pytest.raises(StdioUnavailable, match="nobody reads"):
        await run(["echo", "x"], stdout=File(tmp_path / "fifo"))

    assert (read.ok, read.stdout) == (True, "")
    assert time.monotonic() - began < 1


async def test_a_fifo_with_a_reader_is_written_like_a_file(tmp_path):
    """C014: with somebody there, a child writes to a FIFO as it always would, blocking included."""
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    try:
        result = await run(["sh", "-c", "echo x"], stdout=File(tmp_path / "fifo"))
        assert result.ok
        assert os.read(reader, 10) == b"x\n"
    finally:
        os.close(reader)


async def test_files_are_cut_or_appended(tmp_path):
    """C008: File cuts what was there unless told to append, and reads from its start."""
    path = tmp_path / "file"
    path.write_text("old\n")

    await run(["echo", "appended"], stdout=File(path, append=True))
    assert (await run(["cat"], stdin=File(path))).stdout == "old\nappended\n"
    await run(["echo", "new"], stdout=File(path), stderr=NULL)

    assert path.read_text() == "new\n"


async def test_inherited_streams_are_ours(tmp_path):
    """C008: INHERIT hands over our own stream, at the same number, in both ways of starting."""
    ours = os.open(tmp_path / "ours", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    saved = os.dup(2)
    os.dup2(ours, 2)
    try:
        for limits in (Limits(), Limits(nice=1)):
            result = await run(["sh", "-c", "echo err >&2"], stderr=INHERIT, stdin=PIPE, limits=limits)
            assert (result.ok, result.stderr) == (True, None)
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(ours)

    assert (tmp_path / "ours").read_text() == "err\nerr\n"


async def test_descriptors_are_handed_over_with_the_pid():
    """LISTEN_FDS without LISTEN_PID is given the own pid of the program, as sd_listen_fds(3) wants it; else nothing."""
    script = "echo $LISTEN_FDS $LISTEN_PID $$; cat <&3"
    with tempfile.TemporaryFile() as file:
        file.write(b"handed over")
        file.seek(0)
        fds, given = {3: file.fileno()}, {"LISTEN_FDS": "1"}
        result = await run(["sh", "-c", script], fds=fds, env=given)
        count, told, pid = result.stdout.splitlines()[0].split()
        assert (count, told, result.stdout.splitlines()[1]) == ("1", pid, "handed over")
        result = await run(["sh", "-c", script], fds=fds, env=given | {"LISTEN_PID": "7"})
        assert result.stdout.startswith("1 7 ")
