"""`mcpconf serve`: the loop around the protocol. Lines in from stdin, lines out to stdout, one at a time.

It ends with 0 when the client closes the pipe, and at once by SIGINT or SIGTERM: Claude Code sends them 100 ms apart
and kills 400 ms later (measured).
"""

from __future__ import annotations

import json
import os
import signal
import sys

from mcpconf.serve.protocol import INVALID_REQUEST, PARSE_ERROR, Session, error, handle
from mcpconf.use.stdio import LINE_LIMIT, TOO_LONG, encode, read_lines, write_all

TYPE_CHECKING = False  # what `typing` would give, for 5 ms
if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpconf.serve.tools import Tool
    from mcpconf.system import System

BOM = b"\xef\xbb\xbf"


def main(system: System | None = None) -> int:
    """Serve this process's stdin and stdout until the client goes; the exit code. `system` is made when first asked."""
    from mcpconf.serve.tools import standard

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    stdin, stdout = claim_pipes()
    return serve(stdin, stdout, standard(system))


def claim_pipes() -> tuple[int, int]:
    """Take descriptors 0 and 1 for the protocol, and leave harmless ones in their place.

    From here on a stray `print` goes to stderr, and a child process that a tool starts reads an empty stdin.
    """
    stdin, stdout = os.dup(0), os.dup(1)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return stdin, stdout


def serve(stdin: int, stdout: int, tools: Mapping[str, Tool]) -> int:
    """Answer every line of the descriptor `stdin` on the descriptor `stdout` until it ends; always 0."""
    session = Session(tools)
    try:
        for line in read_lines(stdin):
            answer = answer_line(line, session)
            if answer is not None:
                write_all(stdout, answer)
    except (BrokenPipeError, ConnectionResetError):
        pass  # the client is gone; nobody is left to complain to
    return 0


def answer_line(line: bytes | None, session: Session) -> bytes | None:
    """The line that answers `line`, newline included, or None where none is due. None stands for one over the limit."""
    if line is TOO_LONG:
        return encode(error(None, INVALID_REQUEST, f"a message has at most {LINE_LIMIT} bytes"))
    line = line.removeprefix(BOM).strip(b" \t\r")
    if not line:
        return None
    try:
        message = json.loads(line.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError):  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        return encode(error(None, PARSE_ERROR, "a line is one JSON message in UTF-8"))
    answer = handle(message, session)
    return None if answer is None else encode(answer)


def _refuse(constant: str) -> None:
    raise ValueError(constant)  # NaN and Infinity are Python's, not JSON's
