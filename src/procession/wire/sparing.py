"""How a daemon that was started on demand, from inside somebody's task, asks the keepers above it to spare it.

A keeper adopts what its tasks leave, and ends that with them; a descendant cannot get out of its sight. So a daemon and
its keeper carry a mark in the environment they are executed with. Jobs never get it (docs/design/gotchas.md, "A
descendant of a subreaper cannot leave it").
"""

MARK = "PROCESSION_DAEMON"
