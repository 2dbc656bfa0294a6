"""What a service manager is given, as text."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from mcpconf.cli.render.plan import change_lines
from mcpconf.cli.render.table import columns, mark, plain, symbol
from mcpconf.commit.steps import Link
from mcpconf.workflow.diff import tilde
from mcpconf.workflow.service import Done
from mcpconf.workflow.service_setup import Setup


def printed(made: Setup) -> Iterator[str]:
    """The files' text, each under its path where there are several; or the lines."""
    for path, data in made.files.items():
        text = data.decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8", "replace")
        if len(made.files) > 1:
            yield f"# {path}"
        yield from text.replace("\r\n", "\n").splitlines()
    for path, target in made.links.items():
        yield f"# {path} -> {target}"
    yield from made.lines


def step_lines(done: Done, home: str, *, dry_run: bool) -> Iterator[str]:
    """The files, which a dry run has shown already, and the links."""
    if not dry_run and done.plan.files:
        yield from change_lines(done.plan, home)
    for step in done.steps:
        if isinstance(step, Link):
            sign, what = ("add", f"-> {tilde(step.target, home)}") if step.made else ("remove", "removed")
            yield tilde(step.path, home)
            yield from columns([[mark(sign), plain(what, "dim")]], "  ", sys.stderr)


def done_line(done: Done, text: str, already: str) -> str:
    """The last word."""
    return f"{symbol('ok')} {text if done.changed else f'{already}: nothing was changed'}"
