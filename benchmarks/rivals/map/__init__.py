"""Rivals that take many jobs from one client and run them all."""
