"""Clients' files that are not right. Name -> what makes it so, and what says so."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
import time
from pathlib import Path

from mcpconf.commit import journal
from mcpconf.commit.snapshot import read_snapshot
from mcpconf.environment.mounts import parse_mountinfo
from mcpconf.errors import McpconfError
from mcpconf.system import RealSystem
from tests.cli.conftest import World
from tests.doctor.place_setups import as_user

SERVER = Path(__file__).resolve().parents[1] / "broker/servers/plain.py"
BOM = b"\xef\xbb\xbf"


def put(path: Path, data: bytes | str, mode: int = 0o600) -> Path:
    """A client's file, by default one that nobody else can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    path.chmod(mode)
    return path


def answers(world: World) -> str:
    """A program on PATH that is a server: what an entry starts must be right where the file is not."""
    path = world.home.parent / "bin/answers"
    path.write_text(f"#!/bin/bash\nexec {sys.executable} -I -S {SERVER}\n")
    path.chmod(0o755)
    return json.dumps({"command": path.name})


def directory(home: Path, world: World) -> None:
    world.claude.mkdir()


def fifo(home: Path, world: World) -> None:
    os.mkfifo(world.claude)


def dangling_link(home: Path, world: World) -> None:
    world.claude.symlink_to(home / "dotfiles/claude.json")


def circle(home: Path, world: World) -> None:
    world.claude.symlink_to(home / "other")
    (home / "other").symlink_to(world.claude)


def cut_off(home: Path, world: World) -> None:
    put(world.claude, '{"mcpServers": {"a": {"command": "myse')


def commented(home: Path, world: World) -> None:
    put(world.claude, '{\n  // mine\n  "mcpServers": {}\n}\n')


def trailing_comma(home: Path, world: World) -> None:
    put(world.claude, '{"mcpServers": {},}\n')


def utf16(home: Path, world: World) -> None:
    put(world.claude, '{"mcpServers": {}}'.encode("utf-16"))


def a_list(home: Path, world: World) -> None:
    put(world.claude, "[]\n")


def nested(home: Path, world: World) -> None:
    put(world.claude, '{"a":' * 20000)


def project_cut_off(home: Path, world: World) -> None:
    one_server(home, world)
    put(world.project("p") / ".mcp.json", '{"mcpServers"', 0o644)


def server_twice(home: Path, world: World) -> None:
    one = answers(world)
    put(world.claude, f'{{"mcpServers": {{"a": {one}, "a": {one}}}}}\n')


def servers_twice(home: Path, world: World) -> None:
    put(world.claude, f'{{"mcpServers": {{}}, "x": 1, "mcpServers": {{"a": {answers(world)}}}}}\n')


def hidden_space(home: Path, world: World) -> None:
    one = answers(world).replace("}", ', "args": ["x\u200b"]}')
    put(world.claude, f'{{"mcpServers": {{"a": {one}}}}}\n')


def desktop_bom(home: Path, world: World) -> None:
    put(world.desktop, BOM + b'{"mcpServers": {}}\n')


def readable(home: Path, world: World) -> None:
    put(world.claude, '{"mcpServers": {}}\n', 0o644)


def desktop_readable(home: Path, world: World) -> None:
    put(world.desktop, '{"mcpServers": {}}\n', 0o640)


def foreign(home: Path, world: World) -> None:
    """Only root can give a file away, so that the user is somebody else here."""
    put(world.claude, '{"mcpServers": {}}\n')
    other = os.geteuid() + 1
    world.patch.setattr(RealSystem, "__init__", as_user(other, RealSystem.__init__))
    world.patch.setattr("mcpconf.doctor.look.place._owner", lambda _app: None)


def read_only(home: Path, world: World) -> None:
    """Root may write it all the same, so that the system's answer is put in its place."""
    path = str(put(world.claude, '{"mcpServers": {}}\n', 0o400))
    access = os.access
    world.patch.setattr(os, "access", lambda at, mode, **more: at != path and access(at, mode, **more))


def mounted(home: Path, world: World) -> None:
    put(world.claude, '{"mcpServers": {}}\n')
    mount = parse_mountinfo(f"1 0 8:1 /host/claude.json {world.claude} rw - ext4 /dev/sda1 rw\n")
    assert mount
    world.patch.setattr("mcpconf.doctor.look.files.parse_mountinfo", lambda _text: mount)


def links(home: Path, world: World) -> None:
    put(home / "dotfiles/claude.json", '{"mcpServers": {}}\n')
    (home / "link").symlink_to(home / "dotfiles/claude.json")
    world.claude.symlink_to(home / "link")


