"""`procession ls` with as little as it takes: no option parser, no codec, no library of sockets, one request.

It understands the simple forms of its options and leaves the rest to ``ls``, which lists by the same function.
"""

from __future__ import annotations

import _socket
import os
import sys

from procession.cli.rows import render_table
from procession.daemon.places import api_socket
from procession.model.amounts import format_duration

TYPE_CHECKING = False  # the module that defines it costs more than this one
if TYPE_CHECKING:
    from collections.abc import Sequence

NEWEST = 1000
"""How many are shown where nothing else is said."""

JSON = "application/json"
TABLE = "text/tab-separated-values"
COLUMNS = (
    "id", "state", "attempt", "pid", "duration", "progress", "health", "group", "waiting_or_outcome", "command",
)  # fmt: skip
RIGHT = ("TRY", "PID", "TIME")
HEAD = ("ID", "STATE", "TRY", "PID", "TIME", "PROGRESS", "HEALTH", "GROUP", "DETAIL", "COMMAND")
COLOURS = {"running": "cyan", "suspended": "magenta", "stopping": "magenta", "starting": "cyan", "queued": "dim"}
OK = 200

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-~")
_OF_OPTION = {"--group": "group", "--state": "state", "-n": "limit", "--limit": "limit"}


class Refused(Exception):
    """The daemon answered otherwise than with a list."""

    def __init__(self, status: int, body: bytes) -> None:
        """Keep what it answered."""
        super().__init__(status)
        self.status = status
        self.body = body


def list_quickly(arguments: list[str]) -> int | None:
    """List as ``arguments`` say and give the exit status; None: it is for the full verb to do or to explain."""
    asked = _read(arguments)
    if asked is None:
        return None
    try:
        return list_tasks(*asked)
    except BrokenPipeError:
        raise
    except (OSError, Refused, ValueError):
        return None


def list_tasks(pairs: list[tuple[str, str]], as_json: bool) -> int:  # noqa: FBT001 - given as a pair
    """Show the tasks that the query selects, as a table or as JSON. Raises: OSError, Refused."""
    target = "/v1/tasks?" + "&".join(f"{name}={_quote(value)}" for name, value in pairs)
    body = _ask(target, JSON if as_json else TABLE)
    if as_json:
        sys.stdout.write(body.decode() + ("" if body.endswith(b"\n") else "\n"))
        return 0
    sys.stdout.write(_table(body.decode()))
    return 0


def query_of(
    words: Sequence[str], groups: Sequence[str], states: Sequence[str], limit: int | None, *, everything: bool
) -> list[tuple[str, str]]:
    """Give the query: the newest, where nothing else is said."""
    pairs = [("word", each) for each in words] + [("group", each) for each in groups]
    if everything:
        pairs.append(("all", "true"))
    elif limit is None and not pairs:
        limit = NEWEST
    pairs += [("state", each) for each in states]
    return pairs if limit is None else [*pairs, ("limit", str(limit))]


def _read(arguments: list[str]) -> tuple[list[tuple[str, str]], bool] | None:
    given: dict[str, list[str]] = {"word": [], "group": [], "state": [], "limit": []}
    flags = set()
    left = list(reversed(arguments))
    while left:
        word = left.pop()
        option, equals, value = word.partition("=")
        if word in ("-a", "--all", "--json"):
            flags.add(word)
        elif not word.startswith("-"):
            given["word"].append(word)
        elif option in _OF_OPTION and (equals or left):
            given[_OF_OPTION[option]].append(value if equals else left.pop())
        else:
            return None
    limit = given["limit"][-1] if given["limit"] else None
    if limit is not None and not (limit.isascii() and limit.isdigit() and int(limit)):
        return None
    everything = bool(flags & {"-a", "--all"})
    number = None if limit is None else int(limit)
    query = query_of(given["word"], given["group"], given["state"], number, everything=everything)
    return query, "--json" in flags


def _ask(target: str, accept: str) -> bytes:
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.connect(api_socket())
        credentials = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12)
        if int.from_bytes(credentials[4:8], sys.byteorder) != os.geteuid():
            raise Refused(0, b"")
        request = f"GET {target} HTTP/1.1\r\nHost: procession\r\nAccept: {accept}\r\nConnection: close\r\n\r\n"
        connection.sendall(request.encode("ascii"))
        received = []
        while data := connection.recv(1 << 18):
            received.append(data)
    finally:
        connection.close()
    return _body(b"".join(received))


def _body(reply: bytes) -> bytes:
    head, _, body = reply.partition(b"\r\n\r\n")
    first, *headers = head.split(b"\r\n")
    words = first.split()
    status = int(words[1]) if len(words) > 1 else 0
    named = {name.strip().lower(): value.strip() for name, _, value in (each.partition(b":") for each in headers)}
    # What has no length, or another one, is not whole: the full verb asks again.
    if status == OK and named.get(b"content-length") != b"%d" % len(body):
        raise Refused(0, b"")
    if status != OK:
        raise Refused(status, body)
    return body


def _table(text: str) -> str:
    names, *rows = (line.split("\t") for line in _safe(text).split("\n") if line)
    columns = {name: index for index, name in enumerate(names)}
    places = [columns.get(name) for name in COLUMNS]  # an older daemon may not have all of them
    return render_table(HEAD, [_row(row, places) for row in rows], right=RIGHT, colour_of=_colour)


def _row(cells: Sequence[str], places: Sequence[int | None]) -> list[str]:
    row = ["" if place is None else cells[place] for place in places]
    row[2] = "" if row[2] == "1" else row[2]
    row[4] = format_duration(float(row[4])) if row[4] else ""
    return row


def _safe(text: str) -> str:
    """The daemon has seen to it already; but what reaches the terminal is our business."""
    if text.replace("\t", "").replace("\n", "").isprintable():
        return text
    from procession.model.text import printable

    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in text.split("\n"))


def _colour(row: Sequence[str]) -> str | None:
    if row[1] != "ended":
        health = row[COLUMNS.index("health")]
        return "red" if health.startswith("stalled") or "memory" in health else COLOURS.get(row[1])
    detail = row[COLUMNS.index("waiting_or_outcome")]
    if detail.startswith(("exited with code 0", "succeeded")):
        return "green"
    return "yellow" if detail.startswith(("stopped", "cancelled")) else "red"


def _quote(text: str) -> str:
    if _PLAIN.issuperset(text):
        return text
    return "".join(each if each in _PLAIN else "".join(f"%{byte:02X}" for byte in os.fsencode(each)) for each in text)
