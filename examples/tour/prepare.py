"""Make what the tour works on: photos, a book, and a repository to clone."""

import random
import shutil
import subprocess
import sys
from pathlib import Path

WORDS = ["the", "a", "tower", "river", "night", "keeper", "walks", "sings", "waits", "with", "under", "over", "lamp"]
GIT = ["git", "-c", "user.name=Tour", "-c", "user.email=tour@example.invalid", "-c", "init.defaultBranch=main"]


def main() -> None:
    """Begin anew in the directory `work`."""
    work = Path("work")
    shutil.rmtree(work, ignore_errors=True)
    chance = random.Random(1830)  # the same photos and the same book every time
    photos = work / "photos"
    photos.mkdir(parents=True)
    for number in range(40):
        (photos / f"{number:03}.jpg").write_bytes(chance.randbytes(chance.randint(50_000, 200_000)))
    (work / "book.txt").write_text("".join(sentence(chance) for _ in range(60_000)))
    offer_repository(work / "origin")
    print("made", sum(file.stat().st_size for file in work.rglob("*") if file.is_file()), "bytes")


def sentence(chance: random.Random) -> str:
    """Write one line of a not very good book."""
    return " ".join(chance.choices(WORDS, k=chance.randint(4, 14))).capitalize() + ".\n"


def offer_repository(origin: Path) -> None:
    """Let `origin` be the repository these files are in; where there is none, make a small one."""
    root = Path(__file__).resolve().parents[2]
    if (root / ".git").exists():
        origin.symlink_to(root)
        return
    shutil.copytree(root / "examples", origin, ignore=shutil.ignore_patterns("work", "__pycache__"))
    for step in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--no-verify", "-m", "The examples"]):
        subprocess.run([*GIT, *step], cwd=origin, check=True)


if __name__ == "__main__":
    sys.exit(main())
