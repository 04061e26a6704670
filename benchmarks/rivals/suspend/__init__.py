"""Rivals that pause a large tree and let it run on."""
