"""What a try of a server gave."""

from __future__ import annotations

import textwrap

from mcpconf.cli import console
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
    lines += textwrap.wrap(
        f"{len(found.tools)} tools: " + ", ".join(map(console.visible, found.tools)),
        100,
        initial_indent="    ",
        subsequent_indent="    ",
    )
    if found.stray:
        lines.append(f"  {symbol('warn')} it writes to stdout what is no message: {console.visible(found.stray)[:80]}")
    return lines
