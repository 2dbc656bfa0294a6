"""Secrets: in a file of ours for its owner alone, or in the system's keyring; never in both.

The file is read before the keyring. So a secret that moves is put into its new place before it leaves the old one, and
whatever ends the command in between, it has one value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mcpconf.commit.private import read_private, write_private
from mcpconf.errors import McpconfError
from mcpconf.model import Note
from mcpconf.profile.secrets import KeyringIndex, SecretsFile, check_secret
from mcpconf.workflow import vault, words
from mcpconf.workflow.app import App, launcher
from mcpconf.workflow.reload import tell

FILE = "file"
KEYRING = "keyring"


def load(app: App) -> SecretsFile:
    """The secrets of the file. Raises `McpconfError` where it is damaged."""
    return SecretsFile.load(read_private(app.dirs.secrets))


def index(app: App) -> KeyringIndex:
    """Which secrets are in the keyring. Raises `McpconfError` where the list is damaged."""
    return KeyringIndex.load(read_private(app.dirs.keyring))


def places(app: App) -> dict[str, str]:
    """Where each secret is, by its name: `file` or `keyring`. The keyring itself is not asked."""
    found = dict.fromkeys(index(app).names, KEYRING) | dict.fromkeys(load(app).names(), FILE)
    return dict(sorted(found.items()))


def values(app: App, names: Iterable[str]) -> Mapping[str, str]:
    """The secrets of these names that are kept. Raises `NoKeyring` where one is in the keyring and that is no use."""
    file, kept = load(app), index(app).names
    found = {name: file.get(name) or (vault.get(name) if name in kept else None) for name in names}
    return {name: value for name, value in found.items() if value}


def store(app: App, name: str, value: str) -> tuple[Note, ...]:
    """Keep a secret in the file; what is left to say. One that was in the keyring leaves it, where that still works."""
    with app.writing():
        write_private(app.dirs.secrets, load(app).with_(name, value).dump())
        kept = index(app)
        notes: tuple[Note, ...] = ()
        if name in kept.names:
            _write_index(app, kept.without(name))
            notes = _drop(name)
    _note_names(app)
    return notes + tell(app)


def store_in_keyring(app: App, name: str, value: str) -> None:
    """Keep a secret in the keyring. Raises `NoKeyring` where it can't be, with nothing changed."""
    problem = check_secret(name, value)
    if problem:
        raise McpconfError(problem)
    with app.writing():
        file, kept = load(app), index(app)
        vault.put(name, value)
        _write_index(app, kept.with_(name, launcher(app.system)))
        if file.get(name) is not None:
            write_private(app.dirs.secrets, file.without(name).dump())
    _note_names(app)


def forget(app: App, name: str) -> None:
    """Drop a secret wherever it is. Raises `McpconfError` where there is none of that name."""
    with app.writing():
        file, kept = load(app), index(app)
        if name in kept.names:
            vault.drop(name)
            _write_index(app, kept.without(name))
        elif file.get(name) is None:
            raise McpconfError(f"there is no secret named {name}", hint="mcpconf secret ls")
        if file.get(name) is not None:
            write_private(app.dirs.secrets, file.without(name).dump())
    _note_names(app)
    tell(app)


def purge(app: App) -> tuple[Note, ...]:
    """Take all that is ours out of the keyring; a note for each secret that had to stay there."""
    try:
        names = index(app).names
    except McpconfError:
        return ()
    return tuple(note for name in names for note in _drop(name))


def _drop(name: str) -> tuple[Note, ...]:
    try:
        vault.drop(name)
    except vault.NoKeyring as problem:
        return (Note(f"what the keyring holds as {name} of {vault.SERVICE} stays there: {problem}"),)
    return ()


def _note_names(app: App) -> None:
    """For completion: the names, never a value."""
    words.note(app, "secrets", {"": places(app)})


def _write_index(app: App, kept: KeyringIndex) -> None:
    write_private(app.dirs.keyring, kept.dump())
