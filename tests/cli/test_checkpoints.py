"""`checkpoint`, `checkpoints`, and what `submit`, `suspend`, `drain` and `show` say of saving work."""

import json
import os
import subprocess

import pytest

from procession.cli.checkpoint_text import command_of
from procession.model.checkpoint import Checkpoint


@pytest.fixture
def tasks(cli, daemon):
    """One that saves its work, one that has no handler, one that is over."""
    for name, program in (("train", "sleep"), ("deaf", "cat"), ("done", "true")):
        cli("submit", "--name", name, "--", program)
    return daemon


def bodies(daemon, path: str) -> list[dict]:
    """Give what the daemon was sent there."""
    return [each["body"] for each in daemon("seen")["requests"] if each["path"] == path]


@pytest.mark.parametrize(
    ("arguments", "status", "printed"),
    [
        ("train", 0, "train  saved: checkpoint 1 (40%), /home/ada/my model/1.pt\n"),
        ("deaf", 1, "deaf  refused: process 4711 has no handler for SIGUSR1\n"),
        ("done", 1, ""),
        ("train done", 1, "train  saved: checkpoint 1 (40%), /home/ada/my model/1.pt\n"),
        ("nobody", 3, ""),
        ("", 2, ""),
    ],
)
def test_a_line_for_each_that_was_asked(cli, tasks, arguments, status, printed):
    """0 only if all have saved; what could not be asked is an error on stderr."""
    shown = cli("checkpoint", *arguments.split())

    assert (shown.returncode, shown.stdout) == (status, printed)
    assert ("done has ended" in shown.stderr) == ("done" in arguments)


def test_reports_for_programs(cli, tasks):
    """The same as one JSON object."""
    shown = cli("checkpoint", "--json", "train", "deaf")

    assert shown.returncode == 1
    saved, refused = json.loads(shown.stdout)["reports"]
    assert (saved["answer"], saved["checkpoint"]["saved"]) == ("saved", "/home/ada/my model/1.pt")
    assert (refused["answer"], refused["checkpoint"]) == ("refused", None)


def test_what_is_kept_is_a_table_newest_first(cli, tasks):
    """With the number, who wanted it, how far it was, and whether it can go on from there."""
    for _ in range(2):
        cli("checkpoint", "train")
    shown = cli("checkpoints", "train")

    head, newest, oldest = shown.stdout.splitlines()
    assert head.split() == ["number", "when", "by", "progress", "saved", "goes", "on"]
    assert newest.split()[:1] == ["2"]
    assert newest.endswith("user       40%  /home/ada/my model/2.pt  yes")
    assert oldest.endswith("/home/ada/my model/1.pt  no: the task has no resume_command")


def test_one_checkpoint_with_all_its_fields(cli, tasks):
    """Its command can be pasted; a number that is not kept is refused, and those that are are named."""
    for _ in range(2):
        cli("checkpoint", "train")
    card = cli("checkpoints", "train", "--show", "2").stdout
    missing = cli("checkpoints", "train", "--show", "7")

    assert "command:    ./train --from '/home/ada/my model/2.pt'\n" in card
    assert "directory:  /home/ada\n" in card
    assert "metadata:   loss=0.1\n" in card
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "--show: train has no checkpoint 7; kept are 2, 1" in missing.stderr


@pytest.mark.parametrize("argument", ["plain", "", "two words", "it's", "\\ and '\n\t'0", "é", "\udcff"])
def test_the_command_can_be_pasted(argument):
    """What is shown is printable, and a shell makes the same arguments of it."""
    checkpoint = Checkpoint(
        task="a", number=1, attempt=1, at=1.0, by="user", resume_command=("go", argument), can_resume=True, reason=""
    )
    shown = command_of(checkpoint)
    pasted = subprocess.run(
        ["bash", "-c", f"go() {{ printf '%s\\0' \"$@\"; }}; {shown}"], stdout=subprocess.PIPE, check=True
    )

    assert shown.isprintable()
    assert pasted.stdout == os.fsencode(argument) + b"\0"


