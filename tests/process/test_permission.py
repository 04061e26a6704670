"""Not permitted is not dead: members that became another user while their host has no rights over them."""

import os
import signal

import pytest

NOBODY = 65534
SOMEBODY = 12345


@pytest.mark.root
@pytest.mark.parametrize("way", ["leader", "descendant"])
def test_who_may_not_be_signalled_is_reported_and_lives(tree_kind, run_host, is_alive, way):
    """C117: a child under another uid: "cannot signal", still running, no endless escalation, no false exit."""
    said = run_host(
        "may_not_signal.py", way, NOBODY, SOMEBODY, PROCESSION_CGROUP="off" if tree_kind == "session" else "on"
    )

    pid = int(said.split()[0])
    try:
        assert is_alive(pid)
        assert said.splitlines()[-1] == "reported"
    finally:
        os.kill(pid, signal.SIGKILL)


@pytest.mark.root
@pytest.mark.parametrize("since", ["never", "no more"])
def test_a_host_that_may_not_write_its_group_knows_its_trees_by_session(run_host, since):
    """C046: in a control group that is not ours to write, the tree is known by session and cookie, and says so.

    The same if the right was lost on the way, as when a host gives up the rights of root.
    """
    said = run_host("has_no_rights.py", since, NOBODY)

    assert said.splitlines()[-1] == "by session"
