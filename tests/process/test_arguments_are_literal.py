"""No accidental shell: what is given as an argument arrives as that argument, whatever it looks like."""

import os
import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procession import Command, InvalidCommand, Limits, command, run, shell, spawn

NASTY = [
    "; rm -rf x",
    "$(id)",
    "`id`",
    "two\nlines\r\n",
    "*",
    "~",
    "-rf",
    "--",
    "",
    " ",
    "a b",
    "'",
    '"',
    "\\",
    "\\n",
    "${HOME}",
    "$HOME",
    "%s",
    "{name}",
    "{{",
    "!!",
    "#",
    "&&",
    "|",
    ">x",
    "\t",
    "\x1b]52;c;aGk=\x07",
    "ünïcödé ☃",
    b"\xff\xfe not text".decode(errors="surrogateescape"),
]


def child(python, children, *arguments):
    """The program that prints what it is given."""
    return [python, "-I", "-S", children / "prints_arguments.py", *arguments]


async def test_every_argument_arrives_as_it_is(python, children, tmp_path):
    """C115: no character of an argument means anything to anybody on the way."""
    result = await run(child(python, children, *NASTY), text=False, cwd=tmp_path)

    assert result.stdout.split(b"\0")[:-1] == [os.fsencode(each) for each in NASTY]
    assert os.listdir(tmp_path) == []


async def test_values_of_a_template_stay_one_argument(python, children):
    """C115: a placeholder is filled after splitting: no value becomes two arguments, or an option of its own."""
    program = shlex.quote(str(children / "prints_arguments.py"))
    for value in NASTY:
        made = command(f"{shlex.quote(python)} -I -S {program} before {{value}} --x={{value}} after", value=value)
        result = await run(made, text=False)
        given = os.fsencode(value)
        assert result.stdout.split(b"\0")[:-1] == [b"before", given, b"--x=" + given, b"after"]


@pytest.mark.parametrize("text", ["ls -l", "true", "true; false", b"true"])
def test_a_single_string_is_refused(text):
    """C115: one string is neither split nor given to a shell; the hint says how to ask for either."""
    with pytest.raises(InvalidCommand) as raised:
        spawn(text)
    assert raised.value.field == "argv"
    assert "shell(" in raised.value.hint


async def test_a_shell_takes_part_only_when_it_is_named():
    """C115: shell() is the one way, and says so in the command itself."""
    made = shell("echo $((1 + 1)); echo '*'")

    assert made.argv[:2] == ("/bin/sh", "-c")
    assert (await run(made)).stdout == "2\n*\n"


async def test_the_recorded_command_can_be_pasted(python, children, tmp_path):
    """C115: str(command) given to a shell gives the very same arguments."""
    arguments = [each for each in NASTY if each.isprintable() or each in ("two\nlines\r\n", "\t")]
    made = Command(argv=tuple(map(str, child(python, children, *arguments))))

    pasted = subprocess.run(["sh", "-c", str(made)], stdout=subprocess.PIPE, cwd=tmp_path, check=True)

    assert pasted.stdout.split(b"\0")[:-1] == [os.fsencode(each) for each in arguments]
    assert os.listdir(tmp_path) == []


@settings(max_examples=200)
@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=20), min_size=1))
def test_quoting_round_trips(arguments):
    """C115: what is shown splits into what was given, for any text there is."""
    if arguments[0]:
        assert shlex.split(str(Command(argv=tuple(arguments)))) == arguments


async def test_a_leading_dash_is_no_option_of_ours(python, children):
    """C115: nothing of the job's arguments is taken by what starts it, also where a bootstrap does."""
    plain = await run(child(python, children, "-I", "-c", "--", "--help"), text=False)
    limited = await run(child(python, children, "-I", "-c", "--", "--help"), text=False, limits=Limits(nice=1))

    assert plain.stdout == limited.stdout == b"-I\0-c\0--\0--help\0"
