"""Prints a recording of a real tool again, at its own speed: replays.py RECORDING INDEX [SPEED]."""

import json
import os
import sys
import time

path, index = sys.argv[1:3]
speed = float(sys.argv[3]) if len(sys.argv) > 3 else 1.0
with open(index) as file:
    (fixture,) = [each for each in json.load(file)["fixtures"] if each["file"] == os.path.basename(path)]
with open(path, "rb") as file:
    data = file.read()
streams = {"o": 1, "e": 2, "t": 1}
begun, place = time.monotonic(), 0
for at_s, stream, size in fixture["timing"]:
    time.sleep(max(begun + at_s / speed - time.monotonic(), 0.0))
    os.write(streams[stream], data[place : place + size])
    place += size
