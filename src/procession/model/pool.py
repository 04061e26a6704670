"""How many tasks may run at once, and what must be left, as figures. Who decides by them: ``procession.policy``."""

from __future__ import annotations

from typing import Final, Literal, get_args

from msgspec import Struct

from procession.errors import InvalidTask, UsageError
from procession.model.names import check_name

HARD_LIMIT: Final = 50
SOFT_LIMIT: Final = 10
MEMORY_PER_TASK_BYTES: Final = 512 << 20
CPU_CEILING: Final = 0.8

PolicyName = Literal["adaptive", "fixed"]
POLICIES: Final[tuple[str, ...]] = get_args(PolicyName)


class PoolSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``hard_limit`` is never exceeded; passing ``soft_limit`` is one warning event and refuses nothing.

    memory_per_task_bytes: so much must be available, whoever is to start. cpu_ceiling: the share of the processors
    that other programs may use up (0 to 1); the rest is ours in any case. tokens: of each named thing there are so
    many, ``{"ansys": 3, "gpu": 2}``. policy: *adaptive* looks at the machine, *fixed* at the hard limit alone.
    """

    hard_limit: int = HARD_LIMIT
    soft_limit: int = SOFT_LIMIT
    memory_per_task_bytes: int = MEMORY_PER_TASK_BYTES
    cpu_ceiling: float = CPU_CEILING
    tokens: dict[str, int] = {}
    policy: PolicyName = "adaptive"

    def __post_init__(self) -> None:
        """Raise UsageError for a figure that cannot be."""
        check_limit("hard_limit", self.hard_limit)
        check_limit("soft_limit", self.soft_limit)
        check_limit("memory_per_task_bytes", self.memory_per_task_bytes)
        if not isinstance(self.cpu_ceiling, (int, float)) or not 0 < self.cpu_ceiling <= 1:
            message = f"cpu_ceiling must be a share above 0 and up to 1, got {self.cpu_ceiling!r}"
            raise UsageError(message, field="cpu_ceiling")
        if self.policy not in POLICIES:
            message = f"policy must be one of {', '.join(POLICIES)}, got {self.policy!r}"
            raise UsageError(message, field="policy")
        for name, count in self.tokens.items():
            try:
                check_name(name, "tokens")
            except InvalidTask as error:
                raise UsageError(error.message, field="tokens") from None
            check_limit(f"tokens[{name!r}]", count)


def check_limit(field: str, value: object) -> int:
    """Return ``value`` if so many tasks may run at once. Raises: UsageError."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        message = f"{field} must be a whole number from 1, got {value!r}"
        raise UsageError(message, field=field)
    return value
