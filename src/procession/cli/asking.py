"""How a verb comes to the daemon: it is asked where it runs, and started where the verb needs one."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from procession.client.client import Client

no_start_option = click.option("--no-start", is_flag=True, help="Refuse (exit 4) rather than start a daemon.")


@contextmanager
def ask_daemon(*, start: bool = False) -> Iterator[Client]:
    """Give a client of the daemon; with ``start`` one is started if none runs. Raises: DaemonUnavailable."""
    from procession.client.client import Client

    with Client(on_break=tell_break) as client:
        path = None if _is_there(client, start=start) else start_daemon()
        if path is None:
            yield client
            return
    with Client(path, on_break=tell_break) as client:
        yield client


def tell_break() -> None:
    """Say why nothing comes for a while."""
    from procession.cli.complaints import remark

    remark("the daemon is gone, its tasks go on; waiting for the next one (procession daemon start)")


def start_daemon() -> str:
    """Start the daemon of our home, unless one runs; give its socket when it answers."""
    # Loaded by those verbs alone that start one.
    paths: Any = import_module("procession.daemon.paths").find_paths()
    path: str = import_module("procession.daemon.start").start_daemon(paths)
    return path


def _is_there(client: Client, *, start: bool) -> bool:
    from procession.errors import DaemonUnavailable

    try:
        client.connect()
    except DaemonUnavailable:
        if not start:
            raise
        return False
    return True


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="For programs: JSON on standard output.")(function)
