"""Adaptive admission: what it promises whatever happens, and single decisions. How good it is: benchmarks/pool."""

import random

import pytest
from benchmarks.pool.neighbour import Neighbour
from benchmarks.pool.workload import make_workload
from benchmarks.pool.world import World
from hypothesis import example, given, settings
from hypothesis import strategies as st

from procession.model.machine import Machine
from procession.model.need import Need
from procession.model.pool import PoolSettings
from procession.policy.adaptive import Adaptive
from procession.policy.admission import Hold, Newcomer, Queued, Start, Use
from procession.policy.footprint import Footprints, Run

GB = 10**9
TOTAL = 32 * GB


def machine(available=30 * GB, at=0.0, **kwargs):
    """A machine of 16 processors and 32 GB."""
    return Machine(at=at, memory_total_bytes=TOTAL, memory_available_bytes=int(available), **{"cpus": 16.0, **kwargs})


def knowing(**peaks):
    """Footprints of commands that ran twenty times, for a minute, with one processor."""
    footprints = Footprints()
    for key, peak in peaks.items():
        for _ in range(20):
            ran = Run(running_s=60.0, peak_bytes=peak, half_s=1.0, settled_s=2.0, cpus=1.0)
            footprints.learn(key, ran, 1.7e9)
    return footprints


def policy(hard_limit=1000, **kwargs):
    """An adaptive policy of a pool that is large unless said otherwise."""
    return Adaptive(PoolSettings(hard_limit=hard_limit, soft_limit=1), **kwargs)


def begin(adaptive, *ids, key="k", now=0.0, **kwargs):
    """Let these begin."""
    for number, id_ in enumerate(ids):
        adaptive.begin(Newcomer(id_, key, number=number, **kwargs), now)


def fill(adaptive, queued, seen, now=0.0):
    """Start as many as may; say how many."""
    count = 0
    while isinstance(chosen := adaptive.choose(queued(count), seen, now), Start):
        kind = next(each for each in queued(count) if each.id == chosen.id)
        adaptive.begin(Newcomer(chosen.id, kind.key, kind.need, kind.number), now)
        count += 1
    return count, chosen


def kinds(key="k", need=None, prefix="q"):
    """A queue of one kind without an end."""
    return lambda count: [Queued(f"{prefix}{count}", key, need or Need(), number=count)]


def test_running_tasks_count_with_what_they_will_take():
    """A burst of tasks of 4 GB does not start together on memory that none of them has used yet."""
    count, hold = fill(policy(footprints=knowing(big=4 * GB)), kinds("big"), machine())

    assert 5 <= count <= 7
    assert "needs about 4.1 GB (learned from 18 runs)" in hold.reasons[f"q{count}"]
    assert "of 32.0 GB, 0 running tasks still growing" in hold.reasons[f"q{count}"]


