"""Rivals that say one word from a shell."""
