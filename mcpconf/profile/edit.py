"""Edits of a profile's text that keep everything else in it: comments, order, spacing, line breaks.

tomlkit writes what is new; where that goes, and what goes away, is cut out of the user's own text. Where the text is
laid out too oddly for that (inline tables, dotted keys), tomlkit edits all of it. Every result is read again and must
say exactly what was meant, else nothing is given back.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from mcpconf.errors import McpconfError
from mcpconf.model import Json
from mcpconf.profile.cut import after_servers, cut_out, paste, put_key
from mcpconf.profile.locate import Index, KeyPath

BOM = "\ufeff"
Change = Callable[[Any], None]  # on a tomlkit document

_LINE_AND_BLANK = re.compile(r"[ \t]*\r?\n(?:[ \t]*\r?\n)?")  # what is left of a line, and a blank one below it


def new_profile(description: str = "", extends: Iterable[str] = ()) -> str:
    """The text of a profile without servers of its own."""
    import tomlkit

    document = tomlkit.document()
    document["description"] = description
    parents = list(extends)
    if parents:
        document["extends"] = parents[0] if len(parents) == 1 else parents
    return tomlkit.dumps(document)


def add_server(text: str | None, name: str, table: Mapping[str, Json], *, replace: bool = False) -> str:
    """The profile with one more server, behind its other servers; no text stands for no profile yet.

    With `replace`, one of that name goes first. Members of `table` that are None are left out. Raises `McpconfError`
    where there is one of that name, or where the text is no TOML.
    """
    text = new_profile() if text is None else text
    if name in servers(text):
        if not replace:
            raise McpconfError(
                f"the profile already has a server {name!r}",
                hint=f"--replace puts the new one in its place; mcpconf server show {name}",
            )
        text = remove_server(text, name)
    plain = _plain(table)
    wanted = _data(text)
    wanted.setdefault("servers", {})[name] = plain

    def change(document: Any) -> None:
        document.setdefault("servers", {})[name] = plain

    return _first_right(wanted, _additions(text, _table_text(name, plain), change))


def _additions(text: str, block: str, change: Change) -> Iterator[str]:
    yield paste(text, after_servers(text), block)
    yield paste(text, len(text), block)
    yield _through_tomlkit(text, change)


def remove_server(text: str, name: str) -> str:
    """The profile without that server. Of the comments, only those between the server's own lines go with it.

    Raises `McpconfError` where this file has no such server.
    """
    wanted = _data(text)
    if name not in wanted.get("servers", {}):
        raise McpconfError(f"the profile has no server {name!r} of its own", hint="mcpconf server ls")
    del wanted["servers"][name]

    def change(document: Any) -> None:
        del document["servers"][name]

    return _first_right(wanted, _removals(text, name, change))


def _removals(text: str, name: str, change: Change) -> Iterator[str]:
    yield cut_out(text, ("servers", name))
    yield _through_tomlkit(text, change)


def servers(text: str) -> Mapping[str, Json]:
    """The servers that this file itself has. Raises `McpconfError` where it is no TOML."""
    found: Mapping[str, Json] = _data(text).get("servers", {})
    return found


def set_disabled(text: str, name: str, disabled: bool) -> str:
    """The profile with a server switched off or on; one that is only inherited gets a table of its own here."""
    wanted = _data(text)
    server = wanted.get("servers", {}).get(name)
    if server is None:
        return _same_end(text, add_server(text, name, {"disabled": disabled}))
    if server.get("disabled") is disabled:
        return text
    server["disabled"] = disabled

    def change(document: Any) -> None:
        document["servers"][name]["disabled"] = disabled

    return _same_end(text, _first_right(wanted, _switches(text, name, disabled, change)))


def _switches(text: str, name: str, disabled: bool, change: Change) -> Iterator[str]:
    yield put_key(text, ("servers", name), "disabled", "true" if disabled else "false")
    yield _through_tomlkit(text, change)


def autostart(text: str) -> bool | None:
    """What this file itself says of the broker; None where it says nothing. Raises `McpconfError` for no TOML."""
    broker = _data(text).get("broker", {})
    said = broker.get("autostart") if isinstance(broker, dict) else None
    return said if isinstance(said, bool) else None


def set_autostart(text: str, wanted: bool) -> str:
    """The profile with the broker wanted, or not."""
    data = _data(text)
    if not isinstance(data.setdefault("broker", {}), dict):
        raise McpconfError("the profile has a broker that is no table", hint="mcpconf profile validate")
    data["broker"]["autostart"] = wanted

    def change(document: Any) -> None:
        document.setdefault("broker", {})["autostart"] = wanted

    return _same_end(text, _first_right(data, _with_autostart(text, "true" if wanted else "false", change)))


def _with_autostart(text: str, value: str, change: Change) -> Iterator[str]:
    yield put_key(text, ("broker",), "autostart", value)
    yield paste(text, len(text), f"[broker]\nautostart = {value}\n")
    yield _through_tomlkit(text, change)


def without_disabled(text: str, name: str) -> str:
    """The profile as it was before `set_disabled` switched a server off: doing that again gives this very text.

    Where somebody else wrote the key, perhaps with a comment, it stays and says false.
    """
    for candidate in _before_disabled(text, ("servers", name)):
        before = _same_end(text, candidate)
        with contextlib.suppress(McpconfError):
            if before != text and set_disabled(before, name, True) == text:
                return before
    return set_disabled(text, name, False)


def _before_disabled(text: str, table: KeyPath) -> Iterator[str]:
    """What `set_disabled` adds, taken away: a table of its own, the header of one that had none, the key alone."""
    yield cut_out(text, table)
    for header, key in itertools.pairwise(Index(text).statements):
        line = _LINE_AND_BLANK.match(text, key.end)
        if (header.path, header.header, key.path) == (table, True, (*table, "disabled")) and line:
            yield text[: header.start] + text[line.end() :]
    yield cut_out(text, (*table, "disabled"))


def _same_end(text: str, edited: str) -> str:
    """The edited text ended as the text before it, with a line break or without."""
    return edited if text.endswith("\n") or not text.strip() else edited.removesuffix("\n").removesuffix("\r")


def _first_right(wanted: dict[str, Json], candidates: Iterator[str]) -> str:
    """The first text that says what is wanted."""
    for candidate in candidates:
        if _same(candidate, wanted):
            return candidate
    raise McpconfError("this profile is laid out so that it cannot be edited safely", hint="mcpconf profile edit")


def _same(text: str, wanted: dict[str, Json]) -> bool:
    try:
        return _filled(_data(text)) == _filled(wanted)
    except McpconfError:
        return False


def _filled(data: dict[str, Json]) -> dict[str, Json]:
    # No servers and an empty table of servers say the same.
    return {key: value for key, value in data.items() if key != "servers" or value}


def _data(text: str) -> dict[str, Json]:
    import tomllib

    try:
        data = tomllib.loads(text.removeprefix(BOM))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise McpconfError(f"the profile is not valid TOML: {error}", hint="mcpconf profile edit") from error
    servers = data.get("servers", {})
    if not isinstance(servers, dict) or not all(isinstance(server, dict) for server in servers.values()):
        raise McpconfError("the profile has servers that are no tables", hint="mcpconf profile validate")
    return data


def _through_tomlkit(text: str, change: Change) -> str:
    """The text after a change by tomlkit; as it was where tomlkit cannot do it."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    body = text.removeprefix(BOM)
    try:
        document = tomlkit.parse(body)
        change(document)
        return text[: len(text) - len(body)] + tomlkit.dumps(document)
    except (TOMLKitError, KeyError, TypeError, AttributeError):
        return text


def _table_text(name: str, table: dict[str, Json]) -> str:
    import tomlkit

    document = tomlkit.document()
    servers = tomlkit.table(is_super_table=True)
    servers[name] = deepcopy(table)
    document["servers"] = servers
    return tomlkit.dumps(document)


def _plain(value: Json) -> Json:
    """The value in dicts and lists, without members that are None."""
    if isinstance(value, Mapping):
        return {key: _plain(member) for key, member in value.items() if member is not None}
    return [_plain(member) for member in value] if isinstance(value, list | tuple) else value
