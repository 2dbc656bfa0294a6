"""Names in chezmoi's source directory, and what they make in the home (its reference: source state attributes)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mcpconf.record import dataclass

PREFIXES = {
    *("after", "before", "create", "empty", "encrypted", "exact", "executable", "external", "modify", "once"),
    *("onchange", "private", "readonly", "remove", "run", "symlink"),
}
ENCRYPTED = (".age", ".asc")
TEMPLATE = ".tmpl"
ROOT = ".chezmoiroot"

ListDir = Callable[[str], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Named:
    """What one name in the source says: the name in the home, and the attributes."""

    name: str
    attributes: frozenset[str] = frozenset()
    template: bool = False

    @property
    def verbatim(self) -> bool:
        """Whether the file in the home has the bytes of the one in the source."""
        return not self.template and self.attributes.isdisjoint(("encrypted", "modify", "remove", "run", "symlink"))

    @property
    def put_back(self) -> bool:
        """Whether `chezmoi apply` gives the target its content again, whatever it holds: not so once made (`create_`)
        or taken from what stands there (`modify_`)."""
        return self.attributes.isdisjoint(("create", "modify", "run"))


@dataclass(frozen=True, slots=True)
class Source:
    """One entry of the source that stands for a path below the home. `exact`: what is not in the source goes."""

    path: str
    named: Named
    exact: bool = False


def decode(name: str) -> Named:
    """The attributes of a name, taken off one after the other."""
    attributes: set[str] = set()
    rest = name
    while True:
        prefix, underscore, behind = rest.partition("_")
        if underscore and prefix in PREFIXES and behind:
            attributes.add(prefix)
            rest = behind
        elif underscore and prefix == "literal":
            rest = behind
            break
        else:
            rest = "." + behind if underscore and prefix == "dot" else rest
            break
    if "encrypted" in attributes:
        rest = next((rest.removesuffix(end) for end in ENCRYPTED if rest.endswith(end)), rest)
    template = rest.endswith(TEMPLATE)
    return Named(rest.removesuffix(TEMPLATE).removesuffix(".literal"), frozenset(attributes), template)


def find(root: str, target: str, listdir: ListDir) -> Source | None:
    """The entry of a source directory for a path below the home (`.config/mcpconf`); None where it has none.

    Where only a directory above it is there, and that one is `exact_`, the directory is the answer: chezmoi removes
    there what it does not know.
    """
    path = root
    exact = False
    named = Named("")
    for part in target.split("/"):
        found = entry(path, part, listdir)
        if found is None:
            return Source(path, named, True) if exact else None
        path, named = f"{path}/{found[0]}", found[1]
        exact = "exact" in named.attributes
    return Source(path, named)


def entry(directory: str, name: str, listdir: ListDir) -> tuple[str, Named] | None:
    """The name in a source directory that makes this one."""
    for raw in listdir(directory):
        if not raw.startswith("."):  # chezmoi passes over these
            named = decode(raw)
            if named.name == name and "run" not in named.attributes:
                return raw, named
    return None
