"""NAMES: the frozen values everybody speaks of. No I/O, no clocks, no processes."""
