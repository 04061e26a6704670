"""The disk of the store is full, or may not be written, while tasks run: new work is refused, the rest is kept."""

import json
import os
import subprocess
import sys

import pytest

from procession.errors import StoreUnavailable


@pytest.fixture
def small_house(house):
    """A house on a file system of 8 MiB of its own; the test is skipped where none can be mounted."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs", house.home], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"cannot mount: {mounted.stderr}")
    house.configure()
    yield house
    house.end()
    house.daemon = None
    subprocess.run(["umount", house.home], check=True)


@pytest.mark.root
def test_a_full_disk(small_house, tools, tmp_path):
    """A submit is refused with a sentence (75), what runs goes on, its end is written when there is room again."""
    house, go = small_house, tmp_path / "go"
    house.start()
    with house.client() as client:
        client.submit(["sh", "-c", 'until [ -e "$0" ]; do sleep 0.02; done; exit 7', go], name="ends")
        client.submit(["sleep", "1000"], name="stays")
        tools.settle(lambda: all(view.state == "running" for view in client.list()))
        fill(house.home / "filler")
        taken = submit_until_refused(client)
        refused = procession(house, "submit", "--name", "refused", "--", "true")
        assert refused.returncode == 75
        assert "cannot be used" in refused.stderr or "full" in refused.stderr
        assert client.status().state == "store_failing"
        store = next(each for each in client.doctor() if each.name == "store")
        assert (store.ok, "cannot be written" in store.says) == (False, True)
        go.touch()
        tools.settle(lambda: client.get("ends").state == "ended")
        assert client.get("stays").state == "running"

        (house.home / "filler").unlink()
        tools.settle(lambda: client.status().state == "running")
        assert client.submit(["true"], name="after") == "after"
        assert {view.id for view in client.list()} == {"ends", "stays", "after", *taken}
        assert client.wait("after").tasks[0].ok
        assert json.loads(house.ask("SELECT body FROM attempt WHERE task = 'ends'")[0][0])["exit"]["status"] == 7 << 8
        house.kill()
        house.start()
        assert client.get("ends").outcome.code == 7
        assert client.get("stays").state == "running"


@pytest.mark.root
def test_killed_while_the_disk_is_full(small_house, tools, tmp_path):
    """An exit that could not be written waits with the keeper for the next supervisor."""
    house, go = small_house, tmp_path / "go"
    house.start()
    with house.client() as client:
        client.submit(["sh", "-c", 'until [ -e "$0" ]; do sleep 0.02; done; exit 7', go], name="ends")
        tools.settle(lambda: client.get("ends").state == "running")
        fill(house.home / "filler")
        submit_until_refused(client)
        go.touch()
        tools.settle(lambda: client.get("ends").state == "ended")
        house.kill()
        (house.home / "filler").unlink()
        house.start()

        assert client.wait("ends").tasks[0].outcome.code == 7


def submit_until_refused(client):
    """Submit until the disk is full; give the ids that were taken."""
    taken = []
    while len(taken) < 1000:
        try:
            taken.append(client.submit(["true"], name=f"fills{len(taken)}"))
        except StoreUnavailable:
            return taken
    pytest.fail("the disk was never full")


def procession(house, *arguments):
    """Run the command line in a house."""
    return subprocess.run(
        [sys.executable, "-m", "procession", *arguments], env=house.environment, capture_output=True, text=True
    )


def fill(path):
    """Write until there is no room, to the last byte."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        for size in (65536, 4096, 1):
            try:
                while True:
                    os.write(descriptor, bytes(size))
            except OSError:
                continue
    finally:
        os.close(descriptor)
