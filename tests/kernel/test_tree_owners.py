"""Whose a process is, where control groups say it."""

import pytest

from procession.kernel.tree_owners import leaves_in


@pytest.mark.parametrize(
    ("path", "leaves"),
    [
        ("/user.slice/procession-12-34/t7", ["/procession-12-34/t7"]),
        ("/sys/fs/cgroup/procession-dab12/t7/of/its/own", ["/procession-dab12/t7"]),
        ("/procession-d1/t3/procession-5-6/t1", ["/procession-d1/t3/procession-5-6/t1", "/procession-d1/t3"]),
        ("/user.slice", []),
        ("/procession-12-34/t7x", []),
        ("", []),
    ],
)
def test_the_innermost_leaf_comes_first(path, leaves):
    """A tree in a tree is told from its neighbours in the same outer one; what is no leaf is nobody's."""
    assert leaves_in(path) == leaves
