"""`mcpconf switch --shell PROFILE`: a shell in which Claude Code has another profile."""

from __future__ import annotations

import os

from mcpconf.cli import console
from mcpconf.cli.render.plan import note_lines
from mcpconf.cli.starting import become, program
from mcpconf.errors import Refused
from mcpconf.workflow.active import USER
from mcpconf.workflow.app import App
from mcpconf.workflow.isolated import isolate
from mcpconf.workflow.outer import PROFILE, SHELL
from mcpconf.workflow.own_config import own_config
from mcpconf.workflow.prepare import named


def open_shell(app: App, profile: str) -> int:
    """Become the user's shell, with the profile in a CLAUDE_CONFIG_DIR of its own. Raises `Refused` inside another."""
    if os.environ.get(SHELL) == "shell":
        inside = os.environ.get(PROFILE, "")
        raise Refused(f"this is a shell with {console.visible(inside)} already", hint="leave it first: exit")
    ready = isolate(app, named(app, profile, USER))
    variables, notes = own_config(app, ready)
    for line in note_lines(ready.notes + notes):
        console.tell(line)
    path = program(app, app.system.env.get("SHELL") or "/bin/sh")
    console.tell(f"a shell in which Claude Code has {ready.profile.name}; 'exit' leaves it, and nothing stays changed")
    env = {**app.system.env, **variables, PROFILE: ready.profile.name, SHELL: "shell"}
    return become(path, [path], env)
