"""Speaks sd_notify and nothing else, as services do that were written for systemd. Standard library only."""

import os
import signal
import socket


def main() -> None:
    """Begin, give signs of life, and end when asked to."""
    signal.signal(signal.SIGTERM, lambda *_: stop())
    say("READY=1\nSTATUS=serving")
    interval_s = int(os.environ.get("WATCHDOG_USEC", "2000000")) / 1_000_000
    while True:
        signal.sigtimedwait([signal.SIGUSR1], interval_s / 2)
        say("WATCHDOG=1")


def stop() -> None:
    """Say goodbye, and go."""
    say("STOPPING=1\nSTATUS=closing the books")
    raise SystemExit(0)


def say(text: str) -> None:
    """Send one datagram to whoever looks after us, if anybody does."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto(text.encode(), address)


if __name__ == "__main__":
    main()
