"""`mcpconf broker expose` as text: lines that are there to be copied, so none is cut or painted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mcpconf.cli import console
from mcpconf.cli.render.table import one_line, symbol
from mcpconf.environment.engine import Engine, Home
from mcpconf.environment.exposure import Way
from mcpconf.environment.grants import compose_lines, devcontainer_lines, run_line
from mcpconf.workflow.expose import Exposure

PLACES = {
    Home.HERE: "on this machine",
    Home.ROOTLESS: "on this machine, without root",
    Home.MACHINE: "in a virtual machine",
    Home.UNKNOWN: "which does not answer, so this is for one that runs on this machine as root",
}
INSIDE = "in the container: mcpconf init finds the broker; if not, mcpconf env says there what is missing"
NAMES = {"mount": "a mount of the broker's socket directory", "tcp": "TCP, with a key"}


def expose_lines(exposure: Exposure, variables: Mapping[str, str]) -> Iterator[str]:
    """The way to go, in full; the other one by its name."""
    yield engine_line(exposure.engine)
    way = exposure.way
    if way.trouble:
        yield f"{symbol('error')} {NAMES[way.name]}: {one_line(way.trouble)}"
    else:
        yield from _way_lines(exposure.engine.program, way, variables)
    for other in exposure.ways:
        if other is not way:
            yield f"{symbol('none')} {_other(other)}"


def engine_line(engine: Engine) -> str:
    """Which engine it is, and where its containers run."""
    title = f" ({engine.title})" if engine.title else ""
    return one_line(f"{engine.program} {engine.version}{title}, {PLACES[engine.home]}".replace(" ,", ","))


def _other(way: Way) -> str:
    if way.trouble:
        return f"not {NAMES[way.name]}: {one_line(way.trouble)}"
    return f"or {NAMES[way.name]} ({way.because}): mcpconf broker expose --by {way.name}"


def _way_lines(program: str, way: Way, variables: Mapping[str, str]) -> Iterator[str]:
    yield f"{symbol('ok')} {console.paint(NAMES[way.name], 'bold')}: {way.because}"
    yield from ("", "  on this machine:")
    for step in way.steps:
        yield f"    {symbol('ok' if step.done else 'none')} {step.command}{'   (done)' if step.done else ''}"
    yield from ("", "  in the container's start, one of:")
    yield f"    {console.visible(run_line(program, way.grant))}"
    yield from _block("compose.yaml", compose_lines(way.grant, variables))
    yield from _block("devcontainer.json", devcontainer_lines(way.grant, variables))
    yield from ("", f"  {INSIDE}", "")
    yield from (f"  {symbol('warn')} {note}" for note in way.notes)


def _block(name: str, lines: list[str]) -> Iterator[str]:
    yield from ("", f"    {name}", *(f"      {console.visible(line)}" for line in lines))
