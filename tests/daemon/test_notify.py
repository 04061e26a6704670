"""Telling the starter how it stands."""

import os
import socket

import pytest

from procession.daemon.notify import Notifier


@pytest.mark.parametrize("kind", ["path", "long path", "abstract"])
def test_addresses(tmp_path, monkeypatch, kind):
    """A path of any length and an abstract name are spoken to; the variable is taken out of the environment."""
    directory = tmp_path / ("d" * 120 if kind == "long path" else "d")
    directory.mkdir()
    monkeypatch.chdir(directory)
    name = f"\0procession-{os.getpid()}" if kind == "abstract" else "n.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(name)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name[1:]}" if kind == "abstract" else str(directory / name))
        notifier = Notifier()
        assert "NOTIFY_SOCKET" not in os.environ
        notifier.ready("answering\nnow")
        notifier.status("2 running")
        notifier.reloading()
        notifier.stopping("bye")
        heard = [channel.recv(1000).decode() for _ in range(4)]

    assert heard[:2] == ["READY=1\nSTATUS=answering now", "STATUS=2 running"]
    assert heard[2].startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert heard[3] == "STOPPING=1\nSTATUS=bye"


@pytest.mark.parametrize("address", ["", "/nowhere/n.sock", "vsock:1:2"])
def test_nobody_listens(monkeypatch, address):
    """Where nobody listens, nothing happens."""
    monkeypatch.setenv("NOTIFY_SOCKET", address)

    Notifier().ready("x")
