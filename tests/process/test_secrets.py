"""Secrets: the values of environment variables are in no error, event, log or repr."""

import io
import logging
import pickle
import traceback

import pytest

from procession import ExitedWithCode, InvalidCommand, Log, ProcessionError, command, run, spawn
from procession.process.announce import json_lines

SECRET = "hunter2-and-more"


def assert_silent(*shown: object) -> None:
    """The secret is in none of these texts."""
    for each in shown:
        assert SECRET not in each, each


@pytest.fixture(params=[{}, {"secrets": ("TOKEN",)}], ids=["unmarked", "marked"])
def options(request):
    """A variable with a secret value, marked as secret or not."""
    return {"env": {"TOKEN": SECRET}, **request.param}


async def test_events_and_logs_are_silent(tree_kind, options, caplog):
    """C113: a whole life, told to subscribers, as JSON lines and to logging, never contains the value."""
    caplog.set_level(logging.DEBUG, logger="procession")
    told, written = [], io.StringIO()
    async with spawn(["sh", "-c", 'test -n "$TOKEN"'], on_event=told.append, **options) as process:
        process.subscribe(json_lines(written))
        assert (await process.wait()).ok
        assert_silent(repr(process), str(process), repr(process.tree()))

    assert_silent(*map(repr, told), *(str(event.as_dict()) for event in told), written.getvalue(), caplog.text)
    assert_silent(*(str(vars(record)) for record in caplog.records))


async def test_the_job_gets_it_all_the_same(options):
    """C113: what is hidden is only hidden from view."""
    result = await run(["sh", "-c", "echo $TOKEN"], **options)

    assert result.stdout.strip() == SECRET


async def test_values_are_not_in_the_repr(options):
    """C113: a command and a result can be shown to anybody: names of variables, never values."""
    made = command(["true"]).replace(**options)
    result = await run(made)

    assert_silent(repr(made), str(made), f"{made}", f"{made!r}", repr(result), str(result), repr(result.outcome))
    assert "TOKEN" in repr(made)


@pytest.mark.parametrize(
    "change",
    [
        {"argv": ["no-such-program-anywhere"]},
        {"cwd": "/no/such/directory"},
        {"argv": ["/etc/passwd"]},
        {"stdout": Log("/no/such/directory/log")},
        {"env": {"TOKEN": SECRET * 20_000}},
        {"env": {"TOKEN": SECRET, **{f"BIG{each}": "x" * 100_000 for each in range(100)}}},
    ],
    ids=["not found", "cwd", "not executable", "log", "long value", "much"],
)
async def test_errors_of_the_start_are_silent(options, change):
    """C113: no way of failing to start shows the value, in no line of its traceback."""
    with pytest.raises(ProcessionError) as raised:
        await start(options | change)

    shown = "".join(traceback.format_exception(raised.value))
    assert_silent(shown, str(raised.value), repr(raised.value), repr(vars(raised.value)), raised.value.hint)


@pytest.mark.parametrize("env", [{"TOKEN": SECRET + "\0"}, {"A=" + SECRET: "x"}, {"TOKEN": [SECRET]}, {"": SECRET}])
def test_a_refused_environment_is_not_shown(env):
    """C113: also a value (or a name that looks like an assignment) that cannot be is not repeated."""
    with pytest.raises(InvalidCommand) as raised:
        spawn(["true"], env=env)

    assert_silent(str(raised.value), repr(raised.value), repr(vars(raised.value)))


async def test_errors_of_the_end_are_silent(options):
    """C113: an error of the end carries its result, and neither shows the value, pickled and back included."""
    with pytest.raises(ExitedWithCode) as raised:
        await run(["sh", "-c", "exit 1"], check=True, **options)

    again = pickle.loads(pickle.dumps(raised.value))
    for error in (raised.value, again):
        assert_silent("".join(traceback.format_exception(error)), repr(error), repr(error.result), repr(vars(error)))


async def test_what_is_in_our_own_environment_is_silent_too(monkeypatch):
    """C113: what the job inherits is not shown either."""
    monkeypatch.setenv("TOKEN", SECRET)
    told = []
    async with spawn(["false"], on_event=told.append) as process:
        await process.wait()
    assert_silent(repr(process), *map(repr, told))


async def start(options):
    """Run a command that cannot start."""
    options = dict(options)
    return await run(options.pop("argv", ["true"]), **options)
