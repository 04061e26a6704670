"""The message channel, with Node.js as a real peer, and with children that misuse it."""

import asyncio
import os
import socket
import sys
import time
from pathlib import Path

import pytest

from procession import PIPE, Limits, fork, spawn
from procession.errors import (
    Disconnected,
    InvalidMessage,
    MessageTooLarge,
    ProgramNotFound,
    RequestRefused,
    RequestTimedOut,
    StreamUnavailable,
)
from procession.ipc.channel import UNREAD_LIMIT_BYTES
from procession.process.environment import MEANT_FOR_US

ODD_TEXT = '\u2028\u2029\0\n\r"\\😀é'


async def received(worker, count: int) -> list:
    """Take so many messages."""
    messages = worker.messages()
    return [await anext(messages) for _ in range(count)]


async def all_of(worker) -> list:
    """Take all messages to the end of the channel."""
    return [message async for message in worker.messages()]


# --- Node as the child ------------------------------------------------------------------------------------------------


async def test_ten_thousand_messages_each_way(children):
    """C065: ten thousand messages to a Node child and back, in order and equal, whatever characters are in them."""
    sent = [{"n": n, "text": ODD_TEXT * (n % 7), "list": [n, None, 1.5, True]} for n in range(10_000)]

    async with fork(children / "echoes.mjs") as worker:
        feeding = asyncio.ensure_future(feed(worker, sent))
        hello, *back = await received(worker, 10_001)
        await feeding
        await worker.disconnect()
        outcome = await worker.wait()

    assert hello["hello"].startswith("v")
    assert back == sent
    assert outcome.ok


async def test_one_at_a_time(children):
    """C065: a thousand questions, each asked when the last was answered."""
    async with fork(children / "echoes.mjs") as worker:
        messages = worker.messages()
        await anext(messages)
        for n in range(1000):
            await worker.send(n)
            assert await anext(messages) == n


