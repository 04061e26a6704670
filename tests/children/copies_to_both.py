"""Copies its input to both outputs, computing in between as a filter would."""

import hashlib
import os

while data := os.read(0, 65536):
    hashlib.sha256(data).digest()
    for stream in (1, 2):
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(stream, rest) :]
