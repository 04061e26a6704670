"""Rivals that read all a child prints and write it to a file."""
