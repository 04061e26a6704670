"""Control groups: finding ours in any layout, leaves that kill and freeze, and what is swept and what is not."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from procession.kernel import cgroup

PURE = b"30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
HYBRID = (
    b"31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    b"35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    b"40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd\n"
    b"41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 master:1 - cgroup2 cgroup2 rw\n"
)
OLD = b"35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
CONTAINER = b"30 23 0:26 /docker/abc /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw\n"
SPACED = b"30 23 0:26 / /mnt/my\\040groups\\134here rw - cgroup2 cgroup2 rw\n"
TWICE = b"30 23 0:26 /other /mnt/a rw - cgroup2 cgroup2 rw\n" + PURE


@pytest.mark.parametrize(
    ("memberships", "mountinfo", "home"),
    [
        (b"0::/user.slice/x.scope\n", PURE, "/sys/fs/cgroup/user.slice/x.scope"),
        (b"0::/\n", PURE, "/sys/fs/cgroup"),
        (b"5:memory:/jobs\n1:name=systemd:/\n0::/\n", HYBRID, "/sys/fs/cgroup/unified"),
        (b"5:memory:/jobs\n0::/a/b\n", HYBRID, "/sys/fs/cgroup/unified/a/b"),
        (b"0::/a..b\n", PURE, "/sys/fs/cgroup/a..b"),
        (b"0::/a:b c\n", PURE, "/sys/fs/cgroup/a:b c"),
        (b"0::/docker/abc/x\n", CONTAINER, "/sys/fs/cgroup/x"),
        (b"0::/docker/abc\n", CONTAINER, "/sys/fs/cgroup"),
        (b"0::/docker/abcdef\n", CONTAINER, None),
        (b"0::/elsewhere\n", CONTAINER, None),
        (b"0::/x\n", SPACED, "/mnt/my groups\\here/x"),
        (b"0::/x\n", TWICE, "/sys/fs/cgroup/x"),
        (b"5:memory:/jobs\n", OLD, None),
        (b"0::/x\n", OLD, None),
        (b"0::/../sibling\n", PURE, None),
        (b"0::/..\n", PURE, None),
        (b"", PURE, None),
        (b"0::/x\n", b"", None),
    ],
)
def test_our_group_is_found_in_any_layout(memberships, mountinfo, home):
    """C046: pure, hybrid, container and odd layouts: the right directory, or honestly none."""
    assert cgroup.locate_home(memberships, mountinfo) == home


@pytest.fixture
def make_base() -> Iterator[Callable[[], cgroup.Base]]:
    """Make a directory of groups of this process's own, beside the one that its trees may use."""
    home = cgroup.find_home()
    if home is None or not os.access(f"{home}/cgroup.procs", os.W_OK):
        pytest.skip("no writable control group here")
    room = f"{home}/procession-test-{os.getpid()}"
    made: list[cgroup.Base] = []

    def make() -> cgroup.Base:
        os.mkdir(room)
        made.append(cgroup.Base(room))
        # a base steps out into its home; this process belongs where it was
        Path(f"{home}/cgroup.procs").write_text("0")
        return made[-1]

    yield make
    Path(f"{home}/cgroup.procs").write_text("0")
    for base in made:
        base.close()
    cgroup.remove_group(room)


@pytest.fixture
def leaf(make_base) -> cgroup.Leaf:
    """An empty leaf."""
    return make_base().take_leaf()


@pytest.fixture
def member(leaf) -> Iterator[subprocess.Popen[bytes]]:
    """A process in the leaf that burns."""
    burner = subprocess.Popen(["sh", "-c", "while :; do :; done"])
    Path(f"{leaf.path}/cgroup.procs").write_text(str(burner.pid))
    yield burner
    leaf.thaw()
    burner.kill()
    burner.wait()


