"""A disk that is only said to be there, of any system."""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from mcpconf.client.paths import ancestors


@dataclass(frozen=True)
class Disk:
    """Files with their bytes, further directories, and directories that are links to others."""

    platform: str = "linux"
    files: Mapping[str, bytes] = field(default_factory=dict)
    directories: Collection[str] = ()
    links: Mapping[str, str] = field(default_factory=dict)

    def read(self, path: str) -> bytes | None:
        return self.files.get(path)

    def exists(self, path: str) -> bool:
        return path in self.files or self.is_dir(path)

    def is_dir(self, path: str) -> bool:
        return path in self._all_directories()

    def glob(self, pattern: str) -> tuple[str, ...]:
        # As on a real disk, a star stays within one name.
        depth = len(ancestors(self.platform, pattern))
        places = sorted({*self.files, *self._all_directories()})
        return tuple(
            place
            for place in places
            if fnmatch.fnmatchcase(place, pattern) and len(ancestors(self.platform, place)) == depth
        )

    def realpath(self, path: str) -> str:
        for link, real in self.links.items():
            if path == link or path.startswith(link + "/"):
                return real + path[len(link) :]
        return path

    def _all_directories(self) -> set[str]:
        above = {place for path in self.files for place in ancestors(self.platform, path)[1:]}
        return above | {place for path in self.directories for place in ancestors(self.platform, path)}
