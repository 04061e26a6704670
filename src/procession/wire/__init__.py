"""SAYS: the frames that cross between the supervisor and the keeper, and the few bodies with more than one field.

Not here: sockets that are opened, decisions, anything that is not in the standard library: the keeper imports this.
"""
