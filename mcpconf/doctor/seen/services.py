"""The services of ours that a system's own service manager has: systemd's user units, launchd's agents."""

from __future__ import annotations

from mcpconf.record import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One of them. `command` is what it starts, `lost` what of that is not there.

    `listens` is the path of its socket, `pathless` the directories of its PATH that are not there. `ours`: mcpconf
    wrote it, as it stands.
    `state` is what the service manager says: `active`, `failed` and the like; None where it was not asked or is silent.
    """

    path: str
    name: str
    command: tuple[str, ...] = ()
    lost: str | None = None
    foreign: bool = False  # it starts another installation than the one that runs now
    enabled: bool = False
    state: str | None = None
    ours: bool = False
    listens: str | None = None
    pathless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """All of them. `dangling` are links that enable what is not there any more.

    `manager`: whether a service manager runs here; `lingers`: whether it stays when the user logs out, None where that
    can't be told; `answers`: whether the broker does, None where it was not asked; `met`: where clients look for it.
    """

    units: tuple[Unit, ...] = ()
    dangling: tuple[str, ...] = ()
    manager: bool = True
    lingers: bool | None = None
    answers: bool | None = None
    met: str = ""
