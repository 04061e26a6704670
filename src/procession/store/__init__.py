"""RECORDS: every task, attempt and event on disk, in one SQLite file. It decides nothing and starts nothing.

Why it is so: docs/design/store.md.
"""
