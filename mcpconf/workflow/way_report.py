"""Ways to a broker as JSON-able values: where one was looked for, and how containers reach this machine's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mcpconf.redact import redact

if TYPE_CHECKING:
    from mcpconf.environment.exposure import Way
    from mcpconf.environment.tried import Tried
    from mcpconf.workflow.elsewhere import Elsewhere
    from mcpconf.workflow.expose import Exposure

Data = dict[str, Any]


def tried_report(tried: Iterable[Tried], missing: Iterable[str]) -> Data:
    """Where a broker was looked for, what happened there, and what is missing."""
    from mcpconf.environment.homeward import what

    found = [{"address": one.address, "outcome": str(one.outcome), "said": redact(what(one))} for one in tried]
    return {"tried": found, "missing": list(missing)}


def elsewhere_report(found: Elsewhere) -> Data:
    """Another place's broker, or why none is met."""
    servers = None if found.broker is None else list(found.broker.servers)
    address = None if found.broker is None else found.broker.address
    return {"address": address, "servers": servers, **tried_report(found.tried, found.missing)}


def expose_report(exposure: Exposure, variables: Mapping[str, str]) -> Data:
    """`broker expose` as JSON: every way in, with its lines; `use` names the one to go."""
    engine = exposure.engine
    return {
        "engine": {
            "program": engine.program,
            "version": engine.version or None,
            "title": engine.title or None,
            "home": str(engine.home),
        },
        "directory": exposure.machine.directory,
        "running": exposure.machine.running,
        "use": None if exposure.way.trouble else exposure.way.name,
        "ways": [_way(way, variables) for way in exposure.ways],
    }


def _way(way: Way, variables: Mapping[str, str]) -> Data:
    from mcpconf.environment import grants

    compose, devcontainer = (
        None if way.trouble else "".join(f"{line}\n" for line in lines(way.grant, variables))
        for lines in (grants.compose_lines, grants.devcontainer_lines)
    )
    return {
        "name": way.name,
        "trouble": way.trouble or None,
        "because": way.because or None,
        "listen": way.listen or None,
        "steps": [{"command": step.command, "done": step.done} for step in way.steps],
        "run": list(grants.run_words(way.grant)),
        "compose": compose,
        "devcontainer": devcontainer,
        "notes": list(way.notes),
    }