def ticks_of(pid: int) -> int:
    """User and system time of a process, in ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


async def test_a_leaf_knows_its_members(leaf, member, wait_until):
    """C044: members are listed while they live; a zombie is none, and does not populate the group (C045)."""
    assert leaf.pids() == [member.pid]
    assert leaf.is_populated()
    member.kill()
    await wait_until(lambda: not leaf.is_populated())
    assert leaf.pids() == []
    assert Path(f"/proc/{member.pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


async def test_a_leaf_kills_all_of_it(leaf, member, wait_until):
    """C044: one write, whatever the members do about signals, and groups below it too."""
    os.mkdir(f"{leaf.path}/below")
    other = subprocess.Popen(["sh", "-c", "trap '' TERM; while :; do :; done"])
    Path(f"{leaf.path}/below/cgroup.procs").write_text(str(other.pid))
    assert sorted(leaf.pids()) == sorted([member.pid, other.pid])
    leaf.kill()
    assert member.wait() == other.wait() == -signal.SIGKILL
    await wait_until(lambda: not leaf.is_populated())


async def test_a_frozen_leaf_stands_still_and_can_be_killed(leaf, member, wait_until):
    """C087, C089: no tick while frozen; thawed it runs; frozen again it can be killed."""
    leaf.freeze()
    await wait_until(leaf.is_frozen)
    ticks = ticks_of(member.pid)
    await asyncio.sleep(0.3)
    assert ticks_of(member.pid) == ticks
    leaf.thaw()
    await wait_until(lambda: ticks_of(member.pid) > ticks)
    leaf.freeze()
    await wait_until(leaf.is_frozen)
    leaf.kill()
    assert member.wait() == -signal.SIGKILL


def test_a_child_is_born_inside(make_base):
    """C044: from its first moment the child is a member; its parent is not, neither during nor after."""
    base = make_base()
    leaf = base.take_leaf()
    pid = base.fork_inside(leaf, lambda: os.posix_spawn("/bin/sleep", ["sleep", "1000"], {}))
    try:
        assert leaf.pids() == [pid]
    finally:
        leaf.kill()
        os.waitpid(pid, 0)


def test_a_failed_fork_leaves_us_outside(make_base):
    """C044: when the fork fails this process is not left behind in the leaf."""
    base = make_base()
    leaf = base.take_leaf()
    with pytest.raises(FileNotFoundError):
        base.fork_inside(leaf, lambda: os.posix_spawn("/no/such/program", ["x"], {}))
    assert leaf.pids() == []


def test_a_leaf_is_used_again_when_it_is_empty_and_plain(make_base):
    """C051: an emptied leaf is taken again; one with groups below it, as a nested user leaves them, is not."""
    base = make_base()
    plain, nested = base.take_leaf(), base.take_leaf()
    os.mkdir(f"{nested.path}/below")
    base.give_back(plain)
    base.give_back(nested)

    assert base.take_leaf() is plain
    assert base.take_leaf().path != nested.path
    assert not os.path.exists(nested.path)


def test_directories_of_the_dead_are_swept_and_no_others(make_base):
    """C046: what a killed host left empty goes; what is foreign, alive or in use stays."""
    base = make_base()
    home = os.path.dirname(base.path)
    ended = subprocess.Popen(["true"])
    ended.wait()
    stale = f"{home}/procession-{ended.pid}-1"
    earlier_namesake = f"{home}/procession-{os.getpid()}-1"
    in_use = f"{home}/procession-{ended.pid}-2"
    foreign = [
        f"{home}/{name}" for name in ("procession", "procession-x-1", f"other-{ended.pid}-1", "procession-1-2-3")
    ]
    for path in (stale, f"{stale}/t1", f"{stale}/t1/below", earlier_namesake, in_use, *foreign):
        os.mkdir(path)
    sleeper = subprocess.Popen(["sleep", "1000"])
    Path(f"{in_use}/cgroup.procs").write_text(str(sleeper.pid))
    try:
        cgroup._sweep(home)
        assert not os.path.exists(stale)
        assert not os.path.exists(earlier_namesake)
        assert all(map(os.path.exists, [base.path, in_use, *foreign]))
    finally:
        sleeper.kill()
        sleeper.wait()
        time.sleep(0.01)
        for path in (in_use, *foreign):
            cgroup.remove_group(path)


def test_where_it_may_not_write_there_is_no_base(tmp_path):
    """C046: a home that is no group, or not ours to write, is an OSError, and nothing is left of the attempt."""
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(FileNotFoundError):
        cgroup.Base(str(tmp_path))
    (tmp_path / "cgroup.procs").touch()
    with pytest.raises(FileNotFoundError):
        cgroup.Base(str(tmp_path))
    assert len(os.listdir("/proc/self/fd")) == before
    shutil.rmtree(tmp_path)


def test_threads_that_fork_meanwhile_lose_nobody(children):
    """C051: strangers that other threads of the host start at the very moment are put back, and survive every kill."""
    ended = subprocess.run(
        [sys.executable, children / "forks_in_threads.py"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30
    )
    assert ended.stdout.decode().splitlines()[-1:] == ["all strangers live"], ended.stdout.decode()


@pytest.mark.parametrize("outer", ["on", "off"])
@pytest.mark.parametrize("inner", ["on", "off"])
def test_a_job_that_uses_us_itself_ends_with_all_of_its_jobs(children, outer, inner):
    """C044: nested use: the outer kill ends the inner host, its jobs and their daemons; its own base is swept."""
    ended = subprocess.run(
        [sys.executable, children / "hosts_a_host.py", inner],
        env={**os.environ, "PROCESSION_CGROUP": outer},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=30,
    )
    assert ended.stdout.decode().splitlines()[-1:] == ["nothing is left"], ended.stdout.decode()
