"""What Claude Code makes of `${VAR}` in an entry (measured on 2.1.197): no `$VAR`, no `~`, nothing nested."""

from __future__ import annotations

import re
from collections.abc import Mapping

_REFERENCE = re.compile(r"\$\{([^}]+)\}")


def expanded(text: str, variables: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The text as a server gets it, and the variables that are missing, which stay in it as they were written.

    A default counts only where the variable is unset: an empty value stays empty, other than in bash.
    """
    missing: dict[str, None] = {}

    def value(match: re.Match[str]) -> str:
        name, has_default, default = match[1].partition(":-")
        if name in variables:
            return variables[name]
        if has_default:
            return default
        missing[name] = None
        return match[0]

    end = text.rfind("}") + 1  # behind it nothing matches, and each of a million `${` would look for its end
    return _REFERENCE.sub(value, text[:end]) + text[end:], tuple(missing)
