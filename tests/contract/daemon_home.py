"""A home and its daemons, which are children of the tests."""

import os
import subprocess
import sys
import time
from pathlib import Path

from procession.client.client import Client
from procession.errors import DaemonUnavailable

LIMIT_S = 20.0
SETTLING_S = 3.0
DEAF = 'trap "" HUP USR1 PIPE; exec "$@"'
"""A shell that ignores what must not be handed on."""


class Home:
    """The home of a daemon, which ignores what its starter ignores and holds a descriptor that it inherited."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = f"{folder}/home/run/api.sock"
        (folder / "home").mkdir(mode=0o700, exist_ok=True)
        (folder / "home" / "config.toml").write_text('[pool]\npolicy = "fixed"\n')  # what else runs shall not matter
        self.begin()

    def begin(self) -> None:
        """Start a daemon, the first one or a further one."""
        environment = {name: value for name, value in os.environ.items() if name != "XDG_RUNTIME_DIR"}
        argv = ["sh", "-c", DEAF, "sh", sys.executable, "-m", "procession", "daemon", "run"]
        inherited = os.open(os.devnull, os.O_RDWR)
        with open(self.folder / "daemon.log", "ab") as log:
            self.daemon = subprocess.Popen(
                argv,
                env=environment | {"PROCESSION_HOME": f"{self.folder}/home"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[inherited],
            )
        os.close(inherited)

    def wait_ready(self) -> None:
        """Wait until it answers and has run a task, so that all is open that stays open."""
        deadline = time.monotonic() + LIMIT_S
        while True:
            try:
                with Client(self.socket, patience_s=1.0) as client:
                    client.wait(client.submit(["true"]))
                return
            except DaemonUnavailable:
                assert time.monotonic() < deadline, (self.folder / "daemon.log").read_text()

    def close(self) -> None:
        """End it with all it has; its keeper goes, too, and of what it listened at nothing stays."""
        with Client(self.socket, patience_s=1.0) as client:
            keeper = client.status().keeper_pid
            parting = client.shutdown(kill=True)
        try:
            assert self.daemon.wait(LIMIT_S) == 0
        finally:
            self.daemon.kill()
            self.daemon.wait()
        deadline = time.monotonic() + SETTLING_S
        while os.path.exists(f"/proc/{keeper}") and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not os.path.exists(f"/proc/{keeper}")
        assert os.listdir(f"{self.folder}/home/run") == []
        assert (parting.kept, (self.folder / "daemon.log").read_text()) == (0, "")
