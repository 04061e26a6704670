"""OBSERVES: looks at what runs from outside, and says what it sees; it never acts.

Not here: what programs say of themselves (`procession.ipc`), and what follows (`procession.policy`).
"""
