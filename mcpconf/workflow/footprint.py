"""What we made in the user's home that is no file of a client's, so that a purge can leave nothing behind."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator

from mcpconf.commit.private import read_private
from mcpconf.commit.state import State
from mcpconf.dirs import Dirs
from mcpconf.errors import McpconfError

RECORD = "made.json"
# install.sh notes down what it made here, one path a line: there is no state directory yet when it runs.
INSTALLED = "made"

# By name, never "all that is there": --config-dir may name a directory that holds other people's files, too.
CONFIG = ("profiles", "config.toml")
DATA = ("secrets", "keyring", "wrapper", "broker", "services", "shell", "venv", INSTALLED, "installing")
STATE = (
    *(
        "active",
        "besides",
        "blobs",
        "blocks.json",
        "broker",
        "choices.toml",
        "compiled",
        "dotfiles.json",
        "dotfiles.log",
        "generations",
        "journals",
        "ledger.json",
        "lock",
    ),
    *(RECORD, "pending.json", "rescued", "run", "runs", "services.json", "tools.json", "trust.json", "words"),
    "wrapper.json",
)


def missing_parents(dirs: Dirs) -> tuple[str, ...]:
    """The directories above our own that are not there yet, and will be made with them."""
    found: dict[str, None] = {}
    for directory in (dirs.config, dirs.data, dirs.state):
        above = os.path.dirname(directory)
        while above not in found and not os.path.lexists(above):
            found[above] = None
            above = os.path.dirname(above)
    return tuple(found)


def note(state: State, made: Iterable[str]) -> None:
    """Remember directories that were made; the caller holds the state lock."""
    known = _made(state)
    after = sorted({*known, *made})
    if after != known:
        state.write_json(after, RECORD)


def _made(state: State) -> list[str]:
    """What is noted down; of a damaged record what can be a path. At worst an empty directory stays."""
    data = state.read_json(RECORD)
    return [path for path in data if isinstance(path, str) and _is_path(path)] if isinstance(data, list) else []


def _is_path(text: str) -> bool:
    try:
        return b"\0" not in os.fsencode(text) and os.path.isabs(text)
    except UnicodeEncodeError:
        return False


def remove(dirs: Dirs) -> tuple[str, ...]:
    """Remove our own files, and every directory that was made for them and is empty now; what is gone."""
    made = [*_installed(dirs)]
    with contextlib.suppress(McpconfError):
        made += _made(State(dirs.state))
    removed = []
    for directory, names in ((dirs.config, CONFIG), (dirs.state, STATE), (dirs.data, DATA)):
        if not os.path.lexists(directory):
            continue
        if os.path.islink(directory) and directory != dirs.config:
            _clear(os.path.realpath(directory), names)  # on a volume: ours all the same, and secrets among it
        _clear(directory, names)
        if not os.path.lexists(directory):
            removed.append(directory)
    for directory in sorted(made, key=len, reverse=True):
        with contextlib.suppress(OSError):
            os.rmdir(directory)
    return tuple(removed)


def left(dirs: Dirs) -> tuple[str, ...]:
    """Our directories that a purge could not remove, since they hold something else."""
    return tuple(path for path in dict.fromkeys((dirs.config, dirs.state, dirs.data)) if os.path.lexists(path))


def _installed(dirs: Dirs) -> Iterator[str]:
    with contextlib.suppress(McpconfError):
        raw = read_private(os.path.join(dirs.data, INSTALLED)) or b""
        lines = (os.fsdecode(line) for line in raw.splitlines())
        yield from (line for line in lines if _is_path(line))


def _clear(directory: str, names: Iterable[str]) -> None:
    if os.path.islink(directory):
        # A dotfiles repository keeps what it leads to: that is its own.
        os.unlink(directory)
        return
    for name in names:
        _remove(os.path.join(directory, name))
    with contextlib.suppress(OSError):
        os.rmdir(directory)


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        import shutil

        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):  # what stays is told about, see `left`
            os.unlink(path)
