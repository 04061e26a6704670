"""Recordings of real clients, replayed."""

import json
import textwrap
from pathlib import Path

import pytest

from procession.monitor.agents.catalogue import load_profiles, profile_named
from procession.monitor.agents.reading import AgentReading

RECORDINGS = Path(__file__).parents[2] / "fixtures" / "agents"


class Replay:
    """Replays what a client printed, cut into pieces of ``size`` bytes."""

    def __init__(self):
        self.index = {each["file"]: each for each in json.loads((RECORDINGS / "index.json").read_text("utf-8"))}

    def __call__(self, file, size=65536):
        """Give the reading of a recording and its stderr."""
        entry = self.index[file]
        reading = AgentReading(profile_named(entry["agent"]))
        for name in filter(None, (entry.get("stderr"), file)):
            data = (RECORDINGS / name).read_bytes()
            stream = "stderr" if name.endswith(".stderr") else "stdout"
            for at in range(0, len(data), size):
                reading.hear_output(stream, data[at : at + size], 1_800_000_000.0)
        reading.finish()
        return reading


@pytest.fixture
def replay():
    """Replay a recording by its name."""
    return Replay()


@pytest.fixture
def hear():
    """Let a client say events (or lines) and give the reading."""

    def hear(client, *said, stream="stdout", at=1_800_000_000.0):
        reading = AgentReading(profile_named(client))
        for each in said:
            line = each if isinstance(each, str) else json.dumps(each)
            reading.hear_output(stream, line.encode() + b"\n", at)
        return reading

    return hear


@pytest.fixture
def own_profiles(tmp_path):
    """Write a file of profiles and read it."""

    def read(text):
        file = tmp_path / "agents.toml"
        file.write_text(textwrap.dedent(text), "utf-8")
        return load_profiles(str(file))

    return read
