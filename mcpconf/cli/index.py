"""The commands by name, and the help that lists them, made without the argument parser: it is asked for often."""

from __future__ import annotations

import os
import sys

ABOUT = "One named profile of MCP servers, in every place where Claude runs."
WIDTH = 80  # columns; the parser wraps for a narrower terminal, here every line fits

# (name, what it does). The module is `mcpconf.cli.commands.<name>` and has an `app`.
COMMANDS: tuple[tuple[str, str], ...] = (
    ("init", "Set everything up: find clients, choose a profile, write."),
    ("switch", "Give the clients a profile's servers ('-': the previous)."),
    ("current", "Print the name of the active profile."),
    ("status", "Show what is active, and whether the files are in step."),
    ("doctor", "Say what is wrong, why, and the command that mends it."),
    ("diff", "Show what switching would change, without secrets."),
    ("undo", "Take back the last change, in all files together."),
    ("history", "List the changes made so far."),
    ("server", "Add, remove, list and test servers of your own profile."),
    ("run", "Start a command with a profile that counts for it alone."),
    ("tools", "List the tools of the active profile's servers."),
    ("call", "Call a tool of a server, from the shell."),
    ("profile", "List, show, write and check profiles."),
    ("secret", "Keep secrets out of config files."),
    ("trust", "Allow a project's own profile to be used."),
    ("allow", "Let a directory have the profile that it asks for."),
    ("import", "Turn what a client has now into a profile."),
    ("dotfiles", "Set up from a dotfiles repository: profiles, shells, place."),
    ("broker", "Run the broker, which keeps servers alive between sessions."),
    ("logs", "Show what a server says."),
    ("export", "Merge into a devcontainer.json; print chezmoi's scripts."),
    ("env", "Show where mcpconf thinks it runs, and why."),
    ("completion", "Print what a shell needs to complete these commands."),
    ("serve", "Run mcpconf's own MCP server on stdin and stdout."),
    ("uninstall", "Give every file back as if mcpconf had never been there."),
)

EPILOG = """\
With every command, before or after it:
  --color auto|always|never    NO_COLOR and FORCE_COLOR count as well
  --env auto|host|container    what this place is, if mcpconf gets it wrong
  --config-dir DIR             keep mcpconf's own files there
  --no-input                   never ask
  -q, --quiet                  only data and errors
  -v, --verbose                where an error came from
  --version
"""


def root_help() -> str:
    """What the parser prints for `mcpconf --help` (a test compares them)."""
    width = max(len(name) for name, _ in COMMANDS)
    commands = [f"  {name:<{width}}  {text}" for name, text in COMMANDS]
    epilog = [f"  {line}".rstrip() for line in EPILOG.splitlines()]
    usage = ["Usage: mcpconf [OPTIONS] COMMAND [ARGS]...", "", f"  {ABOUT}", ""]
    options = ["Options:", "  -h, --help  Show this message and exit.", ""]
    return "\n".join([*usage, *options, "Commands:", *commands, "", *epilog])


def fits() -> bool:
    """Whether the help needs no wrapping where it will be read."""
    if "COLUMNS" in os.environ:
        return False
    try:
        return os.get_terminal_size(sys.__stdout__.fileno() if sys.__stdout__ else 1).columns >= WIDTH
    except (OSError, ValueError):
        return True  # no terminal
