"""What a profile's values look like where people read them: secrets left out, nothing that a terminal obeys."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from mcpconf.profile.variables import Literal, Part, Secret, TemplateError, parse
from mcpconf.redact import HIDDEN, NAME, redact

__all__ = ["HIDDEN", "bare_url", "hidden", "redacted", "sensitive", "shown"]

_FLAG = re.compile(r"--?[A-Za-z][\w.-]*")
_ASSIGNING = frozenset({"-e", "--env"})  # what follows is NAME=VALUE
_HEADER = frozenset({"-H", "--header"})  # what follows is NAME: VALUE
_SCHEME = re.compile(r"((?:Bearer|Basic)\s+)(.+)", re.DOTALL)
_USER = re.compile(r"(?<=://)[^/?#]*@")
_QUERY = re.compile(r"([?&][^=&#]*=)([^&#]*)")


@cache
def _words() -> re.Pattern[str]:
    return re.compile(NAME, re.IGNORECASE)  # when it is first asked for: it takes a millisecond


@cache
def _named() -> re.Pattern[str]:
    """An argument that is a header, an assignment or an option with its value: all behind a telling name."""
    prefix = r"(?!secret:)(?:-H)?(?:-{0,2}[\w.-]+=)?"
    return re.compile(rf"({prefix}[\w.-]*{NAME}[\w.-]*(?:=|:(?!//)\s*))(.+)", re.IGNORECASE | re.DOTALL)


def sensitive(name: str) -> bool:
    """Whether a variable, header or option of this name is likely to hold a secret."""
    return _words().search(name) is not None


def hidden(value: str) -> str:
    """A secret value with its literal text left out; references stay, since they only name what they stand for."""
    try:
        parts = parse(value)
    except TemplateError:
        return HIDDEN
    return "".join(_shape(part) for part in parts)


def _shape(part: Part) -> str:
    if isinstance(part, Literal):
        return HIDDEN
    if isinstance(part, Secret):
        return f"${{secret:{part.name}}}"
    return f"${{{part.name}}}" if part.default is None else f"${{{part.name}:-{HIDDEN}}}"


def bare_url(text: str) -> str:
    """Text without the user, password and query values of an address in it, and without what looks like a secret."""
    if "://" in text:
        text = _QUERY.sub(lambda match: match[1] + hidden(match[2]), _USER.sub(f"{HIDDEN}@", text))
    return redact(text)


def redacted(args: Sequence[str]) -> tuple[str, ...]:
    """Arguments without the values of `--api-key x`, `--token=x`, `-e NAME=x`, `Some-Key: x`, and of addresses."""
    return tuple(_argument(arg, before) for before, arg in zip(("", *args), args, strict=False))


def _argument(arg: str, before: str) -> str:
    name, equals, value = arg.partition("=")
    if before in _ASSIGNING:
        return f"{name}={hidden(value)}" if equals else arg
    if equals and name in _ASSIGNING:
        inner, assigned, value = value.partition("=")
        return f"{name}={inner}={hidden(value)}" if assigned else arg
    if before in _HEADER or (equals and name in _HEADER):
        return _header(arg)
    if _is_secret_flag(before) and not _FLAG.fullmatch(arg):
        return hidden(arg)
    named = _named().fullmatch(arg) or _SCHEME.fullmatch(arg)
    return named[1] + hidden(named[2]) if named else bare_url(arg)


def _header(arg: str) -> str:
    name, colon, value = arg.partition(":")
    return f"{name}: {hidden(value.strip())}" if colon else HIDDEN


def _is_secret_flag(text: str) -> bool:
    return _FLAG.fullmatch(text) is not None and sensitive(text)


def shown(text: str) -> str:
    """Text for a terminal: quoted where its ends would not be seen, and nothing invisible or obeyed left in it.

    Escape sequences, line breaks, odd spaces and bidirectional overrides come out as `\\x1b`, `\\n`, `\\u202e`.
    """
    visible = "".join(char if char.isprintable() and char != "\\" else _escape(char) for char in text)
    return visible if visible == text and re.fullmatch(r"[^\s'\"]+", text) else f"'{visible}'"


def _escape(char: str) -> str:
    if 0xD800 <= ord(char) < 0xE000:
        return f"\\u{ord(char):04x}"
    return char.encode("unicode_escape").decode("ascii")
