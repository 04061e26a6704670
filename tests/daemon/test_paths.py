"""Where a daemon is at home, and which directories it refuses."""

import os
from pathlib import Path

import pytest

from procession.daemon.paths import Paths, find_paths
from procession.daemon.private import make_private
from procession.errors import UnsafePath


def test_defaults():
    """Without settings, state is below ~/.local/state, and so are the sockets."""
    home = os.path.expanduser("~/.local/state/procession")

    assert find_paths({}) == Paths(home, f"{home}/run")
    assert find_paths({"XDG_RUNTIME_DIR": "/run/user/7"}) == Paths(home, "/run/user/7/procession")
    assert find_paths({"XDG_RUNTIME_DIR": "relative"}) == Paths(home, f"{home}/run")


def test_each_home_has_its_own_sockets():
    """Two homes never share a socket."""
    first = find_paths({"PROCESSION_HOME": "/a", "XDG_RUNTIME_DIR": "/run/user/7"})
    second = find_paths({"XDG_STATE_HOME": "/b", "XDG_RUNTIME_DIR": "/run/user/7"})

    assert (first.home, second.home) == ("/a", "/b/procession")
    assert first.runtime != second.runtime
    assert first.runtime.startswith("/run/user/7/procession/")
    assert len(os.path.basename(first.runtime)) == 8


@pytest.mark.parametrize("mask", [0o000, 0o077, 0o777])
def test_whatever_the_umask(paths, mode, mask):
    """C112: every directory has mode 0700, those above it that were missing too."""
    before = os.umask(mask)
    try:
        paths.make()
    finally:
        os.umask(before)

    made = (paths.home, paths.runtime, paths.logs, os.path.dirname(paths.runtime))
    assert {mode(path) for path in made} == {0o700}


def test_symbolic_links(paths, tmp_path):
    """A home that is a link is refused, with what to do."""
    (tmp_path / "elsewhere").mkdir()
    Path(paths.home).symlink_to(tmp_path / "elsewhere")

    with pytest.raises(UnsafePath, match="symbolic link") as caught:
        paths.make()
    assert (caught.value.path, caught.value.code) == (paths.home, "unsafe_path")
    assert "PROCESSION_HOME" in caught.value.hint


@pytest.mark.parametrize("bits", [0o720, 0o702, 0o777])
def test_others_may_write(paths, bits):
    """A directory that others may write to is refused, and the hint mends it."""
    Path(paths.home).mkdir()
    Path(paths.home).chmod(bits)

    with pytest.raises(UnsafePath, match="others may write") as caught:
        paths.make()
    assert caught.value.hint == f"chmod go-w {paths.home}"


@pytest.mark.root
def test_foreign_owner(paths):
    """A directory of somebody else is refused."""
    Path(paths.home).mkdir(mode=0o700)
    os.chown(paths.home, 12345, 12345)

    with pytest.raises(UnsafePath, match="belongs to user 12345"):
        paths.make()


def test_no_directory(paths):
    """What is no directory is refused."""
    Path(paths.home).touch()

    with pytest.raises(UnsafePath, match="no directory"):
        paths.make()


def test_readable_directories_are_closed(tmp_path, mode):
    """One of ours that others could look into is closed to them, unless they may."""
    for name in ("closed", "shared"):
        (tmp_path / name).mkdir(mode=0o755)
        (tmp_path / name).chmod(0o755)
    make_private(str(tmp_path / "closed"))
    make_private(str(tmp_path / "shared"), is_shared=True)

    assert (mode(tmp_path / "closed"), mode(tmp_path / "shared")) == (0o700, 0o755)
