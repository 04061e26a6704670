"""Starts an attached keeper with one task, forks a copy of itself if asked, and says all pids."""

import os
import signal
import socket
import subprocess
import sys

from procession.wire import frames
from procession.wire.frames import FrameReader, encode
from procession.wire.passing import receive, send
from procession.wire.spawn import SpawnRequest, encode_spawn

program, grace_s, copies, *argv = sys.argv[1:]
ours, theirs = socket.socketpair()
keeper = subprocess.Popen(
    [sys.executable, "-I", "-S", program, "attached", str(theirs.fileno()), grace_s, ""], pass_fds=[theirs.fileno()]
)
theirs.close()
null = os.open("/dev/null", os.O_RDWR)
environment = [b"%b=%b" % each for each in os.environb.items()]
request = SpawnRequest(os.fsencode(argv[0]), [os.fsencode(each) for each in argv], environment)
send(ours, encode(frames.SPAWN, 1, encode_spawn(request), 3), (null, null, null))
reader = FrameReader()
while True:
    frame = reader.next_frame()
    if frame is None:
        received = receive(ours)
        reader.feed(received.data, received.fds)
    elif frame.op == frames.STARTED:
        break
if copies == "copied" and (copy := os.fork()) == 0:
    os.close(1)
    signal.pause()
print(keeper.pid, int(frame.fields[0]), copy if copies == "copied" else 0, flush=True)
signal.pause()
