"""Sizes and durations, as people write and read them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.model.units import format_duration, format_size, parse_duration, parse_size


def test_durations_people_write():
    """A bare number is seconds; units may be joined; blanks and case do not matter."""
    for text, seconds in {
        "90": 90,
        "1.5s": 1.5,
        "30m": 1800,
        "1h30m": 5400,
        "1 h 30 min": 5400,
        "500ms": 0.5,
        "2D": 172800,
        "1w": 604800,
        " 0 ": 0,
    }.items():
        assert parse_duration(text) == seconds
    assert parse_duration(1.5) == 1.5


def test_what_is_no_duration():
    """Anything else is refused with an example of what is meant; infinity and nothing are no durations."""
    for wrong in ("", "soon", "-1", "-1s", "1x", "s", "1h30", "1,5s", "inf", "nan", "1e400", True, math.nan, -1, "٣s"):
        with pytest.raises(ValueError, match="expected a duration like"):
            parse_duration(wrong)


def test_sizes_people_write():
    """Decimal units by default, binary ones with an i."""
    for text, size in {
        "1000": 1000,
        "512MB": 512 * 10**6,
        "512 mib": 512 * 2**20,
        "2GiB": 2**31,
        "1.5k": 1500,
        "1B": 1,
        "3T": 3 * 10**12,
    }.items():
        assert parse_size(text) == size
    assert parse_size(7) == 7


def test_what_is_no_size():
    """Anything else is refused with an example."""
    for wrong in ("", "big", "-1", "1XB", "MB", "1 2", -1, True, 1.5, None, b"1", "1ib?"):
        with pytest.raises(ValueError, match="expected a size like"):
            parse_size(wrong)


@given(st.floats(0, 10**8))
def test_what_is_shown_of_a_duration_can_be_read_back(seconds):
    """The short form is near the truth: the same to the last unit it shows."""
    shown = format_duration(seconds)
    unit = {"s": 1 if "m" in shown else 0.1, "m": 60, "h": 3600}[shown[-1]]

    assert parse_duration(shown) == pytest.approx(seconds, abs=unit)


@given(st.integers(0, 10**15))
def test_what_is_shown_of_a_size_can_be_read_back(size):
    """And of a size: within a twentieth of its unit."""
    assert parse_size(format_size(size)) == pytest.approx(size, rel=0.06, abs=1)


def test_sizes_and_durations_change_unit_where_they_should():
    """No `1000 B`, no `60.0 s`, no `1000.0 kB`."""
    assert [format_size(each) for each in (0, 999, 1000, 999_949, 999_950, 10**12)] == [
        *("0 B", "999 B", "1.0 kB", "999.9 kB", "1.0 MB", "1.0 TB"),
    ]
    assert [format_duration(each) for each in (-1, 0, 9.99, 59.94, 60, 3599, 3600, 86400)] == [
        *("0.00 s", "0.00 s", "9.99 s", "59.9 s", "1 m 00 s", "59 m 59 s", "1 h 00 m", "1 d 00 h"),
    ]
    assert "60.0" not in format_duration(59.99)
    assert "10.00" not in format_duration(9.999)
