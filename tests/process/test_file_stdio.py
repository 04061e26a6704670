"""Streams that go to files, to descriptors, to where ours go, and nowhere."""

import asyncio
import os
import sys

import pytest

from procession import INHERIT, NULL, Descriptor, File, StdioUnavailable, run, shell, spawn

TALKS = shell("echo out; echo err >&2")


async def test_a_file_is_truncated(tmp_path):
    """A file as output begins empty, whatever was in it; the result has no such output then."""
    path = tmp_path / "out"
    path.write_text("old and long\n")
    result = await run(TALKS, stdout=File(str(path)))

    assert path.read_text() == "out\n"
    assert (result.stdout, result.stderr) == (None, "err\n")


async def test_a_file_is_appended_to(tmp_path):
    """With ``append`` what was there stays, also for children that write at the same time."""
    path = tmp_path / "out"
    path.write_text("old\n")
    to_file = File(str(path), append=True)
    await asyncio.gather(*(run(shell(f"seq {start} {start + 99}"), stdout=to_file) for start in (100, 200, 300)))

    lines = path.read_text().splitlines()
    assert lines[0] == "old"
    assert sorted(map(int, lines[1:])) == list(range(100, 400))


async def test_input_from_a_file(tmp_path):
    """A file as input is read from its beginning to its end."""
    path = tmp_path / "in"
    path.write_text("b\na\n")

    assert (await run(["sort"], stdin=File(str(path)))).stdout == "a\nb\n"


async def test_a_new_file_obeys_the_umask(tmp_path):
    """A file that we create has the mode that the umask leaves."""
    path = tmp_path / "out"
    before = os.umask(0o027)
    try:
        await run(TALKS, stdout=File(str(path)))
    finally:
        os.umask(before)

    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
async def test_a_file_that_cannot_be(tmp_path, stream):
    """A path that cannot be opened names stream and path, and nothing was started."""
    path = str(tmp_path / "missing" / "file")
    with pytest.raises(StdioUnavailable) as raised:
        await run(["true"], **{stream: File(path)})

    assert (raised.value.stream, raised.value.path) == (stream, path)
    assert path in str(raised.value)


async def test_a_full_device():
    """A child whose output fails for want of room is told so by the kernel; the result is its own."""
    result = await run(["printf", "x"], stdout=File("/dev/full"))

    assert result.code == 1
    assert "No space left" in result.stderr


async def test_a_descriptor_stays_ours():
    """A descriptor is the child's while it lives, and stays open and blocking for us."""
    read_end, write_end = os.pipe()
    try:
        result = await run(["echo", "through"], stdout=Descriptor(write_end))
        os.write(write_end, b"ours\n")

        assert os.read(read_end, 100) == b"through\nours\n"
        assert os.get_blocking(write_end)
        assert result.stdout is None
    finally:
        os.close(read_end)
        os.close(write_end)


async def test_one_descriptor_for_everything(tmp_path):
    """One open file serves several streams with one position."""
    with (tmp_path / "file").open("w+b") as file:
        fd = Descriptor(file.fileno())
        await run(shell("echo 1; echo 2 >&2; echo 3"), stdout=fd, stderr=fd)

        assert (tmp_path / "file").read_text() == "1\n2\n3\n"


async def test_a_pipe_between_two_processes():
    """Two processes connected by a pipe of ours end as a pipeline does."""
    read_end, write_end = os.pipe()
    try:
        async with (
            spawn(["seq", "100000"], stdout=Descriptor(write_end)) as first,
            spawn(["tail", "-n", "1"], stdin=Descriptor(read_end)) as second,
        ):
            os.close(write_end)
            write_end = -1

            assert await second.stdout.read() == b"100000\n"
            assert (await first.wait()).ok
            assert (await second.wait()).ok
    finally:
        os.close(read_end)
        if write_end >= 0:
            os.close(write_end)


async def test_standard_streams_crosswise(tmp_path):
    """Descriptors may be given crosswise: our 1 as its 2, whatever the numbers."""
    with (tmp_path / "a").open("wb") as a, (tmp_path / "b").open("wb") as b:
        await run(TALKS, stdout=Descriptor(b.fileno()), stderr=Descriptor(a.fileno()))

    assert ((tmp_path / "a").read_text(), (tmp_path / "b").read_text()) == ("err\n", "out\n")


async def test_a_descriptor_that_is_not_open():
    """A descriptor that is not open is named, and nothing was started."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    os.close(write_end)
    with pytest.raises(StdioUnavailable) as raised:
        await run(["true"], stdout=Descriptor(write_end))

    assert (raised.value.stream, raised.value.path) == ("stdout", str(write_end))


async def test_inherited_output(capfd):
    """INHERIT is our own stream: what the child prints is printed where we print."""
    result = await run(TALKS, stdout=INHERIT, stderr=INHERIT)
    printed = capfd.readouterr()

    assert (printed.out, printed.err) == ("out\n", "err\n")
    assert (result.stdout, result.stderr) == (None, None)


async def test_inherited_input_and_order():
    """INHERIT of everything makes the child one with its caller, input included."""
    script = (
        "import asyncio; from procession import *;"
        "r = run_blocking(['cat'], stdin=INHERIT, stdout=INHERIT, stderr=INHERIT); print(r.code)"
    )
    result = await run([sys.executable, "-c", script], input="given\n")

    assert result.stdout == "given\n0\n"


async def test_the_childs_files_are_its_own(tmp_path):
    """The child has its three streams and nothing else of ours."""
    with (tmp_path / "ours").open("w"):
        listed = await run(["ls", "-l", "/proc/self/fd"], stdin=NULL)

    numbers = [line.split(" -> ")[0].split()[-1] for line in listed.stdout.splitlines()[1:]]
    assert numbers == ["0", "1", "2", "3"]  # 3 is what lists them
    assert "/dev/null" in listed.stdout.splitlines()[1]


async def test_no_output_at_all():
    """NULL for both outputs: nothing is captured, nothing blocks."""
    result = await run(shell("head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2"), stdout=NULL, stderr=NULL)

    assert (result.ok, result.stdout, result.stderr) == (True, None, None)
