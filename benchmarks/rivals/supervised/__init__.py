"""Rivals that run trivial programs under care: supervised, kept by a keeper, and written down."""
