"""What a devcontainer.json says, and what it needs so that the Claude in its container meets our servers.

Pure: values in, additions out. The text is edited elsewhere, member by member, so that nothing else changes.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from mcpconf.document.edit import MAIN, Pointer
from mcpconf.document.scan import COMMANDS, ITEMS
from mcpconf.environment.exposure import Grant
from mcpconf.model import Json, Note
from mcpconf.record import dataclass

IMAGE = "mcr.microsoft.com/devcontainers/base:debian"
VOLUME = "/var/lib/mcpconf"
FEATURE = "mcpconf"  # the last part of the Feature's id, wherever it is published
COMMAND = "mcpconf"  # the name of ours among a file's named commands
MOUNTS: Pointer = (f"mounts{ITEMS}",)
RUN_ARGS: Pointer = (f"runArgs{ITEMS}",)
CONTAINER_ENV: Pointer = ("containerEnv",)
FEATURES: Pointer = ("features",)
FIREWALL = "init-firewall.sh"  # Claude's official devcontainer starts it

_PLAIN = re.compile(r"[A-Za-z0-9_./:${}-]+")
_MOUNT_WORDS = ("--mount", "-v", "--volume")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for. `grant` is the way to the host's broker, in the words of the file (`${localEnv:HOME}`)."""

    grant: Grant | None = None
    profile: str | None = None
    feature: str | None = None
    volume: bool = True
    start_broker: bool = False
    image: str | None = None


@dataclass(frozen=True, slots=True)
class Mount:
    """One mount, in whatever spelling it stands: `kind` is bind or volume."""

    kind: str
    source: str
    target: str


Members = dict[Pointer, dict[str, Json]]


@dataclass(slots=True)
class Additions:
    """What the file is to hold of ours, by place and name, and what is to be said. `compose`: not ours to write."""

    members: Members
    notes: list[Note]
    compose: Grant | None = None

    def put(self, pointer: Pointer, name: str, value: Json) -> None:
        self.members.setdefault(pointer, {})[name] = value

    def say(self, text: str, hint: str | None = None) -> None:
        self.notes.append(Note(text, hint))


def additions(data: Mapping[str, Json], wanted: Wanted) -> Additions:
    """What is missing in a file that says `data` (ours left out of it)."""
    found = Additions({}, [])
    _image(data, wanted, found)
    _broker(data, wanted.grant, found)
    _claude(data, found)
    if not _feature(data, wanted, found) and _is_free(data, "postCreateCommand", found):
        state = _state(data, found) if wanted.volume else None
        _command(data, "postCreateCommand", set_up_line(wanted.profile, state), found)
    if wanted.start_broker and _is_free(data, "postStartCommand", found):
        _command(data, "postStartCommand", START_LINE, found)
    return found


def is_compose(data: Mapping[str, Json]) -> bool:
    """Whether a compose file makes the container: then `docker run` has no arguments."""
    return "dockerComposeFile" in data


def _image(data: Mapping[str, Json], wanted: Wanted, found: Additions) -> None:
    if any(name in data for name in ("image", "build", "dockerFile", "dockerComposeFile")):
        if wanted.image is not None:
            found.say("the file says already what its container is made of; --image was not needed")
    elif wanted.image is not None or not data:
        found.put((), "image", wanted.image or IMAGE)
    else:
        found.say("it names no image, no Dockerfile and no compose file: few tools take it", "add --image IMAGE")


def _broker(data: Mapping[str, Json], grant: Grant | None, found: Additions) -> None:
    """The way to the host's broker: what `docker run` would be told, as far as this file may say it."""
    if grant is None:
        return
    for here, target in grant.mounts:
        _way(data, here, target, found)
    for name, value in grant.variables:
        if name not in _environment(data):
            found.put(CONTAINER_ENV, name, value)
    arguments = [*(f"--add-host={host}" for host in grant.hosts), *grant.options]
    if is_compose(data):
        found.compose = Grant(hosts=grant.hosts, options=grant.options) if arguments else None
        return
    for argument in arguments:
        if not _has_argument(_words(data.get("runArgs")), argument):
            found.put(RUN_ARGS, argument, argument)


