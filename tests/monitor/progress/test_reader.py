"""Reading progress from output that comes in pieces, from programs good and bad."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procession.monitor.progress.frames import FrameCutter
from procession.monitor.progress.profile import programs_of
from procession.monitor.progress.reader import OutputReader

BAR = "load:  21%|███▌           | 25/120 [00:00<00:02, 48.97rec/s]"


def read(*pieces: bytes, argv=("python", "x.py"), **options):
    """Feed the pieces, and give what is found at the end."""
    reader = OutputReader(argv, **options)
    for piece in pieces:
        reader.feed("stdout", piece)
    return reader.reading


def percent(*pieces: bytes, **options) -> float | None:
    """Give the percentage at the end."""
    reading = read(*pieces, **options)
    return None if reading is None else reading.found.percent


@given(cuts=st.lists(st.integers(0, 400), max_size=20))
def test_any_cut_gives_the_same(cuts):
    """Inside of a character, of an escape sequence, of a number."""
    text = "".join(
        f"\r\x1b[2K\x1b[32mload:\x1b[0m {n:3d}%|███▌    | {n}/100 [00:00<00:02, 48.97rec/s]" for n in range(6, 98, 7)
    )
    data = text.encode()
    places = sorted({0, len(data), *(cut * len(data) // 400 for cut in cuts)})

    assert percent(*(data[a:b] for a, b in itertools.pairwise(places))) == 97


def test_byte_by_byte_is_the_same():
    """The tail is looked at again with each byte, and never believed too early."""
    data = ("\r" + BAR).encode() * 3

    reader = OutputReader(["python"])
    seen = set()
    for byte in data:
        reader.feed("stderr", bytes([byte]))
        if reader.reading is not None:
            seen.add((reader.reading.found.percent, reader.reading.found.total))
    assert seen == {(21, 120)}


def test_the_newest_bar_has_no_end_and_counts():
    """Tqdm writes its carriage return before the text."""
    assert percent(f"\r{BAR}".encode()) == 21


def test_a_number_that_is_cut_is_not_believed():
    """``10`` of ``100%`` is no ten."""
    assert percent(b"step 5%\nstep 9%\nstep 10", b"0%") == 9
    assert percent(b"step 5%\nstep 9%\nstep 10", b"0%\n") == 100


@pytest.mark.parametrize(
    "text",
    [
        "cache hit rate 93%\ncache hit rate 94%\n",
        "error: checksum 0% match",
        'warning: printf("progress 100%% %d")\n' * 3,
        "acc=45%, loss=1\nacc=46%, loss=0.5\n",
        "ref B L0: 72.2% 16.4%  5.0%\nref B L0: 75.2% 16.4%  5.0%\n",
        "Left: 302/402\nLeft: 200/402\nLeft: 100/402\n",
        "Loop 1/1\nLoop 1/1\n",
        "2026/11/26 a\n2026/11/27 b\n2026/11/28 c\n",
    ],
)
def test_what_only_looks_like_progress(text):
    """Rates of hits that move are believed, alas; what does not move, counts down, or stands in a table is not."""
    expected = 94 if text.startswith("cache") else None

    assert percent(text.encode()) == expected


def test_shares_that_do_not_move_are_no_progress():
    """Sox says 0.00 % all the time it works."""
    assert read(b"In:0.00% 00:01\rIn:0.00% 00:02\rIn:0.00% 00:03\r") is None


def test_json_lines_say_it_by_their_keys():
    """A fraction is no percentage; a count needs its total."""
    assert percent(b'{"message_type":"status","percent_done":0.25}\n') == 25
    assert percent(b'{"progress": {"step": 3, "total_steps": 12}}\n') == 25
    assert percent(b'{"progress": 62.5}\n') == 62.5
    assert percent(b'{"loss": 0.25}\n{"percent": "many"}\n{broken\n[1]\n') is None


def test_a_pattern_of_ones_own_comes_first():
    """And nothing else is heard then."""
    pattern = r"done (?P<current>\d+) out of (?P<total>\d+) (?P<unit>\w+)"
    found = read(f"{BAR}\ndone 3 out of 12 maps\n".encode(), pattern=pattern).found

    assert (found.percent, found.current, found.total, found.unit) == (25, 3, 12, "maps")


def test_where_the_tool_is_known_nobody_guesses():
    """Memtester's spinners and loops are no progress, whatever they look like."""
    assert read(b"step 1/9\nstep 2/9\nstep 3/9\n", argv=["/usr/sbin/memtester", "3M"]) is None


