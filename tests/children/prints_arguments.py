"""Prints its arguments and nothing else, each ended by a NUL, so that no character of them can be mistaken."""

import os
import sys

os.write(1, b"".join(os.fsencode(each) + b"\0" for each in sys.argv[1:]))
