r"""How a task is asked to save its work, as it stands in TOML.

checkpoint = true                                  # by SIGUSR1, every ten minutes, before it is stopped
checkpoint = { signal = "USR1", every = "10m", before_stop = true, deadline = "60s", keep = 5 }
checkpoint = { message = true }                    # through its channel
checkpoint = { command = ["save.sh", "{pid}"], every = "never" }
resume_command = ["train.py", "--from", "{checkpoint}"]
"""

from __future__ import annotations

from typing import Final

from procession.errors import InvalidTask
from procession.model.checkpointing import DEFAULT_SIGNAL, Checkpointing
from procession.model.field_readers import Misfit, Reader, got, inside, read_flag, read_limit, read_text, read_words
from procession.model.monitoring_readers import read_patience

_KEYS: Final[dict[str, tuple[str, Reader]]] = {
    "signal": ("signal", read_text),
    "message": ("message", read_flag),
    "command": ("command", read_words),
    "every": ("every_s", read_patience),
    "before_stop": ("before_stop", read_flag),
    "deadline": ("deadline_s", read_patience),
    "keep": ("keep", read_limit),
}


def read_checkpointing(value: object) -> Checkpointing | None:
    """Take true, false, or a table; see the module. Without a word about the way it is SIGUSR1."""
    if isinstance(value, bool):
        return Checkpointing(signal=DEFAULT_SIGNAL) if value else None
    if not isinstance(value, dict):
        raise Misfit(f"expected true, or a table with signal, message or command, {got(value)}")
    values = {}
    for key, given in value.items():
        if key not in _KEYS:
            raise Misfit(f"unknown key; expected one of {', '.join(sorted(_KEYS))}", inside=(key,))
        field, read = _KEYS[key]
        values[field] = inside((key,), read, given)
    if not values.keys() & {"signal", "message", "command"}:
        values["signal"] = DEFAULT_SIGNAL
    try:
        return Checkpointing(**values)
    except InvalidTask as error:
        raise Misfit(error.message.partition(": ")[2] or str(error), hint=error.hint) from None
