"""How much memory there is for us: what the machine has, or the narrowest control group around us lets us have."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from procession.kernel.machine_memory import group_memory_bytes, out_of_memory_kills, total_memory_bytes

MIB = 1 << 20
ASK = "from procession.kernel.machine_memory import total_memory_bytes; print(total_memory_bytes())"
TAKE = 'kept = b"x" * (256 << 20)'


@pytest.fixture
def narrow(python):
    """A group of version 1 with 64 MiB, and one in it with none of its own; to be called with what shall run in it."""
    home = _version_1_home()
    if home is None:
        pytest.skip("no memory controller of version 1")
    outer, inner = home / f"test-{os.getpid()}", home / f"test-{os.getpid()}" / "inner"
    inner.mkdir(parents=True)
    (outer / "memory.limit_in_bytes").write_text(str(64 * MIB))

    def run(program: str) -> subprocess.CompletedProcess:
        enter = f"echo $$ > {inner}/cgroup.procs; exec {python} -c '{program}'"
        return subprocess.run(["sh", "-c", enter], capture_output=True, text=True)

    yield run
    inner.rmdir()
    outer.rmdir()


def test_there_is_no_more_than_the_machine_has():
    """Whatever limits there are, they only take away."""
    assert 0 < total_memory_bytes() <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.root
def test_the_limit_of_a_group_further_above_counts(narrow):
    """A container sees the host's memory in /proc/meminfo; its share is what the group around it says."""
    assert int(narrow(ASK).stdout) == 64 * MIB


@pytest.mark.root
def test_a_kill_for_want_of_memory_is_counted(narrow):
    """The kernel says it nowhere else: the wait status is that of any SIGKILL."""
    before = out_of_memory_kills()
    if before is None:
        pytest.skip("the kernel does not count")

    assert narrow(TAKE).returncode == -signal.SIGKILL
    assert out_of_memory_kills() > before


def test_where_nobody_counts_nothing_is_known(tmp_path):
    """A group without a memory controller, or none at all, is None, never 0."""
    assert group_memory_bytes(str(tmp_path / "gone")) is None


def _version_1_home() -> Path | None:
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        home = Path(f"/sys/fs/cgroup/memory{path}")
        if controllers == "memory" and home.is_dir():
            return home
    return None
