"""The log beside the file: copied by another thread, beside a writer and readers, and bounded."""

import asyncio
import threading

from procession.store.store import Store
from procession.store.wal import CHECKPOINT_BYTES


def write_some(store, make_event) -> None:
    """Commit a quarter of what a checkpoint is for."""
    for _ in range(CHECKPOINT_BYTES // 4 // 1000):
        store.add_event(make_event("a", "x" * 850))
    store.commit()


async def test_the_log_stays_small(path, store, make_event):
    """With a checkpoint whenever one is due, in a thread, the log begins anew, and nothing is lost."""
    checkpoints = 0
    for _ in range(24):
        write_some(store, make_event)
        if store.needs_checkpoint:
            checkpoints += 1
            await asyncio.to_thread(store.checkpoint)
            assert not store.needs_checkpoint
    await asyncio.get_running_loop().shutdown_default_executor()

    assert checkpoints >= 3
    assert path.with_name("store.db-wal").stat().st_size < 2 * CHECKPOINT_BYTES
    assert store.event_bounds() == (1, 24 * (CHECKPOINT_BYTES // 4 // 1000))


def test_a_reader_that_holds_on(path, store, make_event):
    """While somebody reads an old state the log grows, and no checkpoint is asked for again and again."""
    write_some(store, make_event)
    with Store(path, read_only=True) as reader:
        reader._connection.execute("BEGIN")
        bounds = reader.event_bounds()
        while not store.needs_checkpoint:
            write_some(store, make_event)
        store.checkpoint()

        assert not store.needs_checkpoint
        assert reader.event_bounds() == bounds
        reader._connection.execute("COMMIT")
        assert reader.event_bounds() == store.event_bounds()


def test_a_reader_beside_a_writer(path, store, make_record, make_event):
    """Whoever reads meanwhile sees whole commits only: as many tasks as events."""
    seen = []

    def read() -> None:
        with Store(path, read_only=True) as reader:
            while len(seen) < 400 and not done.is_set():
                reader._connection.execute("BEGIN")
                seen.append((reader.counts().get("queued", 0), reader.event_bounds()[1]))
                reader._connection.execute("COMMIT")

    done = threading.Event()
    thread = threading.Thread(target=read)
    thread.start()
    for number in range(1, 400):
        store.add_task(make_record(number))
        store.add_event(make_event(f"t{number}"))
        store.commit()
    done.set()
    thread.join()

    assert all(tasks == events for tasks, events in seen)
    assert seen == sorted(seen)
