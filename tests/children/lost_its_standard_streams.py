"""A host that runs children while 0, 1 and 2 are closed, in all eight combinations. Says so when all went well."""

import itertools
import os
import sys

from procession import MERGED, NULL, PIPE, PTY, Limits, run_blocking

ECHO = ["sh", "-c", "read line; echo out $line; echo err >&2; test -e /proc/self/fd/0"]

report = os.dup(1)
saved = [os.dup(number) for number in range(3)]


def say(text):
    os.write(report, f"{text}\n".encode())


def check():
    for more in ({}, {"limits": Limits(nice=1)}):
        plain = run_blocking(ECHO, **more)
        yield plain.ok, (plain.stdout, plain.stderr) == ("out\n", "err\n"), plain
        fed = run_blocking(ECHO, input="fed\n", **more)
        yield fed.ok, (fed.stdout, fed.stderr) == ("out fed\n", "err\n"), fed
        further = run_blocking(["sh", "-c", "echo further >&7"], fds={7: marker}, **more)
        yield further.ok, further.stdout == "", further
        if more:
            return
        merged = run_blocking(ECHO, input="fed\n", stderr=MERGED, **more)
        yield merged.ok, merged.stdout == "out fed\nerr\n", merged
        silent = run_blocking(ECHO, stdout=NULL, stderr=PIPE, **more)
        yield silent.ok, (silent.stdout, silent.stderr) == (None, "err\n"), silent
        terminal = run_blocking(["sh", "-c", "tty <&1; test -t 1"], stdout=PTY, stderr=PTY, **more)
        yield terminal.ok, terminal.stdout.startswith("/dev/pts/"), terminal


marker = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND)
for closed in itertools.chain.from_iterable(itertools.combinations(range(3), count) for count in range(4)):
    for number in closed:
        os.close(number)
    try:
        for ok, exact, result in check():
            if not (ok and exact):
                say(f"with {closed} closed: {result}")
                os._exit(1)
    finally:
        for number in closed:
            os.dup2(saved[number], number)
say("all eight combinations")