def test_checkpoints_for_programs(cli, tasks):
    """All of them in one object, or the one that was asked for."""
    cli("checkpoint", "train")

    assert len(json.loads(cli("checkpoints", "train", "--json").stdout)["checkpoints"]) == 1
    assert json.loads(cli("checkpoints", "train", "--json", "--show", "1").stdout)["metadata"] == {"loss": "0.1"}


def test_without_a_checkpoint(cli, tasks):
    """Nothing on standard output, a sentence beside, and no failure; who names nobody gets exit 3."""
    shown = cli("checkpoints", "deaf")

    assert (shown.returncode, shown.stdout) == (0, "")
    assert shown.stderr == "procession: deaf has saved nothing yet\n"
    assert cli("checkpoints", "nobody").returncode == 3


@pytest.mark.parametrize("arguments", ["checkpoint a", "checkpoints a"])
def test_without_a_daemon(cli, home, arguments):
    """Exit 4, and none was started."""
    shown = cli(*arguments.split())

    assert (shown.returncode, shown.stdout) == (4, "")
    assert not home.exists()


def test_a_card_has_the_newest_and_how_it_goes_on(cli, tasks):
    """The command of the newest checkpoint, quoted; or why there is none."""
    cli("checkpoint", "train")
    first = cli("show", "train").stdout
    cli("checkpoint", "train")
    second = cli("show", "train").stdout

    assert "saved:      checkpoint 1 (40%), /home/ada/my model/1.pt, 20" in first
    assert "goes on by: nothing: the task has no resume_command\n" in first
    assert "goes on by: ./train --from '/home/ada/my model/2.pt'\n" in second
    assert json.loads(cli("show", "--json", "train").stdout)["checkpoint"]["number"] == 2
    assert "goes on by" not in cli("show", "deaf").stdout


