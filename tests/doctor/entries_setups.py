"""Entries that do not work, or not as they look. Name -> what makes it so, and what says so."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from mcpconf.model import Kind
from mcpconf.system import RealSystem
from mcpconf.workflow import surroundings
from tests.cli.conftest import World

Build = Callable[[Path, World], None]

# An MCP server in the shell's own words: it answers whoever starts it, and needs nothing on PATH.
SERVER = """#!/bin/sh
while read -r line; do
  id=${line#*'"id":'}; id=${id# }; id=${id%%[,\\}]*}
  case $line in
    *'"method":"initialize"'*|*'"method": "initialize"'*)
      echo '{"jsonrpc":"2.0","id":'"$id"',"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"good","version":"1"}}}' ;;
    *tools/list*)
      echo '{"jsonrpc":"2.0","id":'"$id"',"result":{"tools":[{"name":"echo","inputSchema":{"type":"object"}}]}}' ;;
    *'"id":'*)
      echo '{"jsonrpc":"2.0","id":'"$id"',"error":{"code":-32601,"message":"no such method"}}' ;;
  esac
done
"""  # noqa: E501 - a line is a message


def program(path: Path, text: str = SERVER, mode: int = 0o755) -> str:
    """A program that can be started."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def good(world: World, name: str = "goodserver") -> str:
    """A working server on PATH."""
    program(world.home.parent / "bin" / name)
    return name


def put(path: Path, data: Any, mode: int = 0o600) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=2))
    path.chmod(mode)


def user(world: World, **servers: Any) -> None:
    """Claude Code's user scope."""
    put(world.claude, {"mcpServers": servers})


def project(world: World, servers: dict[str, Any], trusted: bool = True, **more: Any) -> Path:
    """A project with a `.mcp.json`, and what Claude Code has noted down about it."""
    root = world.project("p")
    record = {"hasTrustDialogAccepted": trusted, **more}
    put(world.claude, {"projects": {str(root.resolve()): record}})
    put(root / ".mcp.json", {"mcpServers": servers}, 0o644)
    return root


def desktop(world: World, **servers: Any) -> None:
    put(world.desktop, {"mcpServers": servers})


def one(value: Any, name: str = "a") -> Build:
    """A set-up of one entry in the user's scope."""

    def build(home: Path, world: World) -> None:
        good(world)
        user(world, **{name: value})

    return build


def in_desktop(value: Any) -> Build:
    def build(home: Path, world: World) -> None:
        desktop(world, a=value)

    return build


def starts(text: str, mode: int = 0o755) -> Build:
    """An entry that starts a program of this text."""

    def build(home: Path, world: World) -> None:
        user(world, a={"command": program(home / "tools/server", text, mode)})

    return build


def a_directory(home: Path, world: World) -> None:
    (home / "tools").mkdir()
    user(world, a={"command": str(home / "tools")})


def link_to_nothing(home: Path, world: World) -> None:
    (home / "server").symlink_to(home / "gone")
    user(world, a={"command": str(home / "server")})


def on_noexec(home: Path, world: World) -> None:
    world.patch.setattr(RealSystem, "may_execute", lambda _self, path: "/tools/" not in path)
    user(world, a={"command": program(home / "tools/server")})


def path_of_its_own(home: Path, world: World) -> None:
    """The entry's own PATH decides, and has no such program."""
    user(world, a={"command": good(world), "env": {"PATH": str(home)}})


def shorter_path(home: Path, world: World) -> None:
    desktop(world, a={"command": good(world)})


def other_machine(home: Path, world: World) -> None:
    """A binary that was built for a processor which nobody has on a desk."""
    head = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xf3\x00" + bytes(44)
    path = home / "tools/server"
    program(path)
    path.write_bytes(head)
    world.patch.setattr("mcpconf.doctor.look.program._runs", lambda _system, made_for: made_for != "riscv64")
    user(world, a={"command": str(path)})


def other_library(home: Path, world: World) -> None:
    """A binary of another C library: its loader is not here."""
    elf = bytearray(Path(shutil.which("true", path="/usr/bin:/bin") or "/bin/true").read_bytes())
    at = elf.find(b"/lib", 0, 4096)
    elf[at : at + 4] = b"/lob"
    path = home / "tools/server"
    program(path)
    path.write_bytes(bytes(elf))
    user(world, a={"command": str(path)})


def script_gone(home: Path, world: World) -> None:
    user(world, a={"command": "node", "args": [str(home / "gone/index.js")]})


def relative_script_gone(home: Path, world: World) -> None:
    user(world, a={"command": "node", "args": ["dist/index.js"]})


def directory_gone(home: Path, world: World) -> None:
    user(world, a={"command": good(world), "args": ["/home/nobody-of-this-name/Documents"]})


