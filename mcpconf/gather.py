"""Facts about this machine, each read once, through the door that tests replace."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from mcpconf.environment.facts import PROGRAMS, SERVICE_ACCOUNT, VARIABLES, Facts
from mcpconf.environment.mounts import parse_mountinfo, telling
from mcpconf.environment.network import Bridge, bridges, default_gateway
from mcpconf.model import Kind
from mcpconf.record import replace
from mcpconf.system import System

PROBES = frozenset({"engine", "toolkit", "raw_mcp", "broker"})
# What only those ask for who need it. `toolkit_profiles`: the first time, the plugin moves its own old settings for it.
# `home`: the host's broker, looked for also where there is no sign of it, to tell what is missing.
SELDOM = frozenset({"toolkit_profiles", "home"})
DOCKER_SECONDS = 1.5
SOCKET_SECONDS = 0.3
NETWORKS = "/sys/class/net"
_GRACE = 0.2  # for a process that was just killed to be reaped

Answers = dict[str, Any]  # by the names of `Facts`

# Programs that an installation of ours may bring along, beside the Python that runs us.
OWN_PROGRAMS = ("uv", "uvx", "pipx", "mcpconf")

WSL_MARKERS = (
    "/proc/sys/fs/binfmt_misc/WSLInterop",
    "/proc/sys/fs/binfmt_misc/WSLInterop-late",
    "/run/WSL",
)
SHARED_HOMES = (("toolbox", "/run/.toolboxenv"), ("distrobox", "/run/.containersetupdone"))
MANAGERS = ("/run/host/container-manager", "/run/systemd/container")

_WORD = 64  # characters of a name that somebody else wrote


def gather(
    system: System, *, probes: Collection[str] = (), runtime: str | None = None, override: Kind | None = None
) -> Facts:
    """Read all facts. Files and PATH only, unless `probes` (of PROBES and SELDOM) asks for answers of others, too.

    `runtime` is the socket directory of this user's broker, `override` what the user says of where we are.

    Probes run in parallel and none is waited for longer than DOCKER_SECONDS and a little; what is late stays None.
    """
    facts = Facts(
        platform=system.platform,
        env={name: value for name in VARIABLES if (value := system.env.get(name)) is not None},
        which=_programs(system),
        gui=_gui(system),
    )
    if system.platform == "linux":
        facts = _linux(system, facts)
    return _probed(system, facts, probes, runtime, override) if probes else facts


def _linux(system: System, facts: Facts) -> Facts:
    version = _text(system, "/proc/version").strip()
    return replace(
        facts,
        kernel=_text(system, "/proc/sys/kernel/osrelease").strip() or _release(version),
        kernel_text=version,
        mounts=telling(parse_mountinfo(_text(system, "/proc/self/mountinfo"))),
        dockerenv=system.exists("/.dockerenv"),
        containerenv=_optional(system, "/run/.containerenv"),
        container_manager=_manager(system),
        pid1_container=_pid1_container(system),
        cgroup=_text(system, "/proc/self/cgroup"),
        pid_namespace=_pid_namespace(system.readlink("/proc/self/ns/pid")),
        pid2=_word(_optional(system, "/proc/2/comm")),
        shared_home=next((name for name, marker in SHARED_HOMES if system.exists(marker)), None),
        wsl_markers=tuple(marker for marker in WSL_MARKERS if system.exists(marker)),
        flatpak=system.exists("/.flatpak-info"),
        service_account=system.exists(SERVICE_ACCOUNT),
        gateway=default_gateway(_text(system, "/proc/net/route")),
    )


def _release(version: str) -> str:
    """The release within /proc/version, for places that hide /proc/sys: "Linux version RELEASE (builder) ..."."""
    words = version.split(" ", 3)
    return words[2] if len(words) > 2 else ""


def _optional(system: System, path: str) -> str | None:
    content = system.read(path)
    return None if content is None else content.decode("utf-8", "replace")


def _text(system: System, path: str) -> str:
    return _optional(system, path) or ""


def _word(text: str | None) -> str | None:
    """The first line, if it has anything to show, with what would upset a terminal taken out."""
    line = (text or "").strip().partition("\n")[0]
    return "".join(character for character in line if character.isprintable())[:_WORD] or None


def _manager(system: System) -> str | None:
    return next((name for path in MANAGERS if (name := _word(_optional(system, path)))), None)


def _pid1_container(system: System) -> str | None:
    for variable in _text(system, "/proc/1/environ").split("\0"):
        name, _, value = variable.partition("=")
        if name == "container":
            return _word(value)
    return None


def _pid_namespace(link: str | None) -> int | None:
    number = (link or "").removeprefix("pid:[").removesuffix("]")
    return int(number) if number.isascii() and number.isdigit() else None


def _programs(system: System) -> Mapping[str, str]:
    beside = os.path.dirname(sys.executable)
    found = {}
    for name in PROGRAMS:
        path = system.which(name)
        if path is None and name in OWN_PROGRAMS and beside:
            path = system.which(name, beside)
        # A relative PATH entry finds what happens to lie in the current directory: not a program to write down.
        if path is not None and os.path.isabs(path):
            found[name] = path
    return found


def _gui(system: System) -> tuple[str, ...]:
    """Directories of Claude Desktop that exist: its own, and for WSL those of Windows' users."""
    env, home = system.env, system.home
    if system.platform == "darwin":
        patterns = [f"{home}/Library/Application Support/Claude"]
    elif system.platform == "windows":
        roaming, local = env.get("APPDATA", ""), env.get("LOCALAPPDATA", "")
        patterns = [f"{roaming}/Claude"] if roaming else []
        patterns += [f"{local}/Packages/Claude_*/LocalCache/Roaming/Claude"] if local else []
    else:
        patterns = [f"{env.get('XDG_CONFIG_HOME') or home + '/.config'}/Claude"]
        if env.get("WSL_DISTRO_NAME"):
            patterns.append("/mnt/c/Users/*/AppData/Roaming/Claude")
            patterns.append("/mnt/c/Users/*/AppData/Local/Packages/Claude_*/LocalCache/Roaming/Claude")
    return tuple(found for pattern in patterns for found in _directories(system, pattern))