def test_suspend_and_drain_say_how(cli, tasks):
    """What was not asked for is not sent; to start again and to set aside is a contradiction."""
    cli("suspend", "train")
    cli("suspend", "--release", "train")
    cli("suspend", "--checkpoint", "train")
    cli("drain")
    cli("drain", "--suspend")
    refused = cli("drain", "--off", "--suspend")

    sent = [{name: each[name] for name in each if name != "select"} for each in bodies(tasks, "/v1/tasks/suspend")]
    assert sent == [{}, {"release": True}, {"checkpoint": True}]
    assert bodies(tasks, "/v1/drain") == [{"on": True}, {"on": True, "suspend": True}]
    assert (refused.returncode, "--off starts tasks again" in refused.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "fields"),
    [
        (["--checkpoint", "USR1"], {"checkpoint": {"signal": "USR1"}}),
        (
            ["--checkpoint", "SIGHUP", "--checkpoint-every", "5m"],
            {"checkpoint": {"signal": "SIGHUP", "every_s": 300.0}},
        ),
        (["--checkpoint", "USR2", "--checkpoint-every", "never"], {"checkpoint": {"signal": "USR2", "every_s": 1e9}}),
        (["--checkpoint", "USR1", "--checkpoint-keep", "20"], {"checkpoint": {"signal": "USR1", "keep": 20}}),
        (["--channel", "--checkpoint", "message"], {"checkpoint": {"message": True}}),
        (
            ["--checkpoint", "command=./save 'a b' {pid}"],
            {"checkpoint": {"command": ["{here}/./save", "a b", "{pid}"]}},
        ),
        (
            ["--resume-command", "./train --from '{checkpoint}' -n {attempt}", "--without-checkpoint", "ask"],
            {
                "resume_command": ["{here}/./train", "--from", "{checkpoint}", "-n", "{attempt}"],
                "without_checkpoint": "ask",
            },
        ),
        (["--resume-command", "{session}/run"], {"resume_command": ["{session}/run"]}),
    ],
)
def test_how_it_saves_and_goes_on_arrives(cli, daemon, tmp_path, arguments, fields):
    """Split like a shell would, and no shell: a program with a slash is one from here, braces of `here` included."""
    here = tmp_path / "h{er}e"
    here.mkdir()
    shown = cli("submit", "--name", "a", *arguments, "--", "true", cwd=here)

    assert shown.returncode == 0, shown.stderr
    task = daemon("seen")["tasks"]["a"]
    got = {name: task[name] for name in ("checkpoint", "resume_command", "without_checkpoint") if name in task}
    in_template = str(here).replace("{er}", "{{er}}")
    wanted = {"checkpoint": str(here), "resume_command": in_template, "without_checkpoint": ""}
    assert got == {
        name: json.loads(json.dumps(value).replace("{here}", wanted[name])) for name, value in fields.items()
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--checkpoint", "KILL"], "'--checkpoint': cannot be KILL: it means something else"),
        (["--checkpoint", "FOO"], "'--checkpoint': "),
        (["--checkpoint", ""], "'--checkpoint': expected a signal like USR1, message, or command=COMMAND"),
        (["--checkpoint", "file=x"], "'--checkpoint': expected a signal like USR1, message, or command=COMMAND"),
        (["--checkpoint", "command="], "'--checkpoint': it names no program"),
        (["--checkpoint", "command='a"], "'--checkpoint': it cannot be split: no closing quotation"),
        (["--checkpoint", "message"], "--checkpoint message goes through its channel: give --channel, too"),
        (["--checkpoint-every", "5m"], "--checkpoint-every says how often"),
        (["--checkpoint", "USR1", "--checkpoint-every", "0"], "'--checkpoint-every': "),
        (["--checkpoint", "USR1", "--checkpoint-every", "soon"], "'--checkpoint-every': "),
        (["--checkpoint-keep", "9"], "--checkpoint-keep says how many"),
        (["--checkpoint", "USR1", "--checkpoint-keep", "0"], "'--checkpoint-keep': must be a whole number from 1"),
        (["--checkpoint", "USR1", "--checkpoint-keep", "1001"], "'--checkpoint-keep': must be a whole number from 1"),
        (["--checkpoint", "USR1", "--checkpoint-keep", "few"], "'--checkpoint-keep': "),
        (["--resume-command", "go {sesion}"], "'--resume-command': has an unknown placeholder {sesion}"),
        (["--resume-command", "go {"], "'--resume-command': has a bad placeholder"),
        (["--resume-command", ""], "'--resume-command': it names no program"),
        (["--resume-command", "go 'x"], "'--resume-command': it cannot be split"),
        (["--without-checkpoint", "fail"], "--without-checkpoint is for what can go on"),
        (["--resume-command", "go", "--without-checkpoint", "never"], "'--without-checkpoint': "),
    ],
)
def test_what_cannot_be_is_refused_by_its_option(cli, daemon, arguments, said):
    """Exit 2, the option's name, and nothing reached the daemon."""
    shown = cli("submit", *arguments, "--", "true")

    assert (shown.returncode, shown.stdout) == (2, "")
    assert said in shown.stderr
    assert daemon("seen")["tasks"] == {}


def test_a_file_says_it_itself(cli, daemon, task_file):
    """The options are for one command."""
    path = task_file('[tasks.a]\ncommand = "true"\ncheckpoint = true\n')
    shown = cli("submit", "--checkpoint-every", "5m", path)

    assert "--checkpoint-every is for one command" in shown.stderr
    assert cli("submit", path).returncode == 0
    assert daemon("seen")["tasks"]["a"]["checkpoint"] == {"signal": "USR1"}


@pytest.mark.parametrize(
    ("typed", "completions"),
    [
        ("procession check", {"checkpoint", "checkpoints"}),
        ("procession checkpoint t", {"train"}),
        ("procession checkpoints t", {"train"}),
        ("procession submit --checkpoint U", {"USR1", "USR2"}),
        ("procession submit --without-checkpoint ", {"retry", "ask", "fail"}),
    ],
)
def test_words_are_completed(cli, tasks, typed, completions):
    """Verbs, tasks, and ways to ask."""
    asked = {"_PROCESSION_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}

    answer = cli(env=os.environ | asked).stdout

    assert completions == {line.partition(",")[2] for line in answer.splitlines()}
