"""The wrapper's files in our own data directory: the script, a link and a data file for each server."""

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
    """What each of some contexts needs: data by the path of the link that a client's entry starts."""

    directory: str
    wanted: Mapping[str, Files] = field(default_factory=dict)

    def before(self, state: State) -> dict[str, Files]:
        """What these contexts have now."""
        record = _record(state)
        return {context: _standing(record.get(context, ())) for context in self.wanted}

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

    def _links(self) -> set[str]:
        return {link for files in self.wanted.values() for link in files}

    def _add(self, state: State) -> None:
        """Make what is missing or different, once it is noted down whose it is."""
        if not self._links():
            return
        record = _record(state)
        _store(state, record | {c: {*record.get(c, ()), *files} for c, files in self.wanted.items()})
        private_directory(os.path.dirname(self.directory))
        private_directory(self.directory)
        _update(os.path.join(self.directory, SCRIPT), _script(), 0o700)
        for files in self.wanted.values():
            for link, data in files.items():
                _update(data_path(link), data, 0o600)
                _link(link)

    def _settle(self, state: State, in_use: InUse | None) -> None:
        """Have what is wanted, and nothing else of these contexts."""
        self._add(state)
        record = _record(state)
        others = {link for context in record if context not in self.wanted for link in record[context]}
        had = {link for context in self.wanted for link in record.get(context, ())}
        for link in had - self._links() - others:
            if in_use is None or not in_use(link):
                _remove(link)
        after = record | {
            # What another context wants too is that one's to keep.
            context: {link for link in {*record.get(context, ())} - others | {*files} if os.path.lexists(link)}
            for context, files in self.wanted.items()
        }
        if not any(after.values()) and any(record.values()) and os.path.isdir(self.directory):
            # Only then: on a FIFO it would wait for ever. And before the record, which alone has a later run do it.
            import shutil  # half a millisecond that a switch has no need of

            shutil.rmtree(self.directory, ignore_errors=True)
        if after != record:
            _store(state, after)


def contexts(state: State) -> tuple[str, ...]:
    """The contexts that have files of the wrapper's."""
    return tuple(_record(state))


def _record(state: State) -> dict[str, set[str]]:
    """Raises `Refused` where the record is damaged: it alone says which files are ours to remove."""
    raw = state.read(RECORD)
    try:
        data = {} if raw is None else json.loads(raw)
        return {context: {absolute(link) for link in listed(links)} for context, links in data.items()}
    except DAMAGED:
        raise unusable(state.at(RECORD), "is damaged") from None


def _store(state: State, record: Mapping[str, set[str]]) -> None:
    kept = {context: sorted(links) for context, links in record.items() if links}
    if kept:
        state.write_json(kept, RECORD)
    else:
        state.remove(RECORD)


def _standing(links: set[str] | tuple[()]) -> dict[str, bytes]:
    found = {}
    for link in links:
        with contextlib.suppress(McpconfError):
            data = read_private(data_path(link))
            if data is not None:
                found[link] = data
    return found


def _script() -> bytes:
    with open(os.path.join(shipped("shell"), SCRIPT), "rb") as stream:
        return stream.read()


def data_path(link: str) -> str:
    """Where the data of a link lies."""
    directory, name = os.path.split(link)
    return os.path.join(directory, "data", name)


def _remove(link: str) -> None:
    """What can't be removed stays in our record: the clients' files are written, so this is no failure any more."""
    for path in (link, data_path(link)):
        with contextlib.suppress(McpconfError):
            remove_private(path)


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
