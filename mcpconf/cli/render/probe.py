"""What a try of a server gave."""

from __future__ import annotations

import sys

from mcpconf.cli import console, terminal
from mcpconf.cli.render.table import symbol
from mcpconf.redact import redact
from mcpconf.serve.introduction import ProbeResult


def probe_lines(name: str, found: ProbeResult) -> list[str]:
    """Era, version, time and tools; or the reason and the server's last words."""
    title = console.paint(name, "bold")
    if found.error is not None:
        lines = [f"{symbol('error')} {title}  {redact(console.visible(found.error))}"]
        tail = redact(console.visible(found.stderr_tail)).rstrip().splitlines()[-12:]
        return [*lines, *(f"    {line}" for line in tail)]
    named = " ".join(part for part in (found.server_name, found.server_version) if part)
    lines = [f"{symbol('ok')} {title}  {console.visible(named)}  MCP {found.version} ({found.era}), {found.millis} ms"]
    count = f"{len(found.tools)} tool{'' if len(found.tools) == 1 else 's'}"
    tools = ", ".join(map(console.visible, found.tools))
    lines += terminal.wrapped(f"{count}: {tools}" if tools else "no tools", sys.stdout, "    ", "    ")
    if found.stray:
        lines.append(f"  {symbol('warn')} it writes to stdout what is no message: {console.visible(found.stray)[:80]}")
    return lines
