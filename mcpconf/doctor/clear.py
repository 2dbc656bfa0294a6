"""Which places of an entry hold a secret in clear: by the name beside a value, and by what the value looks like.

Stricter than what hides secrets from eyes: there, one too many costs nothing, and here it is a false alarm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import parse_qsl, urlsplit

from mcpconf.model import Json
from mcpconf.profile.redact import sensitive
from mcpconf.redact import redact

# A name that speaks of a secret and holds something about one.
_ABOUT = re.compile(
    r"(?i)(?:file|path|dir|type|method|mode|limit|max|min|count|size|ttl|timeout|expir\w*|url|uri|host|endpoint|name"
    r"|user|author(?!i[sz])\w*|authority|(?:mon|tur|don|hoc|hot|whis)key|enabled?|disabled?|required|scheme|scopes?|provider|storage|backend|alg\w*|prefix"
    r"|header|id|region)s?$"
)
_ABOUT_FIRST = re.compile(r"(?i)^(?:max|min|num|use|no|skip|enable|disable|require|allow)[_-]")
_SCHEME = re.compile(r"(?i)^(?:bearer|basic|token)\s+")
_FLAG = re.compile(r"--?[A-Za-z][\w.-]*")
_QUERY = re.compile(r"(?i)(?:^|[_.-])(?:key|sig|signature|token|secret|password|pwd|apikey|api_key|access_token)$")
_PLAIN = re.compile(r"(?i)(?:true|false|none|null|yes|no|on|off|[0-9.]+|[a-z]+(?:[-_][a-z]+)*|<[^>]*>|\*+|x+|\.+)")
SHORT = 8  # characters: a shorter value is a word, or a number


def in_clear(value: Mapping[str, Json]) -> tuple[str, ...]:
    """The places of an entry, or of a profile's server, that hold what looks like a secret."""
    return tuple(dict.fromkeys(_places(value)))


def _places(value: Mapping[str, Json]) -> Iterator[str]:
    for key in ("env", "headers"):
        table = value.get(key)
        for name, text in table.items() if isinstance(table, dict) else ():
            if isinstance(text, str) and (_named(name, text) or _looks(text)):
                yield f"{key} {name}"
    args = value.get("args")
    words = [word for word in args if isinstance(word, str)] if isinstance(args, list) else []
    yield from (f"args {name}" for name in _arguments(words))
    url = value.get("url")
    if isinstance(url, str) and (_in_url(url) or _looks(url)):
        yield "url"


def _named(name: str, text: str) -> bool:
    """Whether a telling name has a value that may be a secret."""
    telling = sensitive(name) and not _ABOUT.search(name) and not _ABOUT_FIRST.search(name)
    return telling and _is_secret(_SCHEME.sub("", text))


def _is_secret(text: str) -> bool:
    """Not a reference, a path, a word, a number or a text to be replaced."""
    if len(text) < SHORT or "${" in text or text.startswith(("secret:", "/", "~", "./", "$", "op://", "vault:")):
        return False
    return "://" not in text and _PLAIN.fullmatch(text) is None and not _is_example(text)


def _is_example(text: str) -> bool:
    return (
        re.search(r"(?i)your[-_ ]|example|changeme|placeholder|replace|insert|dummy|\*{3}|\.{3}|x{4}", text) is not None
    )


def _looks(text: str) -> bool:
    """Whether a value looks like a secret, whatever its name: tokens of well-known services, a password in a URL."""
    if _in_url(text):
        return True
    plain = f"value: {text}".replace("=", " ")  # so that no name in it speaks for it
    return "${" not in text and not _is_example(text) and redact(plain) != plain


def _in_url(text: str) -> bool:
    if "://" not in text:
        return False
    try:
        parts = urlsplit(text)
        password = parts.password or ""
        if len(password) > 2 and "${" not in password and not _is_example(password):
            return True
        return any(_QUERY.search(name) and _is_secret(value) for name, value in parse_qsl(parts.query))
    except ValueError:
        return False


def _arguments(words: Sequence[str]) -> Iterator[str]:
    for before, word in zip(("", *words), words, strict=False):
        name, equals, value = word.partition("=")
        if equals and _named(name.lstrip("-"), value):
            yield name
        elif _FLAG.fullmatch(before) and _named(before.lstrip("-"), word):
            yield before
        elif before in ("-H", "--header") and _named(*_header(word)):
            yield f"{before} {_header(word)[0]}"
        elif _looks(value if equals and _FLAG.fullmatch(name) else word):
            yield before if _FLAG.fullmatch(before) else "a value"


def _header(word: str) -> tuple[str, str]:
    name, _, value = word.partition(":")
    return name, value.strip()
