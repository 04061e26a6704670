"""The blocking client and its async twin, against an API that is served by another process."""

import math
import pickle
import socket
import subprocess
import sys

import pytest

from procession.client.async_client import AsyncClient
from procession.client.client import Client
from procession.errors import (
    AlreadyEnded,
    ConnectionLost,
    DaemonUnavailable,
    ForeignPeer,
    InvalidCommand,
    ProcessionError,
    UnknownTask,
)
from procession.model.checkpointing import Checkpointing
from procession.model.command import command
from procession.model.stdio import INHERIT
from procession.model.task import task


def requests(control) -> list[str]:
    """Give what the daemon was asked, as METHOD PATH."""
    return [f"{each['method']} {each['path']}" for each in control("seen")["requests"]]


def test_a_task_is_submitted_and_looked_at(client):
    """Submit gives the id; the task can be listed, shown and waited for."""
    assert client.submit(["true"], name="a", labels={"team": "maps"}) == "a"

    assert [view.id for view in client.list()] == ["a"]
    assert client.show("a").task.labels == {"team": "maps"}
    assert client.show("a").logs["stdout"].size_bytes == 12
    assert client.wait("a").tasks[0].ok


def test_many_tasks_go_in_chunks_over_one_connection(client, control):
    """1,200 tasks take three requests, each with a key of its own."""
    ids = client.submit_all(task(["true"], name=f"n{number}") for number in range(1200))

    posts = control("seen")["requests"]
    assert (ids[0], ids[-1], len(ids)) == ("n0", "n1199", 1200)
    assert len({each["key"] for each in posts}) == len(posts) == 3


def test_a_chunk_never_waits_for_a_later_one(client, control):
    """Where a task depends on one far behind it, all go at once."""
    tasks = [task(["true"], name=f"n{number}") for number in range(600)]
    tasks[0] = task(tasks[0], after="n599")

    client.submit_all(tasks)

    assert requests(control) == ["POST /v1/tasks"]


def test_a_request_whose_answer_was_lost_happens_once(client, control):
    """The connection breaks after the effect: asked again with the same key, the same ids come back."""
    control("script", drop=1)

    assert client.submit(["true"]) == "t1"

    seen = control("seen")
    assert len(seen["requests"]) == 2
    assert len({each["key"] for each in seen["requests"]}) == 1
    assert len(seen["tasks"]) == 1


def test_patience_ends(scripted, control):
    """A daemon that breaks off again and again is given up, with an error that says so."""
    control("script", drop=1000)

    with Client(scripted, patience_s=0.1) as client, pytest.raises(ConnectionLost, match="cannot be reached"):
        client.status()


def test_circumstances_travel_with_the_tasks(client, control, monkeypatch):
    """Variables, directory, mask, limits of the caller; nothing that was meant for the caller alone."""
    monkeypatch.setenv("QUALITY", "80")
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/x")

    client.submit(["true"])

    context = control("seen")["context"]
    assert context["env"]["QUALITY"] == "80"
    assert "NOTIFY_SOCKET" not in context["env"]
    assert context["cwd"].startswith("/")
    assert {"umask", "nice", "soft"} <= context.keys()


def test_what_was_meant_from_here_means_the_same_there(client, control, tmp_path, monkeypatch):
    """Relative paths of program and directory are taken from the caller's; a grace without end is a long one."""
    monkeypatch.chdir(tmp_path)

    client.submit(command(["./tool", "./arg"]).replace(cwd="work", grace_s=float("inf")), name="a")

    given = control("seen")["tasks"]["a"]["command"]
    assert given["argv"] == [f"{tmp_path}/./tool", "./arg"]
    assert given["cwd"] == f"{tmp_path}/work"
    assert given["grace_s"] == 1e9


