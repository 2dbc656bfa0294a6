"""The broker: does it run, is it this version's, do its servers, and who can get at it?"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from mcpconf.doctor.check import Check
from mcpconf.doctor.finding import Found, Group, Level, Mend
from mcpconf.doctor.seen.broker import BrokerSeen, Kept

OFTEN = 3  # restarts of a server, since its broker started
SLOW = 10_000.0  # milliseconds for one of a hundred answers


def can_run(broker: BrokerSeen) -> Iterator[Found]:
    if broker.running is not None or broker.hung or not broker.wanted or broker.elsewhere:
        return
    profiles = ", ".join(broker.wanted)
    if not broker.startable:
        text = f"the profile {profiles} wants it, it does not run, and MCPCONF_BROKER_START=0 lets nobody start it"
        yield Found(Level.ERROR, text, "", (), Mend("mcpconf broker start"))
    else:
        text = f"it does not run; the first client of {profiles} starts it"
        yield Found(Level.INFO, text, "", (), Mend("mcpconf broker start"))


def answers(broker: BrokerSeen) -> Iterator[Found]:
    if broker.hung:
        pid = broker.hung_pid
        text = f"it lives{f', pid {pid},' if pid else ''} and does not answer: its clients wait"
        yield Found(Level.ERROR, text, "", (), Mend(f"kill {pid}" if pid else "mcpconf broker logs"))


def is_this_version(broker: BrokerSeen) -> Iterator[Found]:
    if broker.running is not None and broker.running.version != broker.version:
        text = f"it is of version {broker.running.version}, and {broker.version} is installed"
        yield Found(Level.WARNING, text, "", (), Mend("mcpconf broker restart"))


def ended_well(broker: BrokerSeen) -> Iterator[Found]:
    if broker.left is not None:
        text = f"it was killed, pid {broker.left}, and could not clear up; the next one does"
        yield Found(Level.INFO, text, broker.state_file, (), Mend("mcpconf broker start"))


def directory_is_private(broker: BrokerSeen) -> Iterator[Found]:
    one = broker.directory
    if one is None or not one.exists:
        return
    if one.link:
        text = "its socket directory is a link: whoever made it can lead clients astray, so it does not start"
        yield Found(Level.ERROR, text, one.path, (), Mend(f"rm {one.path}"))
    elif not one.ours:
        text = "its socket directory belongs to another user, so it does not start"
        yield Found(Level.ERROR, text, one.path, (), Mend(f"ls -ld {one.path}"))
    elif one.mode & 0o077:
        text = f"others can get into its socket directory (mode {one.mode:04o}): whoever is there uses your servers"
        mend = Mend(f"chmod 700 {one.path}", safe=True, action="chmod", arguments=(one.path, "700"))
        yield Found(Level.WARNING, text, one.path, (), mend)


def servers_run(broker: BrokerSeen) -> Iterator[Found]:
    for one in _servers(broker):
        if one.state in ("open circuit", "failed", "backing off"):
            crashes = "it crashes again and again" if one.state != "failed" else "it does not run"
            text = f"{crashes}: {one.error or 'it says nothing'}"
            yield Found(Level.ERROR, text, one.name, one.words, Mend(f"mcpconf logs {one.name}"))


def servers_stay_up(broker: BrokerSeen) -> Iterator[Found]:
    for one in _servers(broker):
        if one.restarts >= OFTEN and one.state not in ("open circuit", "failed", "backing off"):
            text = f"it was started anew {one.restarts} times since the broker runs"
            yield Found(Level.WARNING, text, one.name, one.words, Mend(f"mcpconf logs {one.name}"))


def servers_answer_quickly(broker: BrokerSeen) -> Iterator[Found]:
    for one in _servers(broker):
        if one.p99 is not None and one.p99 > SLOW:
            text = f"one of a hundred answers takes {one.p99 / 1000:.1f} s, half of them {(one.p50 or 0) / 1000:.1f} s"
            yield Found(Level.INFO, text, one.name, (), Mend("mcpconf broker status"))


def listens_to_this_machine(broker: BrokerSeen) -> Iterator[Found]:
    for address in broker.running.listeners if broker.running else ():
        if address.startswith("tcp:") and not _is_near(address):
            text = f"it listens on {address}, which others on the network reach: only its keys keep them out"
            yield Found(Level.WARNING, text, "", (), Mend("mcpconf broker restart --listen tcp:127.0.0.1:0"))


def plain_door_is_near(broker: BrokerSeen) -> Iterator[Found]:
    for address in broker.running.plain if broker.running else ():
        if _is_near(f"tcp:{address.removeprefix('tcp:')}"):
            continue
        text = f"its plain door {address} asks for no key, and others on the network reach it: they use your servers"
        yield Found(Level.ERROR, text, "", (), Mend('[broker] gateway = "127.0.0.1:8811", in the profile'))


def keys_are_used(broker: BrokerSeen) -> Iterator[Found]:
    running = broker.running
    if running is None or any(one.startswith("tcp:") for one in running.listeners):
        return
    if broker.keys:
        text = f"there are keys ({', '.join(broker.keys)}), and the broker listens to nobody who would come with one"
        yield Found(Level.INFO, text, "", (), Mend(f"mcpconf broker key revoke {broker.keys[0]}"))


def shared_files_are_current(broker: BrokerSeen) -> Iterator[Found]:
    for one in broker.shared:
        what = "is not that of this version" if one.there else "is gone"
        text = f"what entries start {what}"
        yield Found(Level.WARNING if one.there else Level.ERROR, text, one.path, (), Mend("mcpconf switch NAME"))


def definitions_are_whole(broker: BrokerSeen) -> Iterator[Found]:
    for name, problem, mend in broker.damaged:
        yield Found(Level.ERROR, problem, name, (), Mend(mend.replace("PROFILE", "NAME")))


def definitions_belong(broker: BrokerSeen) -> Iterator[Found]:
    damaged = {name for name, _, _ in broker.damaged}
    for path in broker.stray:
        if path.rpartition("/")[2].removesuffix(".json") in damaged:
            continue
        text = "no profile has put it there, and the broker would start what it says"
        yield Found(Level.WARNING, text, path, (), Mend(f"rm {path}"))


def logs_are_small(broker: BrokerSeen) -> Iterator[Found]:
    for path, size in broker.logs:
        text = f"this log has {size / 1e6:.0f} MB, which the broker would not let it have"
        yield Found(Level.WARNING, text, path, (), Mend(f"rm {path}"))


def _servers(broker: BrokerSeen) -> tuple[Kept, ...]:
    return broker.running.servers if broker.running is not None else ()


def _is_near(address: str) -> bool:
    """Whether only this machine and its containers reach it: loopback, or a bridge's own network."""
    host = address.removeprefix("tcp:").rpartition(":")[0].strip("[]")
    try:
        where = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return where.is_loopback or (where.version == 4 and where in ipaddress.ip_network("172.16.0.0/12"))


