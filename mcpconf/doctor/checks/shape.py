"""The shape of an entry: what its client takes, and what it silently leaves out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

from mcpconf.doctor.finding import Found, Level, Mend
from mcpconf.doctor.seen.entries import Entries, Entry
from mcpconf.model import Json

TYPES = ("stdio", "http", "streamable-http", "sse", "ws")
REMOTE = TYPES[1:]
SCHEMES = ("http", "https")  # those by which servers are called; a WebSocket's address may have its own
# What people write for the names that clients read.
MEANT = {
    "arg": "args", "arguments": "args", "argv": "args", "cmd": "command", "commands": "command",
    "environment": "env", "envs": "env", "envVars": "env", "header": "headers", "URL": "url", "uri": "url",
    "serverUrl": "url", "httpUrl": "url", "transport": "type", "transportType": "type", "timeOut": "timeout",
}  # fmt: skip
KNOWN = frozenset({
    "type", "command", "args", "env", "url", "headers", "headersHelper", "oauth", "timeout", "alwaysLoad",
    "description", "name", "title", "version",
})  # fmt: skip


def where(entry: Entry) -> str:
    """Where an entry stands, as evidence."""
    return f"{entry.path}:{entry.line}, {entry.title} ({entry.scope})"


def found(level: Level, entry: Entry, text: str, mend: str, *evidence: str) -> Found:
    """A finding about an entry. One of ours is mended where it was made: in the profile."""
    return Found(level, text, entry.name, (where(entry), *evidence), Mend(mend))


def edit(entry: Entry, what: str = "") -> str:
    """The place to edit, and to what."""
    return f"edit {entry.path}:{entry.line}{': ' if what else ''}{what}"


def fields(entry: Entry) -> Mapping[str, Json]:
    return entry.value if isinstance(entry.value, dict) else {}


def is_remote(entry: Entry) -> bool:
    """Whether it names a server that is called, not started. Without a type, a command decides."""
    value = fields(entry)
    return value.get("type") in REMOTE or ("url" in value and "command" not in value and "type" not in value)


def faults(entry: Entry) -> Iterator[tuple[str, str]]:
    """What is wrong with the shape of an entry, each with what to write instead. A missing type is told elsewhere.

    What Claude Code (2.1.197) reads all the same is none: odd names in `env`, an empty name of a server.
    """
    value = entry.value
    if not isinstance(value, dict):
        yield "it is no object", '{ "command": ..., "args": [...] }'
        return
    if "type" in value and value["type"] not in TYPES:
        yield f"there is no type {value['type']!r}", f"type is one of {', '.join(TYPES)}"
    elif is_remote(entry):
        yield from _remote(value)
    else:
        yield from _process(value)
    if entry.needs_type:
        yield from _options(value)


def _options(value: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    timeout = value.get("timeout", 1)
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or timeout <= 0:
        yield "its timeout is no number above 0", '"timeout": 30000, in milliseconds'
    if not isinstance(value.get("alwaysLoad", True), bool):
        yield "its alwaysLoad is neither true nor false", '"alwaysLoad": true'


def _process(value: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    if "command" not in value:
        near = next((name for name in value if MEANT.get(name) == "command"), None)
        what = f"it names its command {near!r}" if near else "it has no command"
        yield what, '"command": "PROGRAM"'
    elif not isinstance(value["command"], str):
        yield "its command is no text", '"command": "PROGRAM", with its arguments in "args": [...]'
    elif not value["command"].strip():
        yield "its command is empty", '"command": "PROGRAM"'
    args = value.get("args", [])
    if not isinstance(args, list):
        yield "its args are no list", '"args": ["FIRST", "SECOND"]'
    elif any(not isinstance(one, str) for one in args):
        yield "an argument is no text", "put numbers and the like in double quotes"
    yield from _strings(value, "env")


def _remote(value: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    url = value.get("url")
    if not isinstance(url, str) or not url.strip():
        yield "it has no url", '"url": "https://HOST/PATH"'
    yield from _strings(value, "headers")


def _strings(value: Mapping[str, Json], key: str) -> Iterator[tuple[str, str]]:
    table = value.get(key, {})
    if not isinstance(table, dict):
        yield f"its {key} is no object", f'"{key}": {{ "NAME": "value" }}'
        return
    for name, one in table.items():
        if not isinstance(one, str):
            yield f"{name} in its {key} is no text", f'"{name}": "..." in double quotes'


def sound(entries: Entries) -> Iterator[Entry]:
    """The entries whose shape is right: of the others nothing more can be said."""
    return (one for one in entries.entries if next(faults(one), None) is None)


def has_its_shape(entries: Entries) -> Iterator[Found]:
    for one in entries.entries:
        for text, instead in faults(one):
            yield found(Level.ERROR, one, f"{text}, so {one.title} leaves it out", edit(one, instead))


def url_has_a_type(entries: Entries) -> Iterator[Found]:
    for one in sound(entries):
        if is_remote(one) and one.needs_type and "type" not in fields(one):
            text = f"it has a url and no type: {one.title} takes it for a program, and leaves it out"
            sse = str(fields(one)["url"]).rstrip("/").endswith("/sse")
            yield found(Level.ERROR, one, text, edit(one, f'"type": "{"sse" if sse else "http"}"'))


def url_has_a_client(entries: Entries) -> Iterator[Found]:
    for one in sound(entries):
        if is_remote(one) and not one.takes_urls:
            text = f"{one.title} starts programs only: it skips an entry with a url, and older ones refuse the file"
            yield found(Level.ERROR, one, text, "mcpconf import --adopt, which puts a program in between")


def url_can_be_called(entries: Entries) -> Iterator[Found]:
    for one in sound(entries):
        if is_remote(one) and one.takes_urls and not _unset(one, "url"):
            problem = _url_problem(str(fields(one)["url"]), fields(one).get("type"))
            if problem:
                yield found(Level.ERROR, one, problem, edit(one, '"url": "https://HOST/PATH"'))


def _unset(entry: Entry, field: str) -> bool:
    return any(place == field for place, _ in entry.unset)


def _url_problem(url: str, kind: Json) -> str | None:
    if "${" in url:
        return None  # what stands there in the end is known at the start alone
    try:
        parts = urlsplit(url)
        host = parts.hostname
        parts.port  # noqa: B018 - reading it is the test
    except ValueError as error:
        return f"its url is none: {error}"
    wanted = (*SCHEMES, "ws", "wss") if kind == "ws" else SCHEMES
    if parts.scheme not in wanted:
        return f"its url does not begin with {'wss:// or ws://' if kind == 'ws' else 'https:// or http://'}"
    return None if host else "its url has no host"


def url_and_command_do_not_mix(entries: Entries) -> Iterator[Found]:
    for one in sound(entries):
        if "url" in fields(one) and "command" in fields(one):
            text = "it has a command and a url, of which its client uses one"
            yield found(Level.WARNING, one, text, edit(one, "leave one of them out"))


def is_read(entries: Entries) -> Iterator[Found]:
    """Names that no client reads; `disabled` and `cwd` mean something to other programs."""
    told: Mapping[str, Callable[[Entry], Found]] = {"disabled": _disabled, "cwd": _cwd}
    for one in sound(entries):
        for name in fields(one):
            if name in told and fields(one)[name]:
                yield told[name](one)
            elif MEANT.get(name) == "type" and is_remote(one):
                continue  # the missing type is told already
            elif name in MEANT and MEANT[name] not in fields(one):
                text = f"its {name!r} is not read: {one.title} calls it {MEANT[name]!r}"
                yield found(Level.WARNING, one, text, edit(one, f'"{MEANT[name]}"'))
            elif name not in KNOWN and name not in told:
                text = f"its {name!r} is a word of other programs, which {one.title} does not read"
                yield found(Level.INFO, one, text, edit(one))


def _disabled(one: Entry) -> Found:
    text = f'"disabled": true is not read: {one.title} starts it all the same'
    instead = "in Claude Code: /mcp, then disable it" if one.needs_type else edit(one, "take the entry out")
    return found(Level.WARNING, one, text, instead)


def _cwd(one: Entry) -> Found:
    text = f'"cwd" is not read: it is started where {one.title} runs'
    return found(Level.WARNING, one, text, "mcpconf import --adopt; its wrapper changes the directory")
