"""Looking again whenever something may have come to a path, wherever the directories above it are."""

import asyncio
import contextlib

from procession.streams.looking import look_again


async def looks_until(path, is_there):
    """Look until it is there; give how often that took."""
    count = 0
    async with contextlib.aclosing(look_again(str(path))) as looks:
        async for _ in looks:
            count += 1
            if is_there():
                return count
    raise AssertionError


async def test_what_is_there_is_seen_at_once(tmp_path):
    """The first look waits for nothing."""
    (tmp_path / "file").touch()

    assert await looks_until(tmp_path / "file", (tmp_path / "file").exists) == 1


async def test_directories_that_come_and_go_are_followed(tmp_path):
    """Each level may come, go and come again, a hundred times, in any moment: the file is seen in the end."""
    path = tmp_path / "a" / "b" / "file"
    looking = asyncio.ensure_future(looks_until(path, path.exists))
    for turn in range(100):
        path.parent.mkdir(parents=True)
        if turn % 3:
            await asyncio.sleep(0)
        path.parent.rmdir()
        path.parent.parent.rmdir()
        if turn % 2:
            await asyncio.sleep(0.001)
    path.parent.mkdir(parents=True)
    await asyncio.sleep(0.02)
    path.touch()

    assert await asyncio.wait_for(looking, 10) < 300


async def test_a_write_to_what_is_there_is_a_reason_to_look(tmp_path):
    """Not only names that come: what was there may have changed."""
    path = tmp_path / "file"
    path.write_text("old")
    looking = asyncio.ensure_future(looks_until(path, lambda: path.read_text() == "new"))
    await asyncio.sleep(0.02)
    path.write_text("new")

    await asyncio.wait_for(looking, 10)