def _directories(system: System, pattern: str) -> tuple[str, ...]:
    names = system.glob(pattern) if "*" in pattern else (pattern,)
    return tuple(name for name in names if system.is_dir(name))


def _probed(system: System, facts: Facts, probes: Collection[str], runtime: str | None, override: Kind | None) -> Facts:
    unknown = set(probes) - PROBES - SELDOM
    if unknown:
        raise ValueError(f"no such probe: {', '.join(sorted(unknown))}")
    docker = facts.which.get("docker")
    work: list[Callable[[], Answers]] = []
    if docker and "engine" in probes:
        work.append(lambda: {"engine": _version(system, docker, "version", "--format", "{{.Server.Version}}")})
    if docker and "toolkit" in probes:
        work.append(lambda: {"toolkit": _version(system, docker, "mcp", "version")})
    if docker and "toolkit_profiles" in probes:
        work.append(lambda: {"toolkit_profiles": _toolkit_profiles(system, docker)})
    if "raw_mcp" in probes:
        work.append(lambda: _raw_mcp(system, facts, override))
    if "broker" in probes or "home" in probes:
        everywhere = "home" in probes
        work.append(lambda: _broker(system, facts, runtime, override, everywhere=everywhere))
    # Alone it needs no thread: a broker answers on a socket of this machine, or is not there.
    answers = work[0]() if work and set(probes) <= {"broker", "home"} else _together(work)
    return replace(facts, **answers)


def _version(system: System, *argv: str) -> str | None:
    """The one word a version command prints; a sentence is a complaint, even where the exit code is 0."""
    ran = system.run(argv, timeout=DOCKER_SECONDS)
    words = ran.out.split() if ran is not None and ran.code == 0 else []
    return _word(words[0]) if len(words) == 1 else None


def _toolkit_profiles(system: System, docker: str) -> tuple[str, ...] | None:
    """The ids of the Toolkit's own profiles; none where the plugin knows no such thing. None: no answer in time."""
    ran = system.run((docker, "mcp", "profile", "list", "--format", "json"), timeout=DOCKER_SECONDS)
    if ran is None:
        return None
    import json

    try:
        listed = json.loads(ran.out) if ran.code == 0 else []
        return tuple(word for one in listed if (word := _word(one["id"])) is not None)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return ()  # one without profiles shows its help


def _raw_mcp(system: System, facts: Facts, override: Kind | None) -> Answers:
    from mcpconf.environment.verdict import judge
    from mcpconf.reach.addresses import host_candidates
    from mcpconf.reach.raw import find_raw_mcp

    docker0 = next((one.address for one in find_bridges(system) if one.name == "docker0"), None)
    candidates = host_candidates(judge(facts, override).kind, facts.env, facts.gateway, docker0)
    reached = find_raw_mcp(candidates, timeout=SOCKET_SECONDS)
    return {"raw_mcp": reached.raw, "http_mcp": reached.http, "bridge": docker0}


def find_bridges(system: System) -> tuple[Bridge, ...]:
    """The bridges of this machine, with their addresses; none where the system is not Linux."""
    if system.platform != "linux":
        return ()
    devices = [name for name in system.listdir(NETWORKS) if system.is_dir(f"{NETWORKS}/{name}/bridge")]
    return bridges(devices, _text(system, "/proc/net/route"), _text(system, "/proc/net/fib_trie"))


def _broker(system: System, facts: Facts, runtime: str | None, override: Kind | None, *, everywhere: bool) -> Answers:
    from mcpconf.environment.verdict import judge
    from mcpconf.reach.addresses import broker_candidates
    from mcpconf.reach.brokers import find_broker, first

    kind = judge(facts, override).kind
    candidates = broker_candidates(kind, system.env, runtime, facts.gateway, everywhere=everywhere)
    key = system.env.get("MCPCONF_BROKER_KEY")
    tried = find_broker(candidates, key, timeout=SOCKET_SECONDS, thorough=everywhere)
    found = first(tried)
    known: Answers = {} if found is None else {"broker": found.address, "broker_servers": found.servers}
    return {"broker_tried": tried, **known}


def _together(work: list[Callable[[], Answers]]) -> Answers:
    """Run all at once and give what came in time."""
    import threading

    found: Answers = {}
    # Daemons, and a deadline of our own: killing the docker command leaves its plugin's process holding the pipe.
    threads = [threading.Thread(target=lambda task=task: found.update(task()), daemon=True) for task in work]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + DOCKER_SECONDS + _GRACE
    for thread in threads:
        thread.join(max(deadline - time.monotonic(), 0))
    return dict(found)
