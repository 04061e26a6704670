"""Appends to its standard output until the disk is full, and half a second more; says on standard error how it went."""

import errno
import os
import time

failures = []
end = time.monotonic() + 30
while time.monotonic() < end:
    try:
        os.write(1, bytes(65536))
    except OSError as error:
        if not failures:
            end = time.monotonic() + 0.5
        failures.append(errno.errorcode[error.errno])
        time.sleep(0.01)
os.write(2, b"%s %d" % (" ".join(sorted(set(failures))).encode(), len(failures) > 1))
