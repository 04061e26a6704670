"""The life of a daemon: it says that it is ready, refuses a second, ends cleanly, and leaves nothing."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from procession.daemon.assemble import Parts
from procession.daemon.listen import connect
from procession.daemon.run import run_daemon


@pytest.fixture
def notify(tmp_path, monkeypatch):
    """What is told to whoever listens at NOTIFY_SOCKET."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield channel


def wait_ready(channel):
    """Wait for READY=1."""
    while b"READY=1" not in channel.recv(1000).split(b"\n"):
        pass


def ask(path, target, method="GET", body=b""):
    """Ask, and give the JSON of the answer."""
    with connect(path, timeout_s=10) as connection:
        head = f"{method} {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    return json.loads(answer.partition(b"\r\n\r\n")[2])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_keeps_tasks(daemon, notify, paths, number):
    """A signal ends it with status 0 after STOPPING=1; its desk is left in order and its socket is gone."""
    process = daemon()
    wait_ready(notify)
    assert ask(paths.api_socket, "/v1/status")["pid"] == process.pid
    process.send_signal(number)
    printed, complaints = process.communicate(timeout=20)

    assert (process.returncode, printed, complaints) == (0, "left True\n", "")
    assert notify.recv(1000).startswith(b"STOPPING=1")
    assert not os.path.exists(paths.api_socket)


def test_a_hangup_does_not_end_it(daemon, notify, paths):
    """SIGHUP changes nothing."""
    process = daemon()
    wait_ready(notify)
    process.send_signal(signal.SIGHUP)
    assert ask(paths.api_socket, "/v1/status")["pid"] == process.pid
    process.terminate()

    assert process.wait(20) == 0


def test_a_request_ends_it(daemon, notify, paths):
    """After the answer to a shutdown it ends."""
    process = daemon()
    wait_ready(notify)

    assert ask(paths.api_socket, "/v1/shutdown", "POST", b'{"kill":true}') == {"kept": 0, "ended": 1}
    assert process.wait(20) == 0


def test_a_second_is_refused(daemon, notify, paths):
    """A second daemon ends with the pid of the first, and the first goes on."""
    first = daemon()
    wait_ready(notify)
    second = daemon()
    complaints = second.communicate(timeout=20)[1]
    status = ask(paths.api_socket, "/v1/status")
    first.terminate()

    assert second.returncode == 1
    assert complaints.startswith("daemon_running: ")
    assert f"process {first.pid}" in complaints
    assert status["pid"] == first.pid
    assert first.wait(20) == 0


def test_after_a_kill(daemon, notify, paths):
    """A killed daemon's lock and socket are no hindrance to the next."""
    first = daemon()
    wait_ready(notify)
    first.kill()
    first.wait()
    assert os.path.exists(paths.api_socket)
    second = daemon()
    wait_ready(notify)

    assert ask(paths.api_socket, "/v1/status")["pid"] == second.pid
    second.terminate()
    assert second.wait(20) == 0


def test_long_waits_and_streams_do_not_hold_it_up(daemon, notify, paths):
    """Whoever waits or follows when it ends gets an end of his own, at once."""
    process = daemon()
    wait_ready(notify)
    with connect(paths.api_socket, timeout_s=10) as stream, connect(paths.api_socket, timeout_s=10) as waiting:
        stream.sendall(b"GET /v1/events?follow=true HTTP/1.1\r\nhost: x\r\n\r\n")
        body = b'{"select":{"all":true}}'
        waiting.sendall(b"POST /v1/tasks/wait HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
        while b"submitted" not in stream.recv(65536):
            pass
        process.terminate()
        heard = b"".join(iter(lambda: stream.recv(65536), b""))
        answer = b"".join(iter(lambda: waiting.recv(65536), b""))

        assert process.wait(4) == 0
    assert heard.endswith(b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 503")


def test_insisting(daemon, notify, paths):
    """The second signal does not wait for a client that does not read."""
    process = daemon()
    wait_ready(notify)
    with connect(paths.api_socket, timeout_s=10) as slow:
        slow.sendall(
            b"GET /v1/status HTTP/1.1\r\nhost: x\r\n\r\nPOST /v1/tasks HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n"
        )
        while b"running" not in slow.recv(65536):
            pass
        process.terminate()
        while not notify.recv(1000).startswith(b"STOPPING=1"):
            pass
        process.terminate()

        assert process.wait(4) == 0


async def test_nothing_is_left(paths, wait_until):
    """C036: in a process that lives on, no descriptor, thread or asyncio task of a daemon is left after its end."""
    sys.path.append(str(Path(__file__).parents[1] / "api"))
    from contextlib import asynccontextmanager

    from scripted_desk import ScriptedDesk

    @asynccontextmanager
    async def part(*_):
        yield ScriptedDesk()

    async def run_once():
        running = asyncio.ensure_future(run_daemon(paths, Parts(part, part, part)))
        await wait_until(lambda: running.done() or os.path.exists(paths.api_socket))
        reader, writer = await asyncio.open_unix_connection(paths.api_socket)
        writer.write(b"GET /v1/status HTTP/1.1\r\nhost: x\r\n\r\n")
        await reader.readuntil(b"running")
        os.kill(os.getpid(), signal.SIGTERM)
        await running
        writer.close()
        await writer.wait_closed()

    await run_once()
    before = sorted(os.listdir("/proc/self/fd")), threading.active_count()
    await run_once()

    assert (sorted(os.listdir("/proc/self/fd")), threading.active_count()) == before
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_memory():
    """What serves the API adds at most 12 MB to the interpreter with what every part needs."""
    program = """
import asyncio, msgspec
def rss(): return int(open("/proc/self/statm").read().split()[1]) * 4096
import procession.supervisor.supervisor
before = rss()
import procession.daemon.run
print(rss() - before)
"""
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert int(shown.stdout) < 12_000_000
