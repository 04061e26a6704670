"""A directory of results: for each item a directory with ``stdout``, ``stderr`` and ``outcome.json``.

An item's directory is called after its text, made harmless, and a digest of its command and where that runs: what was
done is found again by what it was, not by its number. Not here: the log of jobs (`map_joblog`).
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import msgspec

from procession.cli.jsonl import json_line
from procession.errors import UsageError
from procession.model.stdio import File

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from procession.model.command import Command

OUTCOME: Final = "outcome.json"
_HARMLESS: Final = re.compile(r"[^A-Za-z0-9_.-]+", re.ASCII)
_TEXT_LIMIT: Final = 60
_DIGEST_LIMIT: Final = 16
_MODE: Final = 0o777


class Place:
    """The directory of one item. Nothing is made before it is needed."""

    def __init__(self, path: str) -> None:
        self.path = path

    def is_done(self) -> bool:
        """Whether an earlier run succeeded here. What is torn or strange was not done."""
        try:
            with open(f"{self.path}/{OUTCOME}", "rb") as file:
                found: Any = msgspec.json.decode(file.read())
        except (OSError, ValueError):
            return False
        return isinstance(found, dict) and found.get("ok") is True

    def connect(self, command: Command) -> Command:
        """Give ``command`` with its outputs going here. Raises: OSError."""
        os.makedirs(self.path, _MODE, exist_ok=True)
        _remove(f"{self.path}/{OUTCOME}")
        return command.placed(stdout=File(f"{self.path}/stdout"), stderr=File(f"{self.path}/stderr"))

    def size_bytes(self, stream: str) -> int:
        """Say how much was printed there."""
        try:
            return os.stat(f"{self.path}/{stream}").st_size
        except FileNotFoundError:
            return 0

    def pieces(self, stream: str, size_bytes: int) -> Iterator[bytes]:
        """Give what was printed there, in pieces."""
        try:
            file = open(f"{self.path}/{stream}", "rb", buffering=0)  # noqa: SIM115 - closed below
        except FileNotFoundError:
            return
        with file:
            while piece := file.read(size_bytes):
                yield piece

    def write_outcome(self, facts: dict[str, Any]) -> None:
        """Write how it ended, whole or not at all. Raises: OSError."""
        temporary = f"{self.path}/.{OUTCOME}"
        with open(temporary, "wb") as file:
            file.write(json_line(facts))
        os.replace(temporary, f"{self.path}/{OUTCOME}")


class Results:
    """The directory of all. ``cwd`` is where the commands run: elsewhere the same words are another command."""

    def __init__(self, path: str, cwd: str) -> None:
        """Make it. Raises: UsageError."""
        self.cwd = cwd
        self._path = os.path.abspath(path)
        self._twins: Counter[str] = Counter()
        try:
            os.makedirs(self._path, _MODE, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--results: {path} cannot be made: {error.strerror}") from None

    def place(self, text: str, argv: Sequence[str]) -> Place:
        """Give the directory for a command; the same command a second time gets one of its own."""
        name = safe_name(text, argv, self.cwd)
        self._twins[name] += 1
        count = self._twins[name]
        return Place(f"{self._path}/{name}" if count == 1 else f"{self._path}/{name}-{count}")


def safe_name(text: str, argv: Sequence[str], cwd: str) -> str:
    """Give a name of letters, digits, ``_``, ``-`` and dots, which begins with none of the last two."""
    digest = hashlib.sha256(os.fsencode("\0".join((cwd, *argv)))).hexdigest()[:_DIGEST_LIMIT]
    shown = _HARMLESS.sub("_", text)[:_TEXT_LIMIT].strip("._-")
    return f"{shown}-{digest}" if shown else digest


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
