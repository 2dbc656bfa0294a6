"""`mcpconf server test`: a profile's server, started or called as a client would, with its values filled in."""

from __future__ import annotations

from mcpconf import record
from mcpconf.broker.upstream.image import lacking
from mcpconf.model import Server
from mcpconf.profile.variables import Unset
from mcpconf.redact import redact
from mcpconf.use.call import USUAL, Manner, probe
from mcpconf.use.introduction import ProbeResult
from mcpconf.use.ready import NoWay, Ready, make_ready
from mcpconf.use.remote import probe_http
from mcpconf.workflow.app import App
from mcpconf.workflow.vault import NoKeyring


def try_server(app: App, server: Server, *, timeout: float, manner: Manner = USUAL) -> ProbeResult:
    """Try the first of the server's ways that can be taken here; `timeout` is in seconds.

    The secrets that it was given are left out of what it answers; other than that, nothing is redacted. A value that
    can't be filled in is the result's error.
    """
    try:
        ready = make_ready(app, server)
    except NoWay as problem:
        return ProbeResult(error=str(problem))
    except (Unset, NoKeyring) as problem:
        return ProbeResult(error=f"{problem}; try: {problem.hint}")
    if ready.url is not None:
        return _without(probe_http(ready.url, ready.headers, timeout), ready)
    with ready.cleaning():
        found = probe(ready.argv, ready.env, ready.cwd, timeout=timeout, manner=manner)
    missing = lacking(found.stderr_tail, ready.container) if found.error is not None else None
    if missing is not None:
        found = record.replace(found, error=f"{missing}; try: {missing.hint}")
    return _without(found, ready)


def _without(found: ProbeResult, ready: Ready) -> ProbeResult:
    """The result without secrets that the server says back to us."""

    def hide(said: object) -> object:
        said = ready.hide(said) if isinstance(said, str) else said
        return tuple(map(hide, said)) if isinstance(said, tuple) else said

    return record.replace(found, **{name: hide(said) for name, said in record.asdict(found).items()})


def probe_report(found: ProbeResult) -> dict[str, object]:
    """A result as JSON, without secrets."""
    said = record.asdict(found)
    return {key: redact(value) if isinstance(value, str) else value for key, value in said.items()}
