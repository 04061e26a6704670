"""One reading of what the machine has left."""

import asyncio
import os
import time

import pytest

from procession.kernel.pressure import Trigger, stalled_s
from procession.monitor.machine import WINDOW_S, MachineReader, Rate
from procession.monitor.resources.gpu import NoGpus


class TwoGpus(NoGpus):
    """Two devices, one of them half full."""

    def memory(self):
        """Give their memory."""
        return [(100, 100), (100, 50)]


def test_a_reading_is_of_this_machine(tmp_path):
    """Sensible figures, and rates from the second reading on."""
    reader = MachineReader(str(tmp_path), TwoGpus())
    first = reader.read(1000.0)
    assert 0 < first.memory_available_bytes <= first.memory_total_bytes
    assert 0 < first.cpus <= len(os.sched_getaffinity(0))
    assert first.cpus_used is None
    assert (first.disk_free_bytes or 0) > 0
    assert [(each.index, each.memory_free_bytes) for each in first.gpus] == [(0, 100), (1, 50)]
    spent = time.process_time()
    while time.process_time() - spent < 0.2:
        pass
    second = reader.read(1001.0)
    assert second.cpus_used is not None
    assert second.cpus_used >= 0.15
    if stalled_s("memory") is not None:
        assert second.memory_pressure is not None
        assert 0.0 <= second.memory_pressure <= 1.0
    reader.close()


def test_a_rate_needs_a_window():
    """Who asks sooner gets that of the window before; a count that goes back (another group) is no negative rate."""
    rate = Rate()
    assert rate.take(lambda: 10.0, 0.0) is None
    assert rate.take(lambda: 99.0, WINDOW_S / 2) is None
    assert rate.take(lambda: 20.0, 2.0) == 5.0
    assert rate.take(lambda: 999.0, 2.1) == 5.0
    assert rate.take(lambda: 0.0, 4.0) == 0.0
    assert rate.take(lambda: 100.0, 3600.0) is None
    assert rate.take(lambda: None, 3606.0) is None
    assert rate.take(lambda: 1.0, 3608.0) is None


def test_a_directory_that_is_gone_has_no_room_to_tell(tmp_path):
    """It is unknown, and no error."""
    reader = MachineReader(str(tmp_path / "gone"))
    assert reader.read(1.0).disk_free_bytes is None
    reader.close()


async def test_the_kernel_wakes_us_where_it_may():
    """The reader is in the loop, and out of it again; nothing is left open."""
    before = len(os.listdir("/proc/self/fd"))
    reader = MachineReader()
    is_watching = reader.watch_pressure(lambda: None)
    assert is_watching == _may_register()
    await asyncio.sleep(0)
    reader.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_trigger_that_cannot_be_registered_leaves_nothing_open(tmp_path):
    """A file that is none of the kernel's is taken as it is; one that is not there is an error."""
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match="No such file"):
        Trigger("memory", str(tmp_path))
    (tmp_path / "memory.pressure").write_text("")
    with pytest.raises(OSError, match="not permitted"):  # epoll takes no plain file
        Trigger("memory", str(tmp_path))
    assert len(os.listdir("/proc/self/fd")) == before
    assert stalled_s("memory", str(tmp_path)) is None


def _may_register():
    try:
        Trigger("memory").close()
    except OSError:
        return False
    return True
