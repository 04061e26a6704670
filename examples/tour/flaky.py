"""Fail twice, succeed the third time: the attempts are counted in a file."""

import sys
from pathlib import Path

attempts = Path("work/attempts")
attempts.touch()
with attempts.open("a") as file:
    file.write("x")
number = attempts.stat().st_size
print(f"attempt {number}")
sys.exit("the server is busy" if number < 3 else 0)
