"""A server of the profile, reached to be used: through the broker, started for this once, or by its URL."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from functools import partial

from mcpconf.broker.upstream.image import lacking
from mcpconf.errors import McpconfError
from mcpconf.model import Server
from mcpconf.use import call
from mcpconf.use.child import Child, Ended
from mcpconf.use.introduction import (
    MODERN,
    Ask,
    Hear,
    Introduction,
    Late,
    Message,
    Refusal,
    all_tools,
    envelope,
)
from mcpconf.use.joined import Joined
from mcpconf.use.ready import Ready, make_ready
from mcpconf.workflow.app import App
from mcpconf.workflow.kept import Kept

BROKER, PROCESS, HTTP = "broker", "process", "http"
LAST_WORDS = 12  # lines of stderr that are told of a server that failed
SHORT = 0.1  # seconds of its time that are left to one that is to be stopped at once

Stop = Callable[[], None]


class ServerFailed(McpconfError):
    """A server could not be reached, or did not do what servers do."""


class Reached:
    """A server that has introduced itself. `way` is how it was reached."""

    def __init__(self, way: str, known: Introduction, ask: Ask) -> None:
        self.way = way
        self.known = known
        self._ask = ask

    def ask(self, method: str, params: Message) -> Message:
        """The whole answer to a request, in the server's era. Raises Refusal."""
        if self.known.era == MODERN:
            meta = {**envelope()["_meta"], **params.get("_meta", {})}
            params = {**params, "_meta": meta}
        return self._ask(method, params)

    def tools(self) -> tuple[Message, ...]:
        """All its tools, as it tells them. Raises Refusal."""
        return all_tools(self._ask, self.known)


@contextlib.contextmanager
def reach(
    app: App,
    server: Server,
    kept: Kept | None,
    deadline: float,
    hear: Hear,
    opened: Callable[[Stop], None] | None = None,
) -> Iterator[Reached]:
    """Reach a server until the `time.monotonic()` of `deadline`; where it is `kept`, through that broker.

    `hear` gets what it says of its own accord; `opened` gets what ends the conversation from another thread. Raises
    `ServerFailed` for all that goes wrong on the way, also later within the block.
    """
    ready = Ready() if kept is not None else make_ready(app, server)
    name = server.name
    hint = f"mcpconf logs {name}" if kept is not None else f"mcpconf server test {name}"
    try:
        with ready.cleaning(), _way(kept, ready, deadline, hear, opened or _nobody) as reached:
            yield reached
    except Refusal as refusal:
        missing = lacking(str(refusal), ready.container)
        if missing is not None:
            raise ServerFailed(f"{name}: {missing}", hint=missing.hint) from None
        raise ServerFailed(f"{name}: {ready.hide(str(refusal))}", hint=hint) from None
    except Ended:
        raise ServerFailed(f"{name}: the broker closed the connection", hint=hint) from None
    except OSError as problem:
        said = problem.strerror or str(problem) or "it did not answer in time"
        raise ServerFailed(f"{name}: the broker can't be reached: {said}", hint="mcpconf broker status") from None


def _nobody(_stop: Stop) -> None:
    """Nobody else may want to end it."""


def _way(
    kept: Kept | None, ready: Ready, deadline: float, hear: Hear, opened: Callable[[Stop], None]
) -> contextlib.AbstractContextManager[Reached]:
    if kept is not None:
        return _joined(kept, deadline, hear, opened)
    return _called(ready, deadline, hear) if ready.url is not None else _started(ready, deadline, hear, opened)


@contextlib.contextmanager
def _joined(kept: Kept, deadline: float, hear: Hear, opened: Callable[[Stop], None]) -> Iterator[Reached]:
    joined = Joined(kept, deadline)
    try:
        opened(joined.stop)
        talk = call.Conversation(joined, deadline, hear)
        # The broker answers each question, and would start a process for each era.
        yield Reached(BROKER, call.introduce_slowly(joined, talk.ask), talk.ask)
    finally:
        joined.stop()


@contextlib.contextmanager
def _started(ready: Ready, deadline: float, hear: Hear, opened: Callable[[Stop], None]) -> Iterator[Reached]:
    child, known = _child(ready, deadline, opened)
    brief = True
    try:
        yield Reached(PROCESS, known, call.Conversation(child, deadline, hear).ask)
        brief = False
    except Ended:
        raise Refusal(_with_words(child, call.last_words(child))) from None
    except Late as late:
        raise Refusal(_with_words(child, str(late))) from None
    finally:
        child.stop(brief=brief)


def _child(ready: Ready, deadline: float, opened: Callable[[Stop], None]) -> tuple[Child, Introduction]:
    """A server that has introduced itself; one that ends itself over `server/discover` is started once more."""
    try:
        return _acquainted(ready, deadline, opened, discover=True)
    except Ended:
        return _acquainted(ready, deadline, opened, discover=False)


def _acquainted(
    ready: Ready, deadline: float, opened: Callable[[Stop], None], *, discover: bool
) -> tuple[Child, Introduction]:
    try:
        child = Child(ready.argv, ready.env, ready.cwd)
    except (OSError, ValueError) as problem:
        raise Refusal(call.not_started(ready.argv, ready.cwd, problem)) from None
    with contextlib.ExitStack() as failing:
        failing.callback(child.stop, brief=True)
        opened(partial(child.stop, brief=True))
        try:
            known = call.introduce(child, deadline, discover=discover)
        except Refusal as refusal:
            raise Refusal(_with_words(child, str(refusal))) from None
        except Ended:
            if discover:
                raise
            raise Refusal(_with_words(child, call.last_words(child))) from None
        failing.pop_all()
    return child, known


def _with_words(child: Child, why: str) -> str:
    """Why a server failed, with the end of what it wrote to stderr."""
    child.stop(brief=True)  # which collects them
    words = [f"  {line}" for line in child.errors().splitlines()[-LAST_WORDS:]]
    return "\n".join([why, *words])


@contextlib.contextmanager
def _called(ready: Ready, deadline: float, hear: Hear) -> Iterator[Reached]:
    from mcpconf.use import remote  # TLS and all, which a server on this machine has no need of

    url = ready.url or ""
    if not remote.is_web(url):
        raise Refusal("its URL is no http or https URL")
    line = remote.Line(url, ready.headers, deadline)
    try:
        known = remote.introduce(line, max(deadline - time.monotonic(), SHORT))
        yield Reached(HTTP, known, lambda method, params: line.ask(method, params, hear=hear))
    except remote.NETWORK as problem:
        raise Refusal(remote.no_connection(problem)) from None
    finally:
        line.close()
