"""How a task does, on its card."""

from procession.cli.condition import sparkline
from procession.model.table_row import bar


def test_a_line_of_blocks_is_drawn_over_time():
    """What did not change was not told again: it lasts until the next value."""
    assert sparkline([(0, 0), (10, 5), (20, 10)], width=4) == "▁▄▄█"
    assert sparkline([(0, 8), (60, 8), (120, 8)], width=6) == "██████"
    assert sparkline([(0, 0), (1, 0)], width=4) == "▁▁▁▁"


def test_the_highest_of_each_stretch_counts():
    """A peak is never lost, however long the past is."""
    points = [(number, 100.0 if number == 500 else 1.0) for number in range(1000)]

    assert len(sparkline(points)) == 40
    assert "█" in sparkline(points)


def test_a_bar():
    """Full only when it is."""
    assert (bar(0.0, 20), bar(0.99, 20), bar(1.0, 20)) == ("░" * 20, "█" * 19 + "░", "█" * 20)
