"""Servers: does each start, speak MCP, and have tools that its client can use?"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from shlex import quote

from mcpconf.doctor.check import Check
from mcpconf.doctor.finding import Found, Group, Level, Mend
from mcpconf.doctor.seen.servers import Cause, Servers, Way
from mcpconf.use.introduction import LEGACY
from mcpconf.wire.versions import HANDSHAKE_VERSIONS

SLOW = 5.0  # seconds to start; some clients' first request goes without the tools after two
MANY = 128  # tools, for the client and its model
LONGEST = 64  # characters of a tool's name, as a model gets it
WORDS = 4  # lines of a server that failed
VERSIONS = ("2024-10-07", *HANDSHAKE_VERSIONS)  # the first is older than what we speak; clients still do


def starts(servers: Servers) -> Iterator[Found]:
    for way in _failed(servers, Cause.SPAWN):
        yield _failure(way, _error(way))


def has_its_values(servers: Servers) -> Iterator[Found]:
    for way in _failed(servers, Cause.VALUES):
        problem, _, mend = _error(way).partition("; try: ")
        yield Found(Level.ERROR, f"it can't be started: {problem}", way.name, (way.where,), Mend(mend))


def stays_up(servers: Servers) -> Iterator[Found]:
    for way in _failed(servers, Cause.ENDED):
        yield _failure(way, _error(way))


def answers_in_time(servers: Servers) -> Iterator[Found]:
    for way in _failed(servers, Cause.SILENT):
        patient = way.waited >= way.limit
        waits = "" if patient else f"; its client waits {way.limit:g} s"
        text = f"it did not answer within {way.waited:g} s{waits}"
        if way.fetches and not patient:
            mend = Mend(f"mcpconf doctor --server {quote(way.name)} --deep")
            yield Found(
                Level.WARNING, f"{text}, and it may have been fetching what it starts", way.name, (way.where,), mend
            )
        else:
            yield _failure(way, text)


def speaks_mcp(servers: Servers) -> Iterator[Found]:
    for way in _failed(servers, Cause.NO_MCP):
        yield _failure(way, f"it does not speak MCP as it should: {_error(way)}")
    for way in _working(servers):
        found = way.found
        if found is not None and found.era == LEGACY and None in (found.server_name, found.server_version):
            text = (
                "its answer to initialize has no name and version of the server: clients of the official SDKs refuse it"
            )
            yield _told(Level.ERROR, way, text, Mend("update the server, or tell who made it"))


def speaks_a_known_version(servers: Servers) -> Iterator[Found]:
    for way in _tried(servers):
        if _is_odd(way):
            text = f"it speaks the version {way.found and way.found.version!r} of MCP, which no client knows"
            yield Found(
                Level.ERROR, text, way.name, (way.where,), Mend("update the server, or the SDK that it is built with")
            )


def lists_its_tools(servers: Servers) -> Iterator[Found]:
    for way in _failed(servers, Cause.TOOLS):
        if not _is_odd(way):
            yield _failure(way, f"it starts, and does not list its tools: {_error(way)}")


def can_be_reached(servers: Servers) -> Iterator[Found]:
    for way in _failed(servers, Cause.AWAY):
        yield Found(Level.ERROR, _error(way), way.name, _evidence(way), Mend(_look_there(way)))


def is_let_in(servers: Servers) -> Iterator[Found]:
    for way in _failed(servers, Cause.WANTS_LOGIN):
        if way.has_login:
            text = f"it does not take the Authorization header that its entry gives it: {_error(way)}"
            yield Found(Level.ERROR, text, way.name, _evidence(way), Mend(f"renew the token in {way.path}"))
        else:
            text = "it wants you to log in, which its client does with you"
            yield _told(Level.INFO, way, text, Mend("claude, and there: /mcp"))


def starts_quickly(servers: Servers) -> Iterator[Found]:
    for way in _working(servers):
        took = (way.warm.millis / 1000) if way.warm is not None else way.seconds or 0.0
        if took > way.limit:
            text = f"it takes {took:.1f} s to start, and its client waits {way.limit:g} s"
            yield Found(Level.ERROR, text, way.name, (way.where,), Mend("export MCP_TIMEOUT=60000"))
        elif took > SLOW:
            text = f"it takes {took:.1f} s to start; until then its tools are missing"
            yield _told(Level.WARNING, way, text, _quicker(way))


def keeps_stdout_clean(servers: Servers) -> Iterator[Found]:
    for way in _tried(servers):
        if way.found is not None and way.found.stray and way.works:
            text = "it writes to stdout what is no message: Claude Code passes over it, others end the connection"
            yield Found(Level.WARNING, text, way.name, (way.where, way.found.stray), Mend("have it log to stderr"))


def has_tools(servers: Servers) -> Iterator[Found]:
    for way in _working(servers):
        if way.found is not None and not way.found.tools:
            yield Found(Level.INFO, "it has no tools", way.name, (way.where,), Mend(f"mcpconf tools {quote(way.name)}"))


def has_few_tools(servers: Servers) -> Iterator[Found]:
    for way in _working(servers):
        count = len(way.found.tools) if way.found is not None else 0
        if count > MANY:
            text = f"it has {count} tools: each request carries all of them, and some clients take no more than {MANY}"
            yield _told(Level.WARNING, way, text, Mend("[servers.NAME] tools.allow, in a profile"))


def tools_have_short_names(servers: Servers) -> Iterator[Found]:
    for way in _working(servers):
        long = [name for name in _shown_names(way) if len(name) > LONGEST]
        if long:
            text = f"{len(long)} of its tools have names of more than {LONGEST} characters once its client names them"
            yield Found(Level.WARNING, text, way.name, (way.where, *long[:3]), Mend(f"a shorter name for {way.name}"))


def tools_have_names_of_their_own(servers: Servers) -> Iterator[Found]:
    for way in _working(servers):
        twice = [name for name, count in Counter(_shown_names(way)).items() if count > 1]
        if twice:
            text = f"tools of one name: {', '.join(twice[:3])}; of each the client keeps one, and says nothing"
            yield _told(Level.WARNING, way, text, Mend("update the server, or tell who made it"))


def was_tried(servers: Servers) -> Iterator[Found]:
    for way in servers.ways:
        if way.skipped:
            yield _untried(way.name, f"not started: {way.skipped}", way.where)
    for profile, why in servers.untold:
        yield _untried(profile, f"nothing of the profile was started: {why}")


def worked_for_its_client(servers: Servers) -> Iterator[Found]:
    for way in _working(servers):
        if way.log is not None and way.log.failed:
            when = time.strftime("%Y-%m-%d %H:%M", time.localtime(way.log.written))
            text = f"it works now, and failed when its client tried it last, {when}"
            yield Found(Level.INFO, text, way.name, (way.where, *way.log.lines), Mend("claude mcp list"))


def was_timed(servers: Servers) -> Iterator[Found]:
    for way in _working(servers):
        if way.warm is not None and way.found is not None:
            cold, warm = way.found.millis / 1000, way.warm.millis / 1000
            yield Found(
                Level.INFO, f"it starts in {cold:.2f} s, and in {warm:.2f} s right after", way.name, (way.where,)
            )


def _untried(about: str, text: str, *evidence: str) -> Found:
    return Found(Level.SKIPPED, text, about, evidence)


def _tried(servers: Servers) -> Iterator[Way]:
    """Each way that was tried; of those that come to the same one the first speaks for all."""
    seen: set[tuple[str, int]] = set()
    for way in servers.ways:
        if way.found is not None and (way.name, id(way.found)) not in seen:
            seen.add((way.name, id(way.found)))
            yield way


def _is_odd(way: Way) -> bool:
    """Whether it speaks a version that there never was."""
    return way.found is not None and way.found.era == LEGACY and way.found.version not in VERSIONS


def _working(servers: Servers) -> Iterator[Way]:
    return (way for way in _tried(servers) if way.works)


def _failed(servers: Servers, cause: Cause) -> Iterator[Way]:
    return (way for way in _tried(servers) if way.cause is cause)


def _error(way: Way) -> str:
    return (way.found.error if way.found is not None else None) or ""


def _failure(way: Way, text: str) -> Found:
    return Found(Level.ERROR, text, way.name, _evidence(way), Mend(_look_closer(way)))


def _told(level: Level, way: Way, text: str, mend: Mend, *evidence: str) -> Found:
    return Found(level, text, way.name, (way.where, *evidence), mend)


def _look_closer(way: Way) -> str:
    """What shows more of it: the log, the server's own command, a longer try."""
    if way.route == "broker":
        return f"mcpconf logs {way.name}"
    if way.route == "profile" or way.route in ("wrapper", "direct"):
        return f"mcpconf server test {way.name}"
    if way.cause is Cause.SPAWN:
        return f"edit {way.path}:{way.line}"
    if way.cause is Cause.SILENT:
        return f"mcpconf doctor --server {quote(way.name)} --deep"
    return f"{way.runs} </dev/null" if way.runs else f"edit {way.path}"


