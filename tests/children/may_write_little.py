"""Records events into the store named while no file may grow beyond 200 kB, then without that limit.

Prints why it failed, and how many events it has afterwards.
"""

import resource
import sys

from procession.errors import StoreUnavailable
from procession.model.event import Submitted
from procession.store.store import Store


def main() -> None:
    store = Store(sys.argv[1])
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    for _ in range(50):
        for _ in range(100):
            store.add_event(Submitted(at=1.0, task="a", attempt=1, command="x" * 100))
        try:
            store.commit()
        except StoreUnavailable as error:
            failure = error.reason
    print(failure)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    store.commit()
    print(store.event_bounds()[1])


main()
