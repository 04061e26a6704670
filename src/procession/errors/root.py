"""The root of the tree, and how its errors travel."""

from __future__ import annotations

from typing import Any, ClassVar


class ProcessionError(Exception):
    """The root: catch this to catch everything Procession raises on purpose."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str = "", **fields: Any) -> None:
        """Keep ``fields`` as attributes; ``hint`` says what the reader can do about it."""
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.__dict__.update(fields)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by fields, so that no constructor needs to be repeatable."""
        return _revive, (type(self), self.args, dict(self.__dict__))


def _revive(kind: type[ProcessionError], args: tuple[Any, ...], fields: dict[str, Any]) -> ProcessionError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(fields)
    return error
