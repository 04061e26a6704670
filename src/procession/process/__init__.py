"""RUNS: one process and its whole tree. What people import first: `run`, `spawn`, `Process`, `Result`."""
