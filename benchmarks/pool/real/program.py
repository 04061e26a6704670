"""The program of the tasks, in the scratch directory beside its files: compiled, or of Python without a compiler."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

PROGRAM, PLAN, JOURNAL = "work", "plan", "journal"
_HERE = Path(__file__).parent


def make_program(scratch: Path) -> str:
    """Make it, and say in which language."""
    compiler = shutil.which("cc")
    target = scratch / PROGRAM
    if compiler is not None:
        words = [compiler, "-O2", "-o", str(target), str(_HERE / "work.c")]
        if subprocess.run(words, capture_output=True, check=False).returncode == 0:
            return "C"
    target.write_text(f"#!{sys.executable} -IS\n{(_HERE / 'work.py').read_text()}")
    target.chmod(0o755)
    return "Python"
