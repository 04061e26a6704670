"""When the system has nothing left to give: a typed refusal, nothing half done, and it works again afterwards."""

import pytest


@pytest.mark.parametrize("cgroup", ["on", "off"])
def test_no_descriptors_left(run_host, tmp_path, cgroup):
    """C011: with 0, 1, 2 … descriptors left a start is NoDescriptorsLeft and leaves no child and no descriptor."""
    shown = run_host("runs_out_of_descriptors.py", tmp_path, PROCESSION_CGROUP=cgroup)

    assert [line.split(":")[0] for line in shown.splitlines()] == [
        "pipes",
        "input",
        "nothing",
        "bootstrap",
        "terminal",
        "log",
        "missing",
    ]


@pytest.mark.parametrize("cgroup", ["on", "off"])
def test_no_descriptors_left_for_ending(run_host, cgroup):
    """C011: a host that runs out of descriptors later neither loses a tree nor takes it for empty."""
    assert run_host("loses_descriptors_meanwhile.py", PROCESSION_CGROUP=cgroup) == "stopped\n"


@pytest.mark.root
def test_no_processes_left(run_host):
    """C011: where the user may have no more processes, each start is NoProcessesLeft and nothing is left of it."""
    assert run_host("may_fork_no_more.py", PROCESSION_CGROUP="off") == "20 refused\n"


@pytest.mark.root
def test_a_host_that_gives_up_its_rights(run_host):
    """C011: a host that started programs as root and then became somebody else can start programs still."""
    assert run_host("may_fork_no_more.py") == "20 refused\n"
