"""A client of the scripted daemon, which `tests/conftest.py` has for all."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from procession.client.client import Client


@pytest.fixture
def client(scripted: str, control: Callable[..., Any]) -> Iterator[Client]:
    """A client of the scripted daemon, which has no tasks yet."""
    with Client(scripted, patience_s=2.0) as client:
        yield client
