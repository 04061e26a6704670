"""`procession map`: one command for every item, as a user meets it."""

import itertools
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from procession.model.joblog import HEADER

ARGUMENTS = ["sh", "-c", 'printf "<%s>" "$@"; echo', "-"]
"""A command that shows where each of its arguments begins and ends."""


def test_items_from_arguments(cli):
    """What stands behind ::: are items, whatever is in them: they are neither options nor shell text."""
    items = ["a b", "$HOME", "-n", "--", "x;y", "two\nlines", "", "{}"]
    shown = cli("map", "-k", "--", *ARGUMENTS, "{}", ":::", *items)

    assert shown.stdout == "".join(f"<{item}>\n" for item in items)
    assert (shown.returncode, shown.stderr) == (0, "")


def test_items_from_standard_input_and_a_file(cli, tmp_path: Path):
    """Without ::: each line is an item, from standard input or a file; with -0 what stands before each NUL."""
    (tmp_path / "items").write_text("a b\n\nlast")

    assert cli("map", "-k", "--", *ARGUMENTS, input="a b\n\nlast").stdout == "<a b>\n<>\n<last>\n"
    assert cli("map", "-k", "-a", str(tmp_path / "items"), "--", *ARGUMENTS).stdout == "<a b>\n<>\n<last>\n"
    assert cli("map", "-k", "-0", "--", *ARGUMENTS, input="a\nb\0c\0").stdout == "<a\nb>\n<c>\n"
    assert cli("map", "--", *ARGUMENTS, input="").returncode == 0


def test_bytes_that_are_no_text(cli):
    """An item is bytes to the kernel; what it prints comes out as it is."""
    shown = cli("map", "--", "printf", "%s", text=False, input=b"\xff\xfe\n")

    assert shown.stdout == b"\xff\xfe"


def test_combinations(cli):
    """Several groups give every combination, the last varying fastest; :::+ goes along with the group before it."""
    words = ("echo", "{1}{2}{3}", ":::", "a", "b", ":::+", "x", "y", ":::", "1", "2")
    shown = cli("map", "-k", "--", *words)

    assert shown.stdout.split() == ["ax1", "ax2", "by1", "by2"]


def test_columns(cli):
    """Columns come from a separator or from CSV, whose first row names them."""
    table = 'name,age\n"Smith, J",3\n"two\nlines",4\n'

    assert cli("map", "-k", "--colsep", "\t", "--", *ARGUMENTS, "{2}", "{1}", input="a\tb\nc\td\n").stdout == (
        "<b><a>\n<d><c>\n"
    )
    assert cli("map", "-k", "--csv", "--", *ARGUMENTS, "{name}", "{2}", input=table).stdout == (
        "<Smith, J><3>\n<two\nlines><4>\n"
    )
    assert cli("map", "-k", "--csv", "--no-header", "--", *ARGUMENTS, "{2}", input="a,b\n").stdout == "<b>\n"
    assert cli("map", "-k", "--header", "--", *ARGUMENTS, "{x}", ":::", "x", "1", "2").stdout == "<1>\n<2>\n"


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        ([], "", "there is no command"),
        (["--", ":::", "a"], "", "there is no command"),
        (["-j", "0", "--", "touch", "ran"], "a", "'-j'"),
        (["-a", "/no/such/file", "--", "touch", "ran"], "", "/no/such/file: cannot be read"),
        (["-a", "/", "--", "touch", "ran"], "", "/: is a directory"),
        (["--csv", "--", "touch", "ran"], "a,,b\nx,y,z\n", "standard input:1: column 2 has no name"),
        (["--csv", "--", "touch", "ran"], "a,a\nx,y\n", "standard input:1: columns 1 and 2 are both called 'a'"),
        (["--csv", "--", "touch", "ran"], "", "standard input: it is empty"),
        (["--", "touch", "ran{nam}"], "a", "word 2 of the command: {nam} names no column"),
        (["--", "touch", "ran", "{2}", ":::", "a"], "", "word 3 of the command: {2} names no column"),
        (["--", "no-such-program", ":::", "a"], "", "there is no program 'no-such-program'"),
        (["--colsep", "(", "--", "touch", "ran"], "a", "'(' is no regular expression"),
        (["--halt", "often", "--", "touch", "ran"], "a", "expected never, or now or soon"),
        (["--resume", "--", "touch", "ran"], "a", "--resume needs --joblog or --results"),
        (["--resume", "--joblog", "l", "--", "touch", "ran{%}"], "a", "--resume does not go with {%}"),
        (["--", "touch", "ran", ":::", "a", ":::+", "b", "c"], "", "that has 1 items, this 2"),
        (["-a", "x", "--", "touch", "ran", ":::", "a"], "", "-a does not go with :::"),
        (["--joblog", "/no/such/log", "--", "touch", "ran"], "a", "/no/such/log cannot be used"),
    ],
)
def test_a_wrong_request_starts_nothing(cli, tmp_path: Path, arguments, given, said):
    """It is refused with 255 and a sentence that names the place, before anything has started."""
    shown = cli("map", *arguments, input=given, cwd=tmp_path)

    assert said in shown.stderr
    assert shown.stderr.startswith("procession: error: ")
    assert (shown.returncode, shown.stdout, (tmp_path / "ran").exists()) == (255, "", False)


