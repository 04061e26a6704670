"""The benchmark of the pool on the real machine: its tasks, its journal, its group, and that nothing of it stays."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.pool.real import program
from benchmarks.pool.real.control_group import NoGroup, find_place, open_group
from benchmarks.pool.real.journal import lost_attempts, make_journal, read_journal, unfinished
from benchmarks.pool.real.plan import Piece, area_bound_s, write_plan
from benchmarks.pool.real.scenarios import FULL, MIXES, make_mix


def _piece(**given):
    usual = {"key": "a", "duration_s": 0.1, "cores": 0.5, "base_bytes": 0.0, "peak_bytes": 8e6}
    return Piece(**{**usual, "rise_from": 0.0, "rise_to": 0.0, **given})


@pytest.fixture(params=["C", "Python"])
def scratch(request, tmp_path, monkeypatch):
    """A directory with the program of the tasks, in each of its languages."""
    if request.param == "Python":
        monkeypatch.setattr(program.shutil, "which", lambda _name: None)
    elif shutil.which("cc") is None:
        pytest.skip("no compiler")

    assert program.make_program(tmp_path) == request.param

    return tmp_path


def _prepared(scratch, *pieces):
    write_plan(scratch / "plan", pieces, 30)
    make_journal(scratch / "journal", len(pieces))
    return [str(scratch / "work"), "a"]


def test_a_task_notes_what_it_did(scratch):
    """A task that ends has an ended attempt with the processor time and the length of its plan."""
    words = _prepared(scratch, _piece(), _piece(duration_s=0.2))

    assert subprocess.run([*words, "1"]).returncode == 0

    (attempt,) = read_journal(scratch / "journal")
    assert (attempt.number, attempt.ended, attempt.done) == (1, True, 1.0)
    assert attempt.cpu_s >= 0.1 * 0.9
    assert attempt.seen_s - attempt.started_s >= 0.2 * 0.9
    assert unfinished(scratch / "journal", 2) == [0]


def test_a_killed_attempt_is_lost_and_the_next_counts(scratch):
    """What was killed is lost work, and the task is done when a later attempt ends."""
    words = _prepared(scratch, _piece(duration_s=20.0))
    journal = scratch / "journal"
    with subprocess.Popen([*words, "0"]) as process:
        while not any(each.done for each in read_journal(journal)):
            os.sched_yield()
        process.kill()
    first = read_journal(journal)
    write_plan(scratch / "plan", [_piece()], 30)

    assert lost_attempts(first, was_stopped=False) == first
    assert lost_attempts(first, was_stopped=True) == []
    assert subprocess.run([*words, "0"]).returncode == 0
    assert lost_attempts(read_journal(journal), was_stopped=False) == first
    assert unfinished(journal, 1) == []


def test_the_area_bound_is_the_scarcest_of_three():
    """Processors, memory or the longest task: whatever takes longest is the bound."""
    piece = _piece(duration_s=2.0, cores=1.0, peak_bytes=100.0, rise_from=0.5, rise_to=0.5)

    assert area_bound_s([piece] * 4, 2, 1e9) == pytest.approx(4.0)
    assert area_bound_s([piece] * 4, 8, 100.0) == pytest.approx(4.0)
    assert area_bound_s([piece], 8, 1e9) == pytest.approx(2.0)


@pytest.mark.parametrize("name", MIXES)
def test_a_list_is_the_same_for_the_same_seed_and_fits_its_limit(name):
    """Lists are seeded, have as many tasks as they say, and none that could not run alone."""
    scenario = make_mix(name, FULL)

    assert scenario.pieces(1) == scenario.pieces(1) != scenario.pieces(2)
    assert len(scenario.pieces(3)) == MIXES[name].tasks
    assert all(each.peak_bytes < scenario.limit_bytes for seed in range(20) for each in scenario.pieces(seed))


@pytest.mark.root
def test_the_group_kills_counts_and_goes_away():
    """What takes more than the limit is killed and counted; what is left in the group goes with it."""
    try:
        place = find_place()
    except NoGroup as error:
        pytest.skip(str(error))
    enter = ["sh", "-c", 'echo $$ > "$0" && exec "$@"']
    with open_group(place, 64 << 20, 0) as group:
        greedy = [sys.executable, "-c", "b'x' * (256 << 20)"]
        died = subprocess.run([*enter, group.entrance, *greedy])
        stays = subprocess.Popen([*enter, group.entrance, "sleep", "1000"])

        assert died.returncode == -9
        assert group.oom_kills() == 1

        while str(stays.pid) not in Path(group.entrance).read_text().split():
            os.sched_yield()

    assert stays.wait() == -9
    assert not group.directory.exists()