def credentials_gone(home: Path, world: World) -> None:
    user(world, a={"command": good(world), "env": {"GOOGLE_APPLICATION_CREDENTIALS": str(home / "gone.json")}})


def mount_gone(home: Path, world: World) -> None:
    engine(world)
    mount = f"type=bind,src={home}/gone,dst=/data"
    user(world, a={"command": "docker", "args": ["run", "-i", "--rm", "--mount", mount, "mcp/files:1.0"]})


def engine(world: World) -> None:
    """A docker whose engine answers, and runs the good server for whatever it is told to run."""
    first = "#!/bin/sh\ncase $1 in version) echo 28.3.0; exit ;; run) ;; *) exit 1 ;; esac"
    program(world.home.parent / "bin/docker", SERVER.replace("#!/bin/sh", first, 1))


def containers(*args: str) -> Build:
    def build(home: Path, world: World) -> None:
        engine(world)
        user(world, a={"command": "docker", "args": [*args]})

    return build


def relative_for_all(home: Path, world: World) -> None:
    program(world.work / "server")
    user(world, a={"command": "./server"})


def of_another_place(home: Path, world: World) -> None:
    user(world, a={"command": "/home/somebody/.local/share/mcpconf/wrapper/mcp-a"})


def silent_localhost(home: Path, world: World) -> None:
    """In a container, where nothing listens."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
    world.patch.setenv("MCPCONF_ENV", "container")
    world.patch.setattr("mcpconf.environment.verdict.decide", lambda _evidence: (Kind.CONTAINER, 9.0))
    user(world, a={"type": "http", "url": f"http://localhost:{port}/mcp"})


def hosts_name(home: Path, world: World) -> None:
    world.patch.setattr("mcpconf.doctor.look.entries._knows_host", lambda _app: False)
    user(world, a={"type": "http", "url": "http://host.docker.internal:9/mcp"})


def two_alike(home: Path, world: World) -> None:
    user(world, **{"my.server": {"command": good(world)}, "my_server": {"command": good(world)}})


def long_tools(home: Path, world: World) -> None:
    name = "a-server-of-quite-a-length"
    user(world, **{name: {"command": good(world)}})
    cache = {"version": 1, "servers": {name: ["find", "search_in_all_of_the_documents_there_are"]}}
    put(world.state / "tools.json", cache)


def hidden_by_project(home: Path, world: World) -> None:
    """The user's own entry, and another one of that name in an approved project."""
    root = project(world, {"a": {"command": good(world), "args": ["1"]}}, enabledMcpjsonServers=["a"])
    data = json.loads(world.claude.read_bytes()) | {"mcpServers": {"a": {"command": good(world)}}}
    put(world.claude, data)
    assert root.is_dir()


def ours_is_hidden(home: Path, world: World) -> None:
    """What mcpconf wrote for the user does not count here, since a local entry has its name."""
    world.profile("mine", f'[servers.a]\ncommand = "{good(world)}"\n')
    world("switch", "mine")
    data = json.loads(world.claude.read_bytes())
    data["projects"] = {str(world.work.resolve()): {"mcpServers": {"a": {"command": good(world), "args": ["x"]}}}}
    put(world.claude, data)


def pending(home: Path, world: World) -> None:
    project(world, {"a": {"command": good(world)}})


def approved_not_trusted(home: Path, world: World) -> None:
    root = project(world, {"a": {"command": good(world)}}, trusted=False)
    put(root / ".claude/settings.local.json", {"enabledMcpjsonServers": ["a"]}, 0o644)


def pending_above(home: Path, world: World) -> None:
    """Claude Code reads the `.mcp.json` of every directory above, too."""
    root = project(world, {})
    put(world.work / ".mcp.json", {"mcpServers": {"b": {"command": good(world)}}}, 0o644)
    assert root.parent == world.work


def rejected(home: Path, world: World) -> None:
    project(world, {"a": {"command": good(world)}}, disabledMcpjsonServers=["a"])


def switched_off(home: Path, world: World) -> None:
    data = {"mcpServers": {"a": {"command": good(world)}}}
    put(world.claude, {**data, "projects": {str(world.work.resolve()): {"disabledMcpServers": ["a"]}}})


def managed(home: Path, world: World, data: Any, name: str = "managed-mcp.json") -> None:
    directory = home.parent / "etc"
    world.patch.setitem(surroundings.MANAGED, "linux", str(directory / "managed-mcp.json"))
    put(directory / name, data, 0o644)
    user(world, a={"command": good(world)})


def managed_settings(home: Path, world: World, data: Any) -> None:
    managed(home, world, data, "managed-settings.json")


def denied_by_user(home: Path, world: World) -> None:
    put(home / ".claude/settings.json", {"deniedMcpServers": [{"serverName": "a"}]})
    user(world, a={"command": good(world)})