def test_a_row_that_does_not_fit(cli):
    """What came before it is run; it is named, and the status says that the request was wrong."""
    shown = cli("map", "-k", "--csv", "--", "echo", "{a}{b}", input="a,b\n1,2\n3\n4,5\n")

    assert (shown.returncode, shown.stdout) == (255, "12\n")
    assert "standard input:3: this row has 1 columns, the first line names 2" in shown.stderr


def test_the_exit_status_counts_failures(cli):
    """So many items failed; 101 if it was more than a hundred."""
    script = 'exit "$0"'

    assert cli("map", "--", "sh", "-c", script, ":::", "0", "1", "0", "7").returncode == 2
    assert cli("map", "--", "false", input="x\n" * 102).returncode == 101
    assert cli("map", "--timeout", "0.05", "--", "sleep", ":::", "60").returncode == 1


def test_an_item_that_cannot_be_run_fails_alone(cli):
    """A program of its own that is not there, or a NUL in an item, is a failure of that item, and it is said."""
    shown = cli("map", "-k", "--", "{}", "x", ":::", "no-such-program", "echo")
    nul = cli("map", "-k", "--", "echo", input="a\0b\nc\n")

    assert (shown.returncode, shown.stdout) == (1, "x\n")
    assert "item 1: cannot start no-such-program" in shown.stderr
    assert (nul.returncode, nul.stdout) == (1, "c\n")
    assert "item 1: invalid command: argv[1] contains a NUL character" in nul.stderr


def test_output_is_never_mixed(cli):
    """What one item prints comes in one piece, however slowly it is printed, and all of it."""
    script = 'for i in 1 2 3 4; do echo "$0 $i"; sleep 0.02; done'
    lines = cli("map", "-j", "4", "--", "sh", "-c", script, input="a\nb\nc\nd\n").stdout.splitlines()

    blocks = [list(block) for _, block in itertools.groupby(lines, lambda line: line[0])]
    assert sorted(map(tuple, blocks)) == [tuple(f"{item} {n}" for n in range(1, 5)) for item in "abcd"]


def test_output_keeps_the_order_of_the_items(cli, tmp_path: Path):
    """With -k the first comes first, although it ends last; stderr is kept apart."""
    door = tmp_path / "door"
    script = f"case $0 in a) until [ -e {door} ]; do sleep 0.01; done;; c) touch {door};; esac; echo $0; echo e$0 >&2"
    shown = cli("map", "-k", "-j", "2", "--", "sh", "-c", script, ":::", "a", "b", "c")

    assert (shown.stdout, shown.stderr) == ("a\nb\nc\n", "ea\neb\nec\n")


def test_much_output(cli, tmp_path: Path):
    """More than is held in memory comes out byte for byte, in order."""
    big = tmp_path / "big"
    big.write_bytes(os.urandom(1 << 20) * 24)
    shown = cli(
        "map", "-k", "-j", "2", "--", "cat", text=False, input=os.fsencode(big) + b"\n" + os.fsencode(big) + b"\n"
    )

    assert shown.stdout == big.read_bytes() * 2


def test_standard_input_is_not_for_the_jobs(cli):
    """A job reads nothing; what is there are items."""
    assert cli("map", "-k", "--", "sh", "-c", "cat; echo $0", input="a\nb\n").stdout == "a\nb\n"


def test_tags_and_json(cli):
    """--tag puts the item before each line; --json tells how each ended and what it printed, in bytes if it must."""
    script = r'echo one; printf "\377" >&2; exit 3'
    tagged = cli("map", "-k", "--tag", "--", "sh", "-c", "echo 1; printf 2", ":::", "a", "b")
    facts = json.loads(cli("map", "--json", "--", "sh", "-c", script, ":::", "x").stdout)

    assert tagged.stdout == "a\t1\na\t2\nb\t1\nb\t2\n"
    assert (facts["seq"], facts["item"], facts["code"], facts["ok"], facts["stdout"]) == (1, "x", 3, False, "one\n")
    assert facts["stderr_base64"] == "/w=="


def test_dry_run(cli):
    """The commands are shown so that they can be pasted, and nothing is run."""
    shown = cli("map", "--dry-run", "--", "touch", "{}.new", ":::", "a b", "it's", "x\ty")

    assert shown.stdout == "touch 'a b.new'\ntouch 'it'\"'\"'s.new'\ntouch $'x\\ty.new'\n"


def test_slots_and_numbers(cli):
    """{#} counts items; {%} is a slot that nobody else has at the time."""
    shown = cli(
        "map",
        "-k",
        "-j",
        "2",
        "--",
        "sh",
        "-c",
        "mkdir $0; sleep 0.01; rmdir $0; echo $1",
        "slot{%}",
        "{#}",
        input="x\n" * 9,
    )

    assert shown.stderr == ""
    assert shown.stdout.split() == [str(n) for n in range(1, 10)]


