"""Paths that an entry names, and those of them that are not there. `exists` is what is asked of the disk."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from mcpconf.doctor.argv import ContainerRun, container_run, is_inline, script
from mcpconf.doctor.seen.entries import Missing

Exists = Callable[[str], bool]

# Where people keep things: what begins otherwise and is not there may be a path of a URL, or of another machine.
ROOTS = ("home", "Users", "root", "mnt", "media", "opt", "srv", "usr", "var", "tmp", "etc", "Volumes", "workspaces")
# Variables whose file has to be there; what others name may be made by the server.
FILES = ("GOOGLE_APPLICATION_CREDENTIALS", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
_OPTION = re.compile(r"--?[A-Za-z][\w.-]*=(/.*)")
_SOURCE = re.compile(r"(?:^|,)(?:src|source)=([^,]+)")


def missing_paths(
    command: str, args: Sequence[str], env: Mapping[str, str], directory: str, exists: Exists
) -> tuple[Missing, ...]:
    """What an entry names and is not there. `directory` is where it is started; empty where that can't be known."""
    container = container_run(command, args)
    found = _of_container(container) if container else _of_process(command, args, directory, exists)
    files = [Missing(f"env {name}", env[name]) for name in FILES if env.get(name, "").startswith("/")]
    return tuple(one for one in (*found, *files) if not exists(one.path))


def _of_process(command: str, args: Sequence[str], directory: str, exists: Exists) -> Iterator[Missing]:
    run = script(command, args)
    if run is not None and (os.path.isabs(run) or directory) and not run.startswith(("~", "$")):
        yield Missing("script", os.path.normpath(os.path.join(directory, run)), needed=True)
    if is_inline(command, args):
        return
    for arg in args:
        option = _OPTION.fullmatch(arg)
        path = option[1] if option else arg
        if arg != run and path.startswith("/") and _is_of_this_machine(path, exists):
            yield Missing("args", path)


def _is_of_this_machine(path: str, exists: Exists) -> bool:
    """Whether it is a path of the disk that the server can hardly make for itself."""
    parts = path.rstrip("/").split("/")[1:]
    if len(parts) < 2 or parts[0] not in ROOTS or not path.isprintable() or set(path) & set("*?[{"):
        return False
    # A log or a database may be made by the server, where its directory is there.
    made = re.search(r"\.[A-Za-z0-9_]{1,8}$", parts[-1]) is not None
    return not (made and exists(os.path.dirname(path)))


def _of_container(run: ContainerRun) -> Iterator[Missing]:
    """What is mounted: a volume's source would be made, as an empty directory of root's."""
    for path in run.values("env-file"):
        if os.path.isabs(path):
            yield Missing("--env-file", path, needed=True)
    for value in run.values("mount"):
        source = _SOURCE.search(value)
        if source and "type=bind" in value and source[1].startswith("/") and not _is_socket(source[1]):
            yield Missing("--mount", source[1], needed=True)
    for value in run.values("volume"):
        source_path = value.partition(":")[0]
        if ":" in value and source_path.startswith("/") and not _is_socket(source_path):
            yield Missing("-v", source_path)


def _is_socket(path: str) -> bool:
    """An engine's, by its name: whether the engine is there is another question."""
    return path.endswith(".sock")