def test_processors_are_filled_and_no_more():
    """Small tasks start until all processors are taken, by ours or by others."""
    assert fill(policy(footprints=knowing(small=GB // 100)), kinds("small"), machine())[0] == 16
    others = policy(footprints=knowing(small=GB // 100))
    count, hold = fill(others, kinds("small"), machine(at=1.0, cpus_used=6.0))
    assert count == 10
    assert "processors" in hold.reasons["q10"]


def test_others_above_the_ceiling():
    """What is above the ceiling is ours, however much others use: a fifth of sixteen processors."""
    count, hold = fill(policy(footprints=knowing(k=GB // 100)), kinds(), machine(at=1.0, cpus_used=16.0))

    assert count == 3
    assert "processors" in hold.reasons["q3"]


def test_declared_needs_are_counted_exactly():
    """What is declared is the claim, to the byte: neither more caution nor less."""
    count, hold = fill(policy(), kinds(need=Need(memory_bytes=4 * GB, cpus=0.1)), machine(30 * GB))

    assert count == 7  # 30 GB less the 4 % that stay free
    assert "needs about 4.0 GB (declared)" in hold.reasons["q7"]
    assert fill(policy(), kinds(need=Need(memory_bytes=1, cpus=4.0)), machine())[0] == 4


@pytest.mark.parametrize(
    ("low", "word"),
    [
        ({"available": GB // 2}, "stay free"),
        ({"descriptors_free": 3}, "descriptors"),
        ({"processes_free": 3}, "processes"),
        ({"disk_free_bytes": 3}, "disk"),
        ({"memory_pressure": 0.5}, "memory"),
        ({"swapping_bytes_per_s": 1e8}, "swapped"),
    ],
)
def test_what_closes_the_door_for_all(low, word):
    """Nobody starts into memory, descriptors, processes or a disk that are used up, and everybody is told why."""
    adaptive = policy()
    begin(adaptive, "one")

    assert word in adaptive.choose([Queued("two", "k")], machine(**low), 1.0).for_all


def test_a_thousand_sleepers():
    """A thousand tasks of a kind that nobody knows, and that do nothing, all start within a few looks."""
    adaptive, now, begun = policy(hard_limit=2000), 0.0, []
    while len(begun) < 1000 and now < 12:
        adaptive.look({each: Use(2_000_000, 0.0 if since < now else None) for each, since in begun}, now)
        seen = machine(30 * GB - 2_000_000 * len(begun), at=now, cpus_used=0.0)
        while len(begun) < 1000 and isinstance(
            chosen := adaptive.choose([Queued(f"t{len(begun)}", "k", number=len(begun))], seen, now), Start
        ):
            adaptive.begin(Newcomer(chosen.id, "k"), now)
            begun.append((chosen.id, now))
        now += adaptive.look_again_s(seen, now)

    assert len(begun) == 1000
    assert now < 10


def test_tasks_that_are_gone_at_once():
    """Whoever ends before anybody looks leaves room for as many as there are processors."""
    adaptive = policy()
    begin(adaptive, "first")
    adaptive.end("first", 0.004, cut_short=False)

    assert fill(adaptive, kinds(), machine(), 0.01)[0] == 16


def test_an_unknown_kind_is_looked_at_first():
    """Of a command that never ran one starts; more when that one has been seen."""
    adaptive = policy()
    count, hold = fill(adaptive, kinds(), machine())
    assert count == 1
    assert "nothing is known of its like" in hold.reasons["q1"]
    assert adaptive.look_again_s(machine(), 0.0) < 0.5

    for now in (0.3, 0.6):
        adaptive.look({"q0": Use(10_000_000, 0.9 if now > 0.5 else None)}, now)
    assert fill(adaptive, kinds(prefix="r"), machine(at=0.6), 0.6)[0] == 4


def test_a_burst_is_suspended_while_it_is_small():
    """Two that suddenly grow, with room for one: the junior stands still, and goes on when the senior has ended."""
    adaptive = policy(footprints=knowing(k=16 * GB))
    begin(adaptive, "senior", "junior")
    adaptive.look({"senior": Use(GB), "junior": Use(GB)}, 10.0)
    adaptive.look({"senior": Use(2 * GB, 1.0), "junior": Use(2 * GB, 1.0)}, 10.2)

    acts = adaptive.guard(machine(20 * GB), 10.2)
    assert [(each.do, each.id) for each in acts] == [("suspend", "junior")]
    adaptive.suspended("junior", 10.2, held=True)
    adaptive.look({"senior": Use(16 * GB, 1.0), "junior": Use(2 * GB, 0.0)}, 12.0)
    assert not adaptive.guard(machine(12 * GB), 12.0)
    adaptive.end("senior", 13.0, cut_short=False)

    assert [(each.do, each.id) for each in adaptive.guard(machine(29 * GB), 13.0)] == [("resume", "junior")]


def test_the_most_senior_waits_with_its_burst_while_others_run():
    """Others will end, and leave it room: it waits for that, for a minute at most; then they must go instead."""
    adaptive = policy(footprints=knowing(k=8 * GB, steady=GB))
    begin(adaptive, "senior")
    begin(adaptive, "steady", key="steady")
    adaptive.look({"senior": Use(GB // 2, 1.0), "steady": Use(GB, 1.0)}, 10.0)
    adaptive.look({"senior": Use(GB, 1.0), "steady": Use(GB, 1.0)}, 10.5)

    assert [(each.do, each.id) for each in adaptive.guard(machine(3 * GB), 10.5)] == [("suspend", "senior")]
    adaptive.suspended("senior", 10.5, held=True)
    adaptive.look({"senior": Use(GB, 0.0), "steady": Use(GB, 1.0)}, 40.0)
    assert not adaptive.guard(machine(3 * GB), 40.0)
    assert [(each.do, each.id) for each in adaptive.guard(machine(3 * GB), 71.0)] == [("resume", "senior")]
    adaptive.resumed("senior", 71.0)
    adaptive.look({"senior": Use(GB, 1.0), "steady": Use(GB, 1.0)}, 71.5)
    adaptive.look({"senior": Use(2 * GB, 1.0), "steady": Use(GB, 1.0)}, 72.0)
    assert not adaptive.guard(machine(2 * GB), 72.0)


def test_the_most_senior_does_not_wait_alone():
    """Where nobody runs that stays as it is, nobody will leave it room by waiting."""
    adaptive = policy(footprints=knowing(k=8 * GB))
    begin(adaptive, "senior")
    adaptive.look({"senior": Use(GB // 2, 1.0)}, 10.0)
    adaptive.look({"senior": Use(GB, 1.0)}, 10.5)

    assert not adaptive.guard(machine(3 * GB), 10.5)


def test_whoever_has_more_than_any_of_its_like_may_take_a_little_more():
    """Not as much again, as of one of which nothing is known: it would wait for room that it does not need."""
    adaptive = policy(footprints=knowing(k=4 * GB))
    adaptive.choose([], machine(), 0.0)
    begin(adaptive, "large")
    for now, size in ((10.0, 4.5 * GB), (11.0, 5 * GB)):
        adaptive.look({"large": Use(int(size), 1.0)}, now)

    assert 0.3 * GB < adaptive._live["large"].may_take < GB


def test_what_peaks_between_two_times_ahead_is_seen():
    """Six that grow to their end, all at 250 s: at 200 s they are small yet, and at 300 s they are gone."""
    footprints = Footprints()
    for _ in range(20):
        ran = Run(running_s=250.0, peak_bytes=6 * GB, half_s=225.0, settled_s=240.0, cpus=0.5)
        footprints.learn("ramp", ran, 1.7e9)

    assert fill(policy(footprints=footprints), kinds("ramp"), machine(30 * GB))[0] < 6


def test_the_longest_starts_first():
    """The last one to end decides when all are done."""
    footprints = knowing(short=GB)
    for _ in range(20):
        footprints.learn("long", Run(running_s=600.0, peak_bytes=GB // 10, cpus=0.1), 1.7e9)
    adaptive = policy(footprints=footprints)

    assert adaptive.choose([Queued("s", "short"), Queued("l", "long", number=1)], machine(), 0.0).id == "l"


def test_whoever_was_let_go_on_too_soon_rests_longer_each_time():
    """Room that comes and goes does not make a task stop and go with it: half a second, then one, then two."""
    adaptive = policy(footprints=knowing(k=16 * GB))
    begin(adaptive, "senior", "junior")
    now, memory, rests = 10.0, GB, []
    adaptive.look({"senior": Use(GB), "junior": Use(memory)}, now)
    for _ in range(4):
        now, memory = now + 1.2, memory + GB
        adaptive.look({"senior": Use(GB), "junior": Use(memory, 1.0)}, now)
        assert [(each.do, each.id) for each in adaptive.guard(machine(2 * GB), now)] == [("suspend", "junior")]
        adaptive.suspended("junior", now, held=True)
        began = now
        while not (acts := adaptive.guard(machine(31 * GB), now)):
            now += 0.125
            adaptive.look({"senior": Use(GB), "junior": Use(memory, 0.0)}, now)
        assert [(each.do, each.id) for each in acts] == [("resume", "junior")]
        adaptive.resumed("junior", now)
        rests.append(now - began)

    assert rests == [0.5, 1.0, 2.0, 4.0]


def test_nobody_resumes_whom_a_person_has_suspended():
    """The guard lets only those go on that it suspended itself."""
    adaptive = policy()
    begin(adaptive, "one", "two")
    adaptive.suspended("one", 1.0, held=False)
    adaptive.suspended("two", 1.0, held=False)

    assert not adaptive.guard(machine(), 2.0)


def test_the_last_resort():
    """When nearly nothing is left: a warning, a wish to save, then the cheapest work goes; the senior never."""
    adaptive = policy(footprints=knowing(k=10 * GB))
    begin(adaptive, "senior", "saver", can_checkpoint=True)
    begin(adaptive, "young", now=50.0)
    begin(adaptive, "protected", now=59.0, protect=True)
    for now in (60.0, 60.5):
        adaptive.look(
            {each: Use(int((7 + now / 60) * GB), 1.0) for each in ("senior", "saver", "young", "protected")}, now
        )
    done = [(each.do, each.id) for each in adaptive.guard(machine(0.6 * GB), 60.5)]
    assert ("warn", None) in done
    assert ("checkpoint", "saver") in done
    assert "evict" not in [do for do, _ in done]

    evicted = [each.id for each in adaptive.guard(machine(0.2 * GB), 60.6) if each.do == "evict"]
    assert evicted == ["young"]
    assert not [each for each in adaptive.guard(machine(0.1 * GB), 60.7) if each.do == "evict"], "it is leaving already"


def test_an_evicted_task_keeps_its_place():
    """Whoever was evicted comes back as senior as it was."""
    adaptive = policy(footprints=knowing(k=10 * GB))
    begin(adaptive, "a", "b", "c")
    for now in (1.0, 1.1):
        adaptive.look({each: Use(int(9 * GB * now), 1.0) for each in "abc"}, now)
    acts = adaptive.guard(machine(0.1 * GB), 1.1)
    evicted = next(each.id for each in acts if each.do == "evict")
    adaptive.end(evicted, 1.2, cut_short=True)
    begin(adaptive, "d", now=2.0)
    begin(adaptive, evicted, now=3.0)

    assert adaptive._live[evicted].senior < adaptive._live["d"].senior


def test_looks_are_due_sooner_when_it_is_tight():
    """From 50 ms when little is left to ten seconds when all is flat and nobody waits."""
    adaptive = policy(footprints=knowing(k=GB))
    assert adaptive.look_again_s(machine(), 0.0) == 10.0
    begin(adaptive, "one")
    assert adaptive.look_again_s(machine(), 0.0) == 2.0
    assert adaptive.look_again_s(machine(0.5 * GB), 0.0) == 0.05


def test_whoever_goes_on_after_a_burst_is_looked_at_soon():
    """It stood still in the midst of taking 10 GB/s, long ago: what is left must not be gone before the next look."""
    adaptive = policy()
    begin(adaptive, "senior", "junior")
    for now, junior in ((10.0, GB), (10.2, 3 * GB)):
        adaptive.look({"senior": Use(GB, 1.0), "junior": Use(junior, 1.0)}, now)
    adaptive.suspended("junior", 10.2, held=True)
    adaptive.look({"senior": Use(GB, 1.0), "junior": Use(3 * GB, 0.0)}, 1000.0)
    assert adaptive.look_again_s(machine(20 * GB), 1000.0) == 2.0

    adaptive.resumed("junior", 1000.0)
    assert adaptive.look_again_s(machine(20 * GB), 1000.0) == pytest.approx(0.49, abs=0.01)


def test_tiers_come_before_everything():
    """The lowest tier in which somebody can start; one that cannot start does not block the next."""
    adaptive = policy(footprints=knowing(k=GB // 10))
    begin(adaptive, "one")
    queued = [Queued("late", "k", tier=1), Queued("stuck", "k", Need(memory_bytes=40 * GB), tier=0)]
    assert adaptive.choose(queued, machine(), 1.0).id == "late"
    assert adaptive.choose([*queued, Queued("soon", "k", number=9)], machine(), 1.0).id == "soon"


def test_the_room_of_a_large_task_is_used_until_it_is_free():
    """One that is passed over waits for the end of another large one; short ones run meanwhile, long ones do not."""
    adaptive = policy(footprints=knowing(first=10 * GB, large=23 * GB, short=GB))
    for _ in range(20):
        ran = Run(running_s=2000.0, peak_bytes=11 * GB, half_s=1.0, settled_s=2.0, cpus=1.0)
        adaptive.footprints.learn("long", ran, 1.7e9)
    begin(adaptive, "first", key="first")
    adaptive.look({"first": Use(10 * GB, 1.0)}, 5.0)
    large = Queued("large", "large", number=1)
    for number in range(80):
        queued = [large, Queued(f"s{number}", "short", number=2 + number)]
        assert adaptive.choose(queued, machine(22 * GB), 5.0).id == f"s{number}"
    long, short = Queued("l", "long", number=90), Queued("s", "short", number=90)
    for now in (150.0, 500.0):
        adaptive.look({"first": Use(10 * GB, 1.0)}, now)
        assert isinstance(adaptive.choose([large, long], machine(22 * GB), now), Hold)
        assert adaptive.choose([large, short], machine(22 * GB), now).id == "s"
    assert isinstance(adaptive.choose([large, short], machine(22 * GB), 700.0), Hold)


def test_a_large_task_is_not_passed_over_for_ever():
    """Small ones start before a large one that does not fit, but not without end: then its room is kept for it."""
    adaptive = policy(footprints=knowing(small=GB, large=20 * GB))
    live, now, number, started = [], 0.0, 1, None
    while started is None and now < 3000:
        for id_ in [each for each, until in live if until <= now]:
            adaptive.end(id_, now, cut_short=False)
        live = [(each, until) for each, until in live if until > now]
        adaptive.look({each: Use(GB, 1.0) for each, _ in live}, now)
        seen = machine(30.5 * GB - GB * len(live), at=now)
        while started is None:
            chosen = adaptive.choose(
                [Queued("large", "large"), Queued(f"s{number}", "small", number=number)], seen, now
            )
            if not isinstance(chosen, Start):
                break
            started = now if chosen.id == "large" else None
            adaptive.begin(Newcomer(chosen.id, "small"), now)
            live.append((chosen.id, now + 60.0))
            number += 1
        now += 1.0

    assert started is not None


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 1), st.floats(0, 1))
def test_more_free_memory_never_makes_anybody_wait(seed, one, other):
    """For the same state: who may start with less memory available may start with more."""
    less, more = sorted((one, other))
    results = [isinstance(_some_state(seed).choose(_some_queue(seed), machine(share * TOTAL, at=99.0), 99.0), Start)
               for share in (less, more)]  # fmt: skip

    assert results[0] <= results[1]


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 1))
@example(107, 0.0)  # the most senior waits with its burst, and all others are stopped
def test_somebody_always_runs(seed, share):
    """Whatever happens, the guard leaves somebody running, never evicts the most senior, touches none protected."""
    adaptive = _some_state(seed)
    acts = adaptive.guard(machine(share * TOTAL, at=99.0), 99.0)

    gone = {each.id for each in acts if each.do in {"suspend", "evict"}}
    evicted = {each.id for each in acts if each.do == "evict"}
    before = {id_ for id_, each in adaptive._live.items() if not each.still}
    senior = min(adaptive._live.values(), key=lambda each: each.senior, default=None)
    after = before - gone | {each.id for each in acts if each.do == "resume"}
    assert not before or after
    assert senior is None or senior.newcomer.id not in evicted
    assert not any(adaptive._live[each].newcomer.protect for each in gone)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 30))
def test_never_over_the_hard_limit_and_everybody_ends(seed, limit):
    """In any schedule without pressure each task starts, at most so many live at once, and all resume in the end."""
    rng = random.Random(seed)
    adaptive, now = policy(hard_limit=limit), 0.0
    waiting = {f"t{n}": (f"k{rng.randrange(4)}", rng.uniform(0.01, 6), rng.uniform(0.1, 30)) for n in range(60)}
    live = {}
    while (waiting or live) and now < 20_000:
        now += 1.0
        for id_ in [each for each, left in live.items() if left[2] <= 0]:
            adaptive.end(id_, now, cut_short=False)
            del live[id_]
        used = {each: Use(int(left[1] * GB), 1.0) for each, left in live.items()}
        adaptive.look(used, now)
        seen = machine(max(31 * GB - sum(each.memory_bytes for each in used.values()), 0), at=now)
        for act in adaptive.guard(seen, now):
            if act.do == "suspend":
                live[act.id][3] = True
                adaptive.suspended(act.id, now, held=True)
            elif act.do == "resume":
                live[act.id][3] = False
                adaptive.resumed(act.id, now)
            elif act.do == "evict":
                key, size, _, _ = live.pop(act.id)
                waiting[act.id] = (key, size, 1.0)
                adaptive.end(act.id, now, cut_short=True)
        while waiting:
            queued = [Queued(each, value[0], number=int(each[1:])) for each, value in list(waiting.items())[:20]]
            chosen = adaptive.choose(queued, seen, now)
            if isinstance(chosen, Hold):
                break
            key, size, seconds = waiting.pop(chosen.id)
            live[chosen.id] = [key, size, seconds, False]
            adaptive.begin(Newcomer(chosen.id, key, number=int(chosen.id[1:])), now)
            assert len(live) <= limit
        for left in live.values():
            left[2] -= 0.0 if left[3] else 1.0

    assert not waiting
    assert not live


def test_a_simulated_run():
    """A hundred hungry tasks on a simulated machine: none is killed for want of memory, all finish."""
    workload = make_workload("memory", 7, tasks=60)
    result = World(workload, policy(), workload.jobs, Neighbour(None), limit_s=50 * workload.bound_s).run()

    assert (result.finished, result.unfinished, result.oom_kills) == (60, 0, 0)


def _some_state(seed):
    rng = random.Random(seed)
    adaptive = policy(footprints=knowing(k0=GB // 2, k1=6 * GB))
    adaptive.choose([], machine(), 0.0)
    ids = [f"t{number}" for number in range(rng.randrange(12))]
    for number, id_ in enumerate(ids):
        need = Need(memory_bytes=GB) if rng.random() < 0.2 else Need()
        newcomer = Newcomer(id_, f"k{rng.randrange(4)}", need, number, rng.random() < 0.2, rng.random() < 0.3)
        adaptive.begin(newcomer, 10.0 * number)
    size = {each: rng.uniform(0.01, 3) * GB for each in ids}
    for now in (96.0, 97.5, 99.0):
        size = {each: rng.choice((1.0, 1.0, 1.3, 2.0)) * value for each, value in size.items()}
        adaptive.look({each: Use(int(value), rng.random()) for each, value in size.items()}, now)
        for act in adaptive.guard(machine(rng.random() * TOTAL, at=now), now) if now < 99 else ():
            if act.do == "suspend":
                adaptive.suspended(act.id, now, held=True)
    return adaptive


def _some_queue(seed):
    rng = random.Random(seed + 1)
    return [Queued(f"q{number}", f"k{rng.randrange(5)}", number=100 + number) for number in range(rng.randrange(1, 8))]
