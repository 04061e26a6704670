"""Rivals that run one program for each of many items."""
