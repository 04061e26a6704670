"""Prints what is open here, one `number target` a line; then the byte count of standard input, read to its end."""

import os

lines = []
for name in sorted(map(int, os.listdir("/proc/self/fd"))):
    try:
        target = os.readlink(f"/proc/self/fd/{name}")
    except FileNotFoundError:  # the one that listed the folder
        continue
    lines.append(f"{name} {target}")
print("\n".join(lines))
print("stdin", len(os.read(0, 100)))
