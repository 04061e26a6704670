"""Rivals that start and reap a trivial program."""
