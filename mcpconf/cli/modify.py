"""`mcpconf __modify CLIENT [PROFILE]`: a client's file on stdin, the same with a profile's servers on stdout.

What a script in chezmoi's source directory calls. Nothing of the file is lost: where the servers can't be put in, it
comes out as it went in, and stderr says why.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from mcpconf.cli import console
from mcpconf.errors import McpconfError, UsageError


def modify(argv: Sequence[str]) -> int:
    """Read, merge, write; the exit code. Another one than 0 has chezmoi leave the file alone."""
    raw = sys.stdin.buffer.read()
    try:
        after = _merged(argv, raw)
    except McpconfError as error:
        console.fail(error)
        after = raw
    sys.stdout.buffer.write(after)
    sys.stdout.buffer.flush()
    return 0


def _merged(argv: Sequence[str], raw: bytes) -> bytes:
    from mcpconf.workflow.chezmoi import merged

    if not 1 <= len(argv) <= 2:
        raise UsageError("a client and at most a profile are wanted", hint="mcpconf __modify claude-code essentials")
    return merged(console.app(), argv[0], argv[1] if len(argv) == 2 else None, raw)
