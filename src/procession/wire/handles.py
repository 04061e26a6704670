"""What kind of thing travels with a message, in Node's words. Source: nodejs/node, lib/internal/child_process.js."""

from __future__ import annotations

import socket


def describe(handle: object) -> dict[str, object]:
    """Say what a socket is; a bare descriptor is something native."""
    if not isinstance(handle, socket.socket):
        return {"type": "net.Native"}
    if handle.type == socket.SOCK_DGRAM:
        family = {socket.AF_INET: "udp4", socket.AF_INET6: "udp6"}.get(handle.family)
        return {"type": "dgram.Socket", "dgramType": family} if family else {"type": "net.Native"}
    if handle.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        return {"type": "net.Server"}
    return {"type": "net.Socket"}
