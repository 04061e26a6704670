"""SERVES: the supervisor's verbs over HTTP, and its errors as problem+json.

Not here: sockets, processes and files of the daemon (``procession.daemon``), and anything that decides.
"""
