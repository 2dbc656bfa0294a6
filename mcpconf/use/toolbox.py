"""The tools of a profile's servers, as far as the profile lets them be seen. All servers are asked at once."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from threading import Lock, Thread

from mcpconf.errors import McpconfError, UsageError
from mcpconf.model import Json, Server, ToolFilter
from mcpconf.record import asdict, dataclass, replace
from mcpconf.redact import redact
from mcpconf.use.introduction import Message, reply_to
from mcpconf.use.reached import Reached, Stop, reach
from mcpconf.workflow.app import App
from mcpconf.workflow.in_use import InUse
from mcpconf.workflow.kept import Kept, find_keeper

ENDING = 5.0  # seconds that an interrupted command gives what it started to end


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as its server describes it. `input_schema` is a JSON Schema; `output_schema` None where it gives none."""

    name: str
    title: str | None
    description: str
    input_schema: Mapping[str, Json]
    output_schema: Mapping[str, Json] | None
    annotations: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Toolbox:
    """A server's tools; or in `error` why they are not known. `denied`: those that the profile hides.

    `way` is `broker`, `process` or `http`; `era` and `version` are those of the protocol that was spoken.
    """

    server: str
    tools: tuple[Tool, ...] = ()
    denied: tuple[str, ...] = ()
    way: str | None = None
    era: str | None = None
    version: str | None = None
    error: str | None = None
    hint: str | None = None


def allows(rule: ToolFilter, name: str) -> bool:
    """Whether a profile lets a tool of this name be seen."""
    allowed = not rule.allow or any(fnmatchcase(name, pattern) for pattern in rule.allow)
    return allowed and not any(fnmatchcase(name, pattern) for pattern in rule.deny)


def keeping(app: App, used: InUse, *, broker: bool) -> Mapping[str, Kept]:
    """By server, where a broker keeps it; nothing without `broker`, or for a profile that is not active."""
    if not broker or used.context is None:
        return {}
    keeper = find_keeper(app, used.profile, used.context)
    found = ((server.name, keeper.kept(app, used.profile, server)) for server in used.servers)
    return {name: kept for name, kept in found if kept is not None}


def toolbox(server: Server, reached: Reached) -> Toolbox:
    """What a server that was reached has. Raises Refusal where it will not tell."""
    tools = tuple(map(_tool, reached.tools()))
    return Toolbox(
        server.name,
        tools=tuple(tool for tool in tools if allows(server.tools, tool.name)),
        denied=tuple(tool.name for tool in tools if not allows(server.tools, tool.name)),
        way=reached.way,
        era=reached.known.era,
        version=reached.known.version,
    )


def _tool(said: Message) -> Tool:
    title, output = said.get("title"), said.get("outputSchema")
    return Tool(
        name=str(said.get("name")),
        title=title if isinstance(title, str) else None,
        description=str(said.get("description") or ""),
        input_schema=_mapping(said.get("inputSchema")),
        output_schema=output if isinstance(output, dict) else None,
        annotations=_mapping(said.get("annotations")),
    )


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def toolboxes(app: App, servers: Sequence[Server], kept: Mapping[str, Kept], *, timeout: float) -> tuple[Toolbox, ...]:
    """The tools of all of these, in their order. `timeout` is in seconds, for each and so for all."""
    deadline = time.monotonic() + timeout
    found: dict[str, Toolbox] = {}
    talks = Talks()

    def look(server: Server) -> None:
        found[server.name] = _look(app, server, kept.get(server.name), deadline, talks)

    threads = [Thread(target=look, args=(server,), daemon=True) for server in servers]
    try:
        _run(threads)
    except BaseException:
        talks.end()
        join_all(threads, ENDING)  # one may have been about to start its server, and ends it now
        raise
    return tuple(found.get(server.name, Toolbox(server.name, error="it did not answer")) for server in servers)


class Talks:
    """The conversations that are going on, to be ended from another thread. One that begins later is ended at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._stops: list[Stop] = []
        self._over = False

    def begun(self, stop: Stop) -> None:
        with self._lock:
            self._stops.append(stop)
            over = self._over
        if over:
            _run([Thread(target=stop, daemon=False)])  # else a daemon's, which goes with us before it is done

    def end(self) -> None:
        with self._lock:
            self._over = True
            stops = tuple(self._stops)
        # At once, since each may take seconds; and not as daemons, so that a second Ctrl-C leaves none of them out.
        _run([Thread(target=stop, daemon=False) for stop in stops])


def _run(threads: Sequence[Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def join_all(threads: Iterable[Thread], seconds: float) -> None:
    """Wait for all of them, so many seconds at most."""
    deadline = time.monotonic() + seconds
    for thread in threads:
        if thread.ident is not None:  # not started: whoever was interrupted did not get that far
            thread.join(max(deadline - time.monotonic(), 0))


def _look(app: App, server: Server, kept: Kept | None, deadline: float, talks: Talks) -> Toolbox:
    try:
        with reach(app, server, kept, deadline, reply_to, talks.begun) as reached:
            return toolbox(server, reached)
    except McpconfError as error:
        return Toolbox(server.name, error=str(error).removeprefix(f"{server.name}: "), hint=error.hint)


def only_tool(found: Toolbox, name: str) -> Toolbox:
    """The same with one of its tools. Raises `UsageError` where it has none of that name, or the profile denies it."""
    if found.error is not None:
        return found
    return replace(found, tools=(pick(found, name),), denied=())


def pick(found: Toolbox, name: str) -> Tool:
    """One of its tools. Raises `UsageError` where it has none of that name, or the profile denies it."""
    tool = next((tool for tool in found.tools if tool.name == name), None)
    if tool is not None:
        return tool
    if name in found.denied:
        text = f"the profile does not allow {name!r} of {found.server} ([servers.{found.server}] tools)"
        raise UsageError(f"{text}; nothing was sent", hint="mcpconf profile show")
    import difflib

    near = difflib.get_close_matches(name, [tool.name for tool in found.tools], 2, 0.5)
    meant = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
    raise UsageError(f"{found.server} has no tool {name!r}{meant}", hint=f"mcpconf tools {found.server}")


def tools_report(profile: str, found: Sequence[Toolbox]) -> dict[str, Json]:
    """The tools as JSON, schemas and all."""
    return {"profile": profile, "servers": [_toolbox_report(one) for one in found]}


def _toolbox_report(one: Toolbox) -> dict[str, Json]:
    return {
        "name": one.server,
        "way": one.way,
        "era": one.era,
        "version": one.version,
        "error": None if one.error is None else redact(one.error),
        "denied": list(one.denied),
        "tools": [asdict(tool) for tool in one.tools],
    }
