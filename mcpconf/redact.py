"""Hide secrets in whatever is shown: by the name beside them and by what they look like."""

from __future__ import annotations

import re
from functools import cache

HIDDEN = "***"

# What a variable, header or option is called that is likely to hold a secret. Rather too many than one too few, but
# not so many that nothing can be read any more.
NAME = (
    r"(?:keys?(?![A-Za-z])|token|secret|passw|passphrase|pwd|credential|auth|cookie|bearer|dsn|jwt"
    r"|(?<![A-Za-z])(?:pat|pass|creds?)(?![A-Za-z]))"
)
# A value that is only a reference is no secret, and worth seeing; unless it brings a value for where nothing is set.
_REFERENCE = r"(?:(?:Bearer |Basic )?(?:\$\{(?:secret:)?\w*(?::-)?\}|secret:\w+))"
# Names have an end, since a file may hold a megabyte of one word, and each start would look through all of it.
_KEY = rf'\b[A-Z0-9_-]{{0,40}}{NAME}[A-Z0-9_-]{{0,40}}+"?[ \t]*'
_OPTION = rf"--?[\w.-]{{0,40}}{NAME}[\w.-]{{0,40}}+"
_REST = r"(?:(?!\2)[^\\\n]|\\.)+"  # up to the quote that the second group has found
_HOST = r"(?:localhost\b|(?:\d+\.){3}\d+|(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,})"

_PATTERNS: tuple[tuple[str, int], ...] = (
    # First: behind `AUTHORIZATION=` the word alone would be taken for the value
    (r"(\b(?:Bearer|Basic)[ \t]+)(?!\$\{(?:secret:)?\w*(?::-)?\})([^\s\"'\\]{6,})", 0),
    # "SOME_TOKEN": "value", as JSON and as an assignment
    (rf'("[^"\n]{{0,128}}{NAME}[^"\n]{{0,128}}+"\s*:\s*")(?!{_REFERENCE}")((?:[^"\\\n]|\\.)+)', re.IGNORECASE),
    # the same inside a JSON string, where every quote has its backslashes: as many as the name's end the value, and
    # twice as many and two before them are one backslash of the value's own
    (
        rf'((?<!\\)(\\+)"[^"\n]{{0,128}}{NAME}[^"\n]{{0,128}}?\2"\s*:\s*\2")(?!{_REFERENCE}\2"|\2")'
        r'(?:.+?)(?=(?<!\\)(?:\2\2\\\\)*\2"|\n|$)',
        re.IGNORECASE,
    ),
    # SOME_TOKEN = "value", as TOML
    (rf'({_KEY}=[ \t]*")(?!{_REFERENCE}")((?:[^"\\\n]|\\.)+)', re.IGNORECASE),
    (rf"({_KEY}=[ \t]*')(?!{_REFERENCE}')([^'\n]+)", re.IGNORECASE),
    # "--api-key", "value" and "-H", "Name: value", as two members of a list
    (rf"((['\"]){_OPTION}\2\s*,\s*\2)(?!{_REFERENCE}\2|--|\2){_REST}", re.IGNORECASE),
    (rf"((['\"])(?:-H|--header)\2\s*,\s*\2[^'\":\n]*:\s*)(?!{_REFERENCE}\2){_REST}", 0),
    # "Some-Token: value", "SOME_TOKEN=value" and "--some-token=value", each as a whole string
    (
        rf"((['\"])(?!secret:\S)(?:-{{0,2}}[\w.-]{{1,40}}=)?[\w.-]{{0,40}}{NAME}[\w.-]{{0,40}}+(?:=|:(?!//)[ \t]*))"
        rf"(?!{_REFERENCE}\2|\2){_REST}",
        re.IGNORECASE,
    ),
    (
        rf'(\b[A-Z0-9_]{{0,64}}{NAME}[A-Z0-9_]{{0,64}}+=)(?!{_REFERENCE}(?:[\s"\',}}&#]|$))'
        r'((?:\$\{[^}\s]*\}|[^\s"\',}&#])+)',
        re.IGNORECASE,
    ),
    # --api-key value
    (rf"({_OPTION}(?:=|[ \t]+))(?!{_REFERENCE}(?:\s|$)|--|=)('[^'\n]+'|\"[^\"\n]+\"|[^\s\"']+)", re.IGNORECASE),
    # scheme://user:password@host, and the same without its scheme
    (r"(\b[a-z][a-z0-9+.-]{0,32}://)(?!(?:\$\{[^}]*\}:?)+@)([^\s/?#\"']+)(?=@)", re.IGNORECASE),
    (
        rf"((?<![^\s\"'=,])(?!npm:|pypi:)[\w.+-]{{1,64}}:)(?!\$\{{[^}}]*\}}@|//)([^\s@/\"'\\]{{1,256}})(?=@{_HOST})",
        re.IGNORECASE,
    ),
    # https://host/?key=value: names that are telling in an address alone
    (rf"([?&](?:[\w.-]{{0,64}}[_.-])?(?:key|sig|signature|pwd|code)=)(?!{_REFERENCE})([^\s&#\"']+)", re.IGNORECASE),
    # ${SOME_TOKEN:-value}, wherever it stands
    (rf"(\$\{{\w{{0,64}}{NAME}\w{{0,64}}+:-)([^}}\n]{{1,1024}}+)", re.IGNORECASE),
    (
        r"()\b((?:sk|pk|rk|gsk|ghp|gho|ghu|ghs|ghr|glpat|xox[abprs]|xapp|npm|hf|tvly|pplx|lin_api|figd|ntn)"
        r"[-_][A-Za-z0-9_-]{12,})",
        0,
    ),
    (
        r"()\b(github_pat_[A-Za-z0-9_]{20,}|AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{30,}"
        r"|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9._-]{10,})",
        0,
    ),
)


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    """Compiled when something is first shown: that takes 5 ms."""
    return tuple(re.compile(pattern, flags) for pattern, flags in _PATTERNS)


def redact(text: str) -> str:
    """The text with every value hidden that is, by its name or its look, a secret. References stay readable."""
    for pattern in _patterns():
        text = pattern.sub(rf"\g<1>{HIDDEN}", text)
    return text
