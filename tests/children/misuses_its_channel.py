"""Writes into its channel what is no message, as the first argument says; then one that is; then it ends."""

import os
import socket
import sys

CHUNK = 1 << 20


def main() -> None:
    """Misuse it, then be good."""
    channel = socket.socket(fileno=int(os.environ["NODE_CHANNEL_FD"]))
    kind = sys.argv[1]
    if kind == "words":
        channel.sendall(b"this is no JSON\n\n[1,\n\xff\xfe\nNaN\n" + bytes(range(10)) + b"\n")
    elif kind == "endless":
        for _ in range(int(sys.argv[2])):
            channel.sendall(b"x" * CHUNK)
        channel.sendall(b"\n")
    elif kind == "deep":
        channel.sendall(b"[" * 100_000 + b"]" * 100_000 + b"\n")
    elif kind == "acknowledges":
        channel.sendall(b'{"cmd":"NODE_HANDLE_ACK"}\n{"cmd":"NODE_HANDLE_NACK"}\n{"cmd":"NODE_WHATEVER"}\n')
    elif kind == "descriptors":
        for _ in range(300):
            socket.send_fds(channel, [b'"with a descriptor that nobody wants"\n'], [0])
    elif kind == "handle":
        channel.sendall(b'{"cmd":"NODE_HANDLE","type":"net.Socket","msg":"where is it"}\n')
        assert channel.recv(100) == b'{"cmd":"NODE_HANDLE_NACK"}\n'
    channel.sendall(b'{"good":true}\n')
    if kind == "half":
        channel.sendall(b'{"half": ')


main()
