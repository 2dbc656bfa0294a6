"""Under which names a client sees what several servers have.

A name that one server alone has is kept. One that several have becomes `server__name` for each of them, none of them
first. Who comes later than others must not change what a client saw, so what servers were remembered to have counts
like what they have now: who decides is the whole configuration, in no order, and not the moment.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container, Iterable, Mapping
from fnmatch import fnmatchcase

from mcpconf.record import dataclass

LONGEST = 64  # characters: clients refuse longer names of tools
MARK = 8  # hexadecimal digits
_ODD = re.compile(r"[^A-Za-z0-9_-]")
_ODD_NAME = re.compile(r"[^A-Za-z0-9_.-]")  # the specification, server/tools, allows a dot as well
Owner = tuple[int, str]  # a server's number, and its own name of the thing


@dataclass(frozen=True, slots=True)
class Filter:
    """Patterns as in fnmatch, upper and lower case told apart; no `allow` means all."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()

    def passes(self, name: str) -> bool:
        """Whether a client may see and call it."""
        allowed = not self.allow or any(fnmatchcase(name, one) for one in self.allow)
        return allowed and not any(fnmatchcase(name, one) for one in self.deny)


ALL = Filter()


class Names:
    """What each server's names are to the client, and whose a client's name is."""

    __slots__ = ("_owners", "_shown")

    def __init__(self, servers: Mapping[int, str], names: Mapping[int, Iterable[str]]) -> None:
        """`servers` are their names by number, `names` what each of them has or had."""
        had = [(number, name) for number, its in sorted(names.items()) for name in dict.fromkeys(its)]
        counts: dict[str, int] = {}
        for _, name in had:
            counts[name] = counts.get(name, 0) + 1
        apart = _apart_from_each_other(servers, had, counts)
        self._shown: dict[Owner, str] = {}
        self._owners: dict[str, Owner] = {}
        for owner in had:
            shown = apart.get(owner, owner[1])
            if self._owners.setdefault(shown, owner) == owner:
                self._shown[owner] = shown

    def shown(self, owner: Owner) -> str | None:
        """What the client reads; None for what it can't be told apart."""
        return self._shown.get(owner)

    def owner(self, shown: str) -> Owner | None:
        """Whose it is."""
        return self._owners.get(shown)


def _apart_from_each_other(
    servers: Mapping[int, str], had: Iterable[Owner], counts: Mapping[str, int]
) -> dict[Owner, str]:
    """Names for what several servers have, and for what is called like one of these: that may be done on purpose."""
    clashing = {name for name, count in counts.items() if count > 1}
    while True:
        made = {owner: _apart(servers[owner[0]], owner[1], counts) for owner in had if owner[1] in clashing}
        more = {name for name in made.values() if name in counts and name not in clashing}
        if not more:
            return made
        clashing |= more


def _apart(server: str, name: str, taken: Container[str]) -> str:
    """A name that no other server's thing has: cut where it is too long, and marked where it could be another's."""
    whole = f"{_ODD.sub('_', server)}__{_ODD_NAME.sub('_', name)}"
    if len(whole) <= LONGEST and whole not in taken and not _is_edged(server, name):
        return whole
    mark = hashlib.blake2s(f"{server}\0{name}".encode("utf-8", "surrogatepass"), digest_size=MARK // 2).hexdigest()
    return f"{whole[: LONGEST - MARK - 1]}_{mark}"


def _is_edged(server: str, name: str) -> bool:
    """Whether it can't be told from the whole what is the server's name and what its own."""
    return (
        "__" in server
        or server.endswith("_")
        or name.startswith("_")
        or bool(_ODD.search(server) or _ODD_NAME.search(name))
    )
