"""`CommandExecutor`: commands behind the interface of `concurrent.futures`."""

import concurrent.futures
import pickle
import subprocess

import pytest

from procession import CommandExecutor, ExitedWithCode, ProgramNotFound

FORGETFUL = """
import sys
from procession import CommandExecutor
executor = CommandExecutor(1)
for n in range(3):
    executor.submit(["sh", "-c", f"sleep 0.05; echo {n} >> {sys.argv[1]}"])
executor.shutdown(wait=False)
"""


def test_it_is_an_executor():
    """`submit`, `map`, `wait` and `as_completed` do what they do for any executor."""
    with CommandExecutor(2) as executor:
        futures = [executor.submit(["echo", str(n)]) for n in range(6)]
        done, left = concurrent.futures.wait(futures, timeout=30)
        printed = {future.result().stdout for future in concurrent.futures.as_completed(futures)}
        mapped = [result.stdout for result in executor.map(lambda word: ["echo", word], ["a", "b"])]

    assert isinstance(executor, concurrent.futures.Executor)
    assert (len(done), len(left)) == (6, 0)
    assert printed == {f"{n}\n" for n in range(6)}
    assert mapped == ["a\n", "b\n"]


def test_failures():
    """A failure is a result, or with ``check`` an exception that can be pickled."""
    with CommandExecutor(2) as executor:
        assert executor.submit(["false"]).result().code == 1
        errors = [executor.submit(argv, check=True).exception() for argv in (["false"], ["no-such-program"])]

    assert [type(pickle.loads(pickle.dumps(error))) for error in errors] == [ExitedWithCode, ProgramNotFound]


def test_cancelling_what_waits():
    """A future can be cancelled until its command starts; it never starts then."""
    with CommandExecutor(1) as executor:
        futures = [executor.submit(["sleep", "0.1"]) for _ in range(3)]
        assert futures[2].cancel()
        concurrent.futures.wait(futures)

    assert [future.cancelled() for future in futures] == [False, False, True]


def test_shutting_down():
    """It takes nothing more; what waits is cancelled if asked, and what runs is waited for."""
    executor = CommandExecutor(1)
    futures = [executor.submit(["sleep", "0.1"]) for _ in range(4)]
    concurrent.futures.wait(futures[:1])
    executor.shutdown(cancel_futures=True)

    assert futures[0].result().ok
    assert futures[-1].cancelled()
    assert all(future.done() for future in futures)
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(["true"])


def test_a_program_that_does_not_wait(python, tmp_path):
    """What was accepted is run to its end, although the program comes to its own without waiting."""
    path = tmp_path / "done"
    subprocess.run([python, "-c", FORGETFUL, path], check=True, timeout=30)

    assert path.read_text() == "0\n1\n2\n"
