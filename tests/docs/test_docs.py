"""The manual says what the code does: its examples run, its links lead somewhere, its tables are complete."""

from __future__ import annotations

import inspect
import re
import subprocess
from pathlib import Path

import pytest

import procession
from procession import TRANSITIONS, OutcomeKind, ProcessionError, errors
from procession.model import event as events
from procession.model.pool_readers import POOL_KEYS
from procession.model.task_table import _KEYS as TASK_KEYS
from procession.model.taskfile import read_task_text

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src" / "procession"
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
GUIDE = sorted((DOCS / "guide").glob("*.md"))
SOURCE_FILE = re.compile(r"`((?:cli|api|daemon|supervisor|process|streams|policy|kernel|model)/\w+\.py)`")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(page: Path, language: str) -> list[str]:
    """Give the fenced blocks of one language."""
    return [code for kind, code in FENCE.findall(page.read_text(encoding="utf-8")) if kind == language]


def prose(page: Path) -> str:
    """Give a page without its fenced blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def headings(page: Path) -> list[str]:
    """Give the headings of a page."""
    return re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)


def anchor(heading: str) -> str:
    """Give what a link to a heading is called."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def links(page: Path) -> list[str]:
    """Give the relative links of a page."""
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)) if ":" not in link]


def leads_somewhere(page: Path, link: str) -> bool:
    """Whether the file is there that a link names, and the heading in it."""
    path, _, wanted = link.partition("#")
    target = page.parent / path if path else page
    return target.exists() and (not wanted or wanted in map(anchor, headings(target)))


def rows(page: Path) -> dict[str, str]:
    """Give the rows of all tables of a page by what stands first in them."""
    lines = [line for line in prose(page).splitlines() if line.startswith("| `")]
    return {line.split("`")[1]: line for line in lines}


def classes(module: object, root: type) -> list[type]:
    """Give the classes that a module defines below ``root``."""
    return [each for each in vars(module).values() if inspect.isclass(each) and issubclass(each, root)]


