"""What those who have gone leave behind, in a model of a kernel: whoever is waited for is taken over, nobody else."""

import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.kernel.departed import NOTHING, Spent, add, left_behind


@dataclass
class Process:
    """One process, as a table would remember it."""

    parent: int
    start: int
    tree: str | None = "t"
    spent: Spent = NOTHING
    gained: Spent = NOTHING


def test_who_was_waited_for_is_counted_with_its_parent():
    """The parent has gained it: nothing is left."""
    parent = Process(1, 0, spent=Spent(7, 7, 7, 7), gained=Spent(5, 5, 5, 5))

    assert left_behind({3: Process(2, 1, spent=Spent(5, 5, 5, 5))}, {2: parent}) == {"t": NOTHING}


def test_who_was_not_waited_for_is_kept():
    """SIGCHLD was ignored: the parent has gained nothing."""
    assert left_behind({3: Process(2, 1, spent=Spent(5, 1, 2, 3))}, {2: Process(1, 0)}) == {"t": Spent(5, 1, 2, 3)}


def test_an_orphan_is_kept():
    """Its parent went before, and who reaps it is no member."""
    assert left_behind({3: Process(1, 1, spent=Spent(5))}, {}) == {"t": Spent(5)}
    assert left_behind({3: Process(1, 1, spent=Spent(5))}, {1: Process(0, 0, tree=None)}) == {"t": Spent(5)}


def test_two_generations_that_go_at_once_are_expected_at_the_third():
    """The child was waited for by the parent, and both by the grandparent."""
    gone = {4: Process(3, 2, spent=Spent(100)), 3: Process(2, 1, spent=Spent(1))}

    assert left_behind(gone, {2: Process(1, 0, gained=Spent(101))}) == {"t": NOTHING}
    assert left_behind(gone, {2: Process(1, 0, gained=Spent(1))}) == {"t": Spent(100)}


def test_who_has_the_number_of_a_parent_is_not_always_the_parent():
    """It began later than the child: somebody else, who inherits nothing."""
    stranger = Process(1, 9, gained=Spent(50))

    assert left_behind({3: Process(2, 1, spent=Spent(5))}, {2: stranger}) == {"t": Spent(5)}


def test_what_belongs_to_nobody_leaves_nothing():
    """Strangers come and go."""
    assert left_behind({3: Process(2, 1, tree=None, spent=Spent(5))}, {2: Process(1, 0)}) == {}


@given(st.integers(0, 2**32), st.integers(1, 60))
def test_time_is_counted_once_whatever_happens(seed, steps):
    """Processes are born, work and die, waited for or not, seen now and then: the sum is what they used."""
    kernel = Kernel(random.Random(seed))
    for _ in range(steps):
        kernel.step()
        if kernel.chance.random() < 0.4:
            assert kernel.look() == kernel.used_ticks
    assert kernel.look() == kernel.used_ticks


@pytest.mark.parametrize("waits", [True, False])
def test_io_is_never_counted_twice(waits):
    """What the heir wrote itself may hide what nobody took over, and never the other way round."""
    own, taken = 30, 50 if waits else 0
    heir = Process(1, 0, spent=Spent(written=own + taken), gained=Spent(written=own + taken))
    left = left_behind({3: Process(2, 1, spent=Spent(written=50))}, {2: heir})["t"].written

    assert heir.spent.written + left <= own + 50
    assert left == (0 if waits else 20)


@dataclass
class Kernel:
    """Says of each process what the kernel would; ``look`` is what a table makes of it."""

    chance: random.Random
    processes: dict[int, dict] = field(default_factory=lambda: {1: {"parent": 0, "own": 0, "waited": 0, "started": 0}})
    used_ticks: int = 0
    left: Spent = NOTHING
    seen: dict[int, Process] = field(default_factory=dict)
    born: int = 1

    def step(self):
        """Let one thing happen. What happens to who was never looked at is nobody's to know, and does not here."""
        pid = self.chance.choice(list(self.processes))
        happens = self.chance.random()
        if happens < 0.3:
            self.born += 1
            self.processes[self.born] = {"parent": pid, "own": 0, "waited": 0, "started": self.born}
            self.look()
        elif happens < 0.7:
            ticks = self.chance.randrange(9)
            self.processes[pid]["own"] += ticks
            self.used_ticks += ticks
            self.look()
        elif pid != 1:
            self.die(pid)

    def die(self, pid: int):
        """End it: its children become orphans, whom nobody in the tree waits for; its parent waits, or does not."""
        dead = self.processes.pop(pid)
        for each in self.processes.values():
            if each["parent"] == pid:
                each["parent"] = 0
        parent = self.processes.get(dead["parent"])
        if parent is not None and self.chance.random() < 0.7:
            parent["waited"] += dead["own"] + dead["waited"]

    def look(self) -> int:
        """Give the time that the tree has used, as far as can be told."""
        gone = {pid: self.seen.pop(pid) for pid in self.seen.keys() - self.processes.keys()}
        for pid, each in self.processes.items():
            before = self.seen[pid].waited if pid in self.seen else 0
            process = Process(each["parent"], each["started"], spent=Spent(each["own"] + each["waited"]))
            process.gained = Spent(each["waited"] - before)
            process.waited = each["waited"]
            self.seen[pid] = process
        self.left = add(self.left, left_behind(gone, self.seen).get("t", NOTHING))
        return self.left.ticks + sum(each.spent.ticks for each in self.seen.values())
