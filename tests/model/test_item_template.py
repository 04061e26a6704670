"""The template of `map`: each word is filled for itself, and braces that are no placeholder stay."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.errors import UsageError
from procession.model.item import base_name, directory_name, item_of, without_extension
from procession.model.item_template import ItemTemplate

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=()), max_size=20)
BRACELESS = st.text(string.ascii_letters + string.digits + " /.-'\"\\$;|&*", max_size=20)


@pytest.mark.parametrize(
    ("word", "filled"),
    [
        ("{}", "d.x/e.tar.gz"),
        ("{.}", "d.x/e.tar"),
        ("{/}", "e.tar.gz"),
        ("{//}", "d.x"),
        ("{/.}", "e.tar"),
        ("{#}", "7"),
        ("{%}", "3"),
        ("{1}", "d.x/e.tar.gz"),
        ("{1/.}", "e.tar"),
        ("a{}b{/}c", "ad.x/e.tar.gzbe.tar.gzc"),
        ('{"a": 1}', '{"a": 1}'),
        ("${x}", "${x}"),
        ("{ }", "{ }"),
        ("{a b}", "{a b}"),
        (r"a\{2\}", r"a\{2\}"),
        (r"\{print}", "{print}"),
        (r"\{}", "{}"),
    ],
)
def test_what_each_placeholder_means(word, filled):
    """Placeholders are replaced wherever they stand in a word; other braces are left alone."""
    template = ItemTemplate(["program", word, "{}"], columns=1)

    assert template.fill(item_of(7, ("d.x/e.tar.gz",)), 3) == ("program", filled, "d.x/e.tar.gz")


def test_without_a_placeholder_the_item_is_appended():
    """The item becomes the last word; a word for the slot or the number alone is a placeholder, too."""
    assert ItemTemplate(["echo", "${a}"]).fill(item_of(1, ("x y",))) == ("echo", "${a}", "x y")
    assert ItemTemplate(["echo", "{#}"]).fill(item_of(4, ("x y",))) == ("echo", "4")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a", "{nam}"], "word 2 of the command: {nam} names no column"),
        (["{3}"], "word 1 of the command: {3} names no column; there are 2"),
        (["{0}"], "columns are counted from 1"),
        (["a", "b", "x{3.}"], "word 3 of the command: {3.} names no column"),
    ],
)
def test_a_placeholder_that_names_nothing(words, said):
    """An unknown name or number is refused, and its word is named."""
    with pytest.raises(UsageError, match="word"):
        ItemTemplate(words, ("name", "age"), 2)
    with pytest.raises(UsageError) as caught:
        ItemTemplate(words, ("name", "age"), 2)

    assert said in caught.value.message


def test_names_of_columns():
    """Columns are had by name, also by one with a blank in it, and a short row has empty ones."""
    template = ItemTemplate(["{age}", "{full name}", "{2}"], ("full name", "age"), 2)

    assert template.fill(item_of(1, ("A B", "3"), ("full name", "age"))) == ("3", "A B", "3")
    assert ItemTemplate(["{2}"]).fill(item_of(1, ("a",))) == ("",)


@given(words=st.lists(st.one_of(TEXT, BRACELESS), min_size=1, max_size=4), text=TEXT)
def test_an_item_never_changes_the_number_of_words(words, text):
    """Whatever an item holds, there are as many words as were written, or one more that is the item itself."""
    try:
        template = ItemTemplate(words)
    except UsageError:
        return
    filled = template.fill(item_of(1, (text,)), 1)

    assert len(filled) == len(words) or (len(filled) == len(words) + 1 and filled[-1] == text)


@given(words=st.lists(BRACELESS, min_size=1, max_size=4), text=TEXT)
def test_an_item_is_not_read_as_a_template(words, text):
    """Braces in an item are text: what is put in is put in once, as it is."""
    assert ItemTemplate([*words, "<{}>"]).fill(item_of(1, (text,))) == (*words, f"<{text}>")


@given(path=st.text("ab./", max_size=12))
def test_parts_of_a_path(path):
    """The directory and the last part make up the path again; nothing but an extension is taken away."""
    assert path.startswith(without_extension(path))
    assert "/" not in base_name(path)
    if path.rstrip("/") and "//" not in path and not path.endswith("/") and "/" in path.lstrip("/"):
        assert f"{directory_name(path)}/{base_name(path)}".replace("//", "/") == path


@pytest.mark.parametrize(("path", "stem"), [(".bashrc", ".bashrc"), ("a/.b", "a/.b"), ("a.b/c", "a.b/c"), ("c.d", "c")])
def test_a_name_that_begins_with_a_dot_has_no_extension(path, stem):
    """Only what stands behind a name is its extension."""
    assert without_extension(path) == stem
