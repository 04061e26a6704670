"""What a task used over time, and figures for Prometheus."""

from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from procession.api.figures import OTHERS
from procession.model.health import Health, Liveness
from procession.model.progress import Progress
from procession.model.usage import TreeUsage


def used(memory_bytes: int) -> TreeUsage:
    """A sample."""
    return TreeUsage(at=1.0, processes=2, threads=3, memory_bytes=memory_bytes, cpu_s=4.5, read_bytes=10)


async def submit(server, *names):
    """Have tasks that run."""
    tasks = [{"command": {"argv": ["true"]}, "name": name, "group": "g"} for name in names]
    await server.ask("POST", "/v1/tasks", {"tasks": tasks})
    for name in names:
        server.desk.start(name)


async def figures(server):
    """Give every figure by its name and labels."""
    reply = await server.ask("GET", "/metrics")
    assert reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = text_string_to_metric_families(reply.body.decode())
    wanted = ("state", "task", "group", "direction")
    samples = (each for family in families for each in family.samples)
    return {(each.name, *(each.labels[name] for name in wanted if name in each.labels)): each.value for each in samples}


async def test_samples_come_in_order_and_pss_only_if_asked_for(serve):
    """A task that nobody knows is 404, a word that nobody knows 422."""
    async with serve() as server:
        await submit(server, "a")
        server.desk.samples = (used(1), used(2))
        plain = (await server.ask("GET", "/v1/tasks/a/usage")).json
        asked = (await server.ask("GET", "/v1/tasks/a/usage?pss=true")).json

        assert [each["memory_bytes"] for each in plain["samples"]] == [1, 2]
        assert (plain["pss_bytes"], asked["pss_bytes"]) == (None, 7)
        assert (await server.ask("GET", "/v1/tasks/zz/usage")).status == 404
        assert (await server.ask("GET", "/v1/tasks/a/usage?rss=1")).status == 422


async def test_metrics_have_what_runs_by_name(serve):
    """Memory, processor time, I/O, progress, health; by task and group."""
    async with serve() as server:
        await submit(server, "a", "b")
        server.desk.views["a"] = replace(
            server.desk.views["a"],
            usage=used(1000),
            progress=Progress(source="report", fraction=0.25),
            health=Health(liveness=Liveness.STALLED, since=1.0),
        )
        told = await figures(server)

    assert told["procession_tasks", "running"] == 2
    assert told["process_memory_usage_bytes", "a", "g"] == 1000
    assert told["process_cpu_time_seconds_total", "a", "g"] == 4.5
    assert told["process_disk_io_bytes_total", "a", "g", "read"] == 10
    assert told["procession_task_progress_ratio", "a", "g"] == 0.25
    assert told["procession_task_stalled", "a", "g"] == 1
    assert ("process_memory_usage_bytes", "b", "g") not in told


async def test_labels_are_bounded(serve, monkeypatch):
    """Those with the most memory stand by name, the rest is one sum."""
    monkeypatch.setattr("procession.api.figures.TASKS_BY_NAME", 2)
    async with serve() as server:
        await submit(server, *"abcde")
        for number, name in enumerate("abcde"):
            server.desk.views[name] = replace(server.desk.views[name], usage=used(10**number))
        told = await figures(server)

    memory = {key[1]: value for key, value in told.items() if key[0] == "process_memory_usage_bytes"}
    assert memory == {"e": 10_000, "d": 1000, OTHERS: 111}
