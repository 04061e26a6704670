"""Shows summaries as tables and writes them as JSON. Decides nothing: verdicts come from `summary`."""

from __future__ import annotations

from pathlib import Path

import msgspec
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.machine import Machine
from benchmarks.values import Finding, Row, Summary
from benchmarks.workbench import MIB

PIPED_WIDTH = 110
SHOWN_UNITS = {"bytes/s": "GB/s", "bytes": "MiB", "lines/s": "M lines/s", "s": "ms"}
COLOURS = {"reached": "green", "not reached": "red", "not measured": "yellow"}


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file: figures are worth little without the machine and the method."""

    schema: int = 1
    quick: bool
    rounds: int
    machine: Machine
    benchmarks: list[Summary]


def open_console() -> Console:
    """Standard output, wide enough for the tables when it is a file or a pipe."""
    console = Console()
    return console if console.is_terminal else Console(width=PIPED_WIDTH)


def show_machine(console: Console, machine: Machine) -> None:
    """One paragraph above the tables."""
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items() if version)
    load = " ".join(f"{value:.2f}" for value in machine.load)
    console.print(
        f"{machine.cpus} × {machine.processor}, {machine.memory_bytes / MIB / 1024:.0f} GiB; "
        f"{machine.system} {machine.kernel}; load {load}\n{versions}\n"
        f"trivial program: {machine.trivial_program}; files on {machine.output_on}\n",
        highlight=False,
        soft_wrap=True,
    )


def show_summary(console: Console, summary: Summary) -> None:
    """The table of one benchmark, then its targets, then who was missing."""
    console.print(make_table(summary))
    for finding in summary.findings:
        console.print(say_finding(finding, summary.unit))
    for absence in summary.absences:
        verb = "broke" if absence.broke else "skipped"
        console.print(Text(f"  {verb:<13}{absence.rival}: {absence.reason}", style="yellow"))
    console.print()


def make_table(summary: Summary) -> Table:
    """One row per rival; columns that would be empty are left out, for the sake of narrow terminals."""
    unit = SHOWN_UNITS.get(summary.unit, summary.unit)
    table = Table(title=f"{summary.name}: {summary.title}", title_justify="left", box=SIMPLE)
    table.add_column("rival", no_wrap=True)
    for heading in (f"median {unit}", "min", "max", *last_headings(summary)):
        table.add_column(heading, justify="right")
    for row in summary.rows:
        table.add_row(*make_cells(row, summary))
    return table


def last_headings(summary: Summary) -> tuple[str, ...]:
    """Where there is no reference the contest is about memory."""
    contested = f"ratio to {summary.reference}" if summary.reference else "peak MiB"
    return (contested, "CPU s", "foreign CPU")


def make_cells(row: Row, summary: Summary) -> tuple[str, ...]:
    """What the row says, as text."""
    peak = "–" if row.peak_rss_bytes is None else f"{row.peak_rss_bytes / MIB:.1f}"
    return (
        row.rival,
        *(format_value(value, summary.unit) for value in (row.median, row.min, row.max)),
        format_ratio(row) if summary.reference else peak,
        f"{row.cpu_s:.3f}",
        "–" if row.foreign_cpu is None else f"{row.foreign_cpu:.0%}",
    )


def format_ratio(row: Row) -> str:
    """The median of the rounds' ratios, and how far they lay apart."""
    if row.ratio is None:
        return "–"
    return f"{row.ratio:.2f} ({row.ratio_min:.2f}–{row.ratio_max:.2f})"


def say_finding(finding: Finding, unit: str) -> Text:
    """The target, the figure and the verdict in one line."""
    value = "–"
    if finding.value is not None:
        shown = f"{format_value(finding.value, unit)} {SHOWN_UNITS.get(unit, unit)}"
        value = f"{finding.value:.2f}" if finding.target.against else shown
    text = Text("  ")
    text.append(f"{finding.verdict:<13}", style=COLOURS[finding.verdict])
    text.append(f"{finding.sentence}: {value}")
    return text


def format_value(value: float, unit: str) -> str:
    """As large units as the eye wants."""
    if unit == "bytes/s":
        return f"{value / 1e9:.3f}"
    if unit == "bytes":
        return f"{value / MIB:.2f}"
    if unit == "lines/s":
        return f"{value / 1e6:.2f}"
    if unit == "s":
        return f"{value * 1e3:.3f}"
    if unit == "CPU s/min":
        return f"{value:.2f}"
    return f"{value:,.0f}"


def write_report(path: Path, report: Report) -> None:
    """JSON, every sample included, so that other statistics can be taken later."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
