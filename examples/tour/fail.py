"""Give up, with a reason and an exit code: how most programs fail."""

import sys

print("reading photos/041.jpg")
sys.exit("fail.py: photos/041.jpg: no such photo")
