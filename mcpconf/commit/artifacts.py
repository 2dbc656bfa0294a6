"""The wrapper's files in our own data directory: the script, a link and a data file for each server."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from mcpconf.commit.state import State, private_directory, write_private
from mcpconf.commit.write import refusal
from mcpconf.dirs import shipped

SCRIPT = "mcpconf-wrapper.bash"
RECORD = "wrapper.json"


@dataclass(frozen=True, slots=True)
class Artifacts:
    """What one context needs: data by the path of the link that a client's entry starts."""

    directory: str
    files: Mapping[str, bytes] = field(default_factory=dict)

    def write(self, state: State, context: str) -> None:
        """Make what is missing or different, before an entry names it; note down whose it is."""
        if not self.files:
            return
        record = {**(state.read_json(RECORD) or {})}
        record[context] = sorted({*record.get(context, ()), *self.files})
        state.write_json(record, RECORD)
        private_directory(self.directory)
        _update(os.path.join(self.directory, SCRIPT), (shipped("shell") / SCRIPT).read_bytes(), 0o700)
        for link, data in self.files.items():
            _update(data_path(link), data, 0o600)
            _link(link)

    def forget_others(self, state: State, context: str) -> None:
        """Remove what this context needed before and does not any more."""
        record = state.read_json(RECORD)
        if not record or context not in record:
            return
        kept = {path for other, paths in record.items() if other != context for path in paths}
        for link in record[context]:
            if link not in self.files and link not in kept:
                for path in (link, data_path(link)):
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(path)
        record = {**record, context: sorted(self.files)}
        state.write_json({name: paths for name, paths in record.items() if paths}, RECORD)


def data_path(link: str) -> str:
    """Where the data of a link lies."""
    directory, name = os.path.split(link)
    return os.path.join(directory, "data", name)


def _update(path: str, data: bytes, mode: int) -> None:
    with contextlib.suppress(OSError), open(path, "rb") as stream:
        if stream.read() == data:
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
