"""The figures of adaptive admission. Found by simulation (``benchmarks/pool``): docs/design/admission.md."""

from __future__ import annotations

from msgspec import Struct


class Tuning(Struct, frozen=True, kw_only=True):
    """Shares are of all memory unless said otherwise; see where each is used."""

    floor_share: float = 0.04
    critical_share: float = 0.02
    evict_share: float = 0.012
    caution: float = 0.3
    release_trust: float = 0.65
    hurry: float = 1.2
    unknown_weight: float = 0.8
    burst_bytes_per_s: float = 100e6
    horizon_s: float = 0.6
    kept_for_first: float = 1.0
    kept_for_suspended: float = 0.5
    guess_share: float = 0.35
    unknown_flat_s: float = 5.0
    cpu_fill: float = 1.05
    seen_after_s: float = 0.5
    ramp: float = 4.0
    passed_over_s: float = 120.0
    passed_over_starts: int = 64
    kept_at_last_s: float = 600.0
    memory_pressure: float = 0.10
    suspending_pressure: float = 0.4
    pressure_rest_s: float = 2.0
    swapping_bytes_per_s: float = 4e6
    senior_waits_s: float = 60.0
    resume_gap_s: float = 0.25
    longest_rest_s: float = 16.0
    shortest_look_s: float = 0.05
    longest_look_s: float = 2.0
    idle_look_s: float = 10.0
    fastest_growth_bytes_per_s: float = 2e9


PLAIN = Tuning()
