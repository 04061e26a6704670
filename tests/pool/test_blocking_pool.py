"""`BlockingPool`: the same without an event loop."""

import itertools
import threading

import pytest

from procession import BlockingPool, ExitedWithCode, OutcomeKind, UsageError


def test_results_in_order():
    """`map` gives all results in order, as many as there are."""
    with BlockingPool(2) as pool:
        results = [result.stdout for result in pool.map(["echo", str(n)] for n in range(60))]

    assert results == [f"{n}\n" for n in range(60)]


def test_endless_commands():
    """An endless iterable is drawn in the caller's thread, as it is wanted; leaving the loop ends the rest."""
    drawn_by = set()

    def commands():
        for n in itertools.count():
            drawn_by.add(threading.get_ident())
            yield ["sleep", "600"] if n else ["true"]

    with BlockingPool(2) as pool:
        for result in pool.map(commands(), ordered=False):
            assert result.ok
            break

    assert drawn_by == {threading.get_ident()}


def test_a_handle():
    """It can be waited for with patience or without, cancelled, and asked."""
    with BlockingPool(1) as pool:
        handle = pool.submit(["sleep", "600"])
        with pytest.raises(TimeoutError):
            handle.result(timeout=0)
        assert not handle.done
        result = handle.cancel()
        codes = [each.result().code for each in pool.as_completed([pool.submit(["true"]), pool.submit(["false"])])]

    assert result.outcome.kind in (OutcomeKind.STOPPED, OutcomeKind.CANCELLED)
    assert codes == [0, 1]


def test_errors():
    """A failure is raised where it was asked for, and a pool that is over takes nothing."""
    with BlockingPool() as pool, pytest.raises(ExitedWithCode):
        list(pool.map([["false"]], check=True))
    with pytest.raises(UsageError, match="the pool is over"):
        pool.submit(["true"])
    with pytest.raises(UsageError, match="limit must be"):
        BlockingPool(0)
