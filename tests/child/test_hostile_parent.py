"""What `procession.child` does with what no parent should send."""

import json
import os
import socket
import subprocess

import pytest

LIMIT_BYTES = 64 << 20

PROGRAM = """
from procession import child
for message in child.messages():
    child.send(message if len(str(message)) < 100 else "long")
"""


@pytest.fixture
def parent(python):
    """Give our end of the channel of a program that echoes."""
    ours, theirs = socket.socketpair()
    with theirs:
        environment = os.environ | {"NODE_CHANNEL_FD": str(theirs.fileno())}
        program = subprocess.Popen([python, "-c", PROGRAM], env=environment, pass_fds=[theirs.fileno()])
    ours.settimeout(30)
    with ours:
        yield ours
        ours.shutdown(socket.SHUT_RDWR)
        assert program.wait(30) == 0


@pytest.mark.parametrize(
    "garbage",
    [
        b"\xff\xfe\n",
        b'"\xff"\n',
        b"{\n",
        b"\n\n",
        b"[" * 100_000 + b"\n",
        b"NaN\n",
        b'{"$answer":7}\n',
        b'{"$answer":[]}\n',
    ],
    ids=["no text", "no text inside", "half", "empty", "deep", "NaN", "nobody asked", "no number"],
)
def test_what_is_no_message_costs_no_other(parent, garbage):
    """C071: lines that are none, in one piece with good ones: the good ones arrive."""
    parent.sendall(b'"before"\n' + garbage + b'"after"\n')
    with parent.makefile("rb") as heard:
        assert [json.loads(heard.readline()) for _ in range(2)] == ["before", "after"]


def test_a_line_without_an_end_costs_no_memory_and_no_message(parent):
    """C072: of a line longer than a message can be nothing is kept; the next one arrives."""
    for _ in range(LIMIT_BYTES // (1 << 20) + 2):
        parent.sendall(b"x" * (1 << 20))
    parent.sendall(b'\n"after"\n')
    with parent.makefile("rb") as heard:
        assert json.loads(heard.readline()) == "after"
