"""Starting on demand: one daemon, detached, answering when the call returns, and a reason where it cannot be."""

import os
import threading
from pathlib import Path

import pytest

from procession.daemon.locate import find_socket
from procession.daemon.lock import read_holder
from procession.daemon.start import start_daemon
from procession.errors import DaemonUnavailable


def test_start(program, paths, mode, end_detached):
    """It answers when the call returns, in a session of its own, in `/`, its words in a private log."""
    assert find_socket(paths) is None
    assert start_daemon(paths, program) == paths.api_socket
    pid = read_holder(paths).pid
    try:
        assert start_daemon(paths, ["nothing is started twice"]) == paths.api_socket
        assert os.getsid(pid) != os.getsid(0)
        assert os.readlink(f"/proc/{pid}/cwd") == "/"
        assert os.readlink(f"/proc/{pid}/fd/0") == "/dev/null"
        assert {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in (1, 2)} == {paths.daemon_log}
        assert mode(paths.daemon_log) == 0o600
        assert [name for name in os.listdir(paths.runtime) if name.startswith("start")] == []
    finally:
        end_detached(pid)
    assert Path(paths.daemon_log).read_text() == "left True\n"


def test_two_at_once(program, paths, end_detached):
    """Several callers at once start one daemon, and all of them find it."""
    found = []
    callers = [threading.Thread(target=lambda: found.append(start_daemon(paths, program))) for _ in range(4)]
    for each in callers:
        each.start()
    for each in callers:
        each.join()
    end_detached(read_holder(paths).pid)

    assert found == [paths.api_socket] * 4
    assert Path(paths.daemon_log).read_text() == "left True\n"


def test_found_by_its_lock(program, paths, tmp_path, monkeypatch, end_detached):
    """A daemon is found in an environment with another runtime directory, too."""
    from procession.daemon.paths import find_paths

    start_daemon(paths, program)
    try:
        monkeypatch.delenv("XDG_RUNTIME_DIR")
        assert find_paths().api_socket != paths.api_socket
        assert start_daemon(find_paths(), ["nothing is started"]) == paths.api_socket
    finally:
        end_detached(read_holder(paths).pid)


def test_one_that_fails(program, paths):
    """The error says that it ended, at once, and has the last lines of its log."""
    with pytest.raises(DaemonUnavailable, match="ended while it started") as caught:
        start_daemon(paths, [*program, "fails"])

    assert caught.value.hint.endswith("line one\nit cannot be")
    assert caught.value.path == paths.api_socket


def test_one_that_is_too_slow(paths, children, end_detached):
    """Waiting for it is bounded."""
    program = [
        "-c",
        "import os, signal; open(os.environ['PROCESSION_HOME'] + '/pid', 'w').write(str(os.getpid())); signal.pause()",
    ]
    with pytest.raises(DaemonUnavailable, match="in time"):
        start_daemon(paths, program, limit_s=0.5)
    end_detached(int(Path(paths.home, "pid").read_text()))


def test_a_long_runtime_directory(program, tmp_path, monkeypatch, end_detached):
    """C111: with a runtime directory of 150 bytes a daemon starts, is found, and answers."""
    from procession.daemon.paths import find_paths

    runtime = tmp_path / ("r" * 120)
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    paths = find_paths()
    try:
        assert start_daemon(paths, program) == paths.api_socket
    finally:
        end_detached(read_holder(paths).pid)
