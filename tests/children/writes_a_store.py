"""Commits groups of numbered events to the store named, and prints the last seq of each, until it is killed."""

import random
import sys

from procession.model.event import Submitted
from procession.store.store import Store


def main() -> None:
    store = Store(sys.argv[1])
    while True:
        for _ in range(random.randint(1, 40)):
            seq = store._writer.marks.seq + 1
            assert store.add_event(Submitted(at=1.0, task=f"t{seq % 7}", attempt=1, command=str(seq))) == seq
        store.commit()
        if store.needs_checkpoint:
            store.checkpoint()
        print(seq, flush=True)


main()
