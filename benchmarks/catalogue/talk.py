"""What goes between us and a program: messages, words about itself, what it has saved."""

from __future__ import annotations

from benchmarks.values import Benchmark, Rival, Run, Target
from benchmarks.workbench import Workbench


def run_messages(size: int, how: str, bench: Workbench) -> tuple[Run, ...]:
    """Messages to a program and back."""
    n = bench.scale.messages * (1 if how == "depth1" else 4)
    return (Run((str(n), str(size), how), n),)


def run_words(bench: Workbench) -> tuple[Run, ...]:
    """A short command, over and over."""
    n = bench.scale.words
    return (Run((str(n),), n),)


def run_checkpoints(bench: Workbench) -> tuple[Run, ...]:
    """Many checkpoints, and a place for them."""
    n = bench.scale.checkpoints
    return (Run((str(n), str(bench.output_directory)), n),)


CHANNEL_RIVALS = (
    Rival("node", "channel/node.mjs"),
    Rival("procession", "channel/forked.py", ("echoes.py",)),
    Rival("procession_and_node", "channel/forked.py", ("echoes.mjs",)),
    Rival("multiprocessing", "channel/pipe.py"),
)

TALK = (
    Benchmark(
        name="messages-in-turn",
        title="Messages of 100 bytes to a program and back, one after another",
        unit="round trips/s",
        runs=lambda bench: run_messages(100, "depth1", bench),
        reference="node",
        rivals=CHANNEL_RIVALS,
        targets=(Target("procession", 1.0, against="node"),),
    ),
    Benchmark(
        name="messages-pipelined",
        title="Messages of 1 KiB to a program and back, as fast as they are taken",
        unit="round trips/s",
        runs=lambda bench: run_messages(1024, "pipelined", bench),
        reference="node",
        rivals=CHANNEL_RIVALS,
        targets=(Target("procession", 1.0, against="node"), Target("procession", 100_000)),
    ),
    Benchmark(
        name="child-command",
        title="A word of a shell script, start to exit, and the bare interpreter",
        unit="s",
        metric="figure",
        runs=run_words,
        reference="python",
        rivals=(
            Rival("python", "child/command.py", ("-c", "pass")),
            Rival("empty_module", "child/command.py", ("-m", "benchmarks.rivals.child.empty")),
            Rival("import_child", "child/command.py", ("-c", "from procession import child; child.ready")),
            Rival("procession_c", "child/command.py", ("-c", "from procession import child; child.status('x')")),
            Rival("procession_m", "child/command.py", ("-m", "procession.child", "status", "x")),
        ),
        targets=(Target("procession_m", 1.3, against="python", at_most=True),),
    ),
    Benchmark(
        name="checkpoint",
        title="Keep what 100 tasks have saved, and find it again: in the store, and in files that are on the disk each",
        unit="checkpoints/s",
        runs=run_checkpoints,
        rivals=(
            Rival("store_by_64", "checkpoint/store.py", ("64",)),
            Rival("store_by_1", "checkpoint/store.py", ("1",)),
            Rival("files", "checkpoint/shelf.py"),
        ),
        targets=(Target("store_by_64", 1000), Target("store_by_1", 1000)),
    ),
)
