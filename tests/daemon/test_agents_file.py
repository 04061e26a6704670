"""Profiles of the user's own, in the home of a daemon."""

import pytest

from procession.daemon.config import read_agents
from procession.errors import InvalidProfile


def test_a_profile_of_ones_own_is_like_a_known_one(tmp_path):
    """It names what is different; without a file there are none."""
    path = tmp_path / "agents.toml"
    assert read_agents(str(path)) == {}
    path.write_text('[ours]\nlike = "codex"\nprograms = ["our-codex"]\n')

    assert read_agents(str(path))["ours"].programs == ("our-codex",)


def test_a_mistake_in_it_is_told_by_its_place(tmp_path):
    """Before the daemon starts anything."""
    path = tmp_path / "agents.toml"
    path.write_text('[ours]\nprograms = ["our-codex"]\nsucces = []\n')

    with pytest.raises(InvalidProfile) as raised:
        read_agents(str(path))
    assert (raised.value.line, raised.value.entry) == (3, "ours")
