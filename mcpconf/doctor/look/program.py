"""Look at what a command leads to: is it there, may it be started, and is what it needs there, too?"""

from __future__ import annotations

import os
import stat
import struct
from typing import Any

from mcpconf.doctor.seen.entries import Program
from mcpconf.system import System

HEAD = 4096  # bytes of a program that are looked at
MACHINES = {3: "i686", 40: "armv7l", 62: "x86_64", 183: "aarch64", 243: "riscv64"}
ALIKE = {"arm64": "aarch64", "amd64": "x86_64", "i386": "i686", "i586": "i686", "armv6l": "armv7l", "armv8l": "armv7l"}
RUNS = {("x86_64", "i686"), ("aarch64", "armv7l")}  # what a processor also runs
BINFMT = "/proc/sys/fs/binfmt_misc"


def look(system: System, asked: str, path: str, base: str, own_path: str) -> Program:
    """What a client finds for `asked` by this PATH, from the directory `base` (empty: unknown).

    `own_path` is ours, where it may lie although the client does not look there.
    """
    if "/" in asked:
        at = os.path.normpath(os.path.join(base, asked)) if base or os.path.isabs(asked) else None
        if at is None or not os.path.exists(at):
            return Program(asked=asked)
        return _program(system, asked, at, path)
    found = system.which(asked, path) or _not_executable(asked, path)
    if found is None:
        return Program(asked=asked, beside=system.which(asked, own_path) if own_path != path else None)
    return _program(system, asked, found, path)


def _not_executable(asked: str, path: str) -> str | None:
    """A file of that name on PATH which may not be started."""
    places = (os.path.join(directory, asked) for directory in path.split(os.pathsep) if directory)
    return next((place for place in places if os.path.isfile(place)), None)


def _program(system: System, asked: str, at: str, path: str) -> Program:
    if os.path.isdir(at):
        return Program(asked=asked, path=at, directory=True)
    executable = os.access(at, os.X_OK)
    noexec = not system.may_execute(at)
    return Program(
        asked=asked,
        path=at,
        executable=executable,
        mounted_noexec=noexec,
        loose=None if _has_no_modes(system, at) else _loose(at),
        **(_kind(system, _head(at), path) if system.platform != "windows" else {}),
    )


def _head(path: str) -> bytes:
    """The first bytes of a regular file; none where it can't be read, which is no matter to a client."""
    try:
        file = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return b"\0"
    try:
        return os.read(file, HEAD) if stat.S_ISREG(os.fstat(file).st_mode) else b"\0"
    except OSError:
        return b"\0"
    finally:
        os.close(file)


def _kind(system: System, head: bytes, path: str) -> dict[str, Any]:
    """What is known of a program by how it begins, by the names of `Program`."""
    if head.startswith(b"#!"):
        return _script(system, head, path)
    if head.startswith(b"\x7fELF"):
        return _binary(system, head)
    return {} if b"\0" in head else {"shebang": "", "empty": not head}


def _script(system: System, head: bytes, path: str) -> dict[str, Any]:
    line = head[2:].partition(b"\n")[0].decode("utf-8", "replace")
    told: dict[str, Any] = {"shebang": "#!" + line.strip(), "carriage": line.endswith("\r")}
    interpreter, _, rest = line.strip().partition(" ")
    if not interpreter:
        return told | {"shebang": ""}
    there = os.path.exists(interpreter)
    if there and os.path.basename(interpreter) == "env":
        interpreter = _behind_env(rest.strip())
        there = not interpreter or system.which(interpreter, path) is not None
    return told | {"interpreter": interpreter or None, "interpreter_there": there}


def _behind_env(rest: str) -> str:
    """The program that `env` is to start. Without -S, Linux gives it all that follows as one word."""
    if not rest.startswith("-"):
        return rest
    words = rest.removeprefix("-S").removeprefix("--split-string").lstrip("= ").split()
    return next((word for word in words if not word.startswith("-") and "=" not in word), "")


def _binary(system: System, head: bytes) -> dict[str, Any]:
    """The loader that an ELF file wants, and the processor where it is not this one."""
    try:
        wide, order = head[4] == 2, "<" if head[5] == 1 else ">"
        made_for = MACHINES.get(struct.unpack_from(order + "H", head, 18)[0])
        loader = _loader(head, wide, order)
    except (struct.error, IndexError):
        return {}
    told: dict[str, Any] = {}
    if made_for is not None and not _runs(system, made_for):
        told["machine"] = made_for
    elif loader:
        told |= {"interpreter": loader, "interpreter_there": os.path.exists(loader)}
    return told


def _loader(head: bytes, wide: bool, order: str) -> str | None:
    """PT_INTERP of the ELF specification, where it stands in what was read."""
    start = struct.unpack_from(order + ("Q" if wide else "I"), head, 32 if wide else 28)[0]
    size, number = struct.unpack_from(order + "HH", head, 54 if wide else 42)
    for at in range(start, start + size * min(number, 64), size or 1):
        if struct.unpack_from(order + "I", head, at)[0] != 3:
            continue
        offset, length = (struct.unpack_from(order + ("Q" if wide else "I"), head, at + more)[0]
                          for more in ((8, 32) if wide else (4, 16)))  # fmt: skip
        if offset + length > len(head):
            return None
        return head[offset : offset + length].rstrip(b"\0").decode("utf-8", "replace")
    return None


def _runs(system: System, made_for: str) -> bool:
    """Whether this machine runs programs for that processor, by itself or by an emulator that it knows of."""
    if system.platform != "linux" or not hasattr(os, "uname"):
        return True
    machine = ALIKE.get(os.uname().machine, os.uname().machine)
    emulated = any(name.startswith("qemu-") or name == "FEX-x86_64" for name in system.listdir(BINFMT))
    return machine == made_for or (machine, made_for) in RUNS or emulated or machine not in MACHINES.values()


def _has_no_modes(system: System, path: str) -> bool:
    """Windows' disks as a WSL sees them: everything there looks as if everybody may write it."""
    return system.platform == "windows" or ("WSL_DISTRO_NAME" in system.env and path.startswith("/mnt/"))


def _loose(path: str) -> str | None:
    """The program, or its directory, where everybody on this machine may put another one in its place."""
    try:
        real = os.path.realpath(path)
        if os.stat(real).st_mode & stat.S_IWOTH:
            return real
        directory = os.path.dirname(real)
        mode = os.stat(directory).st_mode
    except OSError:
        return None
    return directory if mode & stat.S_IWOTH and not mode & stat.S_ISVTX else None