BROKEN: dict[str, tuple[Build, str]] = {
    "an entry that is a text": (one("npx server"), "MC301"),
    "no command": (one({"args": ["x"]}), "MC301"),
    "an empty command": (one({"command": ""}), "MC301"),
    "a command that is a list": (one({"command": ["npx", "x"]}), "MC301"),
    "args in one text": (one({"command": "goodserver", "args": "--stdio"}), "MC301"),
    "a number among the args": (one({"command": "goodserver", "args": ["--port", 3000]}), "MC301"),
    "env with a number": (one({"command": "goodserver", "env": {"PORT": 3000}}), "MC301"),
    "env that is a list": (one({"command": "goodserver", "env": ["A=1"]}), "MC301"),
    "a type that there is not": (one({"type": "streamable_http", "url": "https://mcp.example.com/mcp"}), "MC301"),
    "http without a url": (one({"type": "http"}), "MC301"),
    "a url without a type": (one({"url": "https://mcp.example.com/mcp"}), "MC302"),
    "a url in Claude Desktop": (in_desktop({"type": "http", "url": "https://mcp.example.com/mcp"}), "MC303"),
    "a url that begins with nothing": (one({"type": "http", "url": "mcp.example.com/mcp"}), "MC304"),
    "a port that is none": (one({"type": "http", "url": "https://mcp.example.com:mcp/"}), "MC304"),
    "http with a WebSocket's url": (one({"type": "http", "url": "wss://mcp.example.com/mcp"}), "MC304"),
    "a command and a url": (one({"command": "goodserver", "url": "https://mcp.example.com/mcp"}), "MC305"),
    "a timeout in words": (one({"command": "goodserver", "timeout": "30s"}), "MC301"),
    "transport for type": (one({"transport": "http", "url": "https://mcp.example.com/mcp"}), "MC302"),
    "disabled, as other programs say": (one({"command": "goodserver", "disabled": True}), "MC306"),
    "a directory that is not read": (one({"command": "goodserver", "cwd": "/srv"}), "MC306"),
    "environment for env": (one({"command": "goodserver", "environment": {"A": "1"}}), "MC306"),
    "a command that is not there": (one({"command": "no-such-program"}), "MC307"),
    "a path that is not there": (one({"command": "/opt/no-such/program"}), "MC307"),
    "a link that leads nowhere": (link_to_nothing, "MC307"),
    "a PATH of its own without it": (path_of_its_own, "MC307"),
    "found by the shell, not by Desktop": (shorter_path, "MC307"),
    "a directory as a command": (a_directory, "MC308"),
    "a program that may not be executed": (starts(SERVER, 0o644), "MC308"),
    "a program on noexec": (on_noexec, "MC308"),
    "a whole command line": (one({"command": "npx -y some-server@1.0.0"}), "MC309"),
    "a space behind a command": (one({"command": "goodserver "}), "MC309"),
    "an empty program": (starts(""), "MC310"),
    "a script without a shebang": (starts("echo hello\n"), "MC310"),
    "an interpreter that is gone": (starts("#!/opt/venv-of-old/bin/python\n"), "MC311"),
    "env's interpreter is gone": (starts("#!/usr/bin/env no-such-interpreter\n"), "MC311"),
    "lines that end as on Windows": (starts("#!/bin/sh\r\nexit 0\r\n"), "MC311"),
    "a program for another processor": (other_machine, "MC311"),
    "a program for another C library": (other_library, "MC311"),
    "node's script is gone": (script_gone, "MC312"),
    "node's script is somewhere else": (relative_script_gone, "MC312"),
    "a directory that is gone": (directory_gone, "MC312"),
    "credentials that are gone": (credentials_gone, "MC312"),
    "a mount of nothing": (mount_gone, "MC312"),
    "a variable that is not set": (one({"command": "goodserver", "env": {"TOKEN": "${NO_SUCH_TOKEN}"}}), "MC313"),
    "a command that is not set": (one({"command": "${NO_SUCH_ROOT}/server"}), "MC313"),
    "a url that is not set": (one({"type": "http", "url": "https://${NO_SUCH_HOST}/mcp"}), "MC313"),
    "a shell's variable": (one({"command": "goodserver", "args": ["$HOME/notes"]}), "MC314"),
    "a shell's home": (one({"command": "~/bin/server"}), "MC314"),
    "a variable in Desktop": (
        in_desktop({"command": "/bin/sh", "args": ["/dev/null"], "env": {"A_TOKEN": "${A_TOKEN}"}}),
        "MC314",
    ),
    "a relative path for everywhere": (relative_for_all, "MC315"),
    "a relative path in Desktop": (in_desktop({"command": "./server"}), "MC315"),
    "an entry of another place's mcpconf": (of_another_place, "MC316"),
    "docker run without -i": (containers("run", "--rm", "mcp/files:1.0"), "MC317"),
    "docker run with a terminal": (containers("run", "-it", "--rm", "mcp/files:1.0"), "MC317"),
    "docker run in the background": (containers("run", "-i", "-d", "mcp/files:1.0"), "MC317"),
    "nothing behind localhost in a container": (silent_localhost, "MC319"),
    "a container's name on the host": (hosts_name, "MC319"),
    "a name that is Claude Code's": (one({"command": "goodserver"}, "workspace"), "MC320"),
    "names that look the same": (two_alike, "MC321"),
    "a name that is far too long": (one({"command": "goodserver"}, "a-very-" * 8 + "long-name"), "MC322"),
    "tools whose names get too long": (long_tools, "MC322"),
    "two underscores in a name": (one({"command": "goodserver"}, "my__server"), "MC322"),
    "hidden by the project's": (hidden_by_project, "MC323"),
    "ours is hidden by a local one": (ours_is_hidden, "MC323"),
    "a project's server that waits": (pending, "MC324"),
    "approved where that does not count": (approved_not_trusted, "MC324"),
    "a server of the directory above": (pending_above, "MC324"),
    "rejected": (rejected, "MC325"),
    "switched off": (switched_off, "MC325"),
    "denied by an administrator": (
        partial(managed_settings, data={"deniedMcpServers": [{"serverName": "a"}]}),
        "MC325",
    ),
    "denied by the user's own settings": (denied_by_user, "MC325"),
    "not on an administrator's list": (
        partial(managed_settings, data={"allowedMcpServers": [{"serverName": "b"}]}),
        "MC325",
    ),
    "an administrator's servers alone": (
        partial(managed, data={"mcpServers": {"b": {"type": "http", "url": "https://mcp.example.com/"}}}),
        "MC326",
    ),
    "an administrator's file with a mistake": (partial(managed, data=["a"]), "MC326"),
}


