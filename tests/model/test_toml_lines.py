"""Finding the line of a key that the parser does not tell."""

import tomllib

import pytest

from procession.model.toml_lines import explain_syntax, find_line, show_place

TEXT = '''# heading
a = 1
b.c = { d = 2, "e f" = 3 }

[t]
list = [
  1,
  # two
  2,
]
text = """
[not.a.table]
x = 1
"""
[t.u]
[[v]]
w = 1
[[v]]
w = 2
'''


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("a",), 2),
        (("b",), 3),
        (("b", "c", "d"), 3),
        (("b", "c", "e f"), 3),
        (("t",), 5),
        (("t", "list"), 6),
        (("t", "list", 1), 6),
        (("t", "text"), 11),
        (("t", "u"), 15),
        (("v", 0), 16),
        (("v", 1, "w"), 19),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_lines_of_keys(place, line, ending):
    """A key is on the line where its statement begins, whatever its form."""
    assert find_line(TEXT.replace("\n", ending), place) == line


@pytest.mark.parametrize("place", [("nowhere",), ("t", "list", 9), ("a", "deeper"), ("not", "a")])
def test_what_is_not_there_has_no_line(place):
    """What does not exist is on no line."""
    assert find_line(TEXT, place) is None


@pytest.mark.parametrize(
    ("text", "line", "key"), [("a = 1\nb = [\n", 2, ""), ("a = 1\nb 2", 2, ""), ("[x]\n\n[x]\n", 3, "x")]
)
def test_lines_of_syntax_errors(text, line, key):
    """A syntax error is on the line the parser names, the last one when the text ends too early."""
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)

    assert explain_syntax(caught.value, text)[:2] == (line, key)


def test_places_are_written_like_toml():
    """Keys that need quotes get them."""
    assert show_place(("tasks", "my task", "after", 0)) == 'tasks."my task".after[0]'
