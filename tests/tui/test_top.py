"""`procession top`, driven: what it shows, and what the keys do."""

import asyncio
from types import SimpleNamespace

import pytest
from msgspec.structs import replace
from textual.widgets import DataTable, Static

from procession.errors import DaemonUnavailable, UsageError
from procession.model.health import Health, Liveness
from procession.model.outcome import Outcome, OutcomeKind
from procession.model.progress import Progress
from procession.model.state import State
from procession.model.task import task
from procession.model.usage import TreeUsage
from procession.model.view import view_of
from procession.tui.rows import row_of, rows_of
from procession.tui.top import Question, TopApp

NOW = 1000.0


def view(name: str, *, cpus: float = 0.0, memory: int = 1000, **changes):
    """A task that has run for a minute."""
    usage = TreeUsage(at=NOW, processes=1, threads=1, memory_bytes=memory, cpu_s=1.0, cpus=cpus)
    made = view_of(task([name], name=name), name, "/", NOW - 100)
    return replace(made, **{"state": State.RUNNING, "started_at": NOW - 60, "usage": usage, **changes})


class ScriptedDesk:
    """Has the tasks a test gives it; does what it is asked."""

    def __init__(self, *views) -> None:
        self.views = {each.id: each for each in views}
        self.calls = []
        self.is_gone = False

    async def list(self, *_, **__):
        """Give all."""
        if self.is_gone:
            raise DaemonUnavailable("/run/api.sock", "nobody answers")
        return list(self.views.values())

    def __getattr__(self, verb):
        async def act(id_):
            self.calls.append((verb, id_))
            state = {"suspend": State.SUSPENDED, "resume": State.RUNNING, "stop": State.STOPPING}.get(verb)
            if state is None:
                return SimpleNamespace(problems=(UsageError(f"cannot {verb} {id_}"),))
            self.views[id_] = replace(self.views[id_], state=state)
            return SimpleNamespace(problems=())

        return act


@pytest.fixture
def screen():
    """Open the screen over some tasks; gives its pilot and its application."""

    def begin(desk):
        app = TopApp(desk, period_s=1000, clock=lambda: NOW)
        return app, app.run_test(size=(150, 30))

    return begin


def column(app, name: str) -> list[str]:
    """Give what stands in one column."""
    return [str(cell) for cell in app.query_one("#tasks", DataTable).get_column(name)]


def text(app, name: str) -> str:
    """Give what a line says."""
    return str(app.query_one(f"#{name}", Static).render())


async def until(pilot, is_so):
    """Let the screen go on until something is so."""
    async with asyncio.timeout(10):
        while not is_so():
            await pilot.pause(0.01)


async def test_it_shows_how_every_task_does(screen):
    """The hungriest first; a bar, the health, the last line; more of the chosen one below."""
    desk = ScriptedDesk(
        view("idle", health=Health(liveness=Liveness.STALLED, since=NOW, evidence="silent 312 s, 0.00 CPUs")),
        view("busy", cpus=1.5, memory=2_500_000, last_line="step 7", progress=Progress(source="report", fraction=0.42)),
    )
    app, running = screen(desk)
    async with running as pilot:
        assert column(app, "TASK") == ["busy", "idle"]
        assert column(app, "PROGRESS") == ["████░░░░░░ 42%", ""]
        assert column(app, "CPU") == ["150%", "0%"]
        assert column(app, "MEMORY") == ["2.5 MB", "1.0 kB"]
        assert column(app, "HEALTH") == ["", "stalled"]
        assert column(app, "LAST LINE") == ["step 7", ""]
        assert "2 running" in text(app, "summary")

        await pilot.press("down")
        await until(pilot, lambda: "silent 312 s" in text(app, "details"))


async def test_it_sorts_by_the_next_column(screen):
    """Processor, memory, time, progress, name; and says by which."""
    app, running = screen(ScriptedDesk(view("a", cpus=2), view("b", memory=9000), view("c", started_at=NOW - 500)))
    async with running as pilot:
        firsts = [column(app, "TASK")[0]]
        for _ in range(4):
            await pilot.press("o")
            firsts.append(column(app, "TASK")[0])
        assert firsts == ["a", "b", "c", "a", "a"]
        assert "by name" in text(app, "summary")


