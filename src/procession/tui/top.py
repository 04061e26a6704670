"""The live screen of `procession top`: a table of all tasks that is asked for anew every two seconds, and keys.

It shows and passes on wishes; what becomes of them is the daemon's. Where that is gone for a while, the last state
stays, and the screen says so. Not here: what the rows say (``rows``).
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Final, Protocol

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import DataTable, Footer, Input, Static

from procession.errors import ProcessionError
from procession.model.view import TaskView
from procession.tui.rows import COLUMNS, ORDERS, Row, details_of, rows_of

PERIOD_S: Final = 2.0

_STYLES: Final = {"good": "green", "bad": "bold red", "waiting": "yellow", "quiet": "dim", "busy": ""}


class Desk(Protocol):
    """What the screen asks of the daemon: `procession.client.AsyncClient` is one."""

    async def list(self) -> list[TaskView]:
        """Give all tasks that are not over, and the newest of those that are."""

    async def suspend(self, *words: str) -> Any:
        """Let them not run for now."""

    async def resume(self, *words: str) -> Any:
        """Let them run on."""

    async def stop(self, *words: str) -> Any:
        """Ask them to end."""

    async def kill(self, *words: str) -> Any:
        """End them at once."""

    async def retry(self, *words: str) -> Any:
        """Begin anew what has ended."""


class Question(ModalScreen[bool]):
    """Asks before something is done that cannot be undone."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "dismiss(True)", "Yes"),
        Binding("n,escape,q", "dismiss(False)", "No"),
    ]
    CSS = """
    Question { align: center middle; }
    Question Static { width: auto; max-width: 80%; padding: 1 3; border: round $warning; background: $surface; }
    """

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """Show the question."""
        yield Static(Text(f"{self._question}  [y/n]"), id="question")


