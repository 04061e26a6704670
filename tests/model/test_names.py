"""What a task may be called: what is safe as a file name, a shell word and a column of a table."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.errors import InvalidTask
from procession.model.names import NAME_LIMIT, check_name


@given(st.text())
def test_a_name_is_one_safe_word(name):
    """C116: whatever is accepted is one path component, no option, no hidden file, and nothing a shell would change."""
    try:
        check_name(name)
    except InvalidTask:
        return

    assert os.path.basename(name) == name
    assert name not in {".", ".."}
    assert not name.startswith(("-", "."))
    assert name.isascii()
    assert not set(name) & set(" \t\n/\\'\"$`*?[]{}()<>|&;!#~")


@pytest.mark.parametrize("name", ["a", "A-b_c.d", "0", "_", "x" * NAME_LIMIT])
def test_ordinary_names_are_taken(name):
    """Letters, digits, underscores, hyphens and single dots are enough for anybody."""
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".a", "a..b", "-a", "a/b", "a b", "a\n", "é", "x" * 101, "a\0", None, 5]
)
def test_what_cannot_be_a_name_is_refused_by_its_field(name):
    """C116: anything else is refused, naming the field that held it."""
    with pytest.raises(InvalidTask) as raised:
        check_name(name, "group")

    assert raised.value.field == "group"
