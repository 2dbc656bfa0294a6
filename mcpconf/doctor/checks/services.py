"""Services of ours in systemd or launchd: do they start what is there, and what runs now?"""

from __future__ import annotations

from collections.abc import Iterator

from mcpconf.doctor.check import Check
from mcpconf.doctor.finding import Found, Group, Level, Mend
from mcpconf.doctor.seen.services import Services, Unit


def _right(unit: Unit) -> str:
    """What sets a service right that we wrote, or takes another one away."""
    if unit.ours:
        return "mcpconf broker install"
    if unit.path.endswith(".plist"):
        return f"launchctl bootout gui/$(id -u) {unit.path}; rm {unit.path}"
    return f"systemctl --user disable --now {unit.name}; rm {unit.path}"


def starts_what_is_there(services: Services) -> Iterator[Found]:
    for one in services.units:
        if one.lost is not None:
            seen = (" ".join(one.command),)
            yield Found(Level.ERROR, f"it starts {one.lost}, which is not there", one.path, seen, Mend(_right(one)))


def starts_this_one(services: Services) -> Iterator[Found]:
    for one in services.units:
        if one.foreign:
            text = "it starts another installation of mcpconf than the one that you use"
            yield Found(Level.WARNING, text, one.path, (" ".join(one.command),), Mend(_right(one)))


def links_lead_somewhere(services: Services) -> Iterator[Found]:
    for path in services.dangling:
        mend = Mend(f"rm {path}; systemctl --user daemon-reload")
        yield Found(Level.WARNING, "it enables a unit that is not there any more", path, (), mend)


def has_not_failed(services: Services) -> Iterator[Found]:
    for one in services.units:
        if one.state == "failed" and one.lost is None:
            again = Mend(f"journalctl --user -u {one.name} -n 20; systemctl --user restart {one.name}")
            yield Found(Level.ERROR, "systemd says that it has failed", one.path, (), again)


def broker_answers(services: Services) -> Iterator[Found]:
    if services.answers is False:
        active = next(one for one in services.units if one.state == "active")
        text = "systemd says that it runs, and no broker answers at this user's socket"
        yield Found(Level.ERROR, text, active.path, (), Mend(f"systemctl --user restart {active.name}"))


def outlives_the_session(services: Services) -> Iterator[Found]:
    enabled = next((one for one in services.units if one.enabled), None)
    if services.lingers is False and enabled is not None:
        text = "it ends when you log out, and with it all servers that the broker keeps"
        yield Found(Level.INFO, text, enabled.path, (), Mend("loginctl enable-linger"))


def has_a_manager(services: Services) -> Iterator[Found]:
    if services.units and not services.manager:
        text = "no systemd runs here, as in most containers, so this does nothing"
        yield Found(Level.INFO, text, services.units[0].path, (), Mend("mcpconf broker start"))


def listens_where_clients_look(services: Services) -> Iterator[Found]:
    for one in services.units:
        if one.listens is not None and one.listens != services.met:
            text = f"it listens at {one.listens}, and clients look for the broker at {services.met}"
            yield Found(Level.WARNING, text, one.path, (), Mend(_right(one)))


def finds_programs(services: Services) -> Iterator[Found]:
    for one in services.units:
        if one.pathless and one.lost is None:
            text = "its PATH names directories that are not there any more, so servers may not find their programs"
            yield Found(Level.WARNING, text, one.path, one.pathless, Mend(_right(one)))


CHECKS = (
    Check("MC011", Group.SERVICES, "services start what is there", starts_what_is_there),
    Check("MC012", Group.SERVICES, "services start this installation", starts_this_one),
    Check("MC013", Group.SERVICES, "what is enabled is there", links_lead_somewhere),
    Check("MC014", Group.SERVICES, "no service has failed", has_not_failed),
    Check("MC015", Group.SERVICES, "the broker's service answers", broker_answers),
    Check("MC016", Group.SERVICES, "services outlive the session", outlives_the_session),
    Check("MC017", Group.SERVICES, "somebody starts the services", has_a_manager),
    Check("MC018", Group.SERVICES, "services listen where clients look", listens_where_clients_look),
    Check("MC019", Group.SERVICES, "services find the programs of servers", finds_programs),
)
