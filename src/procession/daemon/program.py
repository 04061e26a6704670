"""Being the daemon: what ``procession daemon run`` does."""

from __future__ import annotations

import asyncio
import logging
import sys

from msgspec.structs import replace

from procession.daemon.config import read_agents, read_config
from procession.daemon.journal import log_to_journal
from procession.daemon.parts import forget_our_starter, parts_of
from procession.daemon.paths import find_paths
from procession.daemon.run import run_daemon


def be_daemon() -> int:
    """Be the daemon of this home until it is told to end. Raises: as `run_daemon`; InvalidTaskFile, InvalidProfile."""
    paths = find_paths()
    config = replace(read_config(f"{paths.home}/config.toml"), agents=read_agents(f"{paths.home}/agents.toml"))
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    for handler in logging.getLogger().handlers:
        handler.setLevel(logging.WARNING)  # every event goes to the journal, where there is one, and not here
    log_to_journal()
    forget_our_starter()
    asyncio.run(run_daemon(paths, parts_of(config)))
    return 0
