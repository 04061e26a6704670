"""Rivals that learn of the end of a child."""
