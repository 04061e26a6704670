"""What the rivals work on: how much, the trivial program, the file of lines, and a place for the files they write."""

from __future__ import annotations

import mmap
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import msgspec

MIB = 1024 * 1024
LINE = b"x" * 79 + b"\n"
LINES_IN_FILE = 250_000
TRIVIAL = "int main(void) { return 0; }\n"
TALKING = r"""
#include <unistd.h>
int main(void) {
    char line[80];
    for (int i = 0; i < 79; i++) line[i] = 'x';
    line[79] = '\n';
    for (;;) {
        if (write(1, line, 80) != 80) return 1;
        usleep(100000);
    }
}
"""
SHARED_MEMORY = Path("/dev/shm")
PAGE_REPORTING = Path("/sys/module/page_reporting")


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """How much work one turn is."""

    spawns: int
    output_bytes: int
    small_output_bytes: int
    line_repeats: int
    small_line_repeats: int
    hold_s: float
    jobs: int
    submissions: int
    tasks: int
    talking_tasks: int
    watch_s: float
    ends: int
    messages: int
    words: int
    checkpoints: int
    sleepers: int


FULL = Scale(
    spawns=1280,
    output_bytes=1024 * MIB,
    small_output_bytes=64 * MIB,
    line_repeats=8,
    small_line_repeats=1,
    hold_s=2.5,
    jobs=2000,
    submissions=10_000,
    tasks=1000,
    talking_tasks=200,
    watch_s=20.0,
    ends=200,
    messages=20_000,
    words=40,
    checkpoints=10_000,
    sleepers=10_000,
)
QUICK = Scale(
    spawns=128,
    output_bytes=64 * MIB,
    small_output_bytes=16 * MIB,
    line_repeats=2,
    small_line_repeats=1,
    hold_s=0.0,
    jobs=128,
    submissions=1000,
    tasks=100,
    talking_tasks=20,
    watch_s=2.0,
    ends=20,
    messages=1000,
    words=5,
    checkpoints=500,
    sleepers=500,
)


@contextmanager
def open_workbench(scale: Scale, scratch: Path | None) -> Iterator[Workbench]:
    """A workbench in a directory of its own, which is gone afterwards."""
    parent = scratch or roomiest_scratch(scale)
    with tempfile.TemporaryDirectory(prefix="procession-benchmarks-", dir=parent) as directory:
        yield Workbench(scale, Path(directory))


class Workbench:
    """Makes each thing when a benchmark first asks for it."""

    def __init__(self, scale: Scale, directory: Path) -> None:
        """Nothing is made yet but the room for the rivals' own files."""
        self.scale = scale
        self._directory = directory
        self.output_directory = directory / "output"
        self.output_directory.mkdir()

    @cached_property
    def trivial_program(self) -> str:
        """A static `return 0` where a C compiler can make one, otherwise `true`."""
        return build_program(self._directory, "trivial", TRIVIAL) or shutil.which("true") or "/bin/true"

    @cached_property
    def talking_program(self) -> str:
        """A static program that prints ten lines a second; empty without a C compiler: anything else costs too much."""
        return build_program(self._directory, "talking", TALKING) or ""

    @cached_property
    def line_file(self) -> str:
        """A file of 80-byte lines, small enough to stay in memory; producers `cat` it several times over."""
        path = self._directory / "lines"
        path.write_bytes(LINE * LINES_IN_FILE)
        return str(path)

    def describe_trivial_program(self) -> str:
        """What the table should say was started."""
        built = Path(self.trivial_program).parent == self._directory
        return "static `return 0`, compiled for this run" if built else self.trivial_program

    def sweep(self) -> None:
        """Removes what the last rival wrote; outside everybody's time, because unlinking a large file is not free."""
        for path in self.output_directory.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    def warm_memory(self) -> None:
        """Gives every writer the same memory to write to: pages that this machine owns right now.

        A virtual machine hands free pages back to its host about two seconds after they were freed, and to get them
        anew costs three times the work measured here. So the pages of the last turn are taken and held until then.
        """
        if not PAGE_REPORTING.is_dir():
            return
        with mmap.mmap(-1, 2 * self.scale.output_bytes) as memory:
            for offset in range(0, len(memory), mmap.PAGESIZE):
                memory[offset] = 1
            time.sleep(self.scale.hold_s)


def build_program(directory: Path, name: str, text: str) -> str | None:
    """The program's path, or None without a compiler that links statically."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return None
    source, program = directory / f"{name}.c", directory / name
    source.write_text(text)
    built = subprocess.run(
        [compiler, "-O2", "-static", "-o", program, source],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return str(program) if built.returncode == 0 else None


def roomiest_scratch(scale: Scale) -> Path | None:
    """Shared memory if it holds the output with room to spare: a disk would be measured in place of the rivals."""
    if not SHARED_MEMORY.is_dir() or available_memory_bytes() < 4 * scale.output_bytes:
        return None
    free_bytes = shutil.disk_usage(SHARED_MEMORY).free
    return SHARED_MEMORY if free_bytes > 3 * scale.output_bytes else None


def available_memory_bytes() -> int:
    """What the kernel thinks can still be used; 0 where it does not say."""
    try:
        text = Path("/proc/meminfo").read_text()
    except OSError:
        return 0
    fields = dict(line.split(":", 1) for line in text.splitlines())
    return int(fields.get("MemAvailable", "0 kB").split()[0]) * 1024