class TopApp(App[None]):
    """The screen. ``clock`` tells the seconds since the epoch; ``period_s`` is how often it looks."""

    TITLE = "procession"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #summary { height: 1; background: $primary-background; }
    #details { height: 2; color: $text-muted; }
    #filter { display: none; height: 3; }
    DataTable { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "Quit"),
        Binding("p", "pause_task", "Pause/resume"),
        Binding("s", "stop_task", "Stop"),
        Binding("k", "kill_task", "Kill"),
        Binding("r", "retry_task", "Retry"),
        Binding("o", "next_order", "Order"),
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("e", "toggle_ended", "Ended"),
        Binding("escape", "clear_filter", "All", show=False),
    ]

    def __init__(self, desk: Desk, *, period_s: float = PERIOD_S, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._desk = desk
        self._period_s = period_s
        self._clock = clock
        self._views: dict[str, TaskView] = {}
        self._shown: list[Row] = []
        self._order = ORDERS[0]
        self._wanted = ""
        self._shows_ended = False
        self._problem = ""

    def compose(self) -> ComposeResult:
        """Lay it out: a line that sums up, the table, a line about the task that is chosen, the keys."""
        yield Static(id="summary")
        yield Input(placeholder="part of an id, a group, a state, or a pattern like train-*", id="filter")
        table: DataTable[Text] = DataTable(id="tasks", cursor_type="row", zebra_stripes=True)
        for column in COLUMNS:
            table.add_column(column, key=column)
        yield table
        yield Static(id="details")
        yield Footer()

    async def on_mount(self) -> None:
        """Look now, and again and again."""
        self.query_one("#tasks", DataTable).focus()
        await self.refresh_tasks()
        self.set_interval(self._period_s, self.refresh_tasks)

    async def refresh_tasks(self) -> None:
        """Ask for all tasks, and show them."""
        try:
            views = await self._desk.list()
        except (ProcessionError, OSError) as error:
            self._problem = str(error)
        else:
            self._problem = ""
            self._views = {view.id: view for view in views}
        self._show()

    # --- showing ------------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        views = [view for view in self._views.values() if self._shows_ended or not view.is_over]
        rows = rows_of(views, now=self._clock(), order=self._order, wanted=self._wanted)
        table = self.query_one("#tasks", DataTable)
        if [row.key for row in rows] == [row.key for row in self._shown]:
            self._update(table, rows)
        else:
            self._fill(table, rows)
        self._shown = rows
        self.query_one("#summary", Static).update(Text(self._summary(len(rows))))
        self._show_details()

    def _update(self, table: DataTable[Text], rows: list[Row]) -> None:
        """Change only the cells that have changed: a thousand rows are no rarity."""
        for row, before in zip(rows, self._shown, strict=True):
            for column, cell, old in zip(COLUMNS, row.cells, before.cells, strict=True):
                if cell != old or row.mood != before.mood:
                    table.update_cell(row.key, column, _styled(cell, row.mood), update_width=True)

    def _fill(self, table: DataTable[Text], rows: list[Row]) -> None:
        chosen, place = self._chosen_key(), table.scroll_y
        table.clear()
        for row in rows:
            table.add_row(*(_styled(cell, row.mood) for cell in row.cells), key=row.key)
        keys = [row.key for row in rows]
        if chosen in keys:
            table.move_cursor(row=keys.index(chosen), scroll=False)
            table.scroll_to(y=place, animate=False)

    def _summary(self, shown: int) -> str:
        live = [view for view in self._views.values() if not view.is_over]
        states: dict[str, int] = {}
        for view in live:
            states[view.state.value] = states.get(view.state.value, 0) + 1
        counted = ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "no task runs"
        parts = [f"procession  {counted}", f"by {self._order}", f"{shown} shown"]
        parts += [f"only {self._wanted!r}"] if self._wanted else []
        parts += [f"NO ANSWER: {self._problem}"] if self._problem else []
        return "  ·  ".join(parts)

    def _show_details(self) -> None:
        view = self._chosen()
        self.query_one("#details", Static).update(Text("" if view is None else details_of(view)))

    def on_data_table_row_highlighted(self) -> None:
        """Say more about the row the cursor is on."""
        self._show_details()

    def _chosen_key(self) -> str | None:
        row = self.query_one("#tasks", DataTable).cursor_row
        return self._shown[row].key if 0 <= row < len(self._shown) else None

    def _chosen(self) -> TaskView | None:
        return self._views.get(self._chosen_key() or "")

    # --- keys ---------------------------------------------------------------------------------------------------------

    def action_pause_task(self) -> None:
        """Suspend the chosen task, or resume it."""
        view = self._chosen()
        if view is not None:
            is_paused = view.state == "suspended"
            self._do(view, "resume" if is_paused else "suspend", self._desk.resume if is_paused else self._desk.suspend)

    def action_stop_task(self) -> None:
        """Ask the chosen task to end, after a question."""
        self._ask("Stop", "stop", self._desk.stop)

    def action_kill_task(self) -> None:
        """Kill the chosen task, after a question."""
        self._ask("Kill", "kill", self._desk.kill)

    def action_retry_task(self) -> None:
        """Begin an ended task anew."""
        view = self._chosen()
        if view is not None:
            self._do(view, "retry", self._desk.retry)

    def action_next_order(self) -> None:
        """Sort by the next column."""
        self._order = ORDERS[(ORDERS.index(self._order) + 1) % len(ORDERS)]
        self._show()

    def action_toggle_ended(self) -> None:
        """Show what has ended, too, or no more."""
        self._shows_ended = not self._shows_ended
        self._show()

    def action_filter(self) -> None:
        """Type what is to be shown."""
        field = self.query_one("#filter", Input)
        field.styles.display = "block"
        field.focus()

    def action_clear_filter(self) -> None:
        """Show all again."""
        self.query_one("#filter", Input).value = ""
        self._close_filter()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show at once what fits."""
        self._wanted = event.value
        self._show()

    def on_input_submitted(self) -> None:
        """Keep the filter, and go back to the table."""
        self._close_filter()

    def _close_filter(self) -> None:
        self.query_one("#filter", Input).styles.display = "none"
        self.query_one("#tasks", DataTable).focus()

    def _ask(self, word: str, verb: str, act: Callable[[str], Awaitable[Any]]) -> None:
        view = self._chosen()
        if view is None or view.is_over:
            return

        def answer(is_meant: bool | None) -> None:  # noqa: FBT001 - the library's
            if is_meant:
                self._do(view, verb, act)

        self.push_screen(Question(f"{word} {view.id}?"), answer)

    def _do(self, view: TaskView, verb: str, act: Callable[[str], Awaitable[Any]]) -> None:
        """Do it without holding up the screen; say what becomes of it."""

        async def doing() -> None:
            try:
                done = await act(view.id)
                problems = getattr(done, "problems", ())
                if problems:
                    raise problems[0]
            except (ProcessionError, OSError) as error:
                self.notify(str(error), title=f"{verb} {view.id}", severity="error", markup=False)
            else:
                self.notify(f"{verb} {view.id}: done", timeout=2, markup=False)
            await self.refresh_tasks()

        self.run_worker(doing(), exclusive=False)


def _styled(cell: str, mood: str) -> Text:
    return Text(cell, style=_STYLES[mood], no_wrap=True, overflow="ellipsis")
