"""Tokens: exact, by number, and nobody who waits is overtaken."""

import random

from procession.model.need import Need
from procession.policy.tokens import GPU, Tokens, wanted


def test_each_has_numbers_of_its_own():
    """Numbers are the lowest that are free, and come back."""
    tokens = Tokens({"ansys": 3})
    assert tokens.take("a", {"ansys": 2}) == {"ansys": (0, 1)}
    assert tokens.take("b", {"ansys": 1}) == {"ansys": (2,)}
    assert tokens.lacking({"ansys": 1}, set()) == "needs 1 of ansys, 0 of 3 free"
    tokens.give_back("a")
    assert tokens.lacking({"ansys": 2}, set()) is None
    assert tokens.take("c", {"ansys": 1}) == {"ansys": (0,)}


def test_who_needs_many_is_not_starved_by_those_who_need_few():
    """What the first lacks, nobody behind it may take."""
    tokens = Tokens({"ansys": 3, "other": 1})
    tokens.take("a", {"ansys": 2})
    spoken_for = set()
    assert tokens.lacking({"ansys": 3}, spoken_for) is not None
    assert tokens.lacking({"ansys": 1}, spoken_for) == "needs ansys, for which another one waits already"
    assert tokens.lacking({"other": 1}, spoken_for) is None


def test_devices_are_tokens():
    """A need of devices is one of tokens of that name."""
    assert wanted(Need(gpus=2, tokens={"x": 1})) == {"x": 1, GPU: 2}
    assert wanted(Need()) == {}


def test_what_an_earlier_supervisor_gave_is_taken():
    """Restored numbers are not given again, even where there are fewer by now."""
    tokens = Tokens({"ansys": 2})
    tokens.restore("old", {"ansys": (0, 5)})
    assert tokens.take("new", {"ansys": 1}) == {"ansys": (1,)}
    tokens.give_back("old")
    assert tokens.take("next", {"ansys": 1}) == {"ansys": (0,)}
    assert tokens.lacking({"ansys": 1}, set()) is not None


def test_no_number_is_ever_given_twice():
    """In any order of taking and giving back."""
    chance = random.Random(3)
    tokens = Tokens({"a": 5, "b": 2})
    held = {}
    for step in range(2000):
        if held and chance.random() < 0.5:
            gone = chance.choice(list(held))
            tokens.give_back(gone)
            del held[gone]
            continue
        need = {name: chance.randint(1, 3) for name in ("a", "b") if chance.random() < 0.6}
        if tokens.lacking(need, set()) is None:
            held[str(step)] = tokens.take(str(step), need)
        for name, total in (("a", 5), ("b", 2)):
            given = [number for slots in held.values() for number in slots.get(name, ())]
            assert len(given) == len(set(given)) <= total