CHECKS = (
    Check("MC601", Group.BROKER, "the broker runs, or can be started", can_run),
    Check("MC602", Group.BROKER, "the broker answers", answers),
    Check("MC603", Group.BROKER, "the broker is of the installed version", is_this_version),
    Check("MC604", Group.BROKER, "no broker was killed", ended_well),
    Check("MC605", Group.BROKER, "the socket directory is yours alone", directory_is_private),
    Check("MC606", Group.BROKER, "what the broker keeps runs", servers_run),
    Check("MC607", Group.BROKER, "what the broker keeps stays up", servers_stay_up),
    Check("MC608", Group.BROKER, "what the broker keeps answers quickly", servers_answer_quickly),
    Check("MC609", Group.BROKER, "the broker listens to this machine alone", listens_to_this_machine),
    Check("MC610", Group.BROKER, "no door without a key is open to others", plain_door_is_near),
    Check("MC611", Group.BROKER, "keys are used", keys_are_used),
    Check("MC612", Group.BROKER, "what entries start is of this version", shared_files_are_current),
    Check("MC613", Group.BROKER, "the broker can read what it may start", definitions_are_whole),
    Check("MC614", Group.BROKER, "nobody else has told the broker what to start", definitions_belong),
    Check("MC615", Group.BROKER, "logs of the broker are small", logs_are_small),
)
