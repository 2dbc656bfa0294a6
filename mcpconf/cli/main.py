"""Where a command starts and where every exception ends.

What a prompt, an editor or a client calls all the time is answered before typer is imported.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # what `typing` would give, for 5 ms
if TYPE_CHECKING:
    from collections.abc import Sequence


def entry() -> None:
    """The console script."""
    sys.exit(main(sys.argv[1:]))


def main(argv: Sequence[str]) -> int:
    """Run one command; the exit code."""
    quick = _quick(list(argv))
    if quick is not None:
        return quick
    from mcpconf.cli.run import run

    return run(list(argv))


def _quick(argv: list[str]) -> int | None:
    """Answer what needs no argument parser; None where it does."""
    if argv == ["--version"]:
        from mcpconf import __version__

        return _say(f"mcpconf {__version__}")
    if argv == ["serve"]:
        from mcpconf.serve.server import main as serve

        return serve()
    if argv == ["current"]:
        return _current()
    if argv[-2:] == ["broker", "run"] and (len(argv) == 2 or (len(argv) == 4 and argv[0] == "--config-dir")):
        return _become_broker(argv[1] if len(argv) == 4 else None)
    if argv[:1] == ["__modify"]:  # of a script that chezmoi runs: its words stay as they are
        from mcpconf.cli.modify import modify

        return modify(argv[1:])
    if argv[:3] == ["broker", "start", "--if-needed"]:
        named = argv[3:]
        if not named or (len(named) == 2 and named[0] == "--config-dir"):
            return _start_broker(named[1] if named else None)
    return None


def _become_broker(config: str | None) -> int | None:
    """What a service manager calls while the first client waits; None where the long way has the words for it."""
    from mcpconf.broker.start import command, options_of
    from mcpconf.dirs import find_dirs
    from mcpconf.errors import McpconfError
    from mcpconf.system import RealSystem

    system = RealSystem()
    if system.platform == "windows":
        return None
    try:
        argv = command(options_of(find_dirs(system, config)))
    except McpconfError:
        return None
    os.execv(argv[0], argv)  # noqa: S606  a list of words, and no shell


def _start_broker(config: str | None) -> int | None:
    """What a shim calls while its client waits; None where the long way has the words for what is wrong."""
    from mcpconf.broker.place import Paths, socket_directory
    from mcpconf.broker.start import options_of, start_if_needed
    from mcpconf.dirs import find_dirs
    from mcpconf.errors import McpconfError
    from mcpconf.system import RealSystem

    system = RealSystem()
    if system.platform == "windows":
        return None
    try:
        dirs = find_dirs(system, config)
        paths = Paths(socket_directory(dirs, system.env, system.uid))
        start_if_needed(paths, options_of(dirs))
    except McpconfError as error:
        from mcpconf.cli import console

        console.fail(error)
        return error.exit_code
    _say(f"unix:{paths.socket}")  # who started us may look elsewhere: a home may be in several places
    return 0


def _say(line: str) -> int | None:
    """Print a line; None where it can't be: the long way has the words for it."""
    if sys.stdout is None:  # closed by whoever started us
        return 0
    try:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except (OSError, UnicodeError):  # a full disk, a closed pipe, a narrow encoding
        return None
    return 0


def _current() -> int | None:
    """The active profile from its marker file; None where the long way must find the place or the words."""
    if os.environ.get("MCPCONF_SHELL") and os.environ.get("MCPCONF_PROFILE"):
        return None
    state = os.environ.get("XDG_STATE_HOME") or os.path.join(os.environ.get("HOME", ""), ".local", "state")
    if sys.platform != "linux" or not os.path.isabs(state) or os.environ.get("MCPCONF_CONFIG_DIR"):
        return None
    try:
        # O_NONBLOCK: a FIFO in its place must not hang a prompt; the long way says what is wrong.
        descriptor = os.open(os.path.join(state, "mcpconf", "active"), os.O_RDONLY | os.O_NONBLOCK)
        with open(descriptor, encoding="utf-8", errors="surrogateescape") as stream:
            lines = stream.read().split("\n")
    except OSError:
        return None
    # More than the user's own line: the current directory decides, and that takes the long way.
    if len(lines) == 2 and lines[0].startswith("user\t"):
        return _say(lines[0].split("\t")[1])
    return None
