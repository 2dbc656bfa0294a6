"""`mcpconf __modify CLIENT [PROFILE]`: a client's file on stdin, the same with a profile's servers on stdout.

`mcpconf __modify bash` (or zsh) is the same for an rc file and our block.

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
    if sys.stdin is None or sys.stdout is None:  # an empty file would be another thing
        console.fail(McpconfError("stdin or stdout is closed; nothing was changed"))
        return 1
    raw = sys.stdin.buffer.read()
    try:
        after = _merged(argv, raw)
    except McpconfError as error:
        console.fail(error)
        after = raw
    try:
        sys.stdout.buffer.write(after)
        sys.stdout.buffer.flush()
    except OSError as error:
        console.silence(sys.stdout)
        console.fail(McpconfError(f"stdout can't be written: {error.strerror}; the file stays as it is"))
        return 1
    return 0


def _merged(argv: Sequence[str], raw: bytes) -> bytes:
    from mcpconf.workflow.chezmoi import RC_FILES, merged, with_block

    if not 1 <= len(argv) <= 2:
        raise UsageError("a client and at most a profile are wanted", hint="mcpconf __modify claude-code essentials")
    if argv[0] in RC_FILES:
        return with_block(argv[0], raw)
    return merged(console.app(), argv[0], argv[1] if len(argv) == 2 else None, raw)
