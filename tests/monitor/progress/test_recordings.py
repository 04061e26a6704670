"""The output of 76 real tools, replayed: what is shown is true, at most one frame late, and no trap is ever shown."""

import pytest
from benchmarks.progress_score import faults, fixtures, score

FIXTURES = {each["file"]: each for each in fixtures()}


@pytest.mark.parametrize("file", FIXTURES)
def test_what_is_shown_is_true(file):
    """With all profiles, wherever the bytes are cut, also at no place but those where the truth is known."""
    for seed, cuts in ((0, 40), (1, 7), (2, 200), (3, 0)):
        assert faults(FIXTURES[file], profiles=True, seed=seed, cuts=cuts) == []


def test_patterns_alone_are_right_about_most():
    """Of tools that nobody knows 85 % are understood, and the score is what the benchmark prints."""
    passed, total, _ = score(profiles=False, seeds=(0,))

    assert total == 151
    assert passed / total >= 0.85
