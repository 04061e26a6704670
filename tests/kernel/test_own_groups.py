"""Which control groups limit us: all above us, of both versions; and what hostile or absent files do."""

from procession.kernel.headroom import descriptors_free, processes_free
from procession.kernel.machine_memory import Limit, available_memory_bytes, memory_limits, total_memory_bytes
from procession.kernel.own_groups import own_groups, read_number
from procession.kernel.processors import Quota, capacity, narrowest_quota, used_s

MIB = 1 << 20


def groups(tmp_path, controller, lines, files):
    """Find groups in a tree of our own making."""
    own = tmp_path / "own"
    own.write_text("\n".join(lines) + "\n")
    for name, text in files.items():
        path = tmp_path / "fs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return own_groups(controller, str(tmp_path / "fs"), str(own))


def test_every_group_above_us_counts_in_version_2(tmp_path):
    """The narrowest of all limits, whichever file says it; less what is used, but for cache that can be given back."""
    found = groups(
        tmp_path,
        "memory",
        ["0::/a/b"],
        {
            "memory.max": "max",
            "a/memory.max": str(100 * MIB),
            "a/memory.current": str(90 * MIB),
            "a/memory.stat": f"anon 1\ninactive_file {30 * MIB}\n",
            "a/b/memory.high": str(80 * MIB),
            "a/b/memory.current": str(20 * MIB),
            "a/b/memory.stat": "inactive_file 0\n",
        },
    )
    limits = memory_limits(found)
    assert [limit.limit_bytes // MIB for limit in limits] == [100, 80]
    assert total_memory_bytes(limits) == 80 * MIB
    assert available_memory_bytes(limits) == 40 * MIB


def test_the_same_in_version_1(tmp_path):
    """There a limit of nearly 2^63 is none, and the whole subtree's cache is called otherwise."""
    found = groups(
        tmp_path,
        "memory",
        ["4:memory:/x", "3:cpu,cpuacct:/y"],
        {
            "memory/memory.limit_in_bytes": str((1 << 63) - 4096),
            "memory/x/memory.limit_in_bytes": str(64 * MIB),
            "memory/x/memory.usage_in_bytes": str(60 * MIB),
            "memory/x/memory.stat": f"inactive_file 0\ntotal_inactive_file {10 * MIB}\n",
        },
    )
    limits = memory_limits(found)
    assert limits == (Limit(f"{tmp_path}/fs/memory/x", 64 * MIB),)
    assert available_memory_bytes(limits) == 14 * MIB


def test_more_in_use_than_allowed_is_nothing_left(tmp_path):
    """Never less than nothing."""
    found = groups(tmp_path, "memory", ["0::/"], {"memory.max": "10", "memory.current": "5000"})
    assert available_memory_bytes(memory_limits(found)) == 0


def test_without_any_group_the_machine_counts(tmp_path):
    """No file, no limit; nonsense is no limit either."""
    assert memory_limits(groups(tmp_path, "memory", ["nonsense", "0::/a"], {"a/memory.max": "lots"})) == ()
    assert 0 < available_memory_bytes(()) <= total_memory_bytes(())
    assert read_number(str(tmp_path / "gone")) is None


def test_a_path_that_leads_out_is_not_followed(tmp_path):
    """A group that we cannot see has a path with dots in it (a namespace's root is elsewhere)."""
    found = groups(tmp_path, "memory", ["0::/../../etc"], {})
    assert all(".." not in directory for directory in found.unified)


def test_quotas_of_both_versions(tmp_path):
    """A quota of one and a half processors in a period; the narrowest counts."""
    v2 = groups(tmp_path, "cpu", ["0::/a"], {"cpu.max": "max 100000", "a/cpu.max": "150000 100000"})
    assert narrowest_quota(v2) == Quota(f"{tmp_path}/fs/a", 1.5)
    legacy = {"cpu/z/cpu.cfs_quota_us": "50000", "cpu/z/cpu.cfs_period_us": "100000", "cpu/cpu.cfs_quota_us": "-1"}
    v1 = groups(tmp_path, "cpu", ["1:cpu:/z"], legacy)
    quota = narrowest_quota(v1)
    assert quota is not None
    assert (quota.cpus, capacity(quota)) == (0.5, 0.5)


def test_use_is_that_of_our_group_where_it_has_a_quota(tmp_path):
    """Of version 2 in microseconds, of version 1 in nanoseconds; unknown where nobody counts."""
    for name, text in {"two/cpu.stat": "usage_usec 2500000\n", "one/cpuacct.usage": "1500000000"}.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    assert used_s(Quota(f"{tmp_path}/two", 1.0)) == 2.5
    assert used_s(Quota(f"{tmp_path}/one", 1.0)) == 1.5
    assert used_s(Quota(f"{tmp_path}/none", 1.0)) is None
    assert (used_s(None) or 0) > 0


def test_processes_are_limited_by_groups_too(tmp_path):
    """The least that is left."""
    found = groups(tmp_path, "pids", ["0::/a"], {"a/pids.max": "10", "a/pids.current": "7", "pids.max": "max"})
    assert processes_free(found) == 3
    assert (processes_free() or 0) > 0


def test_descriptors_are_counted():
    """One more open is one less free."""
    before = descriptors_free()
    with open("/dev/null", "rb"):
        assert before is None or descriptors_free() == before - 1