def lock_file(home: Path, world: World) -> None:
    put(world.claude, "{}\n")
    put(home / ".claude.json.lock", "")


def lock_left(home: Path, world: World) -> None:
    put(world.claude, "{}\n")
    lock = home / ".claude.json.lock"
    lock.mkdir()
    then = time.time() - 3600
    os.utime(lock, (then, then))


def was_reset(home: Path, world: World) -> None:
    put(world.claude, "{}\n")
    put(home / ".claude/backups/.claude.json.corrupted.1700000000000", '{"mcpServers": {')


def two_names(home: Path, world: World) -> None:
    put(world.claude, "{}\n")
    os.link(world.claude, home / "backup.json")


def torn(home: Path, world: World) -> None:
    """A write in place that was cut off: its journal is there."""
    path = put(world.claude, '{"old": 1}\n')

    def half(descriptor: int, data: bytes) -> None:
        os.pwrite(descriptor, data[:6], 0)
        raise OSError(errno.EIO, "gone")

    with world.patch.context() as patch:
        patch.setattr(journal, "_fill", half)
        with contextlib.suppress(McpconfError):
            journal.overwrite(read_snapshot(str(path)), b'{"new": 1}\n', str(world.state / "journals"))


def huge(home: Path, world: World) -> None:
    put(world.claude, '{"history": "' + "x" * (9 << 20) + '"}\n')


def in_settings(home: Path, world: World) -> None:
    put(home / ".claude/settings.json", '{"mcpServers": {"a": {"command": "myserver"}}}\n')


def in_a_wrong_file(home: Path, world: World) -> None:
    put(world.project("p") / "mcp.json", '{"mcpServers": {"a": {"command": "myserver"}}}\n', 0o644)


BROKEN = {
    "a directory in the file's place": (directory, "MC201"),
    "a FIFO in the file's place": (fifo, "MC201"),
    "a link to nothing": (dangling_link, "MC201"),
    "links in a circle": (circle, "MC201"),
    "cut off": (cut_off, "MC202"),
    "a comment": (commented, "MC202"),
    "a comma too many": (trailing_comma, "MC202"),
    "UTF-16": (utf16, "MC202"),
    "a list": (a_list, "MC202"),
    "nested too deep": (nested, "MC202"),
    "a project's file cut off": (project_cut_off, "MC202"),
    "a server twice": (server_twice, "MC203"),
    "mcpServers twice": (servers_twice, "MC203"),
    "a character that can't be seen": (hidden_space, "MC204"),
    "Desktop's file with a BOM": (desktop_bom, "MC205"),
    "others can read it": (readable, "MC206"),
    "the group can read Desktop's": (desktop_readable, "MC206"),
    "another user's": (foreign, "MC207"),
    "it can't be written": (read_only, "MC208"),
    "mounted as a single file": (mounted, "MC211"),
    "a link to a link": (links, "MC209"),
    "a file as the lock": (lock_file, "MC212"),
    "a lock that was left": (lock_left, "MC212"),
    "Claude Code reset it": (was_reset, "MC213"),
    "two names": (two_names, "MC214"),
    "a write of ours was cut off": (torn, "MC215"),
    "very large": (huge, "MC216"),
    "servers in settings.json": (in_settings, "MC217"),
    "servers in mcp.json": (in_a_wrong_file, "MC217"),
}


def one_server(home: Path, world: World) -> None:
    put(world.claude, '{"numStartups": 3, "mcpServers": {}}\n')


def linked(home: Path, world: World) -> None:
    put(home / "dotfiles/claude.json", '{"mcpServers": {}}\r\n')
    world.claude.symlink_to(home / "dotfiles/claude.json")


def both_clients(home: Path, world: World) -> None:
    one_server(home, world)
    put(world.desktop, '{"mcpServers": {}}')
    world("switch", "minimal")


def lock_held(home: Path, world: World) -> None:
    one_server(home, world)
    (home / ".claude.json.lock").mkdir()


def code_with_bom(home: Path, world: World) -> None:
    put(world.claude, BOM + b"{}\n")


def project(home: Path, world: World) -> None:
    one_server(home, world)
    put(world.project("p") / ".mcp.json", '{"mcpServers": {}}\n', 0o644)


HEALTHY = {
    "a file of Claude Code's own": one_server,
    "a link into dotfiles, CRLF": linked,
    "two clients and a profile": both_clients,
    "a lock that is held": lock_held,
    "a BOM that Claude Code can stand": code_with_bom,
    "a project's file": project,
}
