"""How containers of an engine can be given a way to this machine's broker: what has to be done here, and what there.

Pure: facts of the engine and of this machine in, ways out. docs/broker.md has the same in words.
"""

from __future__ import annotations

from collections.abc import Iterator

from mcpconf.environment.engine import Engine, Home
from mcpconf.environment.homeward import KEY_FILE, NAME
from mcpconf.record import dataclass

TARGET = "/run/mcpconf"  # where a container looks for the socket directory
PORT = 8812
ADD_HOST = f"{NAME}:host-gateway"
KEY_VARIABLE = "MCPCONF_BROKER_KEY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """This machine: the broker's socket directory, its user, the bridges' addresses by name; what is there already.

    `running`: a broker is; `listening` are its TCP addresses, `lasting` those of them that the profile names;
    `key_file` is the key's path, `has_key` whether it is there; `selinux`: it enforces; `lingers`: the user's runtime
    directory outlives the last session.
    """

    directory: str
    uid: int
    key: str
    key_file: str
    bridges: tuple[tuple[str, str], ...] = ()
    running: bool = False
    listening: tuple[str, ...] = ()
    lasting: tuple[str, ...] = ()
    has_key: bool = False
    selinux: bool = False
    lingers: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """A command for this machine; `done`: nothing is left of it to do."""

    command: str
    done: bool


@dataclass(frozen=True, slots=True)
class Grant:
    """What the container is given, each as (here, there), (name, value), or as the engine's option has it."""

    mounts: tuple[tuple[str, str], ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    hosts: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """One way in: `mount` or `tcp`. Where `trouble` says why, it is none; `listen` is what the broker listens on."""

    name: str
    because: str
    steps: tuple[Step, ...] = ()
    grant: Grant = Grant()
    notes: tuple[str, ...] = ()
    listen: str = ""
    trouble: str = ""


def ways_in(engine: Engine, machine: Machine) -> tuple[Way, ...]:
    """Both ways, the better one first; one that is none stands last."""
    both = (_mount(engine, machine), _tcp(engine, machine))
    return tuple(sorted(both, key=lambda way: bool(way.trouble)))


def _mount(engine: Engine, machine: Machine) -> Way:
    if engine.home is Home.MACHINE:
        trouble = f"a socket does not reach into the virtual machine of {engine.title or 'this engine'}"
        return Way("mount", "", trouble=trouble)
    grant = Grant(
        mounts=((machine.directory, TARGET),),
        options=("--security-opt=label=disable",) if machine.selinux else (),
    )
    # Before that the engine would make the directory itself, as root, and no broker could use it.
    start = Step("mcpconf broker start", machine.running)
    return Way("mount", "nothing listens on a network", (start,), grant, tuple(_of_mount(engine, machine)))


def _of_mount(engine: Engine, machine: Machine) -> Iterator[str]:
    if engine.home is Home.ROOTLESS:
        yield "root in the container, which is you, can use every server of the broker"
        if engine.title == "Podman":
            yield "to be yourself in the container, too: --userns=keep-id"
    else:
        who = "root in the container" + (f" and user {machine.uid}" if machine.uid > 0 else "")
        yield f"{who} can use every server of the broker"
        yield f"root without its capabilities (--cap-drop ALL) can't: --user {machine.uid}"
    if not machine.lingers:
        yield "the directory goes with your last session here, unless: loginctl enable-linger"


def _tcp(engine: Engine, machine: Machine) -> Way:
    address, trouble = _address(engine, machine)
    if trouble:
        return Way("tcp", "", trouble=trouble)
    listen = f"tcp:{address}:{PORT}"
    nonlocal_ = "" if engine.home is Home.MACHINE else " --allow-nonlocal"
    again = "restart" if machine.running else "start"
    steps = (
        Step(f"mcpconf broker key new {machine.key}", machine.has_key),
        Step(f"mcpconf broker {again} --listen {listen}{nonlocal_}", listen in machine.listening),
    )
    knows = engine.home is Home.MACHINE or engine.title == "Podman"
    grant = Grant(
        mounts=((machine.key_file, KEY_FILE),),
        variables=((KEY_VARIABLE, KEY_FILE),),
        hosts=() if knows else (ADD_HOST,),
    )
    return Way("tcp", "both sides prove a key", steps, grant, tuple(_of_tcp(engine, machine, listen)), listen)


def _address(engine: Engine, machine: Machine) -> tuple[str, str]:
    """Where the broker has to listen, or why there is no such place."""
    if engine.home is Home.MACHINE:
        return "127.0.0.1", ""  # its virtual machine leads there
    if engine.home is Home.ROOTLESS:
        return "", "a rootless engine's containers reach no address of this machine that is theirs alone"
    known = dict(machine.bridges)
    address = known.get(engine.bridge) or known.get("docker0")
    if address is None:
        return "", f"there is no bridge {engine.bridge or 'docker0'} on this machine"
    return address, ""


def _of_tcp(engine: Engine, machine: Machine, listen: str) -> Iterator[str]:
    if listen not in machine.lasting:
        yield f'to have it after a boot, too: [broker] listen = "{listen}" in your profile, then mcpconf switch'
    if engine.home is not Home.MACHINE:
        yield "a container with NET_RAW on the same bridge can read and change what passes after the handshake"
        yield f"the file belongs to user {machine.uid}: root in the container can read it, or --user {machine.uid}"
