"""Says everything there is to say about itself, then ends."""

import sys

from procession import child


def main() -> None:
    """Speak."""
    if sys.argv[1] == "all":
        child.ready("up\nand running")
        child.status("working")
        child.heartbeat()
        child.progress(0.42, phase="linking")
        child.checkpoint_saved("/a/b")
        child.session("s-1")
        child.extend_timeout(2.5)
        child.reloading()
        child.stopping("bye")
        child.notify(MAINPID=42, X_OWN="word")
    elif sys.argv[1] == "flood":
        for n in range(int(sys.argv[2])):
            child.status(f"step {n}")
            child.progress(n / int(sys.argv[2]))
        child.ready()
        child.status("the last word")


main()
