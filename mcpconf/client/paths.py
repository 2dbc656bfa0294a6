"""Joining paths in the manner of the system that the place has, which need not be ours."""

from __future__ import annotations

import ntpath
import posixpath


def join(platform: str, *parts: str) -> str:
    """Join path parts with the separator of `platform`."""
    return ntpath.join(*parts) if platform == "windows" else posixpath.join(*parts)


def parent(platform: str, path: str) -> str:
    """The directory above; the path itself at the root."""
    return ntpath.dirname(path) if platform == "windows" else posixpath.dirname(path)


def ancestors(platform: str, path: str) -> tuple[str, ...]:
    """The path and every directory above it, nearest first."""
    found = [path]
    while (above := parent(platform, found[-1])) != found[-1]:
        found.append(above)
    return tuple(found)


def absolute(platform: str, cwd: str, path: str) -> str:
    """The path itself, or seen from `cwd`, without `.` and `..`."""
    if platform == "windows":
        return ntpath.normpath(ntpath.join(cwd, path))
    return posixpath.normpath(posixpath.join(cwd, path))
