"""DECIDES: pure functions and frozen values. What is known comes in, a decision comes out.

Not here: clocks, chance, processes, anything that waits. Time and randomness are arguments, so a test of ten minutes
takes none.
"""
