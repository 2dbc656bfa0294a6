"""What clients wrote down of a server: Claude Code's log of it, and Claude Desktop's."""

from __future__ import annotations

import calendar
import json
import os
import re
import time
from collections.abc import Iterable

from mcpconf.client import claude_code, claude_desktop
from mcpconf.client.paths import join
from mcpconf.client.spec import Place
from mcpconf.doctor.seen.servers import Words
from mcpconf.workflow.app import App

END = 65_536  # bytes of a log that are read
LINES = 3  # lines that are told
NEWEST = 3  # logs that are looked through
SAID = "Server stderr: "


def words_of(app: App, client: str, server: str) -> Words | None:
    """The last that a client wrote down of a server; None where it wrote nothing."""
    if client == claude_code.ID:
        return _claude_code(app, server)
    return _desktop(app, server) if client == claude_desktop.ID else None


def cache_directory(place: Place) -> str:
    """Where Claude Code keeps its logs (seen on Linux; elsewhere by the library's custom that it follows)."""
    if place.platform == "darwin":
        return join(place.platform, place.home, "Library", "Caches", "claude-cli-nodejs")
    if place.platform == "windows":
        local = place.env.get("LOCALAPPDATA") or join(place.platform, place.home, "AppData", "Local")
        return join(place.platform, local, "claude-cli-nodejs", "Cache")
    base = place.env.get("XDG_CACHE_HOME") or join(place.platform, place.home, ".cache")
    return join(place.platform, base, "claude-cli-nodejs")


def _claude_code(app: App, server: str) -> Words | None:
    """From the newest log of this directory; its file is called by its time, the directory by the path."""
    place = app.place
    here = re.sub(r"[^A-Za-z0-9]", "-", app.system.realpath(place.cwd))
    name = f"mcp-logs-{re.sub(r'[^A-Za-z0-9_-]', '-', server)}"
    directory = join(place.platform, cache_directory(place), here, name)
    logs = [one for one in app.system.listdir(directory) if one.endswith(".jsonl")]
    for one in sorted(logs, reverse=True)[:NEWEST]:
        path = join(place.platform, directory, one)
        found = _told(path, _events(end_of(path)))
        if found is not None:
            return found
    return None


def _told(path: str, events: Iterable[dict[str, object]]) -> Words | None:
    """The errors of the last session in it; the last word on the connection says whether that failed."""
    lines: list[str] = []
    failed, written, any_word = False, 0.0, False
    for event in events:
        error, debug = event.get("error"), str(event.get("debug") or "")
        written = _time(event.get("timestamp")) or written
        if debug.startswith("Starting connection"):
            lines, failed, any_word = [], False, True
        elif debug.startswith("Successfully connected"):
            failed, any_word = False, True
        if isinstance(error, str):
            failed = failed or error.startswith("Connection failed")
            lines += [line for line in error.removeprefix(SAID).splitlines() if line.strip() and not _is_trace(line)]
    return Words(path, tuple(dict.fromkeys(lines))[-LINES:], written, failed) if any_word else None


def _is_trace(line: str) -> bool:
    return line.startswith("    at ")


def _events(raw: bytes) -> Iterable[dict[str, object]]:
    for line in raw.splitlines():
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict):
            yield event


def _time(stamp: object) -> float:
    try:
        return float(calendar.timegm(time.strptime(str(stamp)[:19], "%Y-%m-%dT%H:%M:%S")))
    except ValueError:
        return 0.0


def _desktop(app: App, server: str) -> Words | None:
    place = app.place
    path = join(place.platform, claude_desktop.log_directory(place), f"mcp-server-{server}.log")
    lines = [line for line in end_of(path).decode("utf-8", "replace").splitlines() if line.strip()]
    if not lines:
        return None
    telling = [line for line in lines if re.search(r"error|failed|fatal|exception", line, re.IGNORECASE)]
    try:
        written = os.stat(path).st_mtime
    except OSError:
        written = 0.0
    return Words(path, tuple((telling or lines)[-LINES:]), written)


def end_of(path: str) -> bytes:
    """The end of a file; nothing where it can't be read, or is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except (OSError, ValueError):
        return b""
    try:
        size = os.fstat(descriptor).st_size
        if size > END:
            os.lseek(descriptor, size - END, os.SEEK_SET)
        return os.read(descriptor, END)
    except OSError:
        return b""
    finally:
        os.close(descriptor)
