"""How large arguments and environment may be: what the kernel takes, and no limit of our own below that."""

import os

import pytest

from procession import Limits, TooLong, run

LARGEST = 131_071
WAYS = ({}, {"limits": Limits(nice=1)})


async def test_the_largest_argument_and_variable_arrive():
    """C005: an argument of 131,071 bytes and a variable of as many, name and = included, arrive whole."""
    for way in WAYS:
        argument = await run(["sh", "-c", "echo ${#1}", "sh", "x" * LARGEST], check=True, **way)
        variable = await run(["sh", "-c", "echo ${#K}"], env={"K": "x" * (LARGEST - 2)}, check=True, **way)

        assert argument.stdout == f"{LARGEST}\n"
        assert variable.stdout == f"{LARGEST - 2}\n"


async def test_one_byte_more_is_refused_by_name():
    """C005: one byte more is TooLong, and says which argument or variable, how large, and what would be taken."""
    for way in WAYS:
        with pytest.raises(TooLong) as argument:
            await run(["true", "a", "é" * (LARGEST // 2) + "xx"], **way)
        with pytest.raises(TooLong) as variable:
            await run(["true"], env={"K": "x" * (LARGEST - 1)}, **way)

        assert (argument.value.element, argument.value.size_bytes) == ("argv[2]", LARGEST + 1)
        assert (variable.value.element, variable.value.size_bytes) == ("the environment variable K", LARGEST + 1)
        assert {argument.value.limit_bytes, variable.value.limit_bytes} == {LARGEST}


async def test_a_variable_of_ours_that_is_too_long_is_named(monkeypatch):
    """C005: a variable that was too long in our own environment already is named, too."""
    monkeypatch.setenv("OURS", "x" * 200_000)

    with pytest.raises(TooLong, match="OURS") as raised:
        await run(["true"])

    assert raised.value.size_bytes == 200_005


async def test_too_much_in_total_is_refused_with_both_sizes():
    """C005: many arguments, each small enough, are refused together with their true total and the true limit."""
    for way in WAYS:
        with pytest.raises(TooLong) as raised:
            await run(["true", *["x" * 100_000] * 80], **way)

        assert raised.value.size_bytes > 8_000_000
        assert LARGEST < raised.value.limit_bytes < raised.value.size_bytes
        assert len(str(raised.value)) < 1000
        assert len(raised.value.command) < 1000


async def test_a_megabyte_in_total_arrives():
    """C005: there is no smaller limit of our own on the whole."""
    for way in WAYS:
        result = await run(["sh", "-c", "echo $#", "sh", *["x" * 1000] * 1000], check=True, **way)
        assert result.stdout == "1000\n"


async def test_an_environment_in_other_bytes_is_refused_in_our_words():
    """C005: a name that is no UTF-8 spoils no message."""
    with pytest.raises(TooLong):
        await run(["true"], env={os.fsdecode(b"\xff"): "x" * LARGEST})
