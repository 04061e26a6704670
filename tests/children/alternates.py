"""Writes numbered lines to standard output and standard error in turn, unbuffered. Argument: how many to each."""

import os
import sys

for number in range(int(sys.argv[1])):
    os.write(1, b"out %d\n" % number)
    os.write(2, b"err %d\n" % number)
