"""How long a server is waited for that is asked which era it speaks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, cast

from mcpconf.broker.channel import Channel
from mcpconf.broker.era import PROBE
from mcpconf.broker.probe import PATIENCE, STARTING, Probe
from mcpconf.broker.upstream.process import Process
from mcpconf.wire.actions import Era
from mcpconf.wire.envelope import read

from .test_era import DISCOVER


class Clock:
    """The part of a loop that a probe uses, with a time that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.due: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, then: Callable[[], None]) -> asyncio.TimerHandle:
        self.due.append((self.now + seconds, then))
        return cast(asyncio.TimerHandle, self)

    def cancel(self) -> None:
        self.due.clear()

    def move(self, seconds: float) -> None:
        """Let so much time pass, and all happen that is due then."""
        end = self.now + seconds
        while self.due and min(at for at, _ in self.due) <= end:
            first = min(self.due, key=lambda one: one[0])
            self.due.remove(first)
            self.now = first[0]
            first[1]()
        self.now = end


class Server:
    """A process that a test has in its hand."""

    def __init__(self) -> None:
        self.owner: Any = None
        self.unread = True
        self.stopped = False
        self.heard: list[bytes] = []

    def write(self, lines: list[bytes]) -> None:
        self.heard += lines

    def stop(self) -> None:
        self.stopped = True


def asked() -> tuple[Clock, Server, list[Era | None]]:
    clock, server, judged = Clock(), Server(), list[Era | None]()
    loop = cast(asyncio.AbstractEventLoop, clock)
    one = Probe(loop, read(DISCOVER), lambda era, process, words: judged.append(era))
    one.adopt(cast(Process, server))
    assert json.loads(server.heard[0])["method"] == "server/discover"
    return clock, server, judged


def test_one_that_read_the_question_and_says_nothing_knows_no_such_question() -> None:
    clock, server, judged = asked()
    server.unread = False
    clock.move(PATIENCE)
    assert judged == [Era.LEGACY]
    assert server.stopped


def test_one_that_is_still_starting_is_waited_for() -> None:
    clock, server, judged = asked()
    clock.move(PATIENCE * 3)
    assert judged == []
    server.unread = False
    server.owner.server_said([f'{{"jsonrpc":"2.0","id":{PROBE},"result":{{}}}}'.encode()])
    assert judged == [Era.MODERN]
    assert not server.stopped
    assert clock.due == []


def test_one_that_never_reads_is_not_waited_for_without_end() -> None:
    clock, server, judged = asked()
    clock.move(STARTING)
    assert judged == [Era.LEGACY]
    assert server.stopped


def test_a_channel_knows_what_the_other_end_of_its_pipe_has_not_read() -> None:
    import os

    (theirs, ours), (back, answers) = os.pipe(), os.pipe()
    loop = asyncio.new_event_loop()
    try:
        channel = Channel(loop, back, ours, cast(Any, None), 100, 100)
        assert not channel.unread
        channel.write([b"question"])
        assert channel.unread
        assert os.read(theirs, 100) == b"question\n"
        assert not channel.unread
        channel.close()
        assert not channel.unread
    finally:
        loop.close()
        os.close(theirs)
        os.close(answers)
