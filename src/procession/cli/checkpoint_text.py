"""A checkpoint in a few words, for the verbs that show one. What comes from the task is not safe to show yet."""

from __future__ import annotations

import os
import shlex
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from procession.model.checkpoint import Checkpoint


def describe_checkpoint(checkpoint: Checkpoint) -> str:
    """Write ``checkpoint 3 (40%), /home/me/train.ckpt``."""
    from procession.model.table_row import progress_text

    progress = progress_text(checkpoint.progress)
    named = f"checkpoint {checkpoint.number}" + (f" ({progress})" if progress else "")
    return f"{named}, {checkpoint.saved}" if checkpoint.saved else named


def command_of(checkpoint: Checkpoint) -> str:
    """Quote the command that goes on from it, so that it can be pasted into a shell; empty where there is none."""
    return " ".join(map(_quoted, checkpoint.resume_command or ()))


def moment_of(checkpoint: Checkpoint) -> str:
    """Write when it was made."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(checkpoint.at))


def _quoted(argument: str) -> str:
    """Quote one argument; line ends and the like as escapes, since they would not be shown as they are."""
    if argument.isprintable():
        return shlex.quote(argument)
    return f"$'{''.join(map(_escaped, argument))}'"


def _escaped(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if character.isprintable():
        return character
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(character))
