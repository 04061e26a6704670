"""ASSEMBLES: paths, lock, sockets, and the one process in which the concrete parts meet.

Not here: what is served (``procession.api``) and what is decided (``procession.supervisor``).
"""
