"""Plays the child's part of a scene, with `procession.child` alone."""

import os
import socket
import sys
import threading
import time

from procession import child


def many() -> None:
    """Send everything back."""
    child.send("hello")
    for message in child.messages():
        child.send(message)


def early() -> None:
    """Listen late."""
    time.sleep(0.2)
    for message in child.messages():
        child.send(message)


def asks() -> None:
    """Answer a question, and ask ten, in threads."""
    child.send("hello")
    answers = []

    def ask(n: int) -> None:
        answers.append(child.request(n, timeout=10) - n)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(10)]
    for message in child.messages():
        assert isinstance(message, child.Request)
        message.answer(message.body * 2)
        for thread in threads:
            thread.start()
        break
    for thread in threads:
        thread.join()
    assert answers == [1] * 10
    child.send("done")
    assert list(child.messages()) == []


def handles() -> None:
    """Take a socket, write into it, and send one."""
    child.send("hello")
    messages = child.messages(handles=True)
    message, descriptor = next(messages)
    assert message == "for you"
    with socket.socket(fileno=descriptor) as given:
        assert not given.get_inheritable()
        given.sendall(b"python was here")
    ours, theirs = socket.socketpair()
    with socket.create_server(("127.0.0.1", 0)) as server:
        theirs = socket.create_connection(server.getsockname())
        ours, _ = server.accept()
        child.send("take it", handle=theirs)
        child.send("after")
        theirs.close()
        child.send({"read": ours.recv(100).decode()})
    assert list(messages) == []


def leaves() -> None:
    """Close the channel, and live on a moment."""
    child.send("bye")
    child.disconnect()
    assert child.send("nobody hears this") is False
    assert list(child.messages()) == []
    time.sleep(0.1)
    raise SystemExit(5)


def crashes() -> None:
    """End without a word."""
    os.kill(os.getpid(), 9)


def dies() -> None:
    """Outlive the parent, and say so in a file."""
    child.send("hello")
    assert list(child.messages()) == []
    with open(os.environ["SAYS_SO"], "w") as file:
        file.write("outlived")


def inherits() -> None:
    """Start a program that must know nothing of the channel."""
    child.send("hello")
    probe = "import os; print([n for n in os.environ if n.startswith('NODE_CH')], sorted(os.listdir('/proc/self/fd')))"
    import subprocess

    sleeper = subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    printed = subprocess.run([sys.executable, "-I", "-c", probe], capture_output=True, text=True).stdout
    child.send(printed)
    child.send(sleeper.pid)
    child.disconnect()


def forks() -> None:
    """Fork, as multiprocessing does: the copy says nothing."""
    child.send("original")
    if os.fork() == 0:
        assert child.send("copy") is False
        os._exit(0)
    os.wait()
    child.send("original again")


def large_at_exit() -> None:
    """Send something large and end at once: all of it is to arrive."""
    child.send("x" * (8 << 20))


large = many
advanced = many

globals()[sys.argv[1]]()
