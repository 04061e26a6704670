"""CROWDS: many commands and what each of them printed: `Pool`, its blocking twin, an executor. Above the supervisor.

Not here: who may start when (`policy.admission`), and how a task runs (`supervisor`).
"""
