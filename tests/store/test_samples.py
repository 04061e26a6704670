"""What tasks used, over time: kept through a reopening, thinned in place, gone with the task."""

from procession.model.usage import TreeUsage
from procession.store.store import Store


def sample(at: float, memory_bytes: int = 1000) -> TreeUsage:
    """One look."""
    return TreeUsage(at=at, processes=1, threads=1, memory_bytes=memory_bytes, cpu_s=at, cpus=0.5)


def test_samples_come_back_in_order(path, make_record):
    """Of each task its own."""
    with Store(path) as store:
        store.add_task(make_record(1))
        for at in (3.0, 1.0, 2.0):
            store.add_sample("t1", sample(at))
        store.add_sample("t2", sample(9.0))
        assert store.samples("t1") == []
        store.commit()
    with Store(path) as store:
        assert [each.at for each in store.samples("t1")] == [1.0, 2.0, 3.0]
        assert store.samples("t2") == [sample(9.0)]


def test_old_samples_are_thinned_in_place(path):
    """An hour of samples becomes ten exact minutes and one a minute before; what comes meanwhile stays."""
    with Store(path) as store:
        for at in range(0, 3600, 10):
            store.add_sample("t1", sample(float(at), memory_bytes=at))
        store.commit()
        store.thin_samples("t1", 3600.0)
        store.add_sample("t1", sample(3601.0))
        store.commit()
        kept = store.samples("t1")

    assert len(kept) == 60 + 50 + 1
    assert [each.memory_bytes for each in kept[:3]] == [50, 110, 170]
    assert kept[-1] == sample(3601.0)


def test_they_go_with_their_task(path, make_record):
    """Also those that were not written yet."""
    with Store(path) as store:
        store.add_task(make_record(1))
        store.add_sample("t1", sample(1.0))
        store.commit()
        store.add_sample("t1", sample(2.0))
        store.forget_task("t1")
        store.commit()

        assert store.samples("t1") == []