WITH_EXAMPLES = [page for page in PAGES if blocks(page, "python")]


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=[page.name for page in WITH_EXAMPLES])
def test_examples_run(page, python, tmp_path):
    """Every Python example of a page runs to its end, in an empty directory, and complains about nothing."""
    done = subprocess.run(
        [python, Path(__file__).with_name("run_blocks.py"), page],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_task_files_are_read():
    """Every task file that is shown is one."""
    shown = [text for page in PAGES for text in blocks(page, "toml") if "[tasks." in text]

    assert [len(read_task_text(text, "shown.toml").tasks) > 0 for text in shown] == [True] * len(shown)


def test_links_lead_somewhere():
    """Every relative link names a file that is there, and a heading in it."""
    assert [(page.name, link) for page in PAGES for link in links(page) if not leads_somewhere(page, link)] == []


def test_named_files_exist():
    """Every source file that a page names as `room/file.py` is there."""
    named = {(page.name, file) for page in PAGES for file in SOURCE_FILE.findall(prose(page))}

    assert [(page, file) for page, file in sorted(named) if not (SOURCES / file).exists()] == []


def test_guide_pages_are_joined():
    """Every guide page is in the map, and leads on and up."""
    index = (DOCS / "index.md").read_text(encoding="utf-8")

    for page in GUIDE:
        assert f"(guide/{page.name})" in index
        assert re.search(r"^(Next: \[.*)?Previous: \[.*Up: \[manual\]\(\.\./index\.md\)$", prose(page), re.MULTILINE), (
            page
        )


def test_every_decision_is_listed():
    """Every decision is in the list of decisions."""
    listed = (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")

    assert [page.name for page in (DOCS / "decisions").glob("0*.md") if f"({page.name})" not in listed] == []


def test_design_pages_are_dated():
    """Every design page but the list of gotchas ends with the date of its last revision."""
    for page in (DOCS / "design").glob("*.md"):
        if page.name != "gotchas.md":
            assert re.search(r"\nLast substantive revision: \d{4}-\d\d-\d\d\n\Z", page.read_text(encoding="utf-8")), (
                page
            )


def test_every_error_is_explained():
    """Every error has a row, with its code and its fields."""
    explained = rows(DOCS / "guide" / "errors.md")

    for error in classes(errors, ProcessionError):
        row = explained[error.__name__]
        fields = set(inspect.get_annotations(error)) - {"code"}

        assert f"| `{error.code}` |" in row
        assert [field for field in fields if f"`{field}`" not in row] == []


def test_every_event_is_explained():
    """Every event has a row, with its class and its fields."""
    explained = rows(DOCS / "guide" / "events.md")
    common = set(events.Event.__struct_fields__)

    for event in set(classes(events, events.Event)) - {events.Event}:
        row = explained[event.__struct_config__.tag]

        assert f"| `{event.__name__}` |" in row
        assert [field for field in event.__struct_fields__ if field not in common and f"`{field}`" not in row] == []


def test_every_outcome_is_explained():
    """Every kind of outcome and every field of one is explained."""
    text = prose(DOCS / "guide" / "outcomes.md")
    words = [*OutcomeKind, *procession.Outcome.__struct_fields__, *procession.Usage.__struct_fields__]

    assert [word for word in words if f"`{word}`" not in text] == []


def test_every_key_of_a_task_file_is_explained():
    """Every key of a task file has a row."""
    explained = rows(DOCS / "guide" / "task-files.md")

    assert {*TASK_KEYS, *POOL_KEYS} - explained.keys() == set()


def test_every_field_of_a_command_and_task_is_explained():
    """Every field of a Command and of a Task is named in its guide."""
    for page, value in (("commands.md", procession.Command), ("supervisor.md", procession.Task)):
        text = prose(DOCS / "guide" / page)

        assert [field for field in value.__struct_fields__ if f"`{field}`" not in text] == []


def test_every_option_is_explained():
    """Every verb and every option of the command line is named in its guide."""
    from procession.cli.group import VERBS, group

    text = prose(DOCS / "guide" / "cli.md")
    for verb in VERBS:
        command = group.get_command(None, verb)
        options = [name for each in command.params for name in (*each.opts, *each.secondary_opts) if name[0] == "-"]

        assert f"## {verb}\n" in text
        assert [option for option in options if f"`{option}" not in text] == []


def test_every_operation_is_explained():
    """Every operation of the API has a row, and each row is one."""
    from procession.api.catalogue import list_operations

    explained = {row for row in rows(DOCS / "guide" / "api.md") if re.match(r"(GET|POST|PATCH) /", row)}

    assert {f"{each.method} {each.path}" for each in list_operations()} == explained


def test_the_state_table_is_the_one_of_the_code():
    """The table of states allows what the code allows, and nothing else."""
    shown = {
        state: set(re.findall(r"`(\w+)`", row.split("|")[2]))
        for state, row in rows(DOCS / "design" / "states.md").items()
    }

    assert shown == {str(before): {str(after) for after in allowed} for before, allowed in TRANSITIONS.items()}


def test_every_public_name_is_in_the_manual():
    """Every name of the package itself stands somewhere in the manual."""
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)

    assert [name for name in procession.__all__ if not re.search(rf"\b{name}\b", text)] == []


def test_every_room_is_in_the_floor_plan():
    """Every room of the source tree has its sentence, and no room is said to be planned that is there."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = [each.name for each in SOURCES.iterdir() if (each / "__init__.py").exists()]

    assert [room for room in rooms if f"[`{room}/`](src/procession/{room}/)" not in text] == []


def test_what_the_code_refers_to_is_there():
    """Every page, and every heading of the gotchas, that the code names is there."""
    known = headings(DOCS / "design" / "gotchas.md")
    for source in SOURCES.rglob("*.py"):
        text = re.sub(r"\n\s*(# )?", " ", source.read_text(encoding="utf-8"))

        assert [path for path in re.findall(r"docs/[\w/.-]+\.md", text) if not (ROOT / path).exists()] == []
        assert [quoted for quoted in re.findall(r'gotchas\.md, "([^"]+)"', text) if quoted not in known] == []
