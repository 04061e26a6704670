"""Rivals that send messages to a program, which sends them back."""
