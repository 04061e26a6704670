"""What a job's environment holds: ours, changed as asked, without the contracts of whoever started us."""

import pytest

from procession import run
from procession.process.environment import MEANT_FOR_US


@pytest.mark.parametrize("name", MEANT_FOR_US)
@pytest.mark.parametrize("value", ["something", ""])
async def test_what_was_meant_for_us_is_not_passed_on(tree_kind, monkeypatch, name, value):
    """C067: a channel or contract of our own starter, even an empty one, does not reach a job by accident."""
    monkeypatch.setenv(name, value)

    assert (await run(["sh", "-c", f"echo ${{{name}-unset}}"])).stdout == "unset\n"


async def test_it_is_passed_on_when_it_is_asked_for(tree_kind, monkeypatch):
    """C067: naming it in ``env`` passes it on, with the value given there."""
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/ours")
    result = await run(["sh", "-c", "echo $NOTIFY_SOCKET"], env={"NOTIFY_SOCKET": "/run/its-own"})

    assert result.stdout == "/run/its-own\n"
