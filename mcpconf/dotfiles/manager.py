"""Who keeps this user's dotfiles: from what was seen to a verdict, with the evidence for it."""

from __future__ import annotations

from enum import StrEnum

from mcpconf.record import dataclass


class Manager(StrEnum):
    """A way to keep dotfiles. PLAIN: a directory with nobody in charge; NONE: nothing of the kind was seen."""

    CHEZMOI = "chezmoi"
    YADM = "yadm"
    STOW = "stow"
    DOTBOT = "dotbot"
    BARE = "bare repository"
    PLAIN = "plain directory"
    NONE = "none"


class Way(StrEnum):
    """How what is not in place yet gets there."""

    RELATIVE = "relative link"  # as stow makes them, and takes for its own
    ABSOLUTE = "link"
    COPY = "copy"  # where the home is the checkout, or is written from it
    NOTHING = "nothing"


WAYS = {
    Manager.CHEZMOI: Way.COPY,
    Manager.YADM: Way.COPY,
    Manager.BARE: Way.COPY,
    Manager.STOW: Way.RELATIVE,
    Manager.DOTBOT: Way.ABSOLUTE,
    Manager.PLAIN: Way.ABSOLUTE,
    Manager.NONE: Way.NOTHING,
}

DOTBOT_CONFIGS = ("install.conf.yaml", "install.conf.yml", "install.conf.json")
STOW_NAMES = (".stowrc", ".stow-local-ignore", ".stow-global-ignore", ".stow")
CHEZMOI_NAMES = (".chezmoiroot", ".chezmoiversion", ".chezmoiignore", ".chezmoidata", ".chezmoiscripts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was looked at. `source`: the repository that was named, with the `names` at its top; `package`: it keeps our
    things in a directory as stow's packages are; `links` of the home that lead out of it: where, and where to; the rest
    are directories of managers that are there."""

    source: str | None = None
    names: frozenset[str] = frozenset()
    package: str | None = None
    links: tuple[tuple[str, str], ...] = ()
    chezmoi: str | None = None
    chezmoi_config: bool = False
    yadm: str | None = None
    bare: str | None = None
    home: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of it."""

    manager: Manager
    weight: int
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The manager, and why."""

    manager: Manager
    evidence: tuple[Evidence, ...]

    @property
    def way(self) -> Way:
        return WAYS[self.manager]


def judge(seen: Seen) -> Verdict:
    """The one with the most evidence; of two that have as much, the one that was seen first."""
    evidence = (*_chezmoi(seen), *_dotbot(seen), *_stow(seen), *_checkout(seen))
    scores: dict[Manager, int] = {}
    for one in evidence:
        scores[one.manager] = scores.get(one.manager, 0) + one.weight
    if scores:
        return Verdict(max(scores, key=lambda name: scores[name]), evidence)
    if seen.source is not None:
        return Verdict(Manager.PLAIN, (Evidence(Manager.PLAIN, 1, f"{seen.source} has no sign of a manager"),))
    return Verdict(Manager.NONE, ())


def _chezmoi(seen: Seen) -> tuple[Evidence, ...]:
    found = []
    if seen.chezmoi is not None and seen.source in (None, seen.chezmoi):
        found.append(Evidence(Manager.CHEZMOI, 4, f"{seen.chezmoi} is chezmoi's source directory"))
        if seen.chezmoi_config:
            found.append(Evidence(Manager.CHEZMOI, 1, "chezmoi has a config file here"))
    marks = sorted(name for name in seen.names if name.startswith(CHEZMOI_NAMES) or name.startswith(".chezmoi."))
    marks += sorted(name for name in seen.names if name.startswith(("dot_", "private_dot_")))
    if marks:
        found.append(Evidence(Manager.CHEZMOI, 3, f"{seen.source} has {marks[0]}"))
    return tuple(found)


def _dotbot(seen: Seen) -> tuple[Evidence, ...]:
    config = next((name for name in DOTBOT_CONFIGS if name in seen.names), None)
    found = [Evidence(Manager.DOTBOT, 4, f"{seen.source} has {config}")] if config else []
    if "dotbot" in seen.names:
        found.append(Evidence(Manager.DOTBOT, 1, f"{seen.source} has dotbot"))
    return tuple(found)


def _stow(seen: Seen) -> tuple[Evidence, ...]:
    found = []
    mark = next((name for name in STOW_NAMES if name in seen.names), None)
    if mark is not None:
        found.append(Evidence(Manager.STOW, 3, f"{seen.source} has {mark}"))
    if seen.package is not None:
        found.append(Evidence(Manager.STOW, 2, f"{seen.package} is laid out as a package of stow's"))
    for path, target in seen.links:
        if not target.startswith("/"):
            found.append(Evidence(Manager.STOW, 2, f"{path} is a link as stow makes them, to {target}"))
            break
    return tuple(found)


def _checkout(seen: Seen) -> tuple[Evidence, ...]:
    if seen.source not in (None, seen.home):
        return ()
    found = [Evidence(Manager.YADM, 4, f"{seen.yadm} is yadm's repository")] if seen.yadm else []
    if seen.bare:
        found.append(Evidence(Manager.BARE, 4, f"{seen.bare} is a repository whose work tree is the home"))
    return tuple(found)
