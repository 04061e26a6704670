"""Commands as values: three ways to make one, and no way for a value to become anything but itself."""

import shlex
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.errors import InvalidCommand
from procession.model.command import Command, StopStep, command, shell
from procession.model.limits import Limits
from procession.model.stdio import NULL, PIPE, Descriptor, File, Log, Pty

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
ARGV = st.lists(TEXT, min_size=1).filter(lambda argv: argv[0] != "")


@given(ARGV)
def test_quoting_can_be_read_back(argv):
    """`str(command)` is a line that splits into the very arguments, whatever they hold."""
    assert shlex.split(str(command(argv))) == argv


@given(TEXT)
def test_a_value_is_one_argument(value):
    """A value of a template is one argument, or a part of one; quotes, blanks and options in it mean nothing."""
    assert command("git commit -m {message}", message=value).argv == ("git", "commit", "-m", value)
    assert command("run --name={name} 'a {name} b'", name=value).argv == ("run", f"--name={value}", f"a {value} b")


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), TEXT, min_size=3))
def test_a_value_is_not_looked_at_for_placeholders(values):
    """Braces in a value are not filled in again."""
    assert command("x {a} {b}{c}", **values).argv == ("x", values["a"], values["b"] + values["c"])
    assert command("x {a}", a="{b} {{").argv == ("x", "{b} {{")


@given(ARGV)
def test_a_template_of_a_quoted_line_is_that_line(argv):
    """Whatever was quoted, braces doubled, comes back as a template without placeholders."""
    template = shlex.join(argv).replace("{", "{{").replace("}", "}}")

    assert command(template).argv == tuple(argv)


def test_a_template_is_split_first():
    """Splitting comes first: quotes and backslashes as in a shell, nothing else of a shell."""
    assert command("""a "b c" 'd "e' f\\ g $HOME *; | # x""").argv == (
        *("a", "b c", 'd "e', "f g", "$HOME", "*;", "|", "#", "x"),
    )
    assert command("a {empty} ''", empty="").argv == ("a", "", "")
    assert command("cp {source} {number} {ratio}", source=Path("/a b"), number=3, ratio=0.5).argv == (
        *("cp", "/a b", "3", "0.5"),
    )


@pytest.mark.parametrize(
    ("template", "values", "says"),
    [
        ("", {}, "empty"),
        ("   ", {}, "empty"),
        ("a 'b", {}, "cannot be split"),
        ("a {", {}, "bad placeholder"),
        ("a }", {}, "bad placeholder"),
        ("a {}", {}, "no plain name"),
        ("a {0}", {}, "no plain name"),
        ("a {b.c}", {"b": "x"}, "no plain name"),
        ("a {b[0]}", {"b": "x"}, "no plain name"),
        ("a {b!r}", {"b": "x"}, "no plain name"),
        ("a {b:>9}", {"b": "x"}, "no plain name"),
        ("a {b}", {}, "needs a value for {b}"),
        ("a", {"b": "x"}, "has no {b}"),
        ("a {b}", {"b": None}, "b must be text"),
        ("a {b}", {"b": ["x", "y"]}, "b must be text"),
        ("a {b}", {"b": True}, "b must be text"),
        ("a {b}", {"b": "\0"}, "NUL"),
        ("{b}", {"b": ""}, "is empty"),
    ],
)
def test_a_bad_template_says_what_is_bad(template, values, says):
    """C002: unbalanced, unknown, unused, no plain name: each is an InvalidCommand that says so."""
    with pytest.raises(InvalidCommand) as raised:
        command(template, **values)

    assert says in str(raised.value)


def test_a_shell_takes_part_only_when_asked():
    """A script goes to /bin/sh as one argument, and only through `shell`."""
    assert shell("echo $HOME | wc").argv == ("/bin/sh", "-c", "echo $HOME | wc")
    with pytest.raises(InvalidCommand) as raised:
        Command(argv="echo $HOME | wc")
    assert "shell(" in raised.value.hint


def test_replacing_checks_and_normalises():
    """`replace` gives another value, as carefully checked as the first; the first stays."""
    first = command(["true"])
    second = first.replace(cwd=Path("/tmp"), env={b"A": Path("/x")}, argv=["ls", b"-l", Path("/y")])

    assert (second.cwd, second.env, second.argv) == ("/tmp", {"A": "/x"}, ("ls", "-l", "/y"))
    assert first == command(["true"])
    assert first.replace() is first
    with pytest.raises(InvalidCommand):
        first.replace(timeout_s=-1)
    with pytest.raises(AttributeError):
        first.argv = ("x",)


def test_a_list_is_taken_like_a_tuple():
    """What the constructor is given as a list is held as a tuple, so that it cannot change behind our back."""
    argv = ["ls", "-l"]
    made = Command(argv=argv)
    argv.append("/")

    assert made.argv == ("ls", "-l")


def test_a_command_can_be_written_down_and_read_again():
    """A command survives JSON, with every kind of stream; a bad one is refused on the way in."""
    full = Command(
        argv=("ls", "é"),
        cwd="/",
        env={"A": "b", "C": None},
        stdin=File("in"),
        stdout=Log("out", limit_bytes=10),
        stderr=Pty(100, 40),
        fds={5: 7},
        limits=Limits(soft={"nofile": 64}, nice=1),
        stop_signals=(StopStep("INT", 1.5),),
        timeout_s=3,
        descendants="keep",
        secrets=("A",),
    )

    for each in (full, command(["true"]), full.replace(stdin=PIPE, stdout=NULL, stderr=Descriptor(4))):
        assert msgspec.json.decode(msgspec.json.encode(each), type=Command) == each
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"argv": ["tr\\u0000ue"]}', type=Command)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"argv": ["true"], "colour": "red"}', type=Command)
