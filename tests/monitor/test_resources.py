"""What real trees use: memory, processor time, I/O, and who belongs to them."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from procession.kernel.process_table import ProcessTable, Root
from procession.monitor.resources.gpu import NoGpus, NvidiaGpus
from procession.monitor.resources.sampler import TreeSampler
from procession.process.snapshot import COOKIE_VARIABLE, tokens_of

MB = 1 << 20


@pytest.fixture
def sampler():
    """A sampler without graphics processors."""
    sampler = TreeSampler(tokens_of)
    yield sampler
    sampler.close()


@contextlib.contextmanager
def running(*argv, **options):
    """Run a program in a session of its own until the block ends; it says a line when it is where it should be."""
    child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, **options)
    try:
        child.stdout.readline()
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        child.stdin.close()
        child.stdout.close()


def python(program: str) -> tuple[str, ...]:
    """Run this, say that it is done, and wait."""
    return sys.executable, "-c", f"{program}\nprint('there', flush=True)\nimport sys; sys.stdin.read()"


def test_memory_is_seen_at_the_next_look(sampler):
    """A tree that takes 200 MB has them, whichever of its processes took them."""
    program = "import os\nif os.fork():\n    os.wait()\nkept = bytearray(200_000_000)"
    with running(*python(program)) as child:
        usage = sampler.sample({"t": Root(child.pid)}, 1.0, 1.0)["t"]

    assert usage.memory_bytes > 200_000_000
    assert usage.processes == 2


def test_processor_time_is_a_share_of_the_time_between_two_looks(sampler):
    """One that computes all the time uses one processor, as far as it gets one."""
    with running("bash", "-c", "echo; while :; do :; done") as child:
        roots = {"t": Root(child.pid)}
        first = sampler.sample(roots, 1.0, time.monotonic())["t"]
        time.sleep(0.5)
        second = sampler.sample(roots, 2.0, time.monotonic())["t"]

    assert first.cpus is None
    assert 0.1 < second.cpus < 1.2
    assert second.running == 1


def test_the_time_of_those_who_have_gone_stays(sampler):
    """A tree's processor time never shrinks: who is waited for is counted with its parent."""
    program = "import subprocess, sys, time\nsubprocess.run(['bash', '-c', 'for ((i=0; i<300000; i++)); do :; done'])"
    with running(*python(program)) as child:
        roots = {"t": Root(child.pid)}
        used = sampler.sample(roots, 1.0, 1.0)["t"].cpu_s

    assert used > 0.2


def test_who_is_orphaned_and_dies_leaves_its_time(sampler):
    """Whoever reaps it, it was part of the tree."""
    burning = "for ((i=0; i<200000; i++)); do :; done; echo; exec sleep 1000"
    with running("bash", "-c", f"(bash -c '{burning}' &); exec cat >&2") as child:
        roots = {"t": Root(child.pid)}
        before = sampler.sample(roots, 1.0, 1.0)["t"]
        (victim,) = [pid for pid in sampler.pids["t"] if pid != child.pid]
        os.kill(victim, signal.SIGKILL)
        after = _until(lambda: sampler.sample(roots, 2.0, 2.0)["t"], lambda each: each.processes < before.processes)

    assert before.cpu_s > 0.1
    assert after.cpu_s >= before.cpu_s


def test_what_is_written_is_counted(sampler, tmp_path):
    """50 MB through write(2), seen in one look; and still counted once their writer is gone."""
    writing = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {_WRITES!r}, {str(tmp_path / 'file')!r}])"
    with running(*python(writing)) as child:
        roots = {"t": Root(child.pid)}
        assert sampler.sample(roots, 1.0, 1.0)["t"].moved_bytes >= 50 * MB

    with running(sys.executable, "-c", f"{_WRITES}\nprint(flush=True)\nsys.stdin.read()", tmp_path / "other") as child:
        assert sampler.sample({"t": Root(child.pid)}, 1.0, 1.0)["t"].moved_bytes >= 50 * MB


def test_a_descendant_in_a_session_of_its_own_is_known_by_its_cookie(sampler):
    """Its parent is gone, its session is another; what it was born with tells."""
    env = os.environ | {COOKIE_VARIABLE: "outer:token7"}
    with running("bash", "-c", "setsid bash -c 'echo; exec sleep 1000' & exec cat >&2", env=env) as child:
        usage = sampler.sample({"t": Root(2**22 + 1, token="token7")}, 1.0, 1.0)["t"]
        assert usage.processes == 2
        for pid in sampler.pids["t"]:
            if pid != child.pid:
                os.kill(pid, signal.SIGKILL)


def test_a_tree_that_is_gone_is_not_there(sampler):
    """Nor is one that never was; and others are not disturbed."""
    with running("bash", "-c", "echo; exec cat") as child:
        with running("bash", "-c", "echo; exec cat") as other:
            roots = {"t": Root(child.pid), "u": Root(other.pid), "v": Root(2**22 + 1)}
            assert sampler.sample(roots, 1.0, 1.0).keys() == {"t", "u"}
        assert sampler.sample(roots, 2.0, 2.0).keys() == {"t"}


