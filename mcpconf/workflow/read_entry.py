"""One entry of a client's file as a profile's table, with its secrets taken out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from mcpconf.client.spec import ClientSpec
from mcpconf.model import Json, Note
from mcpconf.profile.names import check_server_name
from mcpconf.profile.redact import HIDDEN, bare_url, redacted, sensitive
from mcpconf.profile.variables import Literal, TemplateError
from mcpconf.profile.variables import parse as parse_template
from mcpconf.record import dataclass, field

STDIO = {"type", "command", "args", "env", "timeout"}
REMOTE = {"type", "url", "headers", "timeout"}
TRANSPORTS = {"http": "http", "streamable-http": "http", "sse": "sse", "ws": "ws"}


class Unfit(Exception):
    """An entry that a profile can't say."""


@dataclass(slots=True)
class Secrets:
    """Names for values that are moved: `known` are kept already and are not to be overwritten."""

    known: Mapping[str, str]
    new: dict[str, str] = field(default_factory=dict)

    def keep(self, names: Iterable[str], value: str) -> str:
        """The first of the names that is free, or has this very value."""
        for name in names:
            if self.new.get(name, self.known.get(name, value)) == value:
                if name not in self.known:
                    self.new[name] = value
                return name
        raise Unfit("there is no name left for its secret")


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads one entry of a client's. Raises `Unfit` for what a profile can't say."""

    spec: ClientSpec
    server: str
    secrets: Secrets
    notes: list[Note]

    def table(self, entry: Json) -> dict[str, Json]:
        problem = check_server_name(self.server)
        if problem:
            raise Unfit(problem)
        if not isinstance(entry, dict):
            raise Unfit("it is no object")
        remote = "url" in entry
        unknown = sorted(set(entry) - (REMOTE if remote else STDIO))
        if unknown:
            raise Unfit(f"a profile has no place for {', '.join(unknown)}")
        table: dict[str, Json] = self._remote(entry) if remote else {"command": self._text(entry.get("command"))}
        if entry.get("args"):
            table["args"] = self._args(_checked(entry["args"], list, "its args are no list"))
        for key in ("env", "headers"):
            values = _checked(entry.get(key) or {}, dict, f"its {key} is no object")
            if values:
                table[key] = {name: self._value(key, name, value) for name, value in values.items()}
        if entry.get("timeout") is not None:
            table["timeout"] = entry["timeout"]
        return table

    def _remote(self, entry: dict[str, Json]) -> dict[str, Json]:
        table: dict[str, Json] = {"url": self._text(entry["url"])}
        if bare_url(table["url"]) != table["url"]:
            self._warn()
        transport = TRANSPORTS.get(str(entry.get("type", "http")))
        if transport is None:
            raise Unfit(f"a profile has no place for the type {entry['type']!r}")
        return table if transport == "http" else {**table, "transport": transport}

    def _warn(self) -> None:
        hint = f"mcpconf secret set NAME, then write ${{secret:NAME}}: mcpconf server show {self.server}"
        self.notes.append(Note(f"{self.server}: what may be a secret stands in the profile as it was", hint=hint))

    def _text(self, value: Json) -> str:
        if not isinstance(value, str) or not value:
            raise Unfit("it names no command or URL as text")
        if not self.spec.expands and "${" in value:
            raise Unfit("it holds a literal '${', which other clients would expand")
        try:
            parse_template(value)
        except TemplateError as error:
            raise Unfit(str(error)) from None
        return value

    def _value(self, key: str, name: str, value: Json) -> str:
        """An environment value or header; a literal one with a telling name becomes a secret."""
        if value == "":
            return ""
        text = self._text(value)
        if not (_is_literal(text) and sensitive(name)):
            return text
        scheme, space, rest = text.partition(" ")
        if key == "headers" and space and scheme in ("Bearer", "Basic"):
            return f"{scheme} ${{secret:{self._secret(name, rest, own_name=False)}}}"
        return f"secret:{self._secret(name, text, own_name=key == 'env')}"

    def _secret(self, name: str, value: str, *, own_name: bool) -> str:
        """A name for the value: a variable's own, as the server's documentation says; else the server's with it."""
        whole = re.sub(r"[^A-Za-z0-9]+", "_", f"{self.server}_{name}").strip("_").upper()
        whole = whole if whole[0].isalpha() else f"_{whole}"
        first = (name,) if own_name and name.isidentifier() and name.isascii() else ()
        return self.secrets.keep((*first, whole, *(f"{whole}_{number}" for number in range(2, 100))), value)

    def _args(self, words: list[Json]) -> list[str]:
        texts = [word if word == "" else self._text(word) for word in words]
        return [
            text if text == shown else self._argument(text, shown, before)
            for text, shown, before in zip(texts, redacted(texts), ["", *texts], strict=False)
        ]

    def _argument(self, text: str, shown: str, before: str) -> str:
        """An argument that is not to be seen: where its name tells that it is a secret, that is moved."""
        start = shown.removesuffix(HIDDEN)
        name = re.sub(r"^.*=(?=.)|[=:\s]+$|^-+", "", start) or before.lstrip("-")
        if start + HIDDEN == shown and text.startswith(start) and _is_literal(text) and sensitive(name):
            secret = self._secret(name, text.removeprefix(start), own_name=False)
            return f"{start}${{secret:{secret}}}" if start else f"secret:{secret}"
        self._warn()
        return text


def _checked(value: Json, kind: type, problem: str) -> Any:
    if not isinstance(value, kind):
        raise Unfit(problem)
    return value


def _is_literal(text: str) -> bool:
    return all(isinstance(part, Literal) for part in parse_template(text))
