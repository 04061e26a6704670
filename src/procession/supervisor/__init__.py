"""CONDUCTS: many tasks under care, by one writer: receive → record → fold → tell → decide → act.

``from procession.supervisor.supervisor import Supervisor`` is the door. Not here: how a process is run
(``procession.process``), and what the decisions are (``procession.policy``).
"""
