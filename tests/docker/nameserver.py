"""A name server for a few names, by UDP: `nameserver.py ADDRESS NAME=ADDRESS...`; says `ready` when it listens."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping

PORT = 53
HEADER = 12
A, NXDOMAIN = 1, 3


def answer(query: bytes, names: Mapping[str, str]) -> bytes:
    """The reply to a query of one question (RFC 1035, section 4)."""
    labels, at = [], HEADER
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode("ascii", "replace"))
        at += 1 + length
    question, kind = query[HEADER : at + 5], int.from_bytes(query[at + 1 : at + 3], "big")
    address = names.get(".".join(labels).lower())
    found = address is not None and kind == A
    flags = 0x8580 | (0 if address is not None else NXDOMAIN)  # an answer of authority, recursion asked and available
    head = query[:2] + flags.to_bytes(2, "big") + b"\0\1" + (b"\0\1" if found else b"\0\0") + b"\0\0\0\0"
    if address is None or not found:
        return head + question
    # The name is the question's, at 12; class IN, a minute to live, four bytes.
    return head + question + b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(address)


def serve(address: str, names: Mapping[str, str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind((address, PORT))
        print("ready", flush=True)
        while True:
            query, asker = listening.recvfrom(4096)
            listening.sendto(answer(query, names), asker)


if __name__ == "__main__":
    serve(sys.argv[1], dict(word.split("=", 1) for word in sys.argv[2:]))
