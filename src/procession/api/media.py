"""The media types that are spoken here."""

from __future__ import annotations

from typing import Final

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
EVENT_STREAM: Final = "text/event-stream"
TABLE: Final = "text/tab-separated-values"
METRICS: Final = "text/plain; version=0.0.4; charset=utf-8"
