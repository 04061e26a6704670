"""Not a rival but the other side of some: sends every message back."""

from procession import child

for message in child.messages():
    child.send(message)
