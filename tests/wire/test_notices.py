"""Two notices of which only one is told are made one."""

from procession.wire.notices import merge


def test_the_later_word_counts():
    """And what was said before stays; neither of the two is changed."""
    earlier, later = {"STATUS": "a", "READY": "1"}, {"STATUS": "b"}

    assert merge(earlier, later) == {"STATUS": "b", "READY": "1"}
    assert (earlier, later) == ({"STATUS": "a", "READY": "1"}, {"STATUS": "b"})


def test_what_was_said_of_a_checkpoint_goes_with_it():
    """A later checkpoint says of itself what there is to say; who says no checkpoint changes nothing of one."""
    saved = {"X_CHECKPOINT": "a", "X_CHECKPOINT_METADATA": "{}", "STATUS": "s"}

    assert merge(saved, {"X_CHECKPOINT": "b"}) == {"X_CHECKPOINT": "b", "STATUS": "s"}
    assert merge(saved, {"X_CHECKPOINT": "b", "X_CHECKPOINT_METADATA": "[]"})["X_CHECKPOINT_METADATA"] == "[]"
    assert merge(saved, {"STATUS": "t"}) == saved | {"STATUS": "t"}
