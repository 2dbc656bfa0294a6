"""The broker route: the client starts a shim, and the server behind it is kept by the broker.

What the broker may start stands in a definition, a file for each server in our data directory: the profile's own words
with its references, never a value of a secret. The shim's file and where it finds the broker lie beside them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from mcpconf.client import claude_code
from mcpconf.client.paths import join
from mcpconf.client.spec import ClientSpec
from mcpconf.extras import HTTP, install
from mcpconf.model import NOTHING, PROJECT_DIRECTORY, Json, Note, Scope, Server
from mcpconf.record import replace
from mcpconf.route.context import Context
from mcpconf.route.launch import Launch
from mcpconf.route.offer import Offer, Refusal
from mcpconf.route.ways import SYSTEM_PATH, ways

VERSION = 1
SHIM, BODY, CONF, SERVERS = "shim.py", "mcpconf_shim.py", "shim.conf", "servers"
GATEWAY, KEYED = "gateway.conf", "listen.conf"
SHARED = (SHIM, BODY, CONF)  # what all entries use, the same for every profile
ADDRESS, KEY, START = "MCPCONF_BROKER", "MCPCONF_BROKER_KEY", "MCPCONF_BROKER_START"

# One definition serves every client, so it is made for one that takes everything and cuts nothing short.
ANY_CLIENT = replace(claude_code.SPEC, title="the broker")


def offer(server: Server, context: Context) -> Offer | Refusal:
    """Fits wherever the broker can run: nothing of it depends on whether this user's own one runs at the moment."""
    if context.target.portable or context.portable:
        return Refusal("an entry for several machines can't name a file of this one")
    if context.platform == "windows":
        return Refusal("there is no broker for Windows yet")
    if not context.python:
        return Refusal("there is no Python here that could run its shim")
    if _foreign(context):
        there = _elsewhere(server, context)
        if isinstance(there, Offer) or ADDRESS in context.env:
            return there
        # What the other one doesn't know, our own can be told; a variable would lead its shim astray.
    elif ADDRESS in context.env and context.broker_lost is not None:
        return Refusal(context.broker_lost.text, hint=context.broker_lost.hint)
    return _here(server, context)


def is_worth(server: Server, context: Context) -> bool:
    """Whether `auto` should take it: where the profile wants it, or another place's broker has the server."""
    offered = _foreign(context) and server.name in context.broker_servers
    return (context.autostart or offered) and has_use(server, context.spec)


def has_use(server: Server, spec: ClientSpec) -> bool:
    """Whether there is something to keep of it for such a client.

    Our own server tells of the directory in which it was started, and a client that calls a URL starts nothing.
    """
    return not (server.builtin or (server.url and spec.remote and not (server.command or server.package)))


def _foreign(context: Context) -> bool:
    """Whether one answers that is another place's. This user's own says nothing: it comes and goes."""
    return context.broker not in (None, f"unix:{join(context.platform, context.runtime or '', 'broker.sock')}")


def _here(server: Server, context: Context) -> Offer | Refusal:
    """This user's own broker, which reads what we write."""
    found = [_bridgeable(way, context) for way in ways(server, replace(context, spec=ANY_CLIENT))]
    way = next((way for way in found if isinstance(way, Launch)), None)
    if way is None:
        reasons = [way for way in found if isinstance(way, Refusal)]
        if not reasons:
            return Refusal("only the Docker Toolkit can serve it")
        return Refusal("; ".join(refusal.reason for refusal in reasons), hint=reasons[0].hint)
    name = server.name + context.of_project
    path = join(context.platform, context.data, "broker", SERVERS, f"{name}.json")
    try:
        files = {**shared_files(context), path: definition(server, name, way)}
        files |= _doors(context)
    except ValueError:
        return Refusal("one of its values can't be given to a process: it holds a NUL or half a character")
    because = "the profile wants the broker" if context.autostart else "asked for"
    return Offer(_shim(server, name, context, files), because)


def _bridgeable(way: Launch | Refusal, context: Context) -> Launch | Refusal:
    """What the broker can keep: a remote server only where there is something that leads to it."""
    if isinstance(way, Refusal) or way.url is None:
        return way
    if way.transport == "ws":
        return Refusal("the broker has no way to a server that speaks WebSocket")
    if not context.remote:
        return Refusal("mcpconf was installed without its extra for remote servers", hint=install("remote", HTTP))
    return way