def of_many_kinds(home: Path, world: World) -> None:
    """What people have, and what works."""
    world.patch.setenv("A_VARIABLE", "set")
    (home / "Documents").mkdir()
    script = home / "server/dist/index.js"
    program(script)
    name = good(world)
    user(
        world,
        plain={"command": name},
        typed={"type": "stdio", "command": name, "args": ["--log", str(home / "Documents/server.log")], "env": {}},
        files={"command": name, "args": [str(home / "Documents"), "--base=/api/v1", "--glob=*.md"]},
        filled={"command": name, "env": {"ONE": "${A_VARIABLE}", "TWO": "${B_VARIABLE:-two}"}, "timeout": 30000},
        shell={"command": "bash", "args": ["-c", f"echo $HOME ~ >/dev/null; exec {name}"]},
        absolute={"command": program(home / "bin/absolute")},
        fills={"command": name, "args": ["--header", "X-Auth:${TOKEN_OF_IT}"], "env": {"TOKEN_OF_IT": "${A_VARIABLE}"}},
    )


def approved(home: Path, world: World) -> None:
    root = project(world, {"a": {"command": good(world)}}, enabledMcpjsonServers=["a"])
    program(root / "server.sh")
    put(root / ".mcp.json", {"mcpServers": {"a": {"command": "./server.sh"}}}, 0o644)


def approved_everywhere(home: Path, world: World) -> None:
    project(world, {"a": {"command": good(world)}}, trusted=False)
    put(home / ".claude/settings.json", {"enableAllProjectMcpServers": True})


def in_the_settings_env(home: Path, world: World) -> None:
    put(home / ".claude/settings.json", {"env": {"A_VARIABLE": "1"}})
    user(world, a={"command": good(world), "args": ["${A_VARIABLE}"]})


def desktops_own(home: Path, world: World) -> None:
    desktop(world, a={"command": program(home / "bin/server"), "args": ["--verbose"], "env": {"LEVEL": "debug"}})


def contained(home: Path, world: World) -> None:
    engine(world)
    flags = ["run", "-i", "--rm", "-e", "TOKEN", "-v", f"{home}:/data:ro", "--name", "it", "mcp/files:1.0", "-t", "/x"]
    user(world, a={"command": "docker", "args": flags})


def same_in_two_scopes(home: Path, world: World) -> None:
    entry = {"command": good(world)}
    put(
        world.claude,
        {"mcpServers": {"a": entry}, "projects": {str(world.work.resolve()): {"mcpServers": {"a": entry}}}},
    )


HEALTHY: dict[str, Build] = {
    "entries of many kinds": of_many_kinds,
    "a project that is approved": approved,
    "projects that are approved everywhere": approved_everywhere,
    "a variable that the settings set": in_the_settings_env,
    "Desktop with absolute paths": desktops_own,
    "a container as it should be": contained,
    "the same entry in two scopes": same_in_two_scopes,
}
