"""A program for `test_docs.py`: runs the Python blocks of one page, one after the other; `await` may stand outside."""

import ast
import asyncio
import inspect
import sys
from pathlib import Path


def main() -> None:
    """Run every block of the page that is named, each with names of its own; a failure shows its line in the page."""
    page = Path(sys.argv[1])
    text = page.read_text(encoding="utf-8")
    for part in text.split("```python\n")[1:]:
        source = part.partition("```")[0]
        line = text[: text.index(part)].count("\n")
        names = {"__name__": "__main__"}
        code = compile("\n" * line + source, str(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        running = eval(code, names)
        if inspect.iscoroutine(running):
            asyncio.run(running)


if __name__ == "__main__":
    main()
