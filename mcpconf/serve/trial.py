"""`mcpconf server test`: a profile's server, started or called as a client would, with its values filled in."""

from __future__ import annotations

from collections.abc import Iterable

from mcpconf import record
from mcpconf.client import claude_code
from mcpconf.model import Scope, Server
from mcpconf.profile.variables import Unset, expand, parse, references
from mcpconf.redact import HIDDEN, redact
from mcpconf.route.launch import Launch
from mcpconf.route.offer import Refusal
from mcpconf.route.ways import ways
from mcpconf.serve.call import probe
from mcpconf.serve.introduction import ProbeResult
from mcpconf.serve.remote import probe_http
from mcpconf.workflow import secrets
from mcpconf.workflow.app import App
from mcpconf.workflow.parts import context_for
from mcpconf.workflow.vault import NoKeyring

SHORTEST = 4  # characters: a shorter secret would be found in every other word


def try_server(app: App, server: Server, *, timeout: float) -> ProbeResult:
    """Try the first of the server's ways that can be taken here; `timeout` is in seconds.

    The secrets that it was given are left out of what it answers; other than that, nothing is redacted. A value that
    can't be filled in is the result's error.
    """
    target = claude_code.targets(app.place, Scope.USER)[0]
    facts, _ = app.look()
    found = ways(server, context_for(app, (server,), facts, claude_code.SPEC, target, portable=False))
    launch = next((way for way in found if isinstance(way, Launch)), None)
    if launch is None:
        reasons = [way.reason for way in found if isinstance(way, Refusal)]
        return ProbeResult(error="; ".join(reasons) or "only the Docker Toolkit can serve it")
    try:
        return _try(app, server, launch, timeout)
    except (Unset, NoKeyring) as problem:
        return ProbeResult(error=f"{problem}; try: {problem.hint}")


def _try(app: App, server: Server, launch: Launch, timeout: float) -> ProbeResult:
    env = app.system.env
    names = references(server).secrets
    known = secrets.values(app, [name for name in names if not env.get(name)])

    def fill(text: str) -> str:
        return expand(parse(text), env, known)

    if launch.url is not None:
        headers = {name: fill(value) for name, value in launch.headers.items()}
        found = probe_http(fill(launch.url), headers, timeout)
    else:
        argv = [fill(word) for word in (launch.command or "", *launch.args)]
        own = {name: fill(value) for name, value in launch.env.items()}
        cwd = None if server.directory is None else fill(server.directory)
        found = probe(argv, {**env, **own}, cwd, timeout=timeout)
    return _without(found, [env.get(name) or known.get(name, "") for name in names])


def _without(found: ProbeResult, given: Iterable[str]) -> ProbeResult:
    """The result without secrets that the server says back to us, as many do that refuse one."""

    def hide(said: object) -> object:
        if isinstance(said, str):
            for value in given:
                said = said.replace(value, HIDDEN) if len(value) >= SHORTEST else said
        return tuple(map(hide, said)) if isinstance(said, tuple) else said

    given = sorted(given, key=len, reverse=True)
    return record.replace(found, **{name: hide(said) for name, said in record.asdict(found).items()})


def probe_report(found: ProbeResult) -> dict[str, object]:
    """A result as JSON, without secrets."""
    said = record.asdict(found)
    return {key: redact(value) if isinstance(value, str) else value for key, value in said.items()}
