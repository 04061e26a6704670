"""Keeping what tasks have saved of their work."""
