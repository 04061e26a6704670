"""TOUCHES: one file per kernel facility, each a thin and typed door without any policy.

Not here: decisions, retries, defaults. Nothing in this room imports another room but ``errors``.
"""