def _look_there(way: Way) -> str:
    return f"curl -sv {quote(way.runs)}" if way.runs.startswith("http") else f"edit {way.path}:{way.line}"


def _evidence(way: Way) -> tuple[str, ...]:
    """The server's last words, what it wrote to stdout, and what its client wrote down."""
    found = way.found
    if found is None:
        return (way.where,)
    lines = [line.rstrip() for line in found.stderr_tail.splitlines() if line.strip()][-WORDS:]
    stray = [f"stdout: {found.stray}"] if found.stray else []
    told = [f"{way.title} noted: {line}" for line in way.log.lines if line not in lines] if way.log else []
    return (way.where, *lines, *stray, *told[-2:])


def _quicker(way: Way) -> Mend:
    if way.route in ("own", "url"):
        return Mend("mcpconf import, and then: mcpconf init --broker")
    return Mend("mcpconf init --broker" if way.route != "broker" else f"mcpconf broker warm {way.name}")


def _shown_names(way: Way) -> list[str]:
    """Its tools as a model gets them from Claude Code (measured)."""
    tools = way.found.tools if way.found is not None else ()
    return [re.sub(r"[^A-Za-z0-9_-]", "_", f"mcp__{way.name}__{tool}") for tool in tools]


CHECKS = (
    Check("MC701", Group.SERVERS, "every server can be started", starts),
    Check("MC702", Group.SERVERS, "every server has the values that it needs", has_its_values),
    Check("MC703", Group.SERVERS, "every server stays up", stays_up),
    Check("MC704", Group.SERVERS, "every server answers in time", answers_in_time),
    Check("MC705", Group.SERVERS, "every server speaks MCP", speaks_mcp),
    Check("MC706", Group.SERVERS, "every server speaks a version that clients know", speaks_a_known_version),
    Check("MC707", Group.SERVERS, "every server lists its tools", lists_its_tools),
    Check("MC708", Group.SERVERS, "every URL can be reached", can_be_reached),
    Check("MC709", Group.SERVERS, "every server lets you in", is_let_in),
    Check("MC710", Group.SERVERS, "servers start quickly", starts_quickly),
    Check("MC711", Group.SERVERS, "servers keep their stdout clean", keeps_stdout_clean),
    Check("MC712", Group.SERVERS, "servers have tools", has_tools),
    Check("MC713", Group.SERVERS, "no server has too many tools", has_few_tools),
    Check("MC714", Group.SERVERS, "tools have names that are short enough", tools_have_short_names),
    Check("MC715", Group.SERVERS, "tools have names of their own", tools_have_names_of_their_own),
    Check("MC716", Group.SERVERS, "every server was tried", was_tried),
    Check("MC717", Group.SERVERS, "servers work for their clients, too", worked_for_its_client),
    Check("MC718", Group.SERVERS, "servers were timed", was_timed),
)
