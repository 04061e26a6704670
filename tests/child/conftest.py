"""What the tests of `procession.child` share."""

import time
from pathlib import Path

import pytest


@pytest.fixture
def wait_file():
    """Give the way to wait until a file says something."""

    def wait(path: Path, limit_s: float = 10) -> str:
        give_up_at = time.monotonic() + limit_s
        while time.monotonic() < give_up_at:
            if path.exists() and (text := path.read_text()):
                return text
            time.sleep(0.01)
        raise AssertionError(f"{path} says nothing")

    return wait