def _way(data: Mapping[str, Json], here: str, target: str, found: Additions) -> None:
    """The mount of the broker's directory, or of a key."""
    there = [one.source for one in mounts_of(data) if one.target == target]
    if not there:
        line = f"type=bind,source={here},target={target},readonly"
        found.put(MOUNTS, line, line)
    elif here not in there:
        found.say(f"something is mounted at {target} already, and stays")
        return
    # The engine refuses a source that is not there, and a runtime directory is empty after each boot.
    is_directory = not target.endswith(".key") and _PLAIN.fullmatch(here)
    if is_directory and _is_free(data, "initializeCommand", found):
        _command(data, "initializeCommand", f'umask 077; mkdir -p "{here}" || true', found)


def _feature(data: Mapping[str, Json], wanted: Wanted, found: Additions) -> bool:
    """Whether our Feature is there, or will be: it brings the volume and the command that sets up."""
    features = data.get("features")
    known = [name for name in features if feature_name(name) == FEATURE] if isinstance(features, dict) else []
    if known:
        if wanted.feature is not None and wanted.feature not in known:
            found.say(f"the Feature is there already, as {known[0]}")
        return True
    if wanted.feature is not None:
        found.put(FEATURES, wanted.feature, {} if wanted.profile is None else {"profile": wanted.profile})
    return wanted.feature is not None


def feature_name(feature: str) -> str:
    """The last part of a Feature's id, without version and digest."""
    return re.split(r"[@:]", feature.rstrip("/").rpartition("/")[2])[0]


def _state(data: Mapping[str, Json], found: Additions) -> str | None:
    """Where what mcpconf remembers outlives a rebuild: beside Claude's own files, else on a volume of its own."""
    claude = claude_directory(data)
    if claude is not None and any(claude == one.target and one.kind == "volume" for one in mounts_of(data)):
        return f"{claude}/mcpconf" if _PLAIN.fullmatch(claude) else None
    if any(one.target == VOLUME for one in mounts_of(data)):
        return VOLUME
    line = f"type=volume,source=mcpconf-${{devcontainerId}},target={VOLUME}"
    found.put(MOUNTS, line, line)
    return VOLUME


def _claude(data: Mapping[str, Json], found: Additions) -> None:
    """Claude Code keeps its servers outside of its directory, unless it is told the directory."""
    if "CLAUDE_CONFIG_DIR" in _environment(data):
        return
    kept = next((m.target for m in mounts_of(data) if m.kind == "volume" and _is_claude(m.target)), None)
    if kept is not None:
        found.put(CONTAINER_ENV, "CLAUDE_CONFIG_DIR", kept)


def claude_directory(data: Mapping[str, Json]) -> str | None:
    """The directory of Claude's files in the container, as far as the file tells."""
    told = _environment(data).get("CLAUDE_CONFIG_DIR")
    if isinstance(told, str) and told:
        return told.rstrip("/")
    return next((mount.target for mount in mounts_of(data) if _is_claude(mount.target)), None)


def _is_claude(target: str) -> bool:
    return target.rstrip("/").endswith("/.claude")


