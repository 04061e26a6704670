"""Rivals that read all a child prints and forget it."""
