"""Figures for Prometheus. Not here: which (``figures``)."""

from __future__ import annotations

from starlette.responses import Response

from procession.api.call import Call
from procession.api.media import METRICS
from procession.api.operation import Operation
from procession.api.reply import Answer


async def show_metrics(call: Call) -> Answer:
    """Answer with the figures of this moment."""
    from procession.api.figures import write_figures  # noqa: PLC0415 - its library is for those who ask

    return Response(write_figures(call.desk), media_type=METRICS)


OPERATIONS = (
    Operation(
        name="metrics",
        method="GET",
        path="/metrics",
        says="Figures for Prometheus",
        act=show_metrics,
        answer=str,
        media=(METRICS,),
    ),
)
