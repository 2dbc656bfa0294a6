"""Connections that have not said yet what they want, on real sockets: who gets in, who is closed on, what is kept."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import socket
from collections.abc import Awaitable, Callable, Iterator

import pytest

from mcpconf.broker.door import arrival
from mcpconf.broker.door.arrival import Arrivals, Arrived, Guest
from mcpconf.broker.door.auth import Challenge, reply
from mcpconf.broker.door.waiting import LIMIT
from mcpconf.broker.session import Peer

KEY = bytes(range(32))
GOOD = "10.0.0.2:4000"
BAD = "10.0.0.3:4000"


class Place:
    """The broker's side, in a loop; the other ends are the tests'."""

    def __init__(self) -> None:
        self.admitted: list[Arrived] = []
        self.arrivals = Arrivals(asyncio.get_running_loop(), self.admitted.append)
        self.ends: list[socket.socket] = []

    def come(self, address: str | None = None) -> socket.socket:
        """A connection, by TCP as far as the broker can tell where it has an address."""
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        self.ends.append(theirs)
        challenge = Challenge({"laptop": KEY}.get, os.urandom(16).hex()) if address else None
        self.arrivals.take(ours, Peer(address=address), challenge)
        return theirs

    def close(self) -> None:
        self.arrivals.close()
        for end in self.ends:
            end.close()
        for one in self.admitted:
            one.connection.close()


def in_place(test: Callable[[Place], Awaitable[None]]) -> None:
    async def run() -> None:
        place = Place()
        try:
            await asyncio.wait_for(test(place), 20)
        finally:
            place.close()

    asyncio.run(run())


async def is_closed(end: socket.socket) -> bool:
    """Whether the broker has hung up, once all that it said is read."""
    for _ in range(20):
        await asyncio.sleep(0)
        with contextlib.suppress(BlockingIOError):
            if not end.recv(4096):
                return True
    return False


async def first_word(end: socket.socket) -> bytes:
    """What the broker says first."""
    while True:
        await asyncio.sleep(0)
        with contextlib.suppress(BlockingIOError):
            return end.recv(4096)


async def prove(place: Place, end: socket.socket) -> Arrived:
    greeting = end.recv(4096)
    answer = reply(greeting, "laptop", KEY, "open/time", "0" * 32)
    assert answer is not None
    end.send(answer.line + b"{}\n")
    while not place.admitted:
        await asyncio.sleep(0)
    return place.admitted[0]


def test_who_proves_its_key_gets_in_with_its_address() -> None:
    async def test(place: Place) -> None:
        arrived = await prove(place, place.come(GOOD))
        assert (arrived.wish.server, arrived.rest, arrived.peer.address, arrived.key) == (
            "time",
            b"{}\n",
            GOOD,
            "laptop",
        )

    in_place(test)


def test_a_flood_from_one_address_leaves_others_their_time() -> None:
    async def test(place: Place) -> None:
        good, by_unix = place.come(GOOD), place.come()
        flood = [place.come(BAD) for _ in range(5 * LIMIT)]
        assert await is_closed(flood[0])
        assert not await is_closed(flood[-1])
        assert (await prove(place, good)).key == "laptop"
        by_unix.send(b"MCPCONF1 LIST\n")
        while len(place.admitted) < 2:
            await asyncio.sleep(0)

    in_place(test)


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="descriptors are passed on Linux only")
def test_many_who_pass_their_descriptors_at_once_are_all_asked_back() -> None:
    """A broker that was busy for a moment may find more of them than there may be strangers."""

    async def test(place: Place) -> None:
        reader, writer = os.pipe()
        ends = []
        for _ in range(LIMIT + 10):
            ends.append(place.come())
            socket.send_fds(ends[-1], [b"MCPCONF1 PASS time\n"], [reader, writer])
            assert await first_word(ends[-1]) == b"OK\n"
        os.close(reader)
        os.close(writer)
        for end in ends:
            end.send(b"GO 0\n")
        while len(place.admitted) < len(ends):
            await asyncio.sleep(0)
        for one in place.admitted:
            assert one.ends is not None
            one.ends.close()

    in_place(test)


def test_who_says_nothing_is_closed_on_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hasty(arrival.Waiting[Guest]):
        def __init__(self, limit: int = LIMIT) -> None:
            super().__init__(limit, patience=0.05)

    monkeypatch.setattr(arrival, "Waiting", Hasty)

    async def test(place: Place) -> None:
        loris = place.come(BAD)
        for byte in b"AUTH laptop":
            loris.send(bytes([byte]))
            await asyncio.sleep(0)
        while not await is_closed(loris):
            await asyncio.sleep(0.005)

    in_place(test)


@pytest.mark.parametrize(
    "first", [b"GET / HTTP/1.1\r\n", b"\x16\x03\x01", b"*1\r\n", b'{"jsonrpc":"2.0"}\n', b"AUTH x\n"]
)
@pytest.mark.parametrize("address", [BAD, None])
def test_another_protocol_is_closed_on_without_a_word(first: bytes, address: str | None) -> None:
    async def test(place: Place) -> None:
        end = place.come(address)
        said = end.recv(4096) if address else b""
        end.send(first)
        assert await is_closed(end)
        assert said.startswith(b"MCPCONF1 ") is bool(address)
        assert not place.admitted

    in_place(test)


def guests() -> Iterator[object]:
    return (one for one in gc.get_objects() if isinstance(one, (Guest, Peer)))


def test_nothing_is_kept_of_those_who_were_turned_away() -> None:
    async def test(place: Place) -> None:
        before = len(list(guests()))
        for count in range(300):
            end = place.come(BAD if count % 2 else None)
            end.send(b"GET / HTTP/1.1\r\n")
            assert await is_closed(end)
            place.ends.remove(end)
            end.close()
        gc.collect()
        assert len(list(guests())) - before < 5

    in_place(test)
