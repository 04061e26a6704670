"""One command to its end: output, exit code, time-out, errors with everything they know."""

import asyncio

from procession import ExitedWithCode, ProgramNotFound, command, run


async def main() -> None:
    """Run a few commands; none of them ever meets a shell."""
    made = await run(["uname", "-s"])
    print("this is", made.stdout.strip())

    # A value stays one argument, whatever is in it.
    echoed = await run(command("printf '<%s>' {text}", text="two words; $(date) *"))
    print("as it was given:", echoed.stdout)

    counted = await run(["wc", "-w"], input="the quick brown fox")
    print("words:", counted.stdout.strip())

    slow = await run(["sleep", "60"], timeout=0.2)
    print("slow:", slow.outcome.kind.value, "-", slow.outcome.message)

    try:
        await run(["sh", "-c", "echo half done; exit 3"], check=True)
    except ExitedWithCode as error:
        print("failed:", error.outcome.code, "after printing", repr(error.stdout))

    try:
        await run(["pyhton3", "--version"])
    except ProgramNotFound as error:
        print("not found:", error.program, "-", error.hint)


if __name__ == "__main__":
    asyncio.run(main())
