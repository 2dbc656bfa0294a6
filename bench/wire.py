"""What the byte path's pure core costs: microseconds for a call through from_client and from_server, by size.

Run with any Python that can import mcpconf: `python bench/wire.py [--runs N]`. No processes, no sockets.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable

from mcpconf.wire.actions import Era, ToServer
from mcpconf.wire.mux import Mux

SIZES = {"100 B": 1, "64 KB": 1 << 16, "1 MB": 1 << 20}
HELLO = b'{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}}'


def greeted(clients: int) -> Mux:
    """A process in use by some clients."""
    mux = Mux(Era.LEGACY)
    mux.server_ready()
    for client in range(clients):
        mux.connect(client)
        for one in mux.from_client(client, HELLO):
            if isinstance(one, ToServer):
                number = json.loads(one.line)["id"]
                mux.from_server(b'{"jsonrpc":"2.0","id":%d,"result":{"protocolVersion":"2025-11-25"}}' % number)
        mux.from_client(client, b'{"jsonrpc":"2.0","method":"notifications/initialized"}')
    return mux


def filling(size: int, nested: bool) -> bytes:
    """Text, or rows of a table: what parsers like least."""
    row = b'{"name":"x","n":[1,2,3],"ok":true,"at":1.5},'
    return b"[" + (row * (size // len(row) + 1))[:-1] + b"]" if nested else b'"' + b"x" * size + b'"'


def best(work: Callable[[], None], runs: int) -> float:
    """The quickest of several rounds, in microseconds of CPU time for one run."""
    rounds = []
    for _ in range(7):
        start = time.process_time_ns()
        for _ in range(runs):
            work()
        rounds.append((time.process_time_ns() - start) / runs / 1000)
    return min(rounds)


def there_and_back(mux: Mux, up: bytes, down: bytes) -> Callable[[], None]:
    """One call of client 0: a request of this argument, an answer of that content."""
    request = b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"t","arguments":{"a":%s}}}' % up
    form = b'{"jsonrpc":"2.0","id":%s,"result":{"content":[{"type":"text","text":' + down + b"}]}}"

    def work() -> None:
        (sent,) = mux.from_client(0, request)
        number = sent.line[len(b'{"jsonrpc":"2.0","id":') :].split(b",", 1)[0]  # type: ignore[union-attr]
        mux.from_server(form.replace(b"%s", number, 1))

    return work


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=2000, help="runs of the smallest size")
    runs = arguments.parse_args().runs
    mux, small = greeted(50), b'"x"'
    print(f"{'microseconds a call':28}{'answer so long':>16}{'question so long':>18}{'json, loads + dumps':>21}")
    for nested in (False, True):
        for name, size in SIZES.items():
            body = filling(size, nested)
            count = max(3, min(runs, 20_000_000 // (size * 10)))
            down = best(there_and_back(mux, small, body), count)
            up = best(there_and_back(mux, body, small), count)
            line = b'{"jsonrpc":"2.0","id":7,"result":%s}' % body
            plain = best(lambda line=line: json.dumps(json.loads(line)).encode(), max(3, count // 4))  # type: ignore[misc]
            print(f"{name + (', rows' if nested else ', text'):28}{down:16.1f}{up:18.1f}{plain:21.1f}")


if __name__ == "__main__":
    main()
