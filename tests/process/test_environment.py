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


async def test_the_name_of_the_directory_goes_with_it(tree_kind, monkeypatch, tmp_path):
    """Who is given a directory has its name, as a shell would say it; who names another himself has that."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    monkeypatch.setenv("PWD", "/elsewhere")

    async def name_in(**given):
        return (await run(["printenv", "PWD"], **given)).stdout

    assert await name_in() == "/elsewhere\n"
    assert await name_in(cwd=tmp_path / "real") == f"{tmp_path}/real\n"
    assert await name_in(cwd=tmp_path / "real", env={"PWD": "/said"}) == "/said\n"
    monkeypatch.setenv("PWD", str(tmp_path / "link"))
    assert await name_in(cwd=tmp_path / "real") == f"{tmp_path}/link\n"
    monkeypatch.delenv("PWD")
    assert await name_in(cwd=tmp_path) == ""
