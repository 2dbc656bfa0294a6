"""Where a server's words are kept, by its route and its client."""

from __future__ import annotations

from collections.abc import Iterator

from mcpconf.client import claude_desktop
from mcpconf.client.paths import join
from mcpconf.client.table import client
from mcpconf.errors import McpconfError
from mcpconf.model import Note
from mcpconf.record import dataclass
from mcpconf.workflow import brokers
from mcpconf.workflow.app import App
from mcpconf.workflow.diff import tilde
from mcpconf.workflow.status import EntryStatus, status


@dataclass(frozen=True, slots=True)
class Log:
    """The log to show, if any, and what is to be said besides."""

    path: str | None
    notes: tuple[Note, ...] = ()


def find_log(app: App, server: str) -> Log:
    """A server's log. Raises `McpconfError` where neither the broker nor an active profile knows it."""
    own = brokers.logs(app, server)
    if own:
        error = brokers.trouble(app, server)
        failing = () if error is None else (Note(f"it does not run: {error}", hint="mcpconf broker status"),)
        return Log(own[0], (*failing, *(Note(f"also: {tilde(path, app.system.home)}") for path in own[1:])))
    clients = dict(_clients(app, server))
    if not clients:
        silent = brokers.silence(app, server)
        if silent is not None:
            return Log(None, (Note(silent, hint="mcpconf broker status"),))
        raise McpconfError(f"no active profile has a server {server!r}, and the broker has no log of it")
    desktop = desktop_log(app, server) if claude_desktop.ID in clients else None
    if desktop is not None and app.system.exists(desktop):
        return Log(desktop)
    return Log(None, tuple(_words(app, server, id_, entry, desktop) for id_, entry in clients.items()))


def _clients(app: App, server: str) -> Iterator[tuple[str, EntryStatus]]:
    for context in status(app):
        for target in context.targets:
            yield from ((target.client, entry) for entry in target.entries if entry.name == server)


def _words(app: App, server: str, id_: str, entry: EntryStatus, desktop: str | None) -> Note:
    title = client(id_).title
    if entry.route == "broker":
        silent = brokers.silence(app, server)
        if silent is not None:
            return Note(f"{title}: {silent}", hint="mcpconf broker status")
        return Note(f"{title}: the broker has not run it yet", hint=f"mcpconf broker warm {server}")
    if id_ == claude_desktop.ID and desktop is not None:
        return Note(f"{title}: it will be in {tilde(desktop, app.system.home)} once it has run")
    return Note(f"{title} starts it itself, and mcpconf sees nothing of it", hint=f"mcpconf server test {server}")


def desktop_log(app: App, server: str) -> str:
    """Where Claude Desktop keeps what a server says (documented; not seen on the real client)."""
    place = app.place
    return join(place.platform, claude_desktop.log_directory(place), f"mcp-server-{server}.log")
