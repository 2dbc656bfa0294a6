"""The variables that mcpconf and Claude Code read: is each one that exists, and does it lead somewhere?"""

from __future__ import annotations

import os
from collections.abc import Iterator

from mcpconf.doctor.seen.shell import Variable
from mcpconf.environment.verdict import parse_override
from mcpconf.errors import McpconfError
from mcpconf.workflow.app import App

PREFIX = "MCPCONF_"
OURS = {
    *("BROKER", "BROKER_KEY", "BROKER_PASS", "BROKER_START", "CONFIG_DIR", "ENV", "HOST", "TIMEOUT", "VERBOSE"),
    *("CAMPAIGN", "FIGURES", "UPSTREAM"),  # what we set ourselves, and what our tests do
}
MADE = ("HEADER_",)  # what a client's entry passes on
CLOSE = 0.75  # how alike two names are of which one is a slip of the other


def odd_variables(app: App) -> Iterator[Variable]:
    """Each that is no good."""
    env = app.system.env
    for name in sorted(env):
        if name.startswith(PREFIX) and name[len(PREFIX) :] not in OURS and not name.startswith(PREFIX + MADE[0]):
            meant = _meant(name[len(PREFIX) :])
            if meant is not None:  # else it is one that a profile of the user's asks for
                yield Variable(name, f"mcpconf reads no such variable; {PREFIX}{meant} is one", f"unset {name}")
    yield from _kind(env.get("MCPCONF_ENV"))
    yield from _address(app, env.get("MCPCONF_BROKER"))
    key = env.get("MCPCONF_BROKER_KEY")
    if key and app.system.read(key) is None:
        text = f"it names {key}, where no key can be read"
        yield Variable("MCPCONF_BROKER_KEY", text, "mcpconf broker key new NAME    # on the host", fails=True)
    yield from _directory(app, "MCPCONF_CONFIG_DIR")
    yield from _directory(app, "CLAUDE_CONFIG_DIR")


def _meant(name: str) -> str | None:
    import difflib

    return next(iter(difflib.get_close_matches(name, OURS, 1, CLOSE)), None)


def _kind(value: str | None) -> Iterator[Variable]:
    try:
        parse_override(value)
    except McpconfError as error:
        yield Variable("MCPCONF_ENV", str(error), "unset MCPCONF_ENV", fails=True)


def _address(app: App, value: str | None) -> Iterator[Variable]:
    if not value:
        return
    scheme, _, place = value.partition(":")
    if scheme == "unix" and not app.system.exists(place):
        yield Variable("MCPCONF_BROKER", f"it names {place}, which is not there", "unset MCPCONF_BROKER", fails=True)
    elif scheme not in ("unix", "tcp") or not place:
        text = f"{value!r} is no address: unix:/PATH or tcp:HOST:PORT"
        yield Variable("MCPCONF_BROKER", text, "unset MCPCONF_BROKER", fails=True)


def _directory(app: App, name: str) -> Iterator[Variable]:
    value = app.system.env.get(name, "")
    if not value or os.path.isabs(value):
        return
    if value.startswith("~"):
        text = f"its {value!r} was not expanded: a directory of the name '~' is meant by it"
    else:
        text = f"its {value!r} is no absolute path: it means another directory wherever you are"
    mend = f'export {name}="$HOME/{value.removeprefix("~").lstrip("/")}"'
    yield Variable(name, text, mend)
