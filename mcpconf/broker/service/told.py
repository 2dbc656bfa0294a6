"""What all service managers are told."""

from __future__ import annotations

from collections.abc import Mapping

from mcpconf.record import dataclass, field

NAME = "mcpconf-broker"
MARK = "Written by `mcpconf broker install`; `mcpconf broker uninstall` takes it away."


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The broker as a service. `program` begins with an absolute path that outlives upgrades.

    `socket` is where it is met: below the runtime directory of a session that may not have begun yet where `in_session`
    (then it is relative to that), else an absolute path. `path` is what PATH shall be, `variables` what else it needs
    to find what is ours, `log` the directory of logs.
    """

    program: tuple[str, ...]
    socket: str
    in_session: bool
    path: str
    variables: Mapping[str, str] = field(default_factory=dict)
    log: str = ""
