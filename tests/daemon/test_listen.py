"""The socket: its permissions, what is replaced, who may speak, and how long its name may be."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from procession.daemon.listen import connect, listen_privately
from procession.daemon.peer import check_client, check_server, peer_of
from procession.errors import DaemonRunning, ForeignPeer, UnsafePath

STRACE = """
import os, sys
from procession.daemon import listen
from procession.daemon.paths import find_paths
paths = find_paths()
paths.make()
seen = []
sys.addaudithook(lambda name, args: seen.append(name) if name in ("os.chmod", "socket.bind") else None)
os.umask(int(sys.argv[1], 8))
with listen.listen_privately(paths.api_socket):
    mode = oct(os.stat(paths.api_socket).st_mode & 0o777)
print(mode, seen, oct(os.umask(0)), os.path.exists(paths.api_socket))
"""

CONNECTS = """
import os, socket, sys
os.setgroups([]); os.setgid(12345); os.setuid(12345)
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(sys.argv[1])
    sys.stdout.write(connection.recv(1000).decode())
"""


@pytest.mark.parametrize("mask", ["000", "077"])
def test_permissions(mask):
    """C112: mode 0600 whatever the umask, by the bind itself: nothing is mended after it. The umask is given back."""
    shown = subprocess.run([sys.executable, "-c", STRACE, mask], capture_output=True, text=True, check=True)

    assert shown.stdout == f"0o600 ['socket.bind'] {oct(int(mask, 8))} False\n"


def test_stale_sockets_are_replaced(paths):
    """A socket at which nobody answers is replaced."""
    paths.make()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(paths.api_socket)
        dead.listen()
    with listen_privately(paths.api_socket) as listening, connect(paths.api_socket):
        listening.accept()[0].close()
    assert not os.path.exists(paths.api_socket)


def test_a_socket_that_answers_stays(paths):
    """Whoever answers is not robbed of his socket."""
    paths.make()
    with listen_privately(paths.api_socket):
        with pytest.raises(DaemonRunning) as caught, listen_privately(paths.api_socket):
            pass
        assert caught.value.pid == os.getpid()
        assert os.path.exists(paths.api_socket)


def test_what_is_no_socket_stays(paths):
    """A file of that name is not removed."""
    paths.make()
    Path(paths.api_socket).write_text("mine")

    with pytest.raises(UnsafePath, match="no socket"), listen_privately(paths.api_socket):
        pass
    assert Path(paths.api_socket).read_text() == "mine"


def test_another_socket_of_the_name_stays(paths):
    """Who leaves removes his own socket, not one that took its place."""
    paths.make()
    with listen_privately(paths.api_socket):
        os.unlink(paths.api_socket)
        Path(paths.api_socket).touch()
    assert os.path.exists(paths.api_socket)


def test_a_directory_open_to_others(paths):
    """A socket is put nowhere where others may write."""
    paths.make()
    os.chmod(paths.runtime, 0o770)

    with pytest.raises(UnsafePath, match="others may write"), listen_privately(paths.api_socket):
        pass


def test_long_paths(tmp_path):
    """C111: a runtime directory of 150 bytes and more works for both ends."""
    directory = tmp_path / ("d" * 80) / ("e" * 80)
    directory.mkdir(parents=True, mode=0o700)
    path = str(directory / "api.sock")
    assert len(path) > 150
    with listen_privately(path) as listening, connect(path):
        listening.accept()[0].close()
        assert os.path.exists(path)
    assert not os.path.exists(path)


def test_both_ends_know_each_other(paths):
    """Each end is told by the kernel who the other is."""
    paths.make()
    with listen_privately(paths.api_socket) as listening, connect(paths.api_socket) as connection:
        accepted, _ = listening.accept()
        with accepted:
            assert check_client(accepted).pid == check_server(connection).pid == os.getpid()
            assert peer_of(accepted).uid == os.getuid()


@pytest.mark.root
def test_a_foreign_server_is_not_spoken_to(paths, monkeypatch):
    """A client speaks to no daemon of another user, root's included; a daemon answers root."""
    paths.make()
    with listen_privately(paths.api_socket) as listening, connect(paths.api_socket) as connection:
        accepted, _ = listening.accept()
        with accepted:
            monkeypatch.setattr(os, "geteuid", lambda: 12345)
            with pytest.raises(ForeignPeer) as caught:
                check_server(connection)
            assert caught.value.uid == 0
            assert check_client(accepted).uid == 0


@pytest.mark.root
def test_a_foreign_user_is_refused(daemon, paths, tmp_path, wait_until):
    """C112: though permissions were widened, another user gets 403 before he has said a word."""
    process = daemon()
    try:
        while not os.path.exists(paths.api_socket):
            assert process.poll() is None
        place = Path("/tmp") / f"procession-{os.getpid()}.sock"
        os.chmod(paths.api_socket, 0o666)
        os.link(paths.api_socket, place)
        try:
            shown = subprocess.run([sys.executable, "-c", CONNECTS, place], capture_output=True, text=True)
        finally:
            place.unlink()
    finally:
        process.terminate()
        assert process.wait() == 0

    assert shown.stdout.startswith("HTTP/1.1 403 Forbidden")
    assert '"foreign_peer"' in shown.stdout
