"""HOLDS: a small program, the parent of every task. It starts, reaps, holds descriptors, and has no opinions.

Started, never imported by other rooms. Only the standard library, and of that only what is quick to import.
Design: docs/design/keeper.md.
"""
