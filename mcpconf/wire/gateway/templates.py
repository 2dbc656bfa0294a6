"""Whether a URI can come of a URI template (RFC 6570): enough to tell which server has it."""

from __future__ import annotations

import re
from functools import lru_cache

_EXPRESSION = re.compile(r"\{([^{}]*)\}")
LONGEST = 2048  # characters of a template that is looked at
MOST = 16  # expressions in it: more can take very long to match


@lru_cache(maxsize=512)
def _pattern(template: str) -> re.Pattern[str] | None:
    found = list(_EXPRESSION.finditer(template))
    if len(template) > LONGEST or len(found) > MOST:
        return None
    parts, at = [], 0
    for one in found:
        parts += [re.escape(template[at : one.start()]), ".*" if one[1][:1] in "+#/.;?&" else "[^/?#]*"]
        at = one.end()
    return re.compile("".join([*parts, re.escape(template[at:])]), re.DOTALL)


def matches(template: str, uri: str) -> bool:
    """Whether the URI has the template's form; False for a template that is too odd to tell."""
    pattern = _pattern(template)
    return pattern is not None and len(uri) <= LONGEST and pattern.fullmatch(uri) is not None
