"""What came of knocking at an address where a broker might be: plain values, to be told and to be judged."""

from __future__ import annotations

from enum import StrEnum

from mcpconf.record import dataclass


class Outcome(StrEnum):
    """What happened at one address."""

    ANSWERS = "answers"
    NO_SOCKET = "no-socket"
    DENIED = "denied"  # a socket that is not for this user
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    UNRESOLVED = "unresolved"  # no such name
    SILENT = "silent"  # nothing within the time
    HTTP = "http"
    OTHER = "other"  # something that is no broker
    NO_KEY = "no-key"  # a broker, and no key for it here
    KEY_FILE = "key-file"  # the key's file can't be used
    KEY_REFUSED = "key-refused"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class Tried:
    """One address: `unix:PATH` or `tcp:HOST:PORT`.

    `detail` is the number that a name stands for, or why a file can't be used; `owner` the user whose socket it is;
    `servers` are those of a broker that answers.
    """

    address: str
    outcome: Outcome
    detail: str = ""
    owner: int | None = None
    servers: tuple[str, ...] = ()

    @property
    def found(self) -> bool:
        return self.outcome is Outcome.ANSWERS