async def test_a_large_message_each_way(children):
    """C065: ten mebibytes there and back."""
    large = ODD_TEXT * ((10 << 20) // len(ODD_TEXT.encode()))

    async with fork(children / "echoes.mjs") as worker:
        await worker.send(large)
        _, back = await received(worker, 2)

    assert back == large


async def test_early_messages_wait(tmp_path):
    """C075: what is sent before the child listens is delivered in order once it does."""
    late = tmp_path / "late.mjs"
    late.write_text("setTimeout(() => process.on('message', (m) => process.send(m)), 50);\n")

    async with fork(late) as worker:
        for n in range(100):
            await worker.send(n)
        assert await received(worker, 100) == list(range(100))


async def test_one_that_never_listens_ends_by_itself(tmp_path):
    """C075: the channel does not keep a child alive that does not listen; sending afterwards is a typed error."""
    deaf = tmp_path / "deaf.mjs"
    deaf.write_text("\n")

    async with fork(deaf) as worker:
        assert (await worker.wait()).ok
        assert not worker.connected
        with pytest.raises(Disconnected):
            await worker.send("is anybody there?")


async def test_disconnecting_ends_a_child_that_lives_by_it(tmp_path):
    """C076: what we sent before is flushed first; Node sees the end and ends; a second disconnect does nothing."""
    counts = tmp_path / "counts.mjs"
    counts.write_text("let n = 0; process.on('message', () => n++); process.on('disconnect', () => console.log(n));\n")

    async with fork(counts, stdout=PIPE) as worker:
        await feed(worker, ["x" * 1000] * 5000)
        await worker.disconnect()
        await worker.disconnect()
        assert not worker.connected
        assert await worker.stdout.read() == b"5000\n"
        assert (await worker.wait()).ok


async def test_the_child_disconnects(tmp_path):
    """C076: a disconnect of the child ends the messages; the child lives on."""
    leaving = tmp_path / "leaving.mjs"
    leaving.write_text("process.send('bye', () => process.disconnect()); setTimeout(() => {}, 60000);\n")

    async with fork(leaving) as worker:
        assert await all_of(worker) == ["bye"]
        assert not worker.connected
        assert worker.exit is None
        with pytest.raises(Disconnected):
            await worker.send("wait")


async def test_last_words_come_before_the_end(children):
    """C070: ten messages of a child that ends at once are there before it is closed, also when we are busy."""
    for _ in range(5):
        async with fork(children / "ends_with_words.mjs") as worker:
            time.sleep(0.2)
            await worker.wait()
            assert await all_of(worker) == list(range(10))


async def test_a_truncated_last_message_is_told(children):
    """C069: what `process.exit` cuts off is told with its size; the exit code is as it is."""
    events = []
    async with fork(children / "ends_with_words.mjs", "large", on_event=events.append) as worker:
        assert await all_of(worker) == []
        assert (await worker.wait()).code == 0

    (closed,) = [event for event in events if event.name == "channel_closed"]
    assert 0 < closed.incomplete_bytes < 4 << 20
    assert [event.name for event in events].index("channel_closed") < [event.name for event in events].index("closed")


async def test_a_crash_of_the_child(children):
    """A child that is killed disconnects; what waits for an answer hears so."""
    async with fork(children / "echoes.mjs") as worker:
        messages = worker.messages()
        await anext(messages)
        asking = asyncio.ensure_future(worker.request("never answered", timeout=30))
        worker.send_signal("KILL")
        with pytest.raises(Disconnected):
            await asking
        assert (await worker.wait()).signal == 9


async def test_the_channel_is_not_inherited_further(python):
    """C067: neither variables nor descriptor reach a child without a channel, or the wrong one of two."""
    script = (
        "import os; print(sorted(n for n in os.environ if n.startswith('NODE_CH')), len(os.listdir('/proc/self/fd')))"
    )
    async with fork(["-c", "import time; time.sleep(60)"]), spawn([python, "-I", "-c", script]) as other:
        assert await other.stdout.read() == b"[] 4\n"
    assert {"NODE_CHANNEL_FD", "NODE_CHANNEL_SERIALIZATION_MODE"} <= set(MEANT_FOR_US)


# --- asking -----------------------------------------------------------------------------------------------------------

ANSWERS = """
process.on('message', (m) => {
  if (m.$request === undefined) return process.send(m);
  if (m.$body === 'refuse') return process.send({ $answer: m.$request, $refusal: 'not today' });
  if (m.$body !== 'silence') setTimeout(() => process.send({ $answer: m.$request, $body: m.$body * 2 }), 10 - m.$body);
});
process.send({ $request: 'a', $body: 'what is it called?' });
"""


async def test_asking_and_answering(tmp_path):
    """Questions of both sides find their answers, in whatever order these come."""
    answers = tmp_path / "answers.cjs"
    answers.write_text(ANSWERS)

    async with fork(answers) as worker:
        messages = worker.messages()
        question = await anext(messages)
        assert question.body == "what is it called?"
        question.answer("Procession")
        with pytest.raises(RuntimeError, match="answered once"):
            question.refuse("again")
        assert await asyncio.gather(*(worker.request(n) for n in range(10))) == [n * 2 for n in range(10)]
        with pytest.raises(RequestRefused, match="not today"):
            await worker.request("refuse")
        with pytest.raises(RequestTimedOut) as caught:
            await worker.request("silence", timeout=0.05)
        assert caught.value.timeout_s == 0.05


# --- what cannot be sent ----------------------------------------------------------------------------------------------

LOOP: list = []
LOOP.append(LOOP)
DEEP: list = []
for _ in range(10_000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "message",
    [
        float("nan"),
        {"a": [1, {"b": float("inf")}]},
        LOOP,
        DEEP,
        object(),
        "\ud800",
        {"cmd": "NODE_HANDLE_ACK"},
        {"$request": 1},
        {"$answer": 1},
    ],
    ids=lambda message: type(message).__name__,
)
async def test_what_json_cannot_carry_is_refused(children, message):
    """C071: a value that JSON has no form for, or whose meaning is reserved, is refused; the channel stays usable."""
    async with fork(children / "echoes.mjs") as worker:
        await received(worker, 1)
        with pytest.raises(InvalidMessage):
            await worker.send(message)
        for good in ("null", {"cmd": "NODE_"}, {"cmd": "fooNODE_"}, None, {"a": None}):
            await worker.send(good)
        assert await received(worker, 5) == ["null", {"cmd": "NODE_"}, {"cmd": "fooNODE_"}, None, {"a": None}]


async def test_what_is_too_large_is_refused(children):
    """A message over the limit is refused at the sender, with both sizes; the next one goes."""
    async with fork(children / "echoes.mjs", message_limit_bytes=1000) as worker:
        with pytest.raises(MessageTooLarge) as caught:
            await worker.send("x" * 1000)
        assert (caught.value.size_bytes, caught.value.limit_bytes) == (1002, 1000)
        await worker.send("x" * 998)
        assert (await received(worker, 2))[1] == "x" * 998


async def test_half_a_surrogate_pair_is_kept(tmp_path):
    """C071: what Node sends of half a pair arrives, and disturbs nothing that follows."""
    odd = tmp_path / "odd.mjs"
    odd.write_text(r"process.send('\ud800'); process.send('whole');")

    async with fork(odd) as worker:
        assert await all_of(worker) == ["\ud800", "whole"]


# --- misuse -----------------------------------------------------------------------------------------------------------


async def misused(children, python, *how, **options) -> tuple[list, list]:
    """Run a child that misuses its channel; give its messages and what was told."""
    events: list = []
    argv = [python, children / "misuses_its_channel.py", *how]
    async with spawn(argv, channel=True, on_event=events.append, **options) as process:
        messages = [message async for message in process.channel.messages()]
        assert (await process.wait()).ok
    return messages, events


async def test_garbage_is_told_and_dropped(children, python):
    """C072: lines that are no messages are told, with how they begin, and the next good one arrives."""
    messages, events = await misused(children, python, "words")

    assert messages == [{"good": True}]
    told = [(event.reason, event.excerpt) for event in events if event.name == "channel_misused"]
    assert told[0] == ("it is no JSON", "this is no JSON")
    assert told[1] == ("it is an empty line", "")
    assert [excerpt for _, excerpt in told[2:5]] == ["[1,", "\\xff\\xfe", "NaN"]


async def test_a_line_without_an_end_costs_no_memory(children, python):
    """C072: a gibibyte without a newline is told once, and dropped as it comes."""
    before = resident_bytes()
    messages, events = await misused(children, python, "endless", "1024")

    assert messages == [{"good": True}]
    (told,) = [event for event in events if event.name == "channel_misused"]
    assert told.size_bytes > 64 << 20
    assert told.excerpt == "x" * 80
    assert resident_bytes() - before < 200 << 20


@pytest.mark.parametrize("how", ["deep", "acknowledges", "handle"])
async def test_other_misuse_does_no_harm(children, python, how):
    """C072, C074: deep nesting, stray acknowledgements, a handle that did not come: the next message arrives."""
    messages, _ = await misused(children, python, how)

    assert messages == [{"good": True}]


async def test_descriptors_that_nobody_wants_are_closed(children, python):
    """Descriptors that come with plain messages are closed at once: none is left."""
    before = len(os.listdir("/proc/self/fd"))
    messages, _ = await misused(children, python, "descriptors")

    assert len(messages) == 301
    assert len(os.listdir("/proc/self/fd")) <= before


async def test_half_a_line_at_the_end_is_told(children, python):
    """C069: an unterminated last line is no message, and its size is told."""
    messages, events = await misused(children, python, "half")

    assert messages == [{"good": True}]
    assert [event.incomplete_bytes for event in events if event.name == "channel_closed"] == [len('{"half": ')]


async def test_a_flood_waits_for_who_reads(python):
    """Messages that nobody takes make the child wait, not our memory grow; all of them arrive once they are taken."""
    script = (
        "import os, socket; channel = socket.socket(fileno=int(os.environ['NODE_CHANNEL_FD']))\n"
        "for n in range(20000): channel.sendall(b'[' + b'7' * 1021 + b']\\n')"
    )
    async with spawn([python, "-c", script], channel=True) as process:
        channel = process.channel
        while channel._unread_bytes <= UNREAD_LIMIT_BYTES:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.05)
        assert channel._unread_bytes < UNREAD_LIMIT_BYTES + (2 << 20)
        assert sum([1 async for _ in channel.messages()]) == 20_000