@pytest.mark.parametrize("how", ["now", "soon"])
def test_halting(cli, tmp_path: Path, how):
    """After so many failures nobody else starts; those that run are ended with ``now`` and waited for with ``soon``."""
    door = tmp_path / "door"
    wait = f"until [ -e {door} ]; do sleep 0.01; done; sleep 0.3; echo end"
    script = f"case $0 in bad) touch {door}; exit 1;; slow) {wait};; *) echo $0; esac"
    shown = cli(
        "map", "-j", "2", "--halt", f"{how},fail=1", "--", "sh", "-c", script, ":::", "slow", "bad", "never", "no"
    )

    assert "1 failed" in shown.stderr
    assert shown.stdout == ("" if how == "now" else "end\n")
    assert shown.returncode == (2 if how == "now" else 1)


def test_tries_again(cli, tmp_path: Path):
    """--retries gives each further attempts; what the last one printed is shown."""
    mark = tmp_path / "mark"
    script = f"echo try; test -e {mark} || {{ touch {mark}; exit 1; }}"
    shown = cli("map", "--retries", "1", "--", "sh", "-c", script, ":::", "x")

    assert (shown.returncode, shown.stdout) == (0, "try\n")


def test_items_are_run_as_they_come(start):
    """The first runs before the last is there: standard input is read as it comes."""
    process = start("map", "--", "echo", stdin=subprocess.PIPE)
    for word in ("first", "second"):
        process.stdin.write(f"{word}\n")
        process.stdin.flush()
        assert process.stdout.readline() == f"{word}\n"
    process.stdin.close()

    assert process.wait(30) == 0


def test_endless_items(start):
    """An endless input is read no faster than it is run, and a reader that goes away ends it all."""
    yes = subprocess.Popen(["yes"], stdout=subprocess.PIPE)
    process = start("map", "--", "echo", stdin=yes.stdout)
    yes.stdout.close()
    assert [process.stdout.readline() for _ in range(3)] == ["y\n"] * 3
    process.stdout.close()

    assert process.wait(30) == 141
    assert yes.wait(30) < 0


# --- records ----------------------------------------------------------------------------------------------------------


def test_the_joblog_and_resuming_from_it(cli, tmp_path: Path):
    """What succeeded is skipped by what it was, not by its number; what failed, and what is new, is run."""
    log = tmp_path / "log"
    arguments = ["--joblog", str(log), "-k", "--", "sh", "-c", f"echo $0; test $0 != b || test -e {tmp_path}/b", ":::"]
    first = cli("map", *arguments, "a", "b", "c")
    lines = log.read_text().splitlines(keepends=True)
    log.write_text(log.read_text() + "4\t:\ttorn")
    (tmp_path / "b").touch()
    second = cli("map", "--resume", *arguments, "new", "c", "b", "a")

    assert (first.returncode, first.stdout) == (1, "a\nb\nc\n")
    assert lines[0] == HEADER
    assert sorted(line.split("\t")[6:8] for line in lines[1:]) == [["0", "0"], ["0", "0"], ["1", "0"]]
    assert (second.returncode, second.stdout) == (0, "new\nb\n")
    assert "torn" not in log.read_text()
    assert cli("map", "--resume", *arguments, "new", "c", "b", "a").stdout == ""


def test_what_is_there_twice_is_done_twice(cli, tmp_path: Path):
    """The same command three times, done once: two are left."""
    arguments = ["--joblog", str(tmp_path / "log"), "--", "echo", ":::"]
    cli("map", *arguments, "x")

    assert cli("map", "--resume", *arguments, "x", "x", "x").stdout == "x\nx\n"


def test_gnu_parallel_and_we_read_the_same_log(cli, tmp_path: Path):
    """A log of GNU parallel is continued: what it did is not done again."""
    if shutil.which("parallel") is None:
        pytest.skip("GNU parallel is not installed")
    log = tmp_path / "log"
    subprocess.run(
        ["parallel", "--will-cite", "--joblog", log, "echo", ":::", "a b", "c"], check=True, capture_output=True
    )

    assert cli("map", "--joblog", str(log), "--resume", "--", "echo", ":::", "a b", "c", "d").stdout == "d\n"


def test_results(cli, tmp_path: Path):
    """Each item has a directory with what it printed and how it ended; no item leads out of the directory."""
    results = tmp_path / "results"
    items = ["a b", "../../../x", "/etc/passwd", "..", "", "é" * 200]
    arguments = ["--results", str(results), "-k", "--", "sh", "-c", 'echo "$0"; test "$0" != ..', "{}", ":::", *items]
    shown = cli("map", *arguments)

    found = [json.loads((place / "outcome.json").read_text()) for place in results.iterdir()]
    assert shown.returncode == 1
    assert shown.stdout.splitlines() == items
    assert sorted(each["item"] for each in found) == sorted(items)
    assert {(place / "stdout").read_text() for place in results.iterdir()} == {f"{item}\n" for item in items}
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "home") == ["results"]
    assert cli("map", "--resume", *arguments).stdout == "..\n"
