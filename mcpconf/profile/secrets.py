"""Our two files about secrets as values: records, each ended by a NUL, which bash 3.2 reads with `read -r -d ''`.

The secrets file holds `NAME=VALUE`. A keyring can't list what it holds, so its file does: `name=NAME` for each secret,
and `run=WORD` for each word of the command that the wrapper asks for one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from mcpconf.errors import McpconfError
from mcpconf.record import dataclass, field

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NONE: Mapping[str, str] = MappingProxyType({})


def check_secret_name(name: str) -> str | None:
    """What is wrong with a secret's name, or None. A good one can be an environment variable."""
    if _NAME.fullmatch(name):
        return None
    return f"{name!r} cannot name a secret: use letters, digits and underscores, no digit first"


@dataclass(frozen=True, slots=True)
class SecretsFile:
    """Secrets by name, in the file's order. Its `repr` shows no value."""

    values: Mapping[str, str] = field(default_factory=lambda: _NONE, repr=False)

    @staticmethod
    def load(content: bytes | None) -> SecretsFile:
        """Read the file's bytes; None or nothing gives no secrets. Raises `McpconfError` where it is damaged."""
        if not content:
            return SecretsFile()
        *records, rest = content.split(b"\0")
        values = dict(_record(record) for record in records)
        # A last record without its NUL is one that bash would not see; two of one name, it would choose another of.
        if rest or len(values) != len(records):
            raise _damaged()
        return SecretsFile(values)

    def get(self, name: str) -> str | None:
        return self.values.get(name)

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self.values))

    def with_(self, name: str, value: str) -> SecretsFile:
        """The same with one more secret, or another value of it. Raises `McpconfError` for what cannot be kept."""
        problem = check_secret(name, value)
        if problem:
            raise McpconfError(problem)
        return SecretsFile({**self.values, name: value})

    def without(self, name: str) -> SecretsFile:
        return SecretsFile({key: value for key, value in self.values.items() if key != name})

    def dump(self) -> bytes:
        return b"".join(f"{name}={value}\0".encode() for name, value in self.values.items())


@dataclass(frozen=True, slots=True)
class KeyringIndex:
    """The names of the secrets that are in the keyring, sorted, and the command that starts mcpconf."""

    names: tuple[str, ...] = ()
    launcher: tuple[str, ...] = ()

    @staticmethod
    def load(content: bytes | None) -> KeyringIndex:
        """Read the file's bytes; None or nothing gives no names. Raises `McpconfError` where it is damaged."""
        *records, rest = (content or b"").split(b"\0")
        pairs = [record.decode("utf-8", "surrogateescape").partition("=") for record in records]
        names = [value for key, _, value in pairs if key == "name"]
        if rest or any(key not in ("name", "run") for key, _, _ in pairs) or any(map(check_secret_name, names)):
            raise McpconfError(
                "the list of the secrets in the keyring is damaged",
                hint="move it away, then: mcpconf secret set NAME --keyring",
            )
        return KeyringIndex(tuple(sorted(set(names))), tuple(value for key, _, value in pairs if key == "run"))

    def with_(self, name: str, launcher: tuple[str, ...]) -> KeyringIndex:
        return KeyringIndex(tuple(sorted({*self.names, name})), launcher)

    def without(self, name: str) -> KeyringIndex:
        return KeyringIndex(tuple(one for one in self.names if one != name), self.launcher)

    def dump(self) -> bytes:
        records = [f"run={word}" for word in self.launcher] + [f"name={name}" for name in self.names]
        return "".join(f"{record}\0" for record in records).encode("utf-8", "surrogateescape")


def check_secret(name: str, value: str) -> str | None:
    """What keeps a value from being kept by this name, or None. No message holds the value."""
    return check_secret_name(name) or _unfit(value)


def _unfit(value: str) -> str | None:
    if not value:
        return "an empty secret is the same as none"
    if "\0" in value:
        return "a secret cannot hold a NUL character"
    try:
        value.encode()
    except UnicodeEncodeError:
        return "a secret must be text in UTF-8"
    return None


def _record(record: bytes) -> tuple[str, str]:
    try:
        name, equals, value = record.decode().partition("=")
    except UnicodeDecodeError:
        raise _damaged() from None
    if not equals or check_secret_name(name):
        raise _damaged()
    return name, value


def _damaged() -> McpconfError:
    return McpconfError("the secrets file is damaged", hint="move it away, then: mcpconf secret set NAME")
