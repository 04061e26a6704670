"""Rivals that hand out what a child prints line by line."""
