"""`multiprocessing.Pipe` between two processes, pickled. Arguments: how many, their size, how (depth1, pipelined)."""

from __future__ import annotations

import multiprocessing
import sys
import threading
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.rivals.harness import measure

WARM_UP = 200


def main() -> None:
    """A thread sends where all are sent at once: one alone would wait for itself."""
    amount, size, how = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    message = {"text": "x" * (size - len('{"text":""}'))}
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=echo, args=(theirs, ours), daemon=True)
    child.start()
    theirs.close()
    go = take_turns if how == "depth1" else pour
    measure(lambda n: go(ours, message, n), amount, WARM_UP)
    ours.close()
    child.join()


def echo(connection: Connection, other: Connection) -> None:
    """Sends every message back."""
    other.close()
    try:
        while True:
            connection.send(connection.recv())
    except EOFError:
        return


def take_turns(connection: Connection, message: Any, n: int) -> int:
    """Each answer is waited for."""
    count = 0
    for _ in range(n):
        connection.send(message)
        count += connection.recv() == message
    return count


def pour(connection: Connection, message: Any, n: int) -> int:
    """All are sent as fast as they are taken, while the answers come."""
    sending = threading.Thread(target=lambda: [connection.send(message) for _ in range(n)])
    sending.start()
    count = sum(connection.recv() == message for _ in range(n))
    sending.join()
    return count


main()
