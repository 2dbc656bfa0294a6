"""Where a dotfiles repository keeps mcpconf's things: profiles, and `config.toml`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from mcpconf.dotfiles import chezmoi
from mcpconf.record import dataclass

ListDir = Callable[[str], Iterable[str]]
PROFILES, SETTINGS, SUFFIX = "profiles", "config.toml", ".toml"
# In this order; `*` is any directory, as the packages of stow are.
PLACES = (
    "mcpconf",
    ".config/mcpconf",
    "config/mcpconf",
    "mcpconf/.config/mcpconf",
    "*/.config/mcpconf",
    "*/dot-config/mcpconf",
)


@dataclass(frozen=True, slots=True)
class Item:
    """One file: below the config directory, in the repository. `mode` is what its manager gives it.

    `why` it can't be taken as it is, else None.
    """

    name: str
    source: str
    mode: int = 0o644
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """The directory that stands for the config directory, and its files. `package`: stow's, that it lies in.

    `whole`: nothing else is in it, so that it can be linked as it is.
    """

    directory: str
    items: tuple[Item, ...]
    package: str | None = None
    whole: bool = True


def find_layout(source: str, listdir: ListDir) -> Layout | None:
    """Where a repository has our things; None where it has none."""
    decoded = _of_chezmoi(source, listdir)
    if decoded is not None:
        return decoded
    for pattern in PLACES:
        first, _, rest = pattern.partition("/")
        for name in sorted(listdir(source)) if first == "*" else (first,):
            directory = "/".join(part for part in (source, name, rest) if part)
            items = tuple(_items(directory, listdir)) if not name.startswith(".git") else ()
            if items:
                package = f"{source}/{name}" if rest and not name.startswith(".") and name != "config" else None
                return Layout(directory, items, package)
    items = tuple(_items(source, listdir))
    # A config.toml alone, at the top of a repository, may be anybody's.
    if any(item.name != SETTINGS for item in items):
        return Layout(source, items, whole=False)
    return None


def _items(directory: str, listdir: ListDir) -> Iterator[Item]:
    if SETTINGS in listdir(directory):
        yield Item(SETTINGS, f"{directory}/{SETTINGS}")
    for name in sorted(listdir(f"{directory}/{PROFILES}")):
        if name.endswith(SUFFIX):
            yield Item(f"{PROFILES}/{name}", f"{directory}/{PROFILES}/{name}")


def _of_chezmoi(source: str, listdir: ListDir) -> Layout | None:
    found = chezmoi.find(source, ".config/mcpconf", listdir)
    if found is None or found.exact or found.named.name != "mcpconf":
        return None
    items: list[Item] = []
    for raw in sorted(listdir(found.path)):
        named = chezmoi.decode(raw)
        if named.name == SETTINGS and not raw.startswith("."):
            items.append(_decoded(SETTINGS, f"{found.path}/{raw}", named))
        if named.name == PROFILES and not raw.startswith("."):
            below = f"{found.path}/{raw}"
            for each in sorted(listdir(below)):
                one = chezmoi.decode(each)
                if one.name.endswith(SUFFIX) and not each.startswith("."):
                    items.append(_decoded(f"{PROFILES}/{one.name}", f"{below}/{each}", one))
    return Layout(found.path, tuple(items), whole=False) if items else None


def _decoded(name: str, path: str, named: chezmoi.Named) -> Item:
    mode = 0o600 if "private" in named.attributes else 0o644
    mode = mode & 0o555 if "readonly" in named.attributes else mode
    return Item(name, path, mode, None if named.verbatim else "chezmoi makes it of a template or a script")


def held(source: str, name: str, listdir: ListDir) -> str | None:
    """The file of a repository that is to become this rc file of the home; None where it has none."""
    plain = name.lstrip(".")
    names = (name, plain, f"dot-{plain}", f"dot_{plain}")
    for directory in (source, *(f"{source}/{one}" for one in sorted(listdir(source)) if not one.startswith(".git"))):
        there = set(listdir(directory))
        found = next((one for one in names if one in there), None)
        if found is not None:
            return f"{directory}/{found}"
    return None


def dotbot_names(text: str) -> tuple[str, ...]:
    """The paths below `~/.config/mcpconf`, and that itself, that a dotbot config links."""
    found = re.findall(r"(?:~|\$HOME|\$\{HOME\})/\.config/mcpconf(/[\w./-]*)?[\"']?\s*:", text)
    return tuple(dict.fromkeys(one.strip("/") for one in found))
