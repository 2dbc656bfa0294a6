"""A switch whose words are understood already."""

from __future__ import annotations

from mcpconf.cli import console
from mcpconf.cli.carry_out import carry_out
from mcpconf.workflow.app import App
from mcpconf.workflow.prepare import prepare
from mcpconf.workflow.switch import Wish


def switch_to(name: str) -> int:
    """`mcpconf switch NAME` without any option; the exit code."""
    return switch(console.app(), Wish(profile=name), check=False, dry_run=False, json=False)


def switch(world: App, wish: Wish, *, check: bool, dry_run: bool, json: bool) -> int:
    """Prepare what is wished for and carry it out; the exit code."""
    return carry_out(world, prepare(world, wish), f"switch {wish.profile}", check=check, dry_run=dry_run, json=json)
