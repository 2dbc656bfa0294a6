"""An entry in a client's own words."""

from __future__ import annotations

from collections.abc import Mapping

from mcpconf.client.spec import ClientSpec
from mcpconf.model import Entry, Json


def process_entry(
    spec: ClientSpec, command: str, args: tuple[str, ...], env: Mapping[str, str], timeout: int | None
) -> Entry:
    """A stdio server. Claude Code gets its type, and the time-out in milliseconds where one is set."""
    entry: dict[str, Json] = {"type": "stdio"} if spec.typed else {}
    entry["command"] = command
    entry["args"] = list(args)
    if env:
        entry["env"] = dict(env)
    return _timed(entry, spec, timeout)


def remote_entry(spec: ClientSpec, transport: str, url: str, headers: Mapping[str, str], timeout: int | None) -> Entry:
    """A remote server, whose type Claude Code insists on."""
    entry: dict[str, Json] = {"type": transport, "url": url}
    if headers:
        entry["headers"] = dict(headers)
    return _timed(entry, spec, timeout)


def _timed(entry: dict[str, Json], spec: ClientSpec, timeout: int | None) -> Entry:
    if timeout is not None and spec.typed:
        entry["timeout"] = timeout
    return entry
