"""Every benchmark with its rivals and targets: to add a rival, add a line. What the rivals do is in `rivals/`."""

from __future__ import annotations

import os

from benchmarks.values import Benchmark, Rival, Run, Target
from benchmarks.workbench import LINES_IN_FILE, MIB, Workbench

FLAT_BYTES = 4 * MIB


def run_spawns(at_once: int, bench: Workbench) -> tuple[Run, ...]:
    """The trivial program, so many times in all, so many at once."""
    n = bench.scale.spawns
    return (Run((str(n), bench.trivial_program, str(at_once)), n),)


def run_capture(bench: Workbench) -> tuple[Run, ...]:
    """One large output, read and forgotten."""
    n = bench.scale.output_bytes
    return (Run((str(n),), n),)


def run_into_file(bench: Workbench) -> tuple[Run, ...]:
    """One large output that ends in a file."""
    n = bench.scale.output_bytes
    return (Run((str(n), str(bench.output_directory)), n),)


def run_lines(bench: Workbench) -> tuple[Run, ...]:
    """Many short lines."""
    return (cat_lines(bench, bench.scale.line_repeats),)


def run_capture_twice(bench: Workbench) -> tuple[Run, ...]:
    """A small and a large output, so that memory which grows with the output shows."""
    small, large = bench.scale.small_output_bytes, bench.scale.output_bytes
    return (Run((str(small),), small), Run((str(large),), large))


def run_lines_twice(bench: Workbench) -> tuple[Run, ...]:
    """Few and many lines, so that memory which grows with their number shows."""
    few, many = bench.scale.small_line_repeats, bench.scale.line_repeats
    return (cat_lines(bench, few), cat_lines(bench, many))


def run_jobs(at_once: int, bench: Workbench) -> tuple[Run, ...]:
    """The trivial program as jobs of a queue; `jobs` many, so many at once, with a place for state."""
    n = bench.scale.jobs
    return (Run((str(n), bench.trivial_program, str(at_once), str(bench.output_directory)), n),)


def run_items(program: str, bench: Workbench) -> tuple[Run, ...]:
    """As many items as jobs, as many at once as this machine has processors, at least two."""
    n = bench.scale.jobs
    return (Run((str(n), program or bench.trivial_program, str(max(os.cpu_count() or 2, 2))), n),)


def run_submissions(bench: Workbench) -> tuple[Run, ...]:
    """Many tasks that are not started."""
    n = bench.scale.submissions
    return (Run((str(n), str(bench.output_directory)), n),)


def run_list(bench: Workbench) -> tuple[Run, ...]:
    """A list of many tasks that are over."""
    n = bench.scale.tasks
    return (Run((str(n), bench.trivial_program, str(bench.output_directory)), n),)


def run_idle(bench: Workbench) -> tuple[Run, ...]:
    """Many tasks that sleep."""
    n = bench.scale.tasks
    return (Run((str(n), str(bench.scale.watch_s), str(bench.output_directory)), n),)


def run_talking(bench: Workbench) -> tuple[Run, ...]:
    """Tasks that print ten lines a second each."""
    n = bench.scale.talking_tasks
    arguments = (str(n), str(bench.scale.watch_s), bench.talking_program, str(bench.output_directory))
    return (Run(arguments, n),)


def run_ends(bench: Workbench) -> tuple[Run, ...]:
    """Children that are killed, one after another."""
    n = bench.scale.ends
    return (Run((str(n), str(bench.output_directory)), n),)


def run_sleepers(n: int, bench: Workbench) -> tuple[Run, ...]:
    """Children of a keeper that sleep."""
    return (Run((str(n), str(bench.scale.watch_s)), n),)


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


