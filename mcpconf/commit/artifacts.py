"""The files in our own data directory that clients' entries need: the wrapper's script with a link and a data file for
each server, and plain files, such as what the broker is told of a server."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping

from mcpconf.commit.disk import refusal
from mcpconf.commit.private import private_directory, read_private, remove_private, unusable, write_private
from mcpconf.commit.state import State
from mcpconf.dirs import shipped
from mcpconf.errors import McpconfError
from mcpconf.ledger import DAMAGED, absolute, listed
from mcpconf.record import dataclass, field

SCRIPT = "mcpconf-wrapper.bash"
RECORD = "wrapper.json"

Files = Mapping[str, bytes]
InUse = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Artifacts:
    """What each of some contexts needs: data by path. In `directory` these are links to the wrapper's script, whose
    data lie beside them; elsewhere the files themselves. Several contexts may need the same one."""

    directory: str
    wanted: Mapping[str, Files] = field(default_factory=dict)

    def before(self, state: State) -> dict[str, Files]:
        """What these contexts have now."""
        record = _record(state)
        return {context: self._standing(record.get(context, ())) for context in self.wanted}

    @contextlib.contextmanager
    def in_place(self, state: State, in_use: InUse | None = None) -> Iterator[None]:
        """Everything wanted is there while the block writes the entries that name it.

        Afterwards what is wanted no more goes, but for a link that is still `in_use`. Where the block fails, all is
        as it was before.
        """
        before = self.before(state)
        try:
            self._add(state)
            yield
        except BaseException:
            Artifacts(self.directory, before)._settle(state, None)
            raise
        self._settle(state, in_use)

    def _paths(self) -> set[str]:
        return {path for files in self.wanted.values() for path in files}

    def _is_link(self, path: str) -> bool:
        return os.path.dirname(path) == self.directory

    def _add(self, state: State) -> None:
        """Make what is missing or different, once it is noted down whose it is."""
        paths = self._paths()
        if not paths:
            return
        record = _record(state)
        _store(state, record | {c: {*record.get(c, ()), *files} for c, files in self.wanted.items()})
        private_directory(os.path.dirname(self.directory))
        if any(map(self._is_link, paths)):
            private_directory(self.directory)
            _update(os.path.join(self.directory, SCRIPT), script(), 0o700)
        for files in self.wanted.values():
            for path, data in files.items():
                self._make(path, data)

    def _make(self, path: str, data: bytes) -> None:
        if self._is_link(path):
            _update(data_path(path), data, 0o600)
            _link(path)
            return
        for directory in self._above(path)[::-1]:
            private_directory(directory)
        _update(path, data, 0o600)

    def _above(self, path: str) -> list[str]:
        """The directories of ours that a plain file lies in, nearest first; our data directory is none of them."""
        root = os.path.dirname(self.directory)
        found = []
        while (path := os.path.dirname(path)).startswith(root + os.sep):
            found.append(path)
        return found

    def _standing(self, paths: set[str] | tuple[()]) -> dict[str, bytes]:
        found = {}
        for path in paths:
            with contextlib.suppress(McpconfError):
                data = read_private(data_path(path) if self._is_link(path) else path)
                if data is not None:
                    found[path] = data
        return found

    def _remove(self, path: str) -> None:
        """What can't be removed stays in our record: the clients' files are written, so this is no failure any more."""
        data = data_path(path)
        # What the script has written beside its data goes with them.
        for one in (path, data, f"{data}.log", f"{data}.failed") if self._is_link(path) else (path,):
            with contextlib.suppress(McpconfError):
                remove_private(one)
        if path.endswith(".py"):
            _forget_compiled(path)
        for directory in () if self._is_link(path) else self._above(path):
            with contextlib.suppress(OSError):  # it holds something else
                os.rmdir(directory)

    def _settle(self, state: State, in_use: InUse | None) -> None:
        """Have what is wanted, and nothing else of these contexts."""
        self._add(state)
        record = _record(state)
        others = {path for context in record if context not in self.wanted for path in record[context]}
        had = {path for context in self.wanted for path in record.get(context, ())}
        for path in had - self._paths() - others:
            if in_use is None or not in_use(path):
                self._remove(path)
        after = record | {
            # What another context wants too is that one's to keep.
            context: {path for path in {*record.get(context, ())} - others | {*files} if os.path.lexists(path)}
            for context, files in self.wanted.items()
        }
        if self._has_link(record) and not self._has_link(after) and os.path.isdir(self.directory):
            # Only then: on a FIFO it would wait for ever. And before the record, which alone has a later run do it.
            import shutil  # half a millisecond that a switch has no need of

            shutil.rmtree(self.directory, ignore_errors=True)
        if after != record:
            _store(state, after)

    def _has_link(self, record: Mapping[str, set[str]]) -> bool:
        return any(self._is_link(path) for paths in record.values() for path in paths)


def contexts(state: State) -> tuple[str, ...]:
    """The contexts that have files of ours."""
    return tuple(_record(state))


def _record(state: State) -> dict[str, set[str]]:
    """Raises `Refused` where the record is damaged: it alone says which files are ours to remove."""
    raw = state.read(RECORD)
    try:
        data = {} if raw is None else json.loads(raw)
        return {context: {absolute(path) for path in listed(paths)} for context, paths in data.items()}
    except DAMAGED:
        raise unusable(state.at(RECORD), "is damaged") from None


def _store(state: State, record: Mapping[str, set[str]]) -> None:
    kept = {context: sorted(paths) for context, paths in record.items() if paths}
    if kept:
        state.write_json(kept, RECORD)
    else:
        state.remove(RECORD)


def _forget_compiled(path: str) -> None:
    """Python keeps what it has compiled beside a module that was imported."""
    directory, name = os.path.split(path)
    cache = os.path.join(directory, "__pycache__")
    with contextlib.suppress(OSError):
        for one in os.listdir(cache):
            if one.startswith(name.removesuffix("py")):
                os.unlink(os.path.join(cache, one))
        os.rmdir(cache)


def script() -> bytes:
    """The wrapper that this version ships."""
    with open(os.path.join(shipped("shell"), SCRIPT), "rb") as stream:
        return stream.read()


def data_path(link: str) -> str:
    """Where the data of a link lies."""
    directory, name = os.path.split(link)
    return os.path.join(directory, "data", name)


def _update(path: str, data: bytes, mode: int) -> None:
    with contextlib.suppress(McpconfError):
        if read_private(path) == data:
            return
    write_private(path, data, mode)


def _link(path: str) -> None:
    try:
        if os.path.islink(path) and os.readlink(path) == SCRIPT:
            return
        temporary = path + ".new"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        os.symlink(SCRIPT, temporary)
        os.replace(temporary, path)
    except OSError as error:
        raise refusal(path, error) from None
