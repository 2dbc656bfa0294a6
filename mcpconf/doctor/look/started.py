"""What a client would start or call for an entry, by that client's own rules (measured on Claude Code)."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping

from mcpconf.client.spec import ClientSpec
from mcpconf.doctor.expansion import expanded
from mcpconf.model import NOTHING, Json
from mcpconf.profile.redact import bare_url, redacted
from mcpconf.record import dataclass, field
from mcpconf.redact import HIDDEN

_NAME = re.compile(r"\$\{([^}:]+)")
_SCHEME = re.compile(r"(?:Bearer|Basic)\s+(.+)", re.DOTALL)
SHORTEST = 4  # characters: a shorter value would be found in every other word
HTTP = ("http", "streamable-http")
# What may have to fetch a server before it can start it.
FETCHING = frozenset({"npx", "uvx", "bunx", "pnpm", "yarn", "uv", "docker", "podman", "pipx", "deno"})
# What a program with windows hands to its children: the MCP SDK's own list, and a session's PATH.
SMALL = ("HOME", "LOGNAME", "SHELL", "TERM", "USER")
SMALL_PATH = {
    "darwin": "/usr/bin:/bin:/usr/sbin:/sbin",
    "linux": "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
}


@dataclass(frozen=True, slots=True)
class Started:
    """A process to start, or a URL to call. `hidden` are values that no output may show, longest first."""

    argv: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    cwd: str | None = None
    url: str | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    hidden: tuple[str, ...] = ()

    @property
    def key(self) -> object:
        """The same for two entries that come to the same."""
        return (self.argv, frozenset(self.env.items()), self.cwd, self.url, frozenset(self.headers.items()))

    @property
    def fetches(self) -> bool:
        """Whether it may have to fetch something first."""
        return bool(self.argv) and os.path.basename(self.argv[0]).removesuffix(".cmd").removesuffix(".exe") in FETCHING

    def hide(self, said: str) -> str:
        """What was said, without those values."""
        for value in self.hidden:
            said = said.replace(value, HIDDEN)
        return said


class Unfit(Exception):
    """An entry that its client would not start; the text says why."""


def started(entry: Json, spec: ClientSpec, env: Mapping[str, str], cwd: str) -> Started:
    """What the client makes of an entry, in its environment `env` and directory `cwd`. Raises `Unfit`."""
    if not isinstance(entry, dict):
        raise Unfit("its entry is no object")
    if entry.get("type") not in (None, "stdio") or "url" in entry:
        return _called(entry, spec, env)
    command = entry.get("command")
    if not isinstance(command, str) or not command:
        raise Unfit("its entry has no command")
    fill = _Filler(env if spec.expands else None)
    argv = tuple(map(fill, (command, *_texts(entry.get("args") or []))))
    own = {name: fill(value) for name, value in _table(entry, "env").items()}
    hidden = _hidden((*own.values(), *fill.used), argv)
    return Started(argv=argv, env={**env, **own}, cwd=cwd, hidden=hidden)


def _called(entry: Mapping[str, Json], spec: ClientSpec, env: Mapping[str, str]) -> Started:
    kind, url = entry.get("type"), entry.get("url")
    if not spec.remote:
        raise Unfit(f"{spec.title} passes over entries with a URL")
    if kind is None:
        raise Unfit("its entry has a URL and no type")
    if kind in ("sse", "ws"):
        raise Unfit(f"a server that speaks {kind} can be tried by its client alone")
    if kind not in HTTP or not isinstance(url, str):
        raise Unfit("its entry is of no type that there is")
    if "headersHelper" in entry:
        raise Unfit("its headers come from a program of its own")
    fill = _Filler(env)
    headers = {name: fill(value) for name, value in _table(entry, "headers").items()}
    called = fill(url)
    return Started(url=called, headers=headers, hidden=_hidden((*headers.values(), *fill.used), (called,)))


def desktop_environment(env: Mapping[str, str], platform: str) -> dict[str, str]:
    """What Claude Desktop gives its servers (documented, not measured)."""
    if platform == "windows":
        return dict(env)
    return {name: env[name] for name in SMALL if name in env} | {"PATH": SMALL_PATH[platform]}


class _Filler:
    """Fills in references as Claude Code does. Without `env`, none are."""

    def __init__(self, env: Mapping[str, str] | None) -> None:
        self._env = env
        self.used: list[str] = []  # values that came from outside

    def __call__(self, text: str) -> str:
        if self._env is None:
            return text
        filled, _ = expanded(text, self._env)
        if filled != text:
            self.used += [self._env[name] for name in _NAME.findall(text) if name in self._env]
        return filled


def _texts(value: Json) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Unfit("its args are no list of texts")
    return value


def _table(entry: Mapping[str, Json], key: str) -> Mapping[str, str]:
    value = entry.get(key) or {}
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise Unfit(f"its {key} is no object of texts")
    return value


def _hidden(values: Iterable[str], args: tuple[str, ...]) -> tuple[str, ...]:
    """What no output may show: values of variables and headers, and what an argument gives away."""
    found = {one for value in (*values, *_given_away(args)) for one in _forms(value)}
    return tuple(sorted((one for one in found if len(one) >= SHORTEST and not _is_path(one)), key=len, reverse=True))


def _forms(value: str) -> Iterator[str]:
    """A value, its lines, and what stands in a header behind its scheme."""
    yield value
    yield from (line.strip() for line in value.splitlines())
    scheme = _SCHEME.fullmatch(value)
    if scheme is not None:
        yield scheme[1].strip()


def _given_away(args: tuple[str, ...]) -> Iterator[str]:
    for arg, shown in zip(args, redacted(args), strict=True):
        if arg == shown:
            continue
        # The parts that are not shown, which a server may say back without what stands around them.
        pattern = ".+?".join(map(re.escape, shown.split(HIDDEN))).replace(".+?", "(.+?)")
        match = re.fullmatch(pattern, arg, re.DOTALL)
        yield from match.groups() if match else (arg,)


def _is_path(value: str) -> bool:
    """Whether it is a place on this machine, which is worth being read in an error."""
    above = os.path.dirname(value)
    if not value.startswith("/") or len(value) > 1024:
        return False
    return os.path.lexists(value) or (above != "/" and os.path.isdir(above))


def runs(entry: Json) -> str:
    """What an entry starts or calls, as a line for a shell, without secrets."""
    if not isinstance(entry, dict):
        return ""
    if isinstance(entry.get("url"), str):
        return bare_url(entry["url"]).partition("?")[0]
    args = entry.get("args")
    words = [one for one in args if isinstance(one, str)] if isinstance(args, list) else []
    command = entry.get("command")
    return shlex.join(redacted([command, *words])) if isinstance(command, str) and command else ""
