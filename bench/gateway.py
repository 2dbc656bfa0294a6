"""What the gateway's joined list costs beside the lists of its servers: `python -m bench.gateway [--sdk PYTHON]`.

Ten servers with thirty tools each; the figure is the median time of `tools/list`, in milliseconds, through a unix
socket. With `--sdk` the servers are made with the official SDK, which that Python has; else they are plain Python that
answers what it has ready, beside which anything is slow.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import time
from pathlib import Path

from tests.real.broker.house import House, house

SERVERS, CALLS = 10, 200
SCRIPT = str(Path(__file__).with_name("thirty_tools.py"))
CLIENT = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}


class Client:
    """A connection to one of the broker's sockets."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)
        self._stream = self._socket.makefile("rb")
        self._last = 0
        answer = self.ask("initialize", CLIENT)
        if b'"result"' not in answer:
            raise SystemExit(f"{path}: {answer.decode()}")
        self._say({"method": "notifications/initialized"})

    def _say(self, message: dict[str, object]) -> None:
        self._socket.sendall(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    def ask(self, method: str, params: object = None) -> bytes:
        """A request's answer, as it came."""
        self._last += 1
        self._say({"id": self._last, "method": method, "params": params or {}})
        while True:
            line = self._stream.readline()
            if b'"method"' not in line[:60]:
                return line


def median(client: Client) -> float:
    """Milliseconds of the middle one of many lists."""
    took = []
    for _ in range(CALLS):
        begun = time.perf_counter()
        client.ask("tools/list")
        took.append(time.perf_counter() - begun)
    return sorted(took)[CALLS // 2] * 1000


def measure(own: House) -> None:
    single = [median(Client(own.paths.server(f"s{number}"))) for number in range(SERVERS)]
    gateway = Client(own.paths.server("gateway"))
    count = 0
    while count < 30 * SERVERS:  # until all of them are up
        count = len(json.loads(gateway.ask("tools/list"))["result"]["tools"])
    joined = median(gateway)
    slowest = max(single)
    print(f"slowest of {SERVERS} servers  {slowest:8.2f} ms")
    print(f"gateway, {count} tools   {joined:8.2f} ms   {joined / slowest:.2f} times (to be at most 3)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sdk", metavar="PYTHON", help="a Python that has the package mcp")
    asked = parser.parse_args()
    with house() as own:
        for number in range(SERVERS):
            argv = [asked.sdk, SCRIPT, str(number)] if asked.sdk else [sys.executable, SCRIPT, str(number), "--plain"]
            own.define(f"s{number}", argv)
        own.start()
        measure(own)


if __name__ == "__main__":
    main()