def test_how_it_goes_on_means_the_same_there(client, control, tmp_path, monkeypatch):
    """The programs that have it save, and go on, are found from there; never asked by the clock is a long time."""
    monkeypatch.chdir(tmp_path)
    how = Checkpointing(command=("./save", "{pid}"), every_s=float("inf"))

    for name, program in (("a", "./tool"), ("b", "{checkpoint}/tool"), ("c", "tool")):
        client.submit(["true"], name=name, checkpoint=how, resume_command=(program, "./arg"))

    given = control("seen")["tasks"]
    assert given["a"]["checkpoint"]["command"] == [f"{tmp_path}/./save", "{pid}"]
    assert given["a"]["checkpoint"]["every_s"] == 1e9
    programs = [f"{tmp_path}/./tool", "{checkpoint}/tool", "tool"]
    assert [given[name]["resume_command"] for name in "abc"] == [[program, "./arg"] for program in programs]


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (command(["true"]).replace(stdin=INHERIT), "stdin"),
        (command(["true"]).replace(fds={3: 0}), "fds"),
        (command([b"echo", b"\xff"]), "argv[1]"),
        (command(["true"]).replace(env={"A": "\udcff"}), "env['A']"),
        (task(["true"], resume_command=("go", "\udcff")), "resume_command"),
        (task(["true"], checkpoint=Checkpointing(command=("save", "\udcff"))), "checkpoint.command"),
    ],
)
def test_what_cannot_travel_is_refused_by_its_field(client, control, wanted, field):
    """Descriptors and bytes that are no text stay here; nothing is sent."""
    with pytest.raises(InvalidCommand) as caught:
        client.submit(wanted)

    assert caught.value.field == field
    assert requests(control) == []


def test_refusals_are_the_errors_they_are_in_process(client):
    """An unknown task is an UnknownTask with its field, and can be pickled."""
    with pytest.raises(UnknownTask) as caught:
        client.get("nobody")

    error = pickle.loads(pickle.dumps(caught.value))
    assert (error.task, error.code) == ("nobody", "unknown_task")


def test_a_refusal_of_a_newer_daemon_is_kept_whole(client, control):
    """An unknown code becomes a ProcessionError with code, hint and fields."""
    control("script", refuse={"code": "from_the_future", "detail": "not today", "hint": "tomorrow", "day": 3})

    with pytest.raises(ProcessionError, match="not today") as caught:
        client.status()

    error = caught.value
    assert (type(error), error.code, error.hint, error.day) == (ProcessionError, "from_the_future", "tomorrow", 3)


def test_what_fails_for_some_is_told_beside_what_was_done(client):
    """Each task that could not be stopped has an error; the others are as they are now."""
    client.submit(["sleep", "9"], name="long")
    client.submit(["true"], name="short")

    acted = client.stop("long", "short")

    assert [view.outcome.stopped_by for view in acted.tasks] == ["user"]
    assert [type(each) for each in acted.problems] == [AlreadyEnded]
    with pytest.raises(AlreadyEnded):
        acted.check()


def test_logs_give_exact_bytes_and_gaps(client):
    """Pieces carry their offset; base64 wins over the text; the last word is the task."""
    client.submit(["true"], name="a")

    stream = client.logs("a")
    pieces = list(stream)

    assert [piece.offset for piece in pieces] == [0, 9, 18, 27, 36]
    assert (pieces[2].data, pieces[2].gap_bytes) == (b"\xff\x1b[31mred\n", 3)
    assert stream.task.ok


@pytest.mark.parametrize("after", [1, 3, 5])
def test_a_broken_log_goes_on_where_it_was(client, control, after):
    """No piece comes twice, none is missing."""
    client.submit(["true"], name="a")
    control("script", break_after=after)

    assert [piece.offset for piece in client.logs("a", follow=True)] == [0, 9, 18, 27, 36]


def test_events_go_on_by_number_and_can_be_left(client, control):
    """A break in a followed stream is healed; leaving the loop hangs up."""
    control("script", break_after=2)
    seen = []

    for event in client.events(after=1, follow=True):
        seen.append(event.seq)
        if event.seq == 5:
            break

    assert seen == [2, 3, 4, 5]


def test_waiting_can_time_out(client):
    """timed_out says that some are not over."""
    client.submit(["sleep", "9"], name="long")

    assert client.wait("long", timeout_s=0.01).timed_out


