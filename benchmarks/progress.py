"""A bar on standard error while the rounds run; silent when nobody watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def show_progress(title: str, turns: int) -> Iterator[Callable[[str], None]]:
    """Gives the function to call with the rival's name when its turn begins."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        refresh_per_second=2,
        disable=not sys.stderr.isatty(),
    ) as progress:
        bar = progress.add_task(title, total=turns)
        begun = 0

        def tell(rival: str) -> None:
            nonlocal begun
            progress.update(bar, description=f"{title}: {rival}", completed=begun)
            begun += 1

        yield tell
