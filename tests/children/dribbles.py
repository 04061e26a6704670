"""Writes the bytes given in hex, one at a time with a pause after each. Arguments: the bytes, the pause in seconds."""

import os
import sys
import time

for byte in bytes.fromhex(sys.argv[1]):
    os.write(1, bytes([byte]))
    time.sleep(float(sys.argv[2]))