async def test_it_filters_while_one_types(screen):
    """A part of a name, a pattern, a state; escape shows all again."""
    app, running = screen(ScriptedDesk(view("train-1"), view("train-2"), view("eval", state=State.SUSPENDED)))
    async with running as pilot:
        await pilot.press("slash", *"train")
        assert column(app, "TASK") == ["train-1", "train-2"]
        await pilot.press("enter")
        await pilot.press("escape")
        assert len(column(app, "TASK")) == 3
        await pilot.press("slash", *"suspended", "enter")
        assert column(app, "TASK") == ["eval"]


async def test_pause_and_resume_from_the_keyboard(screen):
    """The same key, by what the task does now; the effect is shown."""
    desk = ScriptedDesk(view("a"))
    app, running = screen(desk)
    async with running as pilot:
        await pilot.press("p")
        await until(pilot, lambda: column(app, "STATE") == ["suspended"])
        await pilot.press("p")
        await until(pilot, lambda: column(app, "STATE") == ["running"])
    assert desk.calls == [("suspend", "a"), ("resume", "a")]


async def test_stop_asks_first(screen):
    """No is no; yes stops."""
    desk = ScriptedDesk(view("a"))
    app, running = screen(desk)
    async with running as pilot:
        await pilot.press("s")
        assert isinstance(app.screen, Question)
        await pilot.press("n")
        assert desk.calls == []
        await pilot.press("s", "y")
        await until(pilot, lambda: column(app, "STATE") == ["stopping"])
    assert desk.calls == [("stop", "a")]


async def test_what_cannot_be_done_is_said(screen):
    """As the daemon says it; the screen goes on."""
    desk = ScriptedDesk(view("a"))
    app, running = screen(desk)
    async with running as pilot:
        await pilot.press("k", "y")
        await until(pilot, lambda: any("cannot kill a" in each.message for each in app._notifications))


async def test_a_daemon_that_is_gone_is_said_and_the_last_state_stays(screen):
    """Until it answers again."""
    desk = ScriptedDesk(view("a"))
    app, running = screen(desk)
    async with running as pilot:
        desk.is_gone = True
        await app.refresh_tasks()
        assert "NO ANSWER: " in text(app, "summary")
        assert column(app, "TASK") == ["a"]
        desk.is_gone = False
        await app.refresh_tasks()
        assert "NO ANSWER" not in text(app, "summary")
        await pilot.pause()


async def test_ended_tasks_are_shown_when_asked_for(screen):
    """With how they ended."""
    outcome = Outcome(kind=OutcomeKind.FAILED, code=1, message="exited with code 1")
    app, running = screen(ScriptedDesk(view("a"), view("b", state=State.ENDED, outcome=outcome, ended_at=NOW)))
    async with running as pilot:
        assert column(app, "TASK") == ["a"]
        await pilot.press("e")
        assert column(app, "STATE") == ["running", "failed"]


async def test_a_thousand_tasks_are_usable(screen):
    """Only what has changed is drawn anew; the cursor stays on its task."""
    desk = ScriptedDesk(*(view(f"t{number:04}", cpus=number / 1000) for number in range(1000)))
    app, running = screen(desk)
    async with running as pilot:
        await pilot.press(*["down"] * 5)
        assert app._chosen_key() == "t0994"
        desk.views["t0994"] = view("t0994", cpus=5.0)
        await app.refresh_tasks()
        assert column(app, "TASK")[0] == "t0994"
        assert app._chosen_key() == "t0994"
        await pilot.pause()


def test_what_tasks_print_cannot_act_on_the_screen():
    """Control characters are written out; markup is text."""
    row = row_of(view("a", last_line="\x1b[2J[bold]x", health=None), NOW)

    assert row.cells[-1] == "\\x1b[2J[bold]x"
    assert [each.key for each in rows_of([view("a")], now=NOW, order="name", wanted="nothing fits")] == []
