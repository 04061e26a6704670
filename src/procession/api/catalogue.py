"""All operations there are, in the order in which a reader of the document meets them."""

from __future__ import annotations

from collections.abc import Callable

from procession.api import (
    checkpoints,
    cleaning,
    doctor,
    draining,
    events,
    logs,
    metrics,
    openapi,
    shutdown,
    status,
    tasks,
    usage,
    verbs,
    waiting,
    why,
)
from procession.api import input as input_
from procession.api.operation import Operation


def list_operations(part: Callable[[], object] = lambda: None) -> tuple[Operation, ...]:
    """Give every operation; ``part`` is called when the daemon was asked to end."""
    operations = (
        *status.OPERATIONS,
        *metrics.OPERATIONS,
        *tasks.OPERATIONS,
        *usage.OPERATIONS,
        *why.OPERATIONS,
        *verbs.OPERATIONS,
        *checkpoints.OPERATIONS,
        *waiting.OPERATIONS,
        *logs.OPERATIONS,
        *input_.OPERATIONS,
        *events.OPERATIONS,
        *draining.OPERATIONS,
        *cleaning.OPERATIONS,
        *doctor.OPERATIONS,
        shutdown.operation(part),
    )
    return (*operations, openapi.operation(operations))
