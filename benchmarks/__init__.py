"""Procession measured against its peers: a program to run, not a package to import."""
