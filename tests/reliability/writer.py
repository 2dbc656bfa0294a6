"""Another program that writes the client's file all the time: run as a process, told to stop by closing its stdin.

    python writer.py FILE MANNER

MANNER is `locking` (Claude Code's lock directory, temporary file, rename), `heedless` (the same without any lock) or
`truncating` (empties the file, then fills it). At 50 Hz it raises a counter, and looks each time whether what it wrote
last is still there. Prints how often it wrote and how often that was lost.
"""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

PAUSE = 0.02


@contextmanager
def locked(path: str) -> Iterator[bool]:
    """Claude Code's lock, held only if nobody holds it."""
    try:
        os.mkdir(path + ".lock")
    except FileExistsError:
        yield False
        return
    try:
        yield True
    finally:
        os.rmdir(path + ".lock")


def read(path: str) -> Any:
    """The file; None while somebody (we, for one) is in the middle of writing it."""
    with suppress(ValueError), open(path, "rb") as stream:
        return json.loads(stream.read())
    return None


def by_rename(path: str, text: str) -> None:
    temporary = f"{path}.writer.tmp"
    with open(temporary, "w", encoding="utf-8") as stream:
        stream.write(text)
    os.rename(temporary, path)


def by_truncation(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as stream:
        half = len(text) // 2
        stream.write(text[:half])
        stream.flush()
        stream.write(text[half:])


def raise_counter(path: str, last: int, manner: str) -> tuple[int, bool]:
    """One change; the counter now, and whether the one before was lost."""
    data = read(path)
    if data is None:
        return last, False
    lost = data.get("counter", 0) != last
    data["counter"] = last + 1
    (by_truncation if manner == "truncating" else by_rename)(path, json.dumps(data, indent=2))
    return last + 1, lost


def main(path: str, manner: str) -> None:
    last = lost = 0
    while not select.select([sys.stdin], [], [], PAUSE)[0]:
        if manner == "locking":
            with locked(path) as held:
                last, gone = raise_counter(path, last, manner) if held else (last, False)
        else:
            last, gone = raise_counter(path, last, manner)
        lost += gone
    lost += (read(path) or {}).get("counter") != last
    print(json.dumps({"claimed": last, "lost": lost}))


if __name__ == "__main__":
    main(*sys.argv[1:])
