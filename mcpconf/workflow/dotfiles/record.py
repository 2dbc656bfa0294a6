"""What `dotfiles install` made in the home, noted down before it is made: more may stand here than is there."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping

from mcpconf.commit.private import unusable
from mcpconf.commit.state import State
from mcpconf.errors import McpconfError
from mcpconf.ledger import DAMAGED, absolute, flag, listed, string
from mcpconf.model import Json
from mcpconf.record import dataclass, field

FILE = "dotfiles.json"
VERSION = 1


@dataclass(frozen=True, slots=True)
class MadeLink:
    """A link: where it leads, and the directories that were made with it, innermost first."""

    target: str
    above: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A copy: the digest of what was written, where it lay behind all links, and the directories made with it."""

    digest: str
    real: str
    above: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """`tracked`: a repository has config.toml. `made`: directories made for files that got a block.

    `applied` is the profile that was activated, `previous` the one before the first install.
    """

    source: str | None = None
    manager: str = ""
    clone: bool = False
    tracked: bool = False
    links: Mapping[str, MadeLink] = field(default_factory=dict)
    files: Mapping[str, MadeFile] = field(default_factory=dict)
    made: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    applied: str | None = None
    previous: str | None = None


def load(state: State) -> Record | None:
    """The record; None where nothing was installed. Raises `Refused` where it is damaged."""
    raw = state.read(FILE)
    if raw is None:
        return None
    import json

    try:
        return _load(json.loads(raw))
    except (*DAMAGED, RecursionError):
        raise unusable(state.at(FILE), "is damaged") from None


def load_or_none(state: State) -> Record | None:
    """The same for those who go on without it."""
    with contextlib.suppress(McpconfError):
        return load(state)
    return None


def tracks_settings(state: State) -> bool:
    """Whether config.toml is a repository's."""
    found = load_or_none(state)
    return found is not None and found.tracked


def save(state: State, record: Record) -> None:
    """The caller holds the state lock."""
    links = {path: {"target": one.target, "above": list(one.above)} for path, one in record.links.items()}
    files = {
        path: {"digest": one.digest, "real": one.real, "above": list(one.above)} for path, one in record.files.items()
    }
    state.write_json(
        {
            "version": VERSION,
            "source": record.source,
            "manager": record.manager,
            "clone": record.clone,
            "tracked": record.tracked,
            "links": links,
            "files": files,
            "made": {path: list(above) for path, above in record.made.items()},
            "applied": record.applied,
            "previous": record.previous,
        },
        FILE,
    )


def _load(data: Json) -> Record:
    links = {
        absolute(path): MadeLink(string(one["target"]), tuple(_paths(one["above"])))
        for path, one in data["links"].items()
    }
    files = {
        absolute(path): MadeFile(string(one["digest"]), absolute(one["real"]), tuple(_paths(one["above"])))
        for path, one in data["files"].items()
    }
    return Record(
        source=None if data["source"] is None else absolute(data["source"]),
        manager=string(data["manager"]),
        clone=flag(data["clone"]),
        tracked=flag(data["tracked"]),
        links=links,
        files=files,
        made={absolute(path): tuple(_paths(above)) for path, above in data["made"].items()},
        applied=None if data["applied"] is None else string(data["applied"]),
        previous=None if data["previous"] is None else string(data["previous"]),
    )


def _paths(items: Json) -> Iterator[str]:
    return (absolute(item) for item in listed(items))


def is_ours(path: str, made: MadeFile, digest: str | None) -> bool:
    """Whether a copy is still what was written, and where it was: not in a repository that was linked since."""
    return digest == made.digest and os.path.realpath(path) == made.real
