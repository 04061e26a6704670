"""The figures of adaptive admission, found with the simulator in ``benchmarks/pool``: docs/design/admission.md."""

from __future__ import annotations

from msgspec import Struct


class Tuning(Struct, frozen=True, kw_only=True):
    """Shares are of all memory unless said otherwise; see where each is used.

    candidate_quantile, running_quantile: of the peaks of a key, what one that shall start may need, and one that runs
    may reach. weight_per_share: how much of a claim is expected to be used, for each share that the mean of a run is
    of its peak; least_weight: at least so much of it.
    """

    floor_share: float = 0.04
    critical_share: float = 0.02
    evict_share: float = 0.012
    candidate_quantile: float = 0.9
    running_quantile: float = 0.65
    weight_per_share: float = 1.5
    least_weight: float = 0.2
    unknown_weight: float = 0.6
    gain_least: float = 0.5
    gain_most: float = 1.5
    gain_step_per_s: float = 0.02
    burst_bytes_per_s: float = 100e6
    horizon_s: float = 0.6
    kept_for_suspended: float = 0.5
    cpu_fill: float = 1.05
    seen_after_s: float = 0.5
    ramp: float = 2.0
    passed_over_s: float = 120.0
    passed_over_starts: int = 64
    memory_pressure: float = 0.10
    pressure_rest_s: float = 2.0
    swapping_bytes_per_s: float = 4e6
    resume_gap_s: float = 0.25
    shortest_look_s: float = 0.05
    longest_look_s: float = 2.0
    idle_look_s: float = 10.0
    fastest_growth_bytes_per_s: float = 2e9


PLAIN = Tuning()
