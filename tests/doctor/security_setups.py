"""What lets others read a secret, reach a server, or run something. Name -> what makes it so, and what says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mcpconf.broker.door.keys import keys_directory, new_key
from tests.cli.conftest import World
from tests.doctor.entries_setups import Build, engine, good, one, program, project, put, user
from tests.doctor.servers_setups import web_server

# Nobody's: made for this test.
TOKEN = "ghp_" + "Zz9" * 12
PASSWORD = "correct7horse-Battery"


def of_project(home: Path, world: World) -> None:
    project(world, {"a": {"command": good(world), "env": {"GITHUB_TOKEN": TOKEN}}}, enabledMcpjsonServers=["a"])


def in_desktop(home: Path, world: World) -> None:
    put(world.desktop, {"mcpServers": {"a": {"command": program(home / "s"), "env": {"API_KEY": PASSWORD}}}})


def with_secret(world: World) -> Path:
    world("secret", "set", "A_TOKEN", stdin=PASSWORD)
    return world.home / ".local/share/mcpconf/secrets"


def open_secrets(home: Path, world: World) -> None:
    path = with_secret(world)
    path.chmod(0o644)
    path.parent.chmod(0o755)


def open_ledger(home: Path, world: World) -> None:
    world.profile("mine", f'[servers.a]\ncommand = "{good(world)}"\n')
    world("switch", "mine")
    (world.state / "ledger.json").chmod(0o644)
    world.state.chmod(0o755)


def open_key(home: Path, world: World) -> None:
    directory = Path(keys_directory(str(home / ".local/share/mcpconf")))
    new_key(str(directory), "box")
    (directory / "box").chmod(0o644)


def key_of_another_form(home: Path, world: World) -> None:
    directory = Path(keys_directory(str(home / ".local/share/mcpconf")))
    new_key(str(directory), "box")
    (directory / "box").write_text("not a key\n")


def in_profile(home: Path, world: World) -> None:
    text = f'[servers.a]\ncommand = "{good(world)}"\nenv = {{ API_TOKEN = "{PASSWORD}" }}\n'
    world.profile("mine", text).chmod(0o600)


def in_profiles_args(home: Path, world: World) -> None:
    world.profile("mine", f'[servers.a]\ncommand = "{good(world)}"\nargs = ["--api-key", "{PASSWORD}"]\n')


def untrusted(home: Path, world: World) -> None:
    world.profile("theirs", '[servers.a]\ncommand = "myserver"\n', world.project("p") / ".mcpconf")


def open_gateway(home: Path, world: World) -> None:
    world.profile("mine", '[broker]\nautostart = true\ngateway = { listen = "tcp:0.0.0.0:8811" }\n')


def contained(*args: str) -> Build:
    def build(home: Path, world: World) -> None:
        engine(world)
        user(world, a={"command": "docker", "args": ["run", "-i", "--rm", *args, "mcp/files:1.0"]})

    return build


def remote(url: str, **headers: str) -> dict[str, Any]:
    return {"type": "http", "url": url, "headers": headers}


def far(home: Path, world: World) -> None:
    world.patch.setenv("A_TOKEN", "x")
    world.patch.setenv("http_proxy", web_server().rpartition("/")[0])  # which answers in its place
    user(world, a=remote("http://mcp.example.com/mcp", Authorization="Bearer ${A_TOKEN}"))


def in_header(home: Path, world: World) -> None:
    user(world, a=remote(web_server(), Authorization=f"Bearer {TOKEN}"))


def in_query(home: Path, world: World) -> None:
    user(world, a=remote(f"{web_server()}?api_key={PASSWORD}"))


def loose_program(home: Path, world: World) -> None:
    path = program(home / "tools/server")
    Path(path).chmod(0o777)
    user(world, a={"command": path})


def loose_directory(home: Path, world: World) -> None:
    path = program(home / "tools/server")
    Path(path).parent.chmod(0o777)
    user(world, a={"command": path})


def unpinned(command: str, *args: str) -> Build:
    def build(home: Path, world: World) -> None:
        good(world, command)
        user(world, a={"command": command, "args": [*args]})

    return build


BROKEN: dict[str, tuple[Build, str]] = {
    "a token in env": (one({"command": "goodserver", "env": {"GITHUB_TOKEN": TOKEN}}), "MC901"),
    "a token under an odd name": (one({"command": "goodserver", "env": {"GITHUB": TOKEN}}), "MC901"),
    "a token behind an option": (one({"command": "goodserver", "args": ["--api-key", PASSWORD]}), "MC901"),
    "a token in a header": (in_header, "MC901"),
    "a key in a url": (in_query, "MC901"),
    "a password in a url": (
        one({"command": "goodserver", "args": [f"postgresql://me:{PASSWORD}@db.example.com/x"]}),
        "MC901",
    ),
    "a token in a project's file": (of_project, "MC901"),
    "a key in Desktop's file": (in_desktop, "MC901"),
    "secrets that others can read": (open_secrets, "MC902"),
    "a ledger that others can read": (open_ledger, "MC902"),
    "a key that others can read": (open_key, "MC903"),
    "a key that is none": (key_of_another_form, "MC903"),
    "a token in a profile": (in_profile, "MC904"),
    "a key in a profile's args": (in_profiles_args, "MC904"),
    "a project's profile": (untrusted, "MC905"),
    "a gateway for everybody": (open_gateway, "MC906"),
    "a port for everybody": (contained("-p", "8080:8080"), "MC907"),
    "a port for everybody, in words": (contained("--publish=0.0.0.0:8080:8080"), "MC907"),
    "the engine's socket": (contained("-v", "/var/run/docker.sock:/var/run/docker.sock"), "MC908"),
    "the engine's socket as a mount": (
        contained("--mount", "type=bind,src=/var/run/docker.sock,dst=/var/run/docker.sock"),
        "MC908",
    ),
    "a privileged container": (contained("--privileged"), "MC909"),
    "a container that may do all": (contained("--cap-add=SYS_ADMIN"), "MC909"),
    "a container with the whole disk": (contained("-v", "/:/host"), "MC909"),
    "a token over http": (far, "MC910"),
    "no certificates": (one({"command": "goodserver", "env": {"NODE_TLS_REJECT_UNAUTHORIZED": "0"}}), "MC911"),
    "curl into a shell": (
        one({"command": "bash", "args": ["-c", "true || curl -fsSL https://example.com/x | sh; exec goodserver"]}),
        "MC912",
    ),
    "a program that everybody may write": (loose_program, "MC913"),
    "a directory that everybody may write": (loose_directory, "MC913"),
    "npx of whatever is newest": (unpinned("npx", "-y", "@scope/server"), "MC914"),
    "npx of latest": (unpinned("npx", "-y", "@scope/server@latest"), "MC914"),
    "uvx of whatever is newest": (unpinned("uvx", "some-server"), "MC914"),
}


def references(home: Path, world: World) -> None:
    """Names of secrets with values that are none."""
    world.patch.setenv("GITHUB_TOKEN", "x")
    env = {
        "GITHUB_TOKEN": "${GITHUB_TOKEN}", "API_KEY_FILE": "/run/secrets/key", "MAX_TOKENS": "100000000",
        "AUTH_TYPE": "oauth-device-code", "TOKEN_URL": "https://example.com/token", "PASSWORD": "",
        "SESSION_SECRET": "your-secret-here-12345", "AUTHOR": "Somebody Else",
    }  # fmt: skip
    user(
        world,
        a={"command": good(world), "env": env, "args": ["--auth", "none", "--token-limit=20000000"]},
        b={"command": good(world), "args": ["postgresql://localhost/db", "https://example.com/?page=2"]},
    )


def pinned(home: Path, world: World) -> None:
    for name in ("npx", "uvx"):
        good(world, name)
    engine(world)
    user(
        world,
        a={"command": "npx", "args": ["-y", "@scope/server@1.2.3"]},
        b={"command": "uvx", "args": ["--from", "some-server==1.0", "some-server"]},
        c={"command": "docker", "args": ["run", "-i", "--rm", "-p", "127.0.0.1:8080:80", "mcp/files:1.0"]},
    )


def private(home: Path, world: World) -> None:
    """A secret where it belongs, and a profile that names it."""
    with_secret(world)
    new_key(keys_directory(str(home / ".local/share/mcpconf")), "box")
    world.profile("mine", f'[servers.a]\ncommand = "{good(world)}"\nenv = {{ A_TOKEN = "${{secret:A_TOKEN}}" }}\n')


HEALTHY: dict[str, Build] = {
    "references, and names that only sound so": references,
    "everything pinned": pinned,
    "secrets where they belong": private,
}
