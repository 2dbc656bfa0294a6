"""A running broker is told when what it may start has changed. It would notice at the next connection anyway."""

from __future__ import annotations

import os
from collections.abc import Mapping

from mcpconf.broker.control import BrokerUnreachable, ask
from mcpconf.broker.place import Paths
from mcpconf.commit.artifacts import Files
from mcpconf.errors import McpconfError
from mcpconf.model import Note
from mcpconf.workflow.app import App

SECONDS = 2.0


def reload(app: App, before: Mapping[str, Files], after: Mapping[str, Files]) -> tuple[Note, ...]:
    """Tell it, where files of the broker's differ between the two; what is to be said of it. Never fails."""
    directory = app.dirs.broker + os.sep
    if _below(directory, before) == _below(directory, after):
        return ()
    return tell(app)


def tell(app: App) -> tuple[Note, ...]:
    """Tell a broker that runs to read everything again; what is to be said of it. Never fails."""
    socket = Paths(app.runtime).socket
    if not app.system.exists(socket):
        return ()
    try:
        ask(socket, {"do": "reload"}, SECONDS)
    except BrokerUnreachable:
        return ()  # it ended, or is ending, and reads everything when it starts
    except McpconfError as refused:
        return (Note(str(refused), hint="mcpconf broker reload"),)
    if app.system.listdir(os.path.join(app.dirs.broker, "servers")):  # those of other contexts, too
        return ()
    return (Note("the broker still runs, and has no server to keep any more", hint="mcpconf broker stop"),)


def _below(directory: str, files: Mapping[str, Files]) -> dict[str, dict[str, bytes]]:
    return {
        context: {path: data for path, data in its.items() if path.startswith(directory)}
        for context, its in files.items()
    }
