"""Which project profiles may run their commands: bound to a file's path and its bytes, so that any edit revokes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from mcpconf.errors import McpconfError
from mcpconf.model import Profile, Server
from mcpconf.profile.redact import HIDDEN, bare_url, redacted, sensitive, shown
from mcpconf.record import dataclass, field

VERSION = 1
_NONE: Mapping[str, str] = MappingProxyType({})

# Variables that decide which code a program loads: here the value is what has to be seen.
_LOADS_CODE = re.compile(
    r"PATH|LD_.*|DYLD_.*|NODE_OPTIONS|NODE_PATH|PYTHON(PATH|STARTUP|HOME)|BASH_ENV|ENV|SHELLOPTS|PERL5(LIB|OPT|DB)"
    r"|RUBY(LIB|OPT)|GEM_(PATH|HOME)|CLASSPATH|_?(JAVA|JDK)_.*OPTIONS|DOTNET_STARTUP_HOOKS|LUA_(INIT|C?PATH).*|GIT_.*"
    r"|SSH_ASKPASS|NPM_CONFIG_.*|UV_.*|PIP_.*|DOCKER_.*"
    r"|HOME|XDG_(CONFIG|DATA)_(HOME|DIRS)",  # where .npmrc, .gitconfig and docker's plug-ins are looked for
    re.IGNORECASE,
)


def fingerprint(path: str, content: bytes) -> str:
    """SHA-256 over path and content, as hexadecimal digits; the length keeps the two apart."""
    name = path.encode("utf-8", "surrogateescape")
    return hashlib.sha256(b"%d\0%b\0%b" % (len(name), name, content)).hexdigest()


@dataclass(frozen=True, slots=True)
class TrustStore:
    """The fingerprint of each trusted file, by its path (absolute, symlinks resolved)."""

    trusted: Mapping[str, str] = field(default_factory=lambda: _NONE)

    @staticmethod
    def load(content: bytes | None) -> TrustStore:
        """Read the store; None gives an empty one. Raises `McpconfError` where it is damaged or of a later version."""
        if content is None:
            return TrustStore()
        try:
            data = json.loads(content)
            version, trusted = data["version"], data["trusted"]
            good = version == VERSION and all(isinstance(value, str) for value in trusted.values())
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            good = False
        if not good:
            raise McpconfError(
                "the list of trusted profiles is damaged or from a later mcpconf",
                hint="move it away and trust the profiles again: mcpconf trust",
            )
        return TrustStore(trusted)

    def trusts(self, path: str, content: bytes) -> bool:
        return self.trusted.get(path) == fingerprint(path, content)

    def with_(self, path: str, content: bytes) -> TrustStore:
        return TrustStore({**self.trusted, path: fingerprint(path, content)})

    def without(self, path: str) -> TrustStore:
        return TrustStore({key: value for key, value in self.trusted.items() if key != path})

    def dump(self) -> bytes:
        data = {"version": VERSION, "trusted": dict(sorted(self.trusted.items()))}
        return (json.dumps(data, indent=2) + "\n").encode()


def summary(profile: Profile) -> tuple[str, ...]:
    """What trusting a profile lets run: commands and arguments, names of variables, no value that may be secret.

    Characters that a terminal would act on or not show (escapes, bidirectional overrides) are spelled out.
    """
    toolkit = (f"the Docker MCP Toolkit's own profile {shown(profile.toolkit)}",) if profile.toolkit else ()
    return (*toolkit, *(line for server in profile.servers for line in _server(server)))


def _server(server: Server) -> Iterator[str]:
    lines = tuple(_lines(server))
    yield from lines
    if any(HIDDEN in line for line in lines):
        # `npx --token PACKAGE` would otherwise hide what it runs.
        yield f"  ({HIDDEN} stands for what may be a secret: read it in the file before trusting it)"


def _lines(server: Server) -> Iterator[str]:
    yield f"{shown(server.name)}{' (disabled)' if server.disabled else ''}"
    if server.builtin:
        yield "  is mcpconf's own server"
    arguments = " ".join(shown(arg) for arg in redacted(server.args))
    for verb, start in (("runs", server.command), ("runs package", server.package), ("runs image", server.image)):
        if start is not None:
            yield f"  {verb} {shown(bare_url(start))} {arguments}".rstrip()
    if server.image is not None:
        yield from _container(server)
    if server.url is not None:
        yield f"  connects to {shown(bare_url(server.url))}"
    if server.endpoint is not None:
        yield f"  connects to {shown(server.endpoint)}"
    if server.toolkit is not None:
        yield f"  Docker MCP Toolkit: {shown(bare_url(server.toolkit))}"
    if server.cwd is not None:
        yield f"  in {'the project of its client' if server.directory is None else shown(bare_url(server.cwd))}"
    if server.pool is not None:
        yield f"  the broker's pool: {server.pool}"
    yield from _names(server)


def _container(server: Server) -> Iterator[str]:
    options = server.container
    network = ("--network", options.network) if options.network else ()
    volumes = tuple(part for volume in options.volumes for part in ("-v", volume))
    flags = redacted((*network, *volumes, *options.flags))
    if flags:
        yield f"  with {' '.join(shown(flag) for flag in flags)}"


def _names(server: Server) -> Iterator[str]:
    loading = [name for name in server.env if _LOADS_CODE.fullmatch(name) and not sensitive(name)]
    names = [name for name in server.env if name not in loading]
    if names:
        yield f"  sets {', '.join(shown(name) for name in names)}"
    for name in loading:
        yield f"  sets {shown(name)} to {shown(bare_url(server.env[name]))}, which can decide what code runs"
    if server.headers:
        yield f"  sends {', '.join(shown(name) for name in server.headers)}"