# --- handles ----------------------------------------------------------------------------------------------------------


async def test_a_handle_from_node(children):
    """C074: a socket that Node sends arrives open, and the messages behind it are not held up."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        async with fork(children / "passes_handles.mjs") as worker:
            await worker.send({"port": server.getsockname()[1]})
            messages = worker.messages(handles=True)
            message, handle = await anext(messages)
            assert message == "here it is"
            assert [await anext(messages) for _ in range(3)] == [(0, None), (1, None), (2, None)]
            with handle:
                assert not handle.get_inheritable()
                accepted, _ = server.accept()
                with accepted:
                    handle.sendall(b"ours now")
                    assert accepted.recv(100) == b"ours now"


async def test_a_handle_that_nobody_wants_is_closed(children):
    """C074: without handles asked for, the socket is closed, acknowledged, and what follows arrives."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        async with fork(children / "passes_handles.mjs") as worker:
            await worker.send({"port": server.getsockname()[1]})
            assert await received(worker, 4) == ["here it is", 0, 1, 2]


async def test_a_handle_to_node(children):
    """C074: sockets that we send arrive open; ours stay ours, and what we send behind them follows."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        async with fork(children / "passes_handles.mjs") as worker:
            for n in range(3):
                ours = socket.create_connection(server.getsockname())
                theirs, _ = server.accept()
                with ours, theirs:
                    await worker.send(f"number {n}", handle=theirs)
                    assert await received(worker, 1) == ["wrote"]
                    theirs.close()
                    ours.setblocking(False)
                    assert await asyncio.get_running_loop().sock_recv(ours, 100) == f"node got number {n}".encode()


# --- programs ---------------------------------------------------------------------------------------------------------


async def test_modules_and_files(tmp_path):
    """A Python file is run by this interpreter, and so is a module given as a list."""
    (tmp_path / "speaks.py").write_text(
        "import os, sys, json\n"
        "line = json.dumps([sys.executable, sys.argv[1:]]) + '\\n'\n"
        "os.write(int(os.environ['NODE_CHANNEL_FD']), line.encode())\n"
    )
    for program in (tmp_path / "speaks.py", ["-m", "speaks"]):
        async with fork(program, "--fast", env={"PYTHONPATH": str(tmp_path)}) as worker:
            assert await all_of(worker) == [[sys.executable, ["--fast"]]]


def test_programs_that_are_not_there(tmp_path, monkeypatch):
    """A missing file, or a missing Node, is said before anything is started."""
    with pytest.raises(ProgramNotFound, match="no such file") as caught:
        fork(tmp_path / "missing.py")
    assert '["-m", "package.worker"]' in caught.value.hint
    (tmp_path / "a.mjs").touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProgramNotFound, match="no node"):
        fork(tmp_path / "a.mjs")


async def test_a_process_without_a_channel_says_so():
    """Asking for the channel of a process that has none says how to get one."""
    async with spawn(["true"]) as process:
        with pytest.raises(StreamUnavailable, match="channel") as caught:
            process.channel  # noqa: B018
        assert "channel=True" in caught.value.hint


@pytest.mark.parametrize("options", [{"fds": {7: 0}}, {"fds": {3: 0, 4: 0}}, {"limits": {"nofile": 64}}])
async def test_the_channel_beside_other_things(python, options):
    """The channel is where it says, also beside further descriptors and limits."""
    if "limits" in options:
        options = {"limits": Limits(soft=options["limits"])}
    script = (
        "import os, sys; os.write(int(os.environ['NODE_CHANNEL_FD']), b'[1]\\n')\n"
        "for number in sys.argv[1:]: os.fstat(int(number))"
    )
    argv = [python, "-c", script, *map(str, options.get("fds", ()))]
    async with spawn(argv, channel=True, **options) as process:
        assert [message async for message in process.channel.messages()] == [[1]]
        assert (await process.wait()).ok


async def feed(worker, messages) -> None:
    """Send them all."""
    for message in messages:
        await worker.send(message)


def resident_bytes() -> int:
    """Say how much memory this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
