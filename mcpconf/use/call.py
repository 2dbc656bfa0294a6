"""Try a stdio server: start it, find out its era, version and tools, and end it again. Behind `mcpconf server test`.

The era is found without waiting for anybody: `initialize` is sent right behind `server/discover`. A legacy server
refuses the first and answers the second; a modern one answers the first, and what it makes of the second is of no
account. Only a server that ends itself over a request before its `initialize` (some Rust ones do) costs a second start.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from mcpconf.record import dataclass, replace
from mcpconf.use.child import Child, Ended
from mcpconf.use.introduction import (
    INITIALIZED,
    Ask,
    Hear,
    Introduction,
    Late,
    Message,
    ProbeResult,
    Refusal,
    cancelled,
    envelope,
    from_discover,
    from_initialize,
    handshake,
    reply_to,
    request,
    tool_names,
)

DISCOVER, INITIALIZE, FIRST_FREE = 1, 2, 3
PATIENCE = 1.0  # seconds that a server may take to end after it closed its output
LATE = 0.25  # seconds that an answer to `server/discover` may come behind a good one to `initialize`


@dataclass(frozen=True, slots=True)
class Manner:
    """How a server is tried.

    `one_by_one`: a question after the other, for what is behind a broker, which would start a process for each era.
    `brief`: it gets no time to end by itself, as with Claude Code. `opened` gets what ends it from another thread.
    """

    one_by_one: bool = False
    brief: bool = False
    opened: Callable[[Callable[[], None]], None] = lambda _: None


USUAL = Manner()


def probe(
    argv: Sequence[str], env: Mapping[str, str], cwd: str | None, *, timeout: float, manner: Manner = USUAL
) -> ProbeResult:
    """Try the server that `argv` starts, with exactly the environment `env`, in the directory `cwd`.

    `timeout` is in seconds, for all of the conversation; ending a stubborn server may take 4 s more. Never raises for
    anything the server does, and leaves no process behind but one that left the server's own group.
    """
    began = time.monotonic()
    deadline = began + timeout
    try:
        try:
            return _probe_once(argv, env, cwd, began, deadline, manner, discover=True)
        except Ended:
            return _probe_once(argv, env, cwd, began, deadline, manner, discover=False)
    except (OSError, ValueError) as problem:
        return ProbeResult(millis=_since(began), error=not_started(argv, cwd, problem))


def _probe_once(
    argv: Sequence[str],
    env: Mapping[str, str],
    cwd: str | None,
    began: float,
    deadline: float,
    manner: Manner,
    *,
    discover: bool,
) -> ProbeResult:
    """One start of the server. Raises Ended when it ended over `server/discover`."""
    child = Child(argv, env, cwd)
    manner.opened(partial(child.stop, brief=True))
    talk = Conversation(child, deadline)
    known: Introduction | None = None
    found = ProbeResult()
    try:
        slowly = manner.one_by_one
        known = introduce_slowly(child, talk.ask) if slowly else introduce(child, deadline, discover=discover)
        found = replace(found, tools=tool_names(talk.ask, known))
    except Refusal as refusal:
        found = replace(found, error=str(refusal))
    except Ended:
        if discover and known is None and time.monotonic() < deadline and child.exit_code(PATIENCE) is not None:
            raise
        found = replace(found, error=last_words(child))
    finally:
        millis = _since(began)
        child.stop(brief=manner.brief or time.monotonic() >= deadline)
    found = found.introduced(known) if known is not None else found
    return replace(found, millis=millis, stderr_tail=child.errors(), stray=child.stray)


def introduce_slowly(lines: Lines, ask: Ask) -> Introduction:
    """Get to know a server by one question after the other."""
    modern = from_discover(ask("server/discover", envelope()))
    if modern is not None:
        return modern
    known = from_initialize(ask("initialize", handshake()))
    lines.send(INITIALIZED)
    return known


def introduce(child: Child, deadline: float, *, discover: bool) -> Introduction:
    """Get to know a server that was just started. Raises Refusal, or Ended."""
    if discover:
        child.send(request(DISCOVER, "server/discover", envelope()))
    child.send(request(INITIALIZE, "initialize", handshake()))
    answers = _await_era(child, deadline, discover=discover)
    modern = from_discover(answers.get(DISCOVER, {}))
    if modern is not None:
        return modern
    if INITIALIZE not in answers:
        raise Refusal(_silence(child))
    known = from_initialize(answers[INITIALIZE])
    child.send(INITIALIZED)
    return known


def _await_era(child: Child, deadline: float, *, discover: bool) -> dict[int, Message]:
    """The answers to the two opening requests, as far as they are needed to know the era."""
    answers: dict[int, Message] = {} if discover else {DISCOVER: {}}
    while len(answers) < 2:
        until = deadline
        if "result" in answers.get(INITIALIZE, {}):
            until = min(deadline, time.monotonic() + LATE)
        message = _next_answer(child, until)
        if message is None:
            break
        identity = message.get("id")
        if identity in (DISCOVER, INITIALIZE):
            answers[identity] = message
        if from_discover(answers.get(DISCOVER, {})) is not None:
            break
    return answers


def _next_answer(lines: Lines, deadline: float, hear: Hear = reply_to) -> Message | None:
    """The next answer; what the server says of its own accord is heard on the way, and answered where it asks."""
    while (message := lines.receive(deadline)) is not None:
        if "method" not in message:
            return message
        if message["method"] == "initialize":
            raise Refusal("it sends back what it gets, so it is no MCP server")
        reply = hear(message)
        if reply is not None:
            lines.send(reply)
    return None


class Lines(Protocol):
    """A way to a server: messages there and back. `Child` is one."""

    def send(self, message: Mapping[str, Any], /) -> None: ...

    def receive(self, deadline: float, /) -> Message | None: ...

    def flush(self) -> None: ...


class Conversation:
    """Requests after the introduction, one at a time, each with an id of its own."""

    def __init__(self, lines: Lines, deadline: float, hear: Hear = reply_to) -> None:
        self._lines = lines
        self._deadline = deadline
        self._hear = hear
        self._next = FIRST_FREE

    def ask(self, method: str, params: Message) -> Message:
        """The answer to a request; raises `Late` where none comes in time. The server is told when nobody waits."""
        identity, self._next = self._next, self._next + 1
        self._lines.send(request(identity, method, params))
        try:
            while (answer := _next_answer(self._lines, self._deadline, self._hear)) is not None:
                if answer.get("id") == identity:
                    return answer
        except KeyboardInterrupt:
            self._cancel(identity, "interrupted")
            raise
        self._cancel(identity, "timed out")
        raise Late(f"it did not answer {method} in time")

    def _cancel(self, identity: int, reason: str) -> None:
        self._lines.send(cancelled(identity, reason))
        self._lines.flush()


def _silence(child: Child) -> str:
    if child.exit_code(0) is not None:
        return f"{last_words(child)}, and something that it started holds its output"
    if child.stray:
        return "it did not answer in time; what it printed is no MCP message"
    return "it did not answer in time"


def last_words(child: Child) -> str:
    """How a server ended that closed its output."""
    code = child.exit_code(PATIENCE)
    if code is None:
        return "it closed its output before it answered"
    if code < 0:
        return f"it was killed by {_signal_name(-code)} before it answered"
    return f"it ended with exit code {code} before it answered"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def not_started(argv: Sequence[str], cwd: str | None, problem: Exception) -> str:
    """Why a command could not be started."""
    name = argv[0] if argv else ""
    if isinstance(problem, FileNotFoundError) and cwd is not None and problem.filename == cwd:
        return f"its directory {cwd} does not exist"
    if isinstance(problem, FileNotFoundError) and os.path.isfile(name):
        return f"{name!r} is there, and the interpreter that its first line names is not"
    if isinstance(problem, FileNotFoundError):
        return f"there is no command {name!r} on its PATH"
    if isinstance(problem, PermissionError):
        return f"{name!r} may not be executed"
    return f"{name!r} cannot be started: {problem}"


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