def _elsewhere(server: Server, context: Context) -> Offer | Refusal:
    """A broker of another place, the host's for a container: it serves what it knows, and takes no word from here."""
    if server.name not in context.broker_servers:
        return Refusal(f"the broker at {context.broker} has no server of that name", hint="mcpconf status, over there")
    env = {ADDRESS: context.broker or "", START: "0"}
    if KEY in context.env and (context.broker or "").startswith("tcp:"):
        env[KEY] = context.env[KEY]
    launch = _shim(server, server.name, context, shared_files(context), env)
    notes = (Note(f"{server.name}: what it is and does says the broker at {context.broker}, not this profile"),)
    return Offer(launch, f"the broker at {context.broker} has it", notes=notes)


def kept(server: Server, context: Context) -> tuple[str, Mapping[str, bytes]] | None:
    """The name under which this user's own broker keeps it, and the files for that; None where it can't be kept."""
    if context.platform == "windows" or context.runtime is None or not has_use(server, context.spec):
        return None
    offered = _here(server, context)
    if isinstance(offered, Refusal):
        return None
    return server.name + context.of_project, offered.launch.files


def wants_project(server: Server, context: Context) -> bool:
    """Whether the broker is to be told of the client's project, which not every client has."""
    return server.cwd == PROJECT_DIRECTORY and Scope.LOCAL in context.spec.scopes


def _shim(
    server: Server, name: str, context: Context, files: dict[str, bytes], env: dict[str, str] | None = None
) -> Launch:
    shim = join(context.platform, context.data, "broker", SHIM)
    at = ("--project",) if wants_project(server, context) else ()
    return Launch(
        command=context.python,
        args=("-I", "-S", shim, name, *at),
        env=env or NOTHING,
        timeout=server.timeout,
        files=files,
    )


def shared_files(context: Context) -> dict[str, bytes]:
    """What every entry needs: the shim, and where it finds the broker."""
    directory = join(context.platform, context.data, "broker")
    return {
        **{join(context.platform, directory, name): text for name, text in context.shim.items()},
        join(context.platform, directory, CONF): shim_conf(context.runtime or "", context.launcher, context.config_dir),
    }


def _doors(context: Context) -> dict[str, bytes]:
    """Where the broker is to be met by TCP, if the profile says so: by anybody, or by who has a key."""
    wanted = {GATEWAY: context.gateway, KEYED: context.listen}
    directory = join(context.platform, context.data, "broker")
    return {
        join(context.platform, directory, name): f"listen={address}\n".encode()
        for name, address in wanted.items()
        if address
    }


def shim_conf(runtime: str, launcher: tuple[str, ...], config_dir: str | None) -> bytes:
    """Lines of `key=value`: the socket directory, and each word of the command that starts a broker."""
    named = ("--config-dir", config_dir) if config_dir else ()
    start = (*launcher, "broker", "start", "--if-needed", *named)
    lines = [f"directory={runtime}", *(f"start={word}" for word in start)]
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")


def definition(server: Server, name: str, way: Launch) -> bytes:
    """What the broker is to know of a server. Raises ValueError for what no process can be given."""
    data: dict[str, Json] = {
        "version": VERSION,
        "name": name,
        **_served(way),
        "cwd": server.cwd,
        "pool": server.pool and str(server.pool),
        "idle_timeout": server.idle_timeout,
        "spare": server.spare,
    }
    if way.image is not None:
        data["image"] = way.image
    if server.tools:
        data["tools"] = {"allow": list(server.tools.allow), "deny": list(server.tools.deny)}
    text = json.dumps(data, indent=1, ensure_ascii=False)
    if "\\u0000" in text:
        raise ValueError(f"{name}: a value holds a NUL character")
    return (text + "\n").encode()


def _served(way: Launch) -> dict[str, Json]:
    """What is started, or called."""
    if way.url is not None:
        return {"url": way.url, "transport": way.transport, "headers": dict(way.headers)}
    return {"command": way.command or "", "args": list(way.args), "env": {**_path(way), **way.env}}


def _path(way: Launch) -> dict[str, str]:
    """npx and its like look for their interpreter on PATH, and whoever started the broker may have a short one."""
    directory = (way.command or "").rpartition("/")[0]
    if "PATH" in way.env or not directory.startswith("/") or directory in SYSTEM_PATH.split(":"):
        return {}
    return {"PATH": f"{directory}:${{PATH:-{SYSTEM_PATH}}}"}
