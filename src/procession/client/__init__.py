"""ASKS: the daemon's API as Python objects, async and blocking. Not here: what the daemon does when it is asked."""
