"""Shows what was found as tables, in the manner of `benchmarks.report`. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from benchmarks.pool.real.rivals import Rival
from benchmarks.pool.real.scenarios import Scenario
from benchmarks.pool.real.values import Row, Run, Table, make_row

QUIET = 0.1
HEADINGS = ("÷ bound", "OOM kills", "re-runs", "work wasted", "cores busy", "done", "foreign CPU")


def make_table(scenario: Scenario, runs: Sequence[Run], rivals: Sequence[Rival], absences: dict[str, str]) -> Table:
    """Put the runs of one scenario together, in the order of the rivals."""
    by_rival = {rival.name: [run for run in runs if run.rival == rival.name] for rival in rivals}
    return Table(
        name=scenario.name,
        title=scenario.title,
        limit_bytes=scenario.limit_bytes,
        rows=[make_row(name, each) for name, each in by_rival.items()],
        runs=list(runs),
        absences=absences,
    )


def show_table(console: Console, table: Table) -> None:
    """One row per rival, then what was odd."""
    bounds = sorted({run.bound_s for run in table.runs})
    span = f"{bounds[0]:.1f} s" if len(bounds) == 1 else f"{bounds[0]:.1f} to {bounds[-1]:.1f} s"
    shown = RichTable(title=f"{table.name}: {table.title}; bound {span}", title_justify="left", box=SIMPLE)
    shown.add_column("rival", no_wrap=True)
    for heading in HEADINGS:
        shown.add_column(heading, justify="right")
    for row in table.rows:
        shown.add_row(*_make_cells(row))
    console.print(shown)
    for line in _remarks(table):
        console.print(Text(f"  {line}", style="yellow"))
    console.print()


def _make_cells(row: Row) -> tuple[str, ...]:
    sign = "" if row.is_whole else "> "
    ratio = f"{sign}{row.ratio:.2f}"
    if row.ratio_max > row.ratio_min:
        ratio += f" ({row.ratio_min:.2f}–{row.ratio_max:.2f})"
    return (
        row.rival,
        ratio,
        f"{row.oom_kills:.1f}",
        f"{row.lost:.1f}",
        f"{row.wasted:.0%}",
        f"{row.cores_busy:.2f}",
        f"{row.done:.0%}",
        "–" if row.foreign is None else f"{row.foreign:.0%}",
    )


def _remarks(table: Table) -> list[str]:
    missing = [f"skipped  {name}: {reason}" for name, reason in table.absences.items()]
    stopped = [row.rival for row in table.rows if not row.is_whole]
    late = [f"not all was done in time, the true makespan is longer: {', '.join(stopped)}"] if stopped else []
    others = [row.foreign for row in table.rows if row.foreign is not None]
    if others and max(others) > QUIET:
        late.append(f"others used up to {max(others):.0%} of the machine: repeat this when they do not")
    odd = {run.rival: run.complaint for run in table.runs if run.complaint and not run.is_whole}
    return [*missing, *late, *(f"broke  {name}: {words}" for name, words in odd.items())]