def test_who_was_seen_before_its_tree_was_known_is_found_with_it(sampler):
    """A look may fall between a fork and its being told."""
    with running("bash", "-c", "echo; cat; true") as child, running("bash", "-c", "echo; cat; true") as other:
        assert sampler.sample({"t": Root(child.pid)}, 1.0, 1.0).keys() == {"t"}
        roots = {"t": Root(child.pid), "u": Root(other.pid)}
        _until(
            lambda: {key: each.processes for key, each in sampler.sample(roots, 2.0, 2.0).items()},
            lambda seen: seen == {"t": 2, "u": 2},
        )


def test_descriptors_are_bounded_and_given_back():
    """Two for each process that belongs to a tree, none for others, none after the end."""
    before = len(os.listdir("/proc/self/fd"))
    table = ProcessTable()
    with running("bash", "-c", "echo; exec cat") as child:
        for _ in range(10):
            table.look({"t": Root(child.pid)})
        assert len(os.listdir("/proc/self/fd")) <= before + 2 + 2  # and the two pipes of the child
        table.look({})
        assert len(os.listdir("/proc/self/fd")) <= before + 2
        table.look({"t": Root(child.pid)})
    table.close()

    assert len(os.listdir("/proc/self/fd")) == before


def test_a_tree_that_has_ended_leaves_no_descriptor(sampler):
    """Not even until the next look."""
    before = len(os.listdir("/proc/self/fd"))
    with running("bash", "-c", "echo; exec cat") as child:
        sampler.sample({"t": Root(child.pid)}, 1.0, 1.0)
        kept = len(os.listdir("/proc/self/fd"))
        sampler.forget("t")
        assert len(os.listdir("/proc/self/fd")) == kept - 2 > before


def test_a_zombie_leaves_no_descriptor_either(sampler):
    """It is listed until its parent waits for it."""
    before = len(os.listdir("/proc/self/fd"))
    program = "import os, sys\nif os.fork() == 0: os._exit(0)\nprint('there', flush=True)\nsys.stdin.read()"
    with running(sys.executable, "-c", program) as child:
        for _ in range(20):
            sampler.sample({"t": Root(child.pid)}, 1.0, 1.0)
            time.sleep(0.01)
        sampler.forget("t")
        assert len(os.listdir("/proc/self/fd")) == before + 2


def test_no_descriptor_left_is_no_reason_to_see_nothing(monkeypatch):
    """Without room for kept descriptors everything is opened for each look."""
    table = ProcessTable()
    monkeypatch.setattr(table, "_room", 0)
    with running("bash", "-c", "echo; exec cat") as child:
        for _ in range(2):
            assert table.look({"t": Root(child.pid)})["t"].threads == 1
    table.close()


def test_shared_memory_is_divided_on_demand(sampler):
    """The proportional share of a forked copy is less than what both have resident."""
    with running(*python("import os\nkept = bytearray(80_000_000)\nos.fork()")) as child:
        usage = _until(lambda: sampler.sample({"t": Root(child.pid)}, 1.0, 1.0)["t"], lambda each: each.processes == 2)
        shared = sampler.pss_bytes("t")

    assert usage.memory_bytes > 160_000_000
    assert 80_000_000 < shared < 140_000_000


def test_graphics_processors_are_asked_through_the_vendors_binding():
    """Memory and utilisation of each process, over all devices; one that cannot say it now is left out."""
    nvml = SimpleNamespace(
        NVMLError=RuntimeError,
        nvmlDeviceGetCount=lambda: 2,
        nvmlDeviceGetHandleByIndex=lambda number: number,
        nvmlDeviceGetComputeRunningProcesses=lambda _: [SimpleNamespace(pid=7, usedGpuMemory=100)],
        nvmlDeviceGetGraphicsRunningProcesses=_cannot,
        nvmlDeviceGetProcessUtilization=lambda device, since: (
            _cannot() if device else [SimpleNamespace(pid=7, timeStamp=since + 1, smUtil=50)]
        ),
        nvmlShutdown=_cannot,
    )
    gpus = NvidiaGpus(nvml)

    assert gpus.look() == {7: (200, 0.5)}
    gpus.close()
    assert NoGpus().look() == {}


def test_who_computes_and_draws_is_counted_once_and_each_device_has_its_own_clock():
    """Both lists name the process with the same memory; what is new is asked by what was seen of that device."""
    process = SimpleNamespace(pid=7, usedGpuMemory=100)
    asked = []

    def utilisation(device, since):
        asked.append((device, since))
        return [SimpleNamespace(pid=7, timeStamp=(device + 1) * 1000, smUtil=25)]

    gpus = NvidiaGpus(
        SimpleNamespace(
            NVMLError=RuntimeError,
            nvmlDeviceGetCount=lambda: 2,
            nvmlDeviceGetHandleByIndex=lambda number: number,
            nvmlDeviceGetComputeRunningProcesses=lambda _: [process],
            nvmlDeviceGetGraphicsRunningProcesses=lambda device: [] if device else [process],
            nvmlDeviceGetProcessUtilization=utilisation,
        )
    )

    assert [gpus.look(), gpus.look()] == [{7: (200, 0.5)}] * 2
    assert asked == [(0, 0), (1, 0), (0, 1000), (1, 2000)]


_WRITES = f"import sys\nwith open(sys.argv[1], 'wb') as file:\n    file.write(bytes({50 * MB}))"


def _cannot(*_: object):
    raise RuntimeError


def _until(look, is_so):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        seen = look()
        if is_so(seen):
            return seen
        time.sleep(0.02)
    raise AssertionError(seen)
