"""Many tasks under one supervisor: dependencies, retries, a limit on how many run at once, events."""

import asyncio

from procession import Supervisor


async def main() -> None:
    """Run five tasks, at most two at once."""
    async with Supervisor(hard_limit=2) as supervisor:
        supervisor.subscribe(lambda event: print(f"  {event.task}: {event.name}") if event.name == "ended" else None)
        supervisor.submit(["sleep", "0.2"], name="fetch")
        supervisor.submit(["sleep", "0.1"], name="sort", after="fetch")
        supervisor.submit(["true"], name="report", after="sort")
        supervisor.submit(["false"], name="flaky", retries=2, retry_delay_s=0.05)
        supervisor.submit(["echo", "never said"], name="after-flaky", after="flaky")
        tasks = await supervisor.wait_all()
    for task in tasks:
        print(f"{task.name:<12} {task.outcome.kind.value:<10} attempt {task.attempt}  {task.outcome.message}")


if __name__ == "__main__":
    asyncio.run(main())
