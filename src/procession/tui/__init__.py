"""WATCHES LIVE: all tasks on one screen, with keys to act on them. Above the client; the command line opens it."""