def test_every_further_word(client):
    """Edit, signal, suspend, resume, retry, remove, input, drain, clean, doctor, shutdown answer with values."""
    client.submit(["wait"], name="q", group="g")
    client.submit(["cat"], name="c")

    assert client.edit("q", priority=3).priority == 3
    assert client.signal("HUP", "c").tasks
    assert client.suspend("c").tasks[0].state == "suspended"
    assert client.resume(groups=["g"]).tasks[0].id == "q"
    client.write_input("c", b"hello\n", end=True)
    client.send("q", {"a": None})
    assert client.request("q", ["b"], timeout_s=3) == {"asked": ["b"]}
    assert client.wait_ready("q").tasks[0].ready
    assert client.get("c").ok
    assert client.retry("c").tasks[0].attempt == 2
    assert client.remove(all_tasks=True).tasks
    assert client.drain().state == "draining"
    assert client.clean(keep=3).freed_bytes == 2_000_000
    assert [each.ok for each in client.doctor()] == [True, False, None]
    assert client.shutdown().kept == 2


def test_saving_is_asked_for_and_looked_at(client):
    """A report for each that was asked, an error for the others; what a newer daemon says beside is let through."""
    client.submit(["sleep", "9"], name="train")
    client.submit(["true"], name="done")

    saved = client.checkpoint("train", "done")

    assert [(each.task, each.answer) for each in saved.reports] == [("train", "saved")]
    assert client.checkpoints("train") == [saved.reports[0].checkpoint]
    assert client.checkpoints("done") == []
    with pytest.raises(AlreadyEnded):
        saved.check()
    with pytest.raises(UnknownTask):
        client.checkpoints("nobody")


def test_suspending_says_how(client, control):
    """Only what is wanted is said: an older daemon knows the rest."""
    client.submit(["sleep", "9"], name="train")
    client.suspend("train")
    client.suspend("train", release=True, checkpoint=True)
    client.drain(suspend=True)

    bodies = [each["body"] for each in control("seen")["requests"] if "body" in each]
    assert [sorted(each) for each in bodies] == [["select"], ["checkpoint", "release", "select"], ["on", "suspend"]]


def test_how_it_saves_means_the_same_there(client, control, tmp_path, monkeypatch):
    """Programs with a slash are taken from here; times without end are long ones; placeholders stay."""
    monkeypatch.chdir(tmp_path)
    by_command = Checkpointing(command=("./save", "{pid}"), every_s=math.inf, deadline_s=math.inf)

    client.submit(["true"], name="a", checkpoint=by_command, resume_command=("./go", "{checkpoint}"))

    given = control("seen")["tasks"]["a"]
    assert given["checkpoint"] == {"command": [f"{tmp_path}/./save", "{pid}"], "every_s": 1e9, "deadline_s": 1e9}
    assert given["resume_command"] == [f"{tmp_path}/./go", "{checkpoint}"]


def test_no_daemon_is_an_error_at_once(tmp_path):
    """Neither a missing socket nor one that nobody listens on is waited for."""
    missing = tmp_path / "api.sock"
    with pytest.raises(DaemonUnavailable, match="none runs"):
        Client(str(missing)).status()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(missing))
    with pytest.raises(DaemonUnavailable, match="none runs"):
        Client(str(missing)).status()


@pytest.mark.root
def test_nothing_is_sent_to_a_server_of_somebody_else(tmp_path):
    """Who listens is asked of the kernel; another user's server gets not a byte (C119)."""
    path = tmp_path / "api.sock"
    code = (
        "import os, socket, sys\n"
        "listening = socket.socket(socket.AF_UNIX); listening.bind(sys.argv[1]); os.setuid(65534); listening.listen()\n"
        "print('ready', flush=True); print(listening.accept()[0].recv(9))"
    )
    with subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout.readline() == "ready\n"
        with pytest.raises(ForeignPeer) as caught:
            Client(str(path)).status()
        assert server.stdout.read() == "b''\n"

    assert caught.value.uid == 65534


async def test_the_async_twin_has_the_same_words(scripted, control):
    """Every public word of the one is one of the other; several questions may be under way at once."""
    words = {name for name in dir(Client) if not name.startswith("_")}
    assert words == {name for name in dir(AsyncClient) if not name.startswith("_")}

    async with AsyncClient(scripted) as client:
        assert await client.submit(["true"], name="a") == "a"
        control("script", drop=1, break_after=2)
        assert (await client.get("a")).ok
        stream = client.logs("a", follow=True)
        assert [piece.offset async for piece in stream] == [0, 9, 18, 27, 36]
        assert stream.task.ok
        with pytest.raises(UnknownTask):
            await client.get("nobody")
        assert [event.seq async for event in client.events(after=3)] == [4, 5]
