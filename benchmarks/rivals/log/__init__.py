"""Rivals that let the child write into a file itself."""