def _environment(data: Mapping[str, Json]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for name in ("containerEnv", "remoteEnv"):
        given = data.get(name)
        found |= given if isinstance(given, dict) else {}
    return found


def _is_free(data: Mapping[str, Json], name: str, found: Additions) -> bool:
    """Whether a command of ours may stand there: not where the user's own calls mcpconf already."""
    given = data.get(name)
    if any(re.search(r"\bmcpconf (init|switch|dotfiles|broker)\b", one) for one in _lines(given)):
        found.say(f"{name} runs mcpconf already, and stays as it is")
        return False
    if isinstance(given, dict) and COMMAND in given:
        found.say(f"{name} has a command {COMMAND!r} that mcpconf did not write, and it stays")
        return False
    return True


def _command(data: Mapping[str, Json], name: str, line: str, found: Additions) -> None:
    """A named command of ours beside the user's."""
    if data.get(name) is not None and not isinstance(data[name], dict):
        found.say(f"{name} becomes an object of named commands, which run side by side: yours is {MAIN!r}")
    found.put((f"{name}{COMMANDS}",), COMMAND, line)


def _lines(command: Json) -> Iterator[str]:
    for one in command.values() if isinstance(command, dict) else [command]:
        yield " ".join(map(str, one)) if isinstance(one, list) else str(one)


START_LINE = (
    'PATH="$PATH:$HOME/.local/bin"; ! command -v mcpconf >/dev/null || mcpconf broker start --if-needed || true'
)


def set_up_line(profile: str | None, state: str | None) -> str:
    """What a new container runs: nothing fails where mcpconf is not there, or can't do it.

    No `${...}`, which the tools that read the file would take for theirs.
    """
    steps = ['PATH="$PATH:$HOME/.local/bin"']
    if state is not None:
        steps += [
            f'v="{state}"',
            # An engine makes a volume root's; the user of most images may change that.
            *(['[ -w "$v" ] || sudo -n chown "$(id -u)" "$v" 2>/dev/null'] if state == VOLUME else []),
            'for p in state share; do d="$HOME/.local/$p"; [ -e "$d/mcpconf" ]'
            ' || { mkdir -p "$d" && mkdir -p -m 700 "$v/$p" && ln -s "$v/$p" "$d/mcpconf"; }; done',
        ]
    chosen = f" --profile {profile}" if profile is not None else ""
    return "; ".join([*steps, f"! command -v mcpconf >/dev/null || mcpconf init --yes --no-input{chosen} || true"])


def mounts_of(data: Mapping[str, Json]) -> Iterator[Mount]:
    """Every mount that the file asks for: `mounts`, the workspace's, and those among the arguments of `docker run`."""
    mounts = data.get("mounts")
    for item in mounts if isinstance(mounts, list) else []:
        yield from _mount(item)
    yield from _mount(data.get("workspaceMount"))
    for option, value in _options(_words(data.get("runArgs"))):
        if option == "--mount":
            yield from _mount(value)
        elif option in _MOUNT_WORDS:
            source, _, target = value.partition(":")
            yield Mount("bind" if source[:1] in "/.~$" else "volume", source, target.split(":")[0])


def _mount(item: Json) -> Iterator[Mount]:
    if isinstance(item, str):
        fields = next(csv.reader([item]), [])
        item = dict(field.partition("=")[::2] for field in fields)
    if isinstance(item, dict):
        get = {str(name).lower(): value for name, value in item.items()}.get
        target = get("target") or get("dst") or get("destination")
        if isinstance(target, str):
            kind = str(get("type") or "volume")
            yield Mount(kind, str(get("source") or get("src") or ""), target.rstrip("/") or "/")


def _words(value: Json) -> list[str]:
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []


def _options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Options with their values, written as one word or as two."""
    for word, following in zip(words, [*words[1:], ""], strict=False):
        name, equals, value = word.partition("=")
        yield (name, value) if equals and name.startswith("--") else (word, following)


def _has_argument(words: Sequence[str], argument: str) -> bool:
    name, _, value = argument.partition("=")
    told = [given for option, given in _options(words) if option == name]
    # `host:address`: whoever gives this host another address means it.
    return value in told or (name == "--add-host" and any(_host(given) == _host(value) for given in told))


def _host(value: str) -> str:
    return re.split(r"[:=]", value)[0]


def firewalled(data: Mapping[str, Json], beside: Iterable[str]) -> bool:
    """Whether the container shuts itself off, as Claude's official one does. `beside`: names of files there."""
    called = any(FIREWALL in line for name in data if name.endswith("Command") for line in _lines(data[name]))
    granted = [value for option, value in _options(_words(data.get("runArgs"))) if option == "--cap-add"]
    return called or (FIREWALL in beside and "NET_ADMIN" in [*granted, *_words(data.get("capAdd"))])


def without(data: Json, owned: Mapping[Pointer, Iterable[str]], made: Iterable[Pointer] = ()) -> dict[str, Json]:
    """What a file says without the members that are ours, and without what we `made` for them."""
    left = dict(data) if isinstance(data, dict) else {}
    for pointer, names in owned.items():
        if not pointer:
            left = {name: value for name, value in left.items() if name not in names}
            continue
        key = pointer[0].partition("\0")[0]
        value = left.get(key)
        if isinstance(value, dict):
            left[key] = {name: one for name, one in value.items() if name not in names}
        elif isinstance(value, list):
            left[key] = [one for one in value if not isinstance(one, str) or one not in names]
        if pointer in made and left.get(key) in ({}, []):
            del left[key]
    return left