def run_suspensions(act: str, bench: Workbench) -> tuple[Run, ...]:
    """A large tree, paused and let run on again and again; the time of one of the two is the figure."""
    n = max(bench.scale.ends // 10, 5)
    return (Run((str(n), act), n),)


def cat_lines(bench: Workbench, repeats: int) -> Run:
    """The file of lines, over and over."""
    return Run((str(repeats), bench.line_file), repeats * LINES_IN_FILE)


SPAWN_RIVALS = (
    Rival("popen_pidfd", "spawn/popen_pidfd.py"),
    Rival("procession", "spawn/procession.py"),
    Rival("procession_keep", "spawn/procession.py", ('descendants="keep"',)),
    Rival("run_in_threads", "spawn/run_in_threads.py"),
    Rival("asyncio_pidfd", "spawn/asyncio_watcher.py", ("pidfd",)),
    Rival("asyncio_threaded", "spawn/asyncio_watcher.py", ("threaded",)),
    Rival("trio", "spawn/trio_process.py"),
    Rival("anyio", "spawn/anyio_process.py"),
    Rival("node", "spawn/node.mjs"),
)
SPAWN_TARGETS = (
    Target("procession", 0.9, against="popen_pidfd"),
    Target("procession", 1.0, against="asyncio_pidfd"),
    Target("procession", 1.0, against="asyncio_threaded"),
    Target("procession", 1.0, against="node"),
)

MAP_RIVALS = (
    Rival("xargs", "map/tool.py", ("xargs",)),
    Rival("parallel", "map/tool.py", ("parallel",)),
    Rival("procession", "map/tool.py", ("procession",)),
    Rival("procession_k", "map/tool.py", ("procession_k",)),
)
MAP_TARGETS = (Target("procession", 3.0, against="parallel"), Target("procession", 0.5, against="xargs"))

SUSPEND_RIVALS = (
    Rival("freezer_by_shell", "suspend/shell.py", ("freezer",)),
    Rival("kill_by_shell", "suspend/shell.py", ("kill",)),
    Rival("procession", "suspend/procession.py", ("cgroup",)),
    Rival("procession_session", "suspend/procession.py", ("session",)),
)

CHANNEL_RIVALS = (
    Rival("node", "channel/node.mjs"),
    Rival("procession", "channel/forked.py", ("echoes.py",)),
    Rival("procession_and_node", "channel/forked.py", ("echoes.mjs",)),
    Rival("multiprocessing", "channel/pipe.py"),
)

BENCHMARKS = (
    Benchmark(
        name="spawn-sequential",
        title="Spawn and reap a trivial program, one after another",
        unit="spawns/s",
        runs=lambda bench: run_spawns(1, bench),
        reference="popen_pidfd",
        rivals=SPAWN_RIVALS,
        targets=SPAWN_TARGETS,
    ),
    Benchmark(
        name="spawn-64",
        title="Spawn and reap a trivial program, 64 at once",
        unit="spawns/s",
        runs=lambda bench: run_spawns(64, bench),
        reference="popen_pidfd",
        rivals=SPAWN_RIVALS,
        targets=SPAWN_TARGETS,
    ),
    Benchmark(
        name="capture",
        title="Read all a child prints, and forget it",
        unit="bytes/s",
        runs=run_capture,
        reference="os_read",
        rivals=(
            Rival("os_read", "capture/os_read.py"),
            Rival("procession", "capture/procession.py"),
            Rival("asyncio_reader", "capture/asyncio_reader.py"),
            Rival("asyncio_protocol", "capture/asyncio_protocol.py"),
            Rival("node", "capture/node.mjs"),
        ),
        targets=(Target("procession", 0.85, against="os_read"),),
    ),
    Benchmark(
        name="pipe-to-file",
        title="Read all a child prints, and write it to a file",
        unit="bytes/s",
        runs=run_into_file,
        writes_files=True,
        reference="os_read",
        rivals=(
            Rival("os_read", "to_file/os_read.py"),
            Rival("procession", "to_file/procession.py"),
            Rival("asyncio_reader", "to_file/asyncio_reader.py"),
            Rival("node", "to_file/node.mjs"),
        ),
    ),
    Benchmark(
        name="log-file",
        title="Let the child write into a file itself",
        unit="bytes/s",
        runs=run_into_file,
        writes_files=True,
        reference="shell",
        rivals=(
            Rival("shell", "log/shell.py"),
            Rival("procession_log", "log/procession.py", ("Log",)),
            Rival("procession_file", "log/procession.py", ("File",)),
            Rival("popen", "log/popen.py"),
        ),
        targets=(Target("procession_log", 0.95, against="shell"),),
    ),
    Benchmark(
        name="lines",
        title="Lines of 80 bytes, each one touched",
        unit="lines/s",
        runs=run_lines,
        reference="asyncio_readline",
        rivals=(
            Rival("asyncio_readline", "lines/asyncio_readline.py"),
            Rival("procession_lines", "lines/procession.py", ("lines",)),
            Rival("procession_batches", "lines/procession.py", ("batches",)),
            Rival("procession_tagged", "lines/procession.py", ("tagged",)),
            Rival("asyncio_protocol", "lines/asyncio_protocol.py"),
            Rival("os_read_split", "lines/os_read.py"),
            Rival("node_readline", "lines/node.mjs"),
        ),
        targets=(
            Target("procession_lines", 3.0, against="asyncio_readline"),
            Target("procession_batches", 3_000_000),
        ),
    ),
    Benchmark(
        name="memory-capture",
        title="How much the peak of memory grows from a small output to a large one",
        unit="bytes",
        runs=run_capture_twice,
        metric="growth",
        rivals=(
            Rival("os_read", "capture/os_read.py"),
            Rival("procession", "capture/procession.py"),
            Rival("asyncio_reader", "capture/asyncio_reader.py"),
            Rival("node", "capture/node.mjs"),
        ),
        targets=(Target("procession", FLAT_BYTES, at_most=True),),
    ),
    Benchmark(
        name="memory-lines",
        title="How much the peak of memory grows from few lines to many",
        unit="bytes",
        runs=run_lines_twice,
        metric="growth",
        rivals=(
            Rival("asyncio_readline", "lines/asyncio_readline.py"),
            Rival("procession_lines", "lines/procession.py", ("lines",)),
            Rival("procession_batches", "lines/procession.py", ("batches",)),
            Rival("procession_tagged", "lines/procession.py", ("tagged",)),
        ),
        targets=(
            Target("procession_lines", FLAT_BYTES, at_most=True),
            Target("procession_batches", FLAT_BYTES, at_most=True),
            Target("procession_tagged", FLAT_BYTES, at_most=True),
        ),
    ),
    Benchmark(
        name="supervised",
        title="Run a trivial program, 64 at once: each a child of the keeper, each step in the store, each event told",
        unit="spawns/s",
        runs=lambda bench: run_jobs(64, bench),
        reference="popen_pidfd",
        rivals=(
            Rival("popen_pidfd", "spawn/popen_pidfd.py"),
            Rival("procession", "supervised/procession.py", ("null",)),
            Rival("procession_logs", "supervised/procession.py", ("logs",)),
            Rival("procession_keeper", "supervised/keeper.py"),
        ),
        targets=(Target("procession", 0.8, against="popen_pidfd"),),
    ),
    Benchmark(
        name="queue",
        title="Take jobs from one client and run them, 64 at once; what they print is kept",
        unit="jobs/s",
        runs=lambda bench: run_jobs(64, bench),
        reference="tsp",
        rivals=(Rival("tsp", "queue/tsp.py"), Rival("procession", "queue/procession.py")),
        targets=(Target("procession", 2.0, against="tsp"),),
    ),
    Benchmark(
        name="map",
        title="Run a trivial program for each of many items, from the start of the tool to its exit",
        unit="items/s",
        runs=lambda bench: run_items("", bench),
        reference="xargs",
        rivals=MAP_RIVALS,
        targets=MAP_TARGETS,
    ),
    Benchmark(
        name="map-echo",
        title="Run `echo` for each of many items, what it prints grouped (by all but xargs)",
        unit="items/s",
        runs=lambda bench: run_items("echo", bench),
        reference="xargs",
        rivals=MAP_RIVALS,
        targets=MAP_TARGETS,
    ),
    Benchmark(
        name="submit",
        title="Hand over many tasks to a daemon through one client",
        unit="tasks/s",
        runs=run_submissions,
        rivals=(Rival("procession", "daemon/submit.py"),),
        targets=(Target("procession", 2000),),
    ),
    Benchmark(
        name="ls",
        title="Start to exit of `procession ls`, with many tasks, and of the bare interpreter",
        unit="s",
        metric="figure",
        runs=run_list,
        reference="python",
        rivals=(
            Rival("python", "daemon/ls.py", ("python",)),
            Rival("procession_ls", "daemon/ls.py", ("procession",)),
        ),
        targets=(Target("procession_ls", 3.0, against="python", at_most=True),),
    ),
    Benchmark(
        name="idle-memory",
        title="Memory of daemon and keeper with many tasks that sleep",
        unit="bytes",
        metric="figure",
        runs=run_idle,
        rivals=(Rival("rss", "daemon/idle.py", ("Rss",)), Rival("pss", "daemon/idle.py", ("Pss",))),
        targets=(Target("rss", 80_000_000, at_most=True),),
    ),
    Benchmark(
        name="idle-cpu",
        title="Processor time of daemon and keeper with many tasks that sleep",
        unit="CPU s/min",
        metric="figure",
        runs=run_idle,
        rivals=(Rival("procession", "daemon/idle.py", ("cpu",)),),
        targets=(Target("procession", 0.6, at_most=True),),
    ),
    Benchmark(
        name="chatty-cpu",
        title="Processor time of supervisor and keeper with tasks that print ten lines a second each",
        unit="CPU s/min",
        metric="figure",
        runs=run_talking,
        rivals=(Rival("procession", "daemon/chatty.py", ("cpu",)),),
        targets=(Target("procession", 4.0, at_most=True),),
    ),
    Benchmark(
        name="chatty-lag",
        title="How late the event loop of a supervisor is while tasks print ten lines a second each (p99)",
        unit="s",
        metric="figure",
        runs=run_talking,
        rivals=(Rival("procession", "daemon/chatty.py", ("lag",)),),
        targets=(Target("procession", 0.05, at_most=True),),
    ),
    Benchmark(
        name="exit-latency",
        title="From the signal that ends a child to the event that tells it; and to that event in the store (p50)",
        unit="s",
        metric="figure",
        runs=run_ends,
        reference="popen_pidfd",
        rivals=(
            Rival("popen_pidfd", "latency/popen_pidfd.py"),
            Rival("procession", "latency/procession.py"),
            Rival("procession_stored", "latency/procession.py", ("stored",)),
        ),
        targets=(Target("procession", 4.0, against="popen_pidfd", at_most=True),),
    ),
    Benchmark(
        name="suspend",
        title="Pause a tree of 200 processes, 50 of them in sessions of their own, until none runs (p50)",
        unit="s",
        metric="figure",
        runs=lambda bench: run_suspensions("suspend", bench),
        reference="freezer_by_shell",
        rivals=SUSPEND_RIVALS,
        targets=(Target("procession", 0.02, at_most=True),),
    ),
    Benchmark(
        name="resume",
        title="Let that tree run on (p50)",
        unit="s",
        metric="figure",
        runs=lambda bench: run_suspensions("resume", bench),
        reference="freezer_by_shell",
        rivals=SUSPEND_RIVALS,
        targets=(Target("procession", 0.02, at_most=True),),
    ),
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
    Benchmark(
        name="keeper-start",
        title="From the start of a keeper to its greeting",
        unit="s",
        metric="figure",
        runs=lambda _bench: (Run(("20",), 20),),
        rivals=(Rival("keeper", "keeper/start.py"),),
        targets=(Target("keeper", 0.04, at_most=True),),
    ),
    Benchmark(
        name="keeper-memory",
        title="Memory of a keeper with many children that sleep",
        unit="bytes",
        metric="figure",
        runs=lambda bench: run_sleepers(bench.scale.tasks, bench),
        rivals=(Rival("keeper", "keeper/sleepers.py", ("Rss",)),),
        targets=(Target("keeper", 16 * MIB, at_most=True),),
    ),
    Benchmark(
        name="keeper-cpu",
        title="Processor time of a keeper with many children that sleep",
        unit="CPU s/min",
        metric="figure",
        runs=lambda bench: run_sleepers(bench.scale.tasks, bench),
        rivals=(Rival("keeper", "keeper/sleepers.py", ("cpu",)),),
        targets=(Target("keeper", 0.06, at_most=True),),
    ),
    Benchmark(
        name="keeper-many",
        title="Start children that sleep, all alive together, and end them",
        unit="spawns/s",
        runs=lambda bench: run_sleepers(bench.scale.sleepers, bench),
        rivals=(Rival("keeper", "keeper/sleepers.py", ("speed",)),),
    ),
)
