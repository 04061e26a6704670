"""Saying that the work is done, with its result, in a file that is there whole or not at all."""

from __future__ import annotations

from procession.child import surroundings


def done(result: object = None) -> None:
    """Write the marker of this task: that it has done its work, and what came of it. It need not end.

    ``result`` is anything that JSON has. Without a supervisor nothing is written. Raises: ValueError, TypeError: JSON
    has no form for it; OSError.
    """
    if surroundings.marker is None:
        return
    import json
    import time

    from procession.kernel.whole_file import write_whole

    content = {
        "task": surroundings.task,
        "attempt": int(surroundings.attempt or 1),
        "result": result,
        "timestamp": time.time(),
    }
    write_whole(surroundings.marker, json.dumps(content, allow_nan=False).encode() + b"\n")
