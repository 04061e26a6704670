"""`procession map`: one command for every item, as many at once as the machine can bear.

Not here: the run itself (`map_conduct`); items, template, output and records are files of their own beside it.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from procession.cli.complaints import complain, is_debugging
from procession.cli.need_parameters import cpu_option, memory_option
from procession.cli.parameters import read_duration, read_variables

if TYPE_CHECKING:
    import re

    from procession.cli.map_items import Items
    from procession.model.command import Command
    from procession.model.item_template import ItemTemplate
    from procession.policy.halt import Halt

OWN_ERROR = 255
_COLLECT_AFTER = 20_000

EPILOG = """\b
Examples:
  procession map -- gzip -9 ::: *.log
  find . -name '*.jpg' -print0 | procession map -0 -- convert {} -resize 50% out/{/.}.png
  procession map -j4 -k -- ./simulate --seed {1} --size {2} ::: 1 2 3 ::: small large
  procession map --csv -a users.csv --joblog done.log --resume -- ./mail --to {email} {name}
  procession map --halt now,fail=1 --results out -- ./test {} < cases

\b
Items: the words behind :::, else lines of the file -a, else lines of standard input.
Several ::: give every combination; :::+ goes along with the group before it.

\b
Placeholders, in any word of the command:
  {}  the item            {/}   its last part      {#}     its number, from 1
  {.} without extension   {//}  its directory      {%}     the slot it runs in, from 1
  {1} its first column    {/.}  last part without  {name}  the column of that name
                                extension
{1.} {2/} and so on are the same of a column. Without any placeholder the item is appended.
Each is put in where it stands, never as an option or to a shell; other braces stay as
they are, and \\{name} stands for itself.

\b
Exit status: how many items failed, up to 100; 101 if more did; 255 if the request is
wrong or a record cannot be written; 130 after Ctrl-C and 128+n after another signal n;
141 when nobody reads the output any more.

\b
Ctrl-C starts nobody else and asks those that run to end; a second Ctrl-C kills them.
"""


class _MapCommand(click.Command):
    """Small numbers count failed items, so whatever is our own error is 255."""

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        """Read the options."""
        try:
            return super().make_context(*arguments, **options)
        except click.UsageError as error:
            raise _own(error) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run it."""
        from procession.errors import ProcessionError

        try:
            return super().invoke(ctx)
        except (click.UsageError, ProcessionError) as error:
            if is_debugging():
                raise
            raise _own(error) from None


def _own(error: Any) -> click.exceptions.Exit:
    is_click = isinstance(error, click.UsageError)
    complain(error.format_message() if is_click else error.message, _HINT if is_click else error.hint)
    return click.exceptions.Exit(OWN_ERROR)


_HINT = "see 'procession map --help'"


def _read_halt(_context: click.Context, _option: click.Parameter, given: str | None) -> Halt | None:
    from procession.policy.halt import read_halt

    try:
        return None if given is None else read_halt(given)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _read_colsep(_context: click.Context, _option: click.Parameter, given: str | None) -> re.Pattern[str] | None:
    from procession.cli.map_items import read_colsep

    try:
        return None if given is None else read_colsep(given)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command(
    "map",
    cls=_MapCommand,
    epilog=EPILOG,
    short_help="Run one command for every item.",
    context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False},
)
@click.option("-j", "--jobs", metavar="N", type=click.IntRange(min=1), help="At most so many at once.")
@memory_option
@cpu_option
@click.option("-a", "--arg-file", metavar="FILE", help="Read the items from FILE.")
@click.option("-0", "--null", is_flag=True, help="Items end with NUL instead of a newline.")
@click.option("--colsep", metavar="REGEX", callback=_read_colsep, help="Split each item into columns.")
@click.option("--csv", "as_csv", is_flag=True, help="Items are rows of CSV; the first one names the columns.")
@click.option("--header/--no-header", default=None, help="The first item names the columns.")
@click.option("-k", "--keep-order", is_flag=True, help="Show what they print in the order of the items.")
@click.option("--tag", is_flag=True, help="Put the item before each line of what is printed.")
@click.option("--json", "as_json", is_flag=True, help="One object per item instead of what it printed.")
@click.option("--bar/--no-bar", default=None, help="Show the progress; by default on a terminal.")
@click.option("--retries", metavar="N", type=click.IntRange(min=0), default=0, help="Try each so many times more.")
@click.option("--timeout", metavar="DURATION", callback=read_duration, help="End each when it has run so long.")
@click.option(
    "--grace", metavar="DURATION", callback=read_duration, default="5s", help="Its time to end when asked to; 5s."
)
@click.option("--halt", metavar="WHEN", callback=_read_halt, help="Give up: now,fail=1 or soon,fail=10% for instance.")
@click.option("--joblog", metavar="FILE", help="Write a line for each that ended, as GNU parallel does.")
@click.option("--results", metavar="DIR", help="Keep what each prints, and how it ended, in a directory of its own.")
@click.option("--resume", is_flag=True, help="Skip what succeeded before, by --joblog or --results.")
@click.option("--dry-run", is_flag=True, help="Print the commands, quoted, and run nothing.")
@click.option("--cwd", type=click.Path(), help="The directory they start in.")
@click.option("--env", metavar="NAME=VALUE", callback=read_variables, multiple=True, help="Set a variable; repeatable.")
@click.argument("words", metavar="-- CMD [WORDS]... [::: ITEMS...]", nargs=-1, type=click.UNPROCESSED)
def map_verb(**given: Any) -> int:
    """Run CMD once for every item, many at once, each with its whole tree under supervision."""
    import asyncio
    import gc

    from procession.cli.map_arguments import split_words

    gc.freeze()  # what was loaded stays
    gc.set_threshold(_COLLECT_AFTER)  # each item makes a few hundred objects, hardly any in a circle

    command, groups = split_words(given["words"])
    _check_together(given, has_groups=groups is not None)
    return asyncio.run(_run(command, groups, given))


async def _run(words: tuple[str, ...], groups: list[list[tuple[str, ...]]] | None, given: dict[str, Any]) -> int:
    from procession.model.item_template import ItemTemplate

    items = await _open_items(groups, given)
    template = ItemTemplate(words, items.names, items.columns)
    if given["dry_run"]:
        return await _show_commands(items, template)
    from procession.cli.map_conduct import Plan, conduct

    joblog, results = _open_records(given, template)
    plan = Plan(
        task=_make_task(words, template, given),
        template=template,
        limit=given["jobs"],
        in_order=given["keep_order"],
        form=_choose_form(given),
        halt=given["halt"],
        bar=given["bar"],
        resume=given["resume"],
        joblog=joblog,
        results=results,
    )
    return await conduct(items, plan)


async def _open_items(groups: list[list[tuple[str, ...]]] | None, given: dict[str, Any]) -> Items:
    from procession.cli.complaints import remark
    from procession.cli.map_items import ArgumentItems, Form, ReadItems, open_items

    has_header = given["as_csv"] if given["header"] is None else given["header"]
    if groups is not None:
        return ArgumentItems(groups, has_header=has_header)
    path = given["arg_file"]
    fd, where = (0, "standard input") if path in (None, "-") else (open_items(path), path)
    if os.isatty(fd):
        given["bar"] = bool(given["bar"])  # it would be drawn over what is typed
        remark("items are read from the terminal; end them with Ctrl-D")
    form = Form(nul=given["null"], csv=given["as_csv"], colsep=given["colsep"])
    items = ReadItems(fd, where, form)
    if has_header:
        await items.read_header()
    elif given["colsep"] is None and not given["as_csv"]:
        items.columns = 1
    return items


async def _show_commands(items: Items, template: ItemTemplate) -> int:
    from procession.model.joblog import quote

    async for batch in items.batches():
        text = "".join(f"{quote(template.fill(item))}\n" for item in batch)
        sys.stdout.buffer.write(os.fsencode(text))
    return 0


def _make_task(words: tuple[str, ...], template: ItemTemplate, given: dict[str, Any]) -> Any:
    """Make what all items have in common. Raises: StartError: its program cannot be run, whatever the item."""
    from procession.model.command import command
    from procession.model.task import Task
    from procession.process.launch import check_command

    base: Command = command(words).replace(
        timeout_s=given["timeout"], grace_s=given["grace"], cwd=given["cwd"], env=given["env"]
    )
    if template.has_fixed_program:
        check_command(base)
    return Task(command=base, retries=given["retries"], **_need(given))


def _need(given: dict[str, Any]) -> dict[str, Any]:
    """Say what each will take."""
    from procession.model.need import need

    return {"need": need(memory_bytes=given["memory"], cpus=given["cpu"])}


def _open_records(given: dict[str, Any], template: ItemTemplate) -> tuple[Any, Any]:
    from procession.cli.map_joblog import JobLog
    from procession.cli.map_results import Results

    if given["resume"] and template.uses_slot:
        hint = "which slot a command runs in differs from run to run, so it is never the same command"
        raise click.UsageError(f"--resume does not go with {{%}}: {hint}")
    cwd = os.path.abspath(given["cwd"] or ".")
    results = None if given["results"] is None else Results(given["results"], cwd)
    joblog = None if given["joblog"] is None else JobLog(given["joblog"], resume=given["resume"])
    return joblog, results


def _choose_form(given: dict[str, Any]) -> Any:
    from procession.cli import map_output

    if given["as_json"]:
        return map_output.as_json
    return map_output.tagged if given["tag"] else map_output.as_it_is


def _check_together(given: dict[str, Any], *, has_groups: bool) -> None:
    """Refuse what contradicts itself. Raises: click.UsageError."""
    refused = {
        "--resume needs --joblog or --results": given["resume"] and not (given["joblog"] or given["results"]),
        "-a does not go with :::": has_groups and given["arg_file"] is not None,
        "--null does not go with :::": has_groups and given["null"],
        "--csv does not go with :::": has_groups and given["as_csv"],
        "--colsep does not go with :::": has_groups and given["colsep"] is not None,
        "--csv does not go with --colsep": given["as_csv"] and given["colsep"] is not None,
        "--csv does not go with --null": given["as_csv"] and given["null"],
        "--json does not go with --tag": given["as_json"] and given["tag"],
    }
    for sentence, is_so in refused.items():
        if is_so:
            raise click.UsageError(sentence)
