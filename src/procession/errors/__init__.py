"""Every way Procession can fail, as one tree of exceptions.

Each class has a stable ``code`` (what scripts compare), fields (what handlers read), a ``hint`` (what to do next) and a
message that is a sentence naming the command or the place. All of them survive pickling with their fields.
This room imports nothing of ours: every other may raise from it.
"""
# ruff: noqa: F403 - what stands in the files of this room is what it has

from procession.errors.daemon import *
from procession.errors.end import *
from procession.errors.request import *
from procession.errors.root import *
from procession.errors.running import *
from procession.errors.start import *
from procession.errors.talking import *
