"""Where a daemon is at home, and where it listens."""

import hashlib

from procession.daemon.places import api_socket


def test_each_home_has_its_own_socket(monkeypatch, tmp_path):
    """The plain home is short; another one has its hash; without a runtime directory it is below the home."""
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.delenv("PROCESSION_HOME", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")
    assert api_socket() == "/run/user/7/procession/api.sock"

    monkeypatch.setenv("PROCESSION_HOME", "/data/p")
    assert api_socket() == f"/run/user/7/procession/{hashlib.sha256(b'/data/p').hexdigest()[:8]}/api.sock"

    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert api_socket() == "/data/p/run/api.sock"
