"""CONVERSES: with a program that runs, in messages, notices and markers.

Not here: its standard streams (`procession.streams`), and what follows from what it says (`procession.supervisor`).
"""
