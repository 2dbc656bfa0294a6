"""Hide secrets in whatever is shown: by the name beside them and by what they look like."""

from __future__ import annotations

import re

HIDDEN = "***"

_NAME = (
    r"(?:api[_-]?key|apikey|token|secret|passw(?:or)?d|passphrase|credential|auth(?:orization)?"
    r"|private[_-]?key|access[_-]?key|cookie|dsn|(?<![A-Za-z])pat(?![A-Za-z]))"
)
# A value that is only a reference is no secret, and worth seeing.
_REFERENCE = r"(?:(?:Bearer |Basic )?(?:\$\{[^}]*\}|secret:\w+))"
_KEY = rf'\b[A-Z0-9_-]*{_NAME}[A-Z0-9_-]*"?[ \t]*'

_PATTERNS = (
    # "SOME_TOKEN": "value", as JSON and as an assignment
    re.compile(rf'("[^"\n]*{_NAME}[^"\n]*"\s*:\s*")(?!{_REFERENCE}")((?:[^"\\\n]|\\.)+)', re.IGNORECASE),
    # the same inside a JSON string, where every quote has its backslashes; as many as the name's end the value
    re.compile(
        rf'((?<!\\)(\\+)"[^"\n]*{_NAME}[^"\n]*?\2"\s*:\s*\2")(?!{_REFERENCE}\2"|\2")(?:.+?)(?=(?<!\\)\2"|$)',
        re.IGNORECASE,
    ),
    # SOME_TOKEN = "value", as TOML
    re.compile(rf'({_KEY}=[ \t]*")(?!{_REFERENCE}")((?:[^"\\\n]|\\.)+)', re.IGNORECASE),
    re.compile(rf"({_KEY}=[ \t]*')(?!{_REFERENCE}')([^'\n]+)", re.IGNORECASE),
    re.compile(rf'(\b[A-Z0-9_]*{_NAME}[A-Z0-9_]*=)(?!{_REFERENCE}|\$)([^\s"\',}}]+)', re.IGNORECASE),
    # --api-key value, also as two members of a JSON list
    re.compile(rf'(--?[a-z-]*{_NAME}[a-z-]*(?:=|\s+|"\s*,\s*"))(?!{_REFERENCE}|--|=)([^\s"]+)', re.IGNORECASE),
    re.compile(r"(\b(?:Bearer|Basic)\s+)(?!\$\{)([A-Za-z0-9._~+/=-]{6,})"),
    # user:password@host
    re.compile(r"(\b[a-z][a-z0-9+.-]*://)(?!\$\{)([^\s/@\"']+)(?=@)", re.IGNORECASE),
    # https://host/?key=value: names that are telling in an address alone
    re.compile(rf"([?&](?:[\w.-]*[_.-])?(?:key|sig|signature|pwd|code)=)(?!{_REFERENCE})([^\s&#\"']+)", re.IGNORECASE),
    re.compile(r"()\b((?:sk|pk|rk|ghp|gho|ghu|ghs|glpat|xox[abprs]|npm|hf)[-_][A-Za-z0-9_-]{12,})"),
    re.compile(
        r"()\b(github_pat_[A-Za-z0-9_]{20,}|AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{30,}|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9._-]{10,})"
    ),
)


def redact(text: str) -> str:
    """The text with every value hidden that is, by its name or its look, a secret. References stay readable."""
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\g<1>{HIDDEN}", text)
    return text
