"""One daemon per home."""

import os
import subprocess
import sys

import pytest

from procession.daemon.locate import find_socket
from procession.daemon.lock import hold_lock, read_holder
from procession.errors import DaemonRunning

HOLDS = """
import sys
from procession.daemon.locate import find_socket
from procession.daemon.lock import hold_lock
from procession.daemon.paths import find_paths
with hold_lock(find_paths()):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_second_is_told_who_is_first(paths, mode):
    """While one holds the lock, a second is refused, with the pid of the first."""
    paths.make()
    with hold_lock(paths):
        with pytest.raises(DaemonRunning) as caught, hold_lock(paths):
            pass
        assert (caught.value.pid, caught.value.home) == (os.getpid(), paths.home)
        assert read_holder(paths).api_socket == paths.api_socket
        assert mode(paths.lock) == 0o600
    assert read_holder(paths) is None
    with hold_lock(paths):
        pass


def test_a_killed_holder_holds_nothing(paths):
    """The lock ends with its holder, however that ends, and what it wrote misleads nobody."""
    paths.make()
    with subprocess.Popen([sys.executable, "-c", HOLDS], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        assert read_holder(paths).pid == process.pid
        process.kill()
        process.wait()
    assert find_socket(paths) is None
    with hold_lock(paths):
        assert read_holder(paths).pid == os.getpid()


def test_no_lock_yet(paths):
    """Where there never was a daemon, nobody holds anything."""
    assert read_holder(paths) is None


def test_a_link_in_the_way(paths, tmp_path):
    """A link where the lock should be is not followed."""
    paths.make()
    os.symlink(tmp_path / "victim", paths.lock)

    with pytest.raises(OSError, match="symbolic"), hold_lock(paths):
        pass
    assert not (tmp_path / "victim").exists()
