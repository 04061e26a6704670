"""Children that are born in control groups, and what the end of the keeper does to these."""

import errno
import os
import signal

from procession.wire import frames


def test_a_child_is_born_in_its_leaf(make_keeper, leaf, home_procs):
    """And the keeper is home again."""
    keeper = make_keeper(home=home_procs)
    controller = keeper.durable()
    pid = controller.start(1, "/bin/sleep", "1000", leaf=os.fsencode(leaf.path))
    assert leaf.pids() == [pid]
    leaf.kill()
    assert controller.exit().status == signal.SIGKILL


def test_a_frozen_leaf_is_refused(make_keeper, leaf, home_procs):
    """Whoever steps in freezes; the keeper does not."""
    controller = make_keeper(home=home_procs).durable()
    leaf.freeze()
    controller.spawn(1, "/bin/true", leaf=os.fsencode(leaf.path))
    assert controller.refusal() == (errno.EBUSY, "cgroup")
    leaf.thaw()
    assert controller.run(1, "/bin/true", leaf=os.fsencode(leaf.path)).status == 0


def test_a_leaf_that_is_gone_is_refused(make_keeper, leaf, home_procs):
    """With the kernel's own reason."""
    controller = make_keeper(home=home_procs).durable()
    controller.spawn(1, "/bin/true", leaf=os.fsencode(leaf.path) + b"-gone")
    assert controller.refusal() == (errno.ENOENT, "cgroup")


def test_the_end_thaws_and_asks(make_keeper, leaf, home_procs, tmp_path):
    """A frozen task gets SIGTERM and may tidy up."""
    keeper = make_keeper(home=home_procs)
    controller = keeper.attached()
    reading, writing = os.pipe()
    tidies = f"trap 'echo tidy > {tmp_path}/done; exit 7' TERM; echo; while :; do sleep 0.02; done"
    fds = (controller.null, writing)
    controller.start(1, "/bin/sh", "-c", tidies, leaf=os.fsencode(leaf.path), fds=fds)
    os.close(writing)
    assert os.read(reading, 1) == b"\n"
    os.close(reading)
    leaf.freeze()
    controller.ask(frames.SHUTDOWN, 0, b"10")
    assert controller.exit().status == 7 << 8
    assert keeper.wait() == 0
    assert (tmp_path / "done").exists()


def test_without_a_supervisor_the_leaves_are_removed(make_keeper, leaf, home_procs):
    """With the directory they stand in: nobody else is left to do it."""
    keeper = make_keeper(home=home_procs)
    controller = keeper.attached(grace_s=0.1)
    own = f"{leaf.path}/base"
    os.makedirs(f"{own}/t1")
    controller.start(1, "/bin/sh", "-c", "trap '' TERM; sleep 1000 & sleep 1000", leaf=os.fsencode(f"{own}/t1"))
    controller.close()
    assert keeper.wait() == 0
    assert not os.path.exists(own)