@pytest.mark.parametrize(
    ("argv", "program"),
    [
        (["/usr/lib/postgresql/15/bin/pgbench", "-i"], "pgbench"),
        (["python3.12", "-m", "pytest", "-q"], "pytest"),
        (["npx", "webpack", "--progress"], "webpack"),
        (["sh", "-c", "cd x && ninja -C build"], "ninja"),
    ],
)
def test_a_program_is_known_through_who_runs_it(argv, program):
    """By its path, as a module, in a script of a shell."""
    assert program in programs_of(argv)


def test_inner_bars_do_not_stand_for_the_whole():
    """Batches start again with each epoch; the epochs count."""
    reader = OutputReader(["python"])
    for epoch in range(4):
        reader.feed("stderr", f"\repochs: {epoch * 25:3d}%|█ | {epoch}/4 [00:00<00:01, 1it/s]\n".encode())
        for batch in range(0, 31, 10):
            reader.feed(
                "stderr", f"\rbatch:  {batch * 100 // 30:3d}%|█ | {batch}/30 [00:00<00:01, 9it/s]\x1b[A\r".encode()
            )
            assert reader.reading.found.percent == epoch * 25


@pytest.mark.parametrize(
    "flood",
    [b"x" * 5_000_000, b"\x1b[31m" * 500_000, b"\x08" * 1_000_000, b"\r\n" * 1_000_000, b"{" * 1_000_000,
     b"9" * 1_000_000, b"\x1b]0;" + b"t" * 1_000_000, random.Random(3).randbytes(3_000_000), b"\xf0\x9f" * 700_000],
    ids=["letters", "colours", "backspaces", "lines", "brackets", "digits", "a title", "noise", "broken text"],
)  # fmt: skip
def test_floods_cost_neither_memory_nor_the_bar_after_them(flood):
    """Whatever came before, the next frame is read; what is kept is bounded."""
    reader = OutputReader(["python"])
    for place in range(0, len(flood), 1 << 16):
        reader.feed("stdout", flood[place : place + (1 << 16)])
    reader.feed("stdout", f"\x07\x1b\\\n\r{BAR}\r".encode())

    assert reader.reading is not None
    assert reader.reading.found.percent == 21
    assert all(len(cutter._tail) <= 2048 for cutter in reader._cutters.values())


@pytest.mark.parametrize(
    "text",
    [
        "Epoch {0}/{0} \u2501\u2501 {0}/{0} ",
        "\r{0}%|##| {0}/{0} [00:00<00:01, 9it/s]\r",
        "ETA: 1s Left: {0} AVG: 1s\n",
        '{{"percent": {0}}}\n{{"step": {0}, "total": {0}}}\n',
        "{0}/{0}\n{0} of {0}\n",
    ],
)
def test_absurd_numbers_are_no_progress(text):
    """Five thousand digits are more than an interpreter takes for a number."""
    reading = read(text.format("9" * 5000).encode(), text.format("7" * 1000).encode())

    assert reading is None or reading.found.percent is None


def test_a_fraction_that_is_none_is_no_progress():
    """A pattern of one's own may catch anything."""
    assert read(b"at half\nat 0.25\n", pattern=r"at (?P<fraction>\w+\.?\w*)").found.percent == 25
    assert read(b"at nan\n", pattern=r"at (?P<fraction>\w+)") is None


def test_what_is_passed_over_is_said():
    """So much at once is sampled, and counted."""
    reader = OutputReader(["python"])
    reader.feed("stdout", b"a line\n" * 100_000)

    assert reader.skipped_bytes > 690_000


@given(st.lists(st.binary(max_size=50), max_size=30))
def test_no_bytes_break_the_cutter(pieces):
    """Whatever they are, and wherever they are cut; frames hold no line ends."""
    cutter = FrameCutter()
    for piece in pieces:
        for frame in cutter.feed(piece):
            assert not {b"\n", b"\r", b"\x08"} & {frame.text[i : i + 1] for i in range(len(frame.text))}
