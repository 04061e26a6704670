"""CARRIES: bytes, lines, logs and terminals between a running program and whoever listens.

Not here: deciding what to run or when to stop it. Imports go to ``kernel`` and ``model`` only.
"""
