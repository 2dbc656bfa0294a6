"""The ways in which a server itself can be started or called: its own command, package, image or URL."""

from __future__ import annotations

from mcpconf.model import Server
from mcpconf.profile.package import argv as package_argv
from mcpconf.profile.package import missing_runner
from mcpconf.profile.package import parse as parse_package
from mcpconf.record import replace
from mcpconf.route.context import Context
from mcpconf.route.image import ENGINES, own_environment, run_words
from mcpconf.route.launch import Launch
from mcpconf.route.offer import Refusal
from mcpconf.route.values import BRIDGED

# The bridge for clients that start processes only. Pinned, since it is run from the registry.
MCP_REMOTE = "mcp-remote@0.15.1"
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
# What a shared file names, whatever this machine happens to have.
RUNNERS = {"uvx": "uvx", "npx": "npx"}
Way = Launch | Refusal


def ways(server: Server, context: Context) -> tuple[Way, ...]:
    """Every way that the profile gives for a server, the profile's own order of strength first."""
    found: list[Way] = []
    if server.builtin:
        found.append(_builtin(server, context))
    if server.command:
        found.append(_command(server, context))
    if server.package:
        found.append(_package(server, context))
    if server.url:
        found.append(_remote(server, context))
    if server.image:
        found += _images(server, context)
    if server.endpoint:
        found.append(_endpoint(server, context))
    return tuple(found)


def usable(server: Server, context: Context) -> tuple[Launch, ...]:
    """The ways that can be taken here."""
    return tuple(way for way in ways(server, context) if isinstance(way, Launch))


def _builtin(server: Server, context: Context) -> Launch:
    """mcpconf's own server. A shared file names the bare command; every other place gets the whole path."""
    launcher = ("mcpconf",) if context.target.portable else context.launcher
    return _launch(server, (*launcher, "serve"), context)


def _command(server: Server, context: Context) -> Way:
    name = server.command or ""
    # A path, also one that a variable leads, is the profile's own word; only a bare name can be looked for.
    if "/" in name or "\\" in name or "$" in name:
        return _launch(server, (name, *server.args), context)
    program = context.program(name)
    if program is None:
        return Refusal(f"{name} is not on PATH", hint=f"install {name}, or give its whole path in the profile")
    return _launch(server, (program, *server.args), context)


def _package(server: Server, context: Context) -> Way:
    ref = parse_package(server.package or "")
    argv = package_argv(ref, server.args, RUNNERS if context.target.portable else context.which)
    if argv is None:
        note = missing_runner(ref)
        return Refusal(note.text, hint=note.hint)
    return _launch(server, argv, context)


def _bare_name(program: str) -> str:
    name = program.replace("\\", "/").rsplit("/", 1)[-1]
    # Windows finds `npx.CMD`: the ending has the letters that PATHEXT has.
    return name[:-4] if name.lower().endswith((".cmd", ".exe")) else name


def _images(server: Server, context: Context) -> tuple[Way, ...]:
    """The image by each engine whose client is here: which of them has one behind it is found when it is started."""
    found = [(name, path) for name in ENGINES if (path := context.program(name)) is not None]
    if not found:
        hint = "install Docker or Podman, or give the server another way in the profile"
        return (Refusal("neither docker nor podman is on PATH", hint=hint),)
    # Who works with a shared file has one of them, and the one that its entry names is what most have.
    found = found[:1] if context.target.portable and not context.portable else found
    given = replace(server, env=own_environment(server))
    return tuple(replace(_launch(given, (path, *run_words(server)), context), image=server.image) for _, path in found)


def _endpoint(server: Server, context: Context) -> Way:
    """socat, which joins stdin and stdout to the endpoint."""
    socat = context.program("socat")
    if socat is None:
        return Refusal("socat, which leads to its endpoint, is not on PATH", hint="install socat, or --route wrapper")
    return _launch(server, (socat, "STDIO", f"TCP:{(server.endpoint or '').removeprefix('tcp:')}"), context)


def _remote(server: Server, context: Context) -> Way:
    """The URL itself where the client speaks HTTP, else a bridge from the registry."""
    if context.spec.remote:
        return Launch(url=server.url, transport=server.transport, headers=dict(server.headers), timeout=server.timeout)
    if server.transport == "ws":
        return Refusal(f"{context.spec.title} takes no URL, and mcp-remote, which would bridge it, speaks no WebSocket")
    npx = context.program("npx")
    if npx is None:
        return Refusal(
            f"{context.spec.title} takes no URL, and npx, which would bridge it, is not on PATH", hint="install Node.js"
        )
    # mcp-remote expands `${NAME}` in a header by itself, so the value goes through the environment.
    names = {f"{BRIDGED}{i}": key for i, key in enumerate(server.headers)}
    argv = [npx, "-y", MCP_REMOTE, server.url or ""]
    argv += ["--allow-http"] if (server.url or "").startswith("http:") else []  # it wants to be told twice
    argv += [word for name, key in names.items() for word in ("--header", f"{key}:${{{name}}}")]
    headers = {name: server.headers[key] for name, key in names.items()}
    return _launch(replace(server, env={**server.env, **headers}), tuple(argv), context)


def _launch(server: Server, argv: tuple[str, ...], context: Context) -> Launch:
    env = dict(server.env)
    if context.spec.bare_path and context.platform != "windows" and "PATH" not in env and argv[0].startswith("/"):
        # npx and its like are scripts that look for their interpreter on PATH, which this client cuts short.
        env["PATH"] = _path_of(argv[0])
    if context.platform == "windows" and _bare_name(argv[0]) in ("npx", "npm"):
        # Node refuses to start a .cmd file without a shell (EINVAL). The bare name, since cmd takes away the quotes of
        # a path with a space in it when there are other quotes on its line.
        argv = ("cmd", "/c", _bare_name(argv[0]), *argv[1:])
    return Launch(command=argv[0], args=tuple(argv[1:]), env=env, timeout=server.timeout)


def _path_of(program: str) -> str:
    directory = program.rsplit("/", 1)[0] or "/"
    return SYSTEM_PATH if directory in SYSTEM_PATH.split(":") else f"{directory}:{SYSTEM_PATH}"
