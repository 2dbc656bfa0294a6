"""What a try of a server gave."""

from __future__ import annotations

import sys

from mcpconf.cli import console, terminal
from mcpconf.cli.render.table import one_line, symbol
from mcpconf.redact import redact
from mcpconf.use.introduction import ProbeResult

LAST_WORDS = 12  # lines of stderr


def probe_lines(name: str, found: ProbeResult) -> list[str]:
    """Era, version, time and tools; or the reason and the server's last words."""
    title = console.paint(_line(name), "bold")
    if found.error is not None:
        tail = redact(console.visible(found.stderr_tail)).rstrip().splitlines()[-LAST_WORDS:]
        return [f"{symbol('error')} {title}  {_line(found.error)}", *_stray(found), *(f"    {line}" for line in tail)]
    named = _line(" ".join(part for part in (found.server_name, found.server_version) if part))
    spoken = f"MCP {_line(found.version or '')} ({found.era}), {found.millis} ms"
    count = f"{len(found.tools)} tool{'' if len(found.tools) == 1 else 's'}"
    tools = ", ".join(map(_line, found.tools))
    listed = terminal.wrapped(f"{count}: {tools}" if tools else "no tools", sys.stdout, "    ", "    ")
    return [f"{symbol('ok')} {title}  {named}  {spoken}", *listed, *_stray(found)]


def _stray(found: ProbeResult) -> list[str]:
    if not found.stray:
        return []
    return [f"  {symbol('warn')} it writes to stdout what is no message: {_line(found.stray)[:80]}"]


def _line(text: str) -> str:
    """What a server said, on one line, without secrets and what a terminal would obey."""
    return redact(one_line(text))
