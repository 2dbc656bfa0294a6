"""The options that `mcpconf tools` and `mcpconf call` share, and what they read."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mcpconf.errors import UsageError

NoBroker = Annotated[bool, typer.Option("--no-broker", help="Start the server for this once, whatever the broker has.")]
LIMIT = 64 * 1024 * 1024  # bytes that are read of a file or of stdin


def read_text(path: str) -> str:
    """A file's text. Raises `UsageError` where it can't be read or is none."""
    try:
        with open(path, "rb") as stream:
            return _text(path, stream.read(LIMIT + 1))
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{path} can't be read: {said}; nothing was sent", hint=f"ls -l {path}") from None


def read_stdin() -> str:
    """All that stdin has. Raises `UsageError` where it is closed or holds no text."""
    if sys.stdin is None:
        raise UsageError("stdin is closed; nothing was sent", hint="--input '{}'")
    stream = getattr(sys.stdin, "buffer", None)
    raw = stream.read(LIMIT + 1) if stream is not None else sys.stdin.read(LIMIT + 1).encode()
    return _text("stdin", raw)


def _text(name: str, raw: bytes) -> str:
    if len(raw) > LIMIT:
        raise UsageError(f"{name} has more than {LIMIT >> 20} MB; nothing was sent")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8 (byte {error.start}); nothing was sent") from None
