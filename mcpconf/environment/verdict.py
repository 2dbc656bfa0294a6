"""The one decision of where we are: from facts to a kind, a runtime, and how sure we are of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpconf.environment.container import CONTAINER_PIECES, variables
from mcpconf.environment.evidence import Evidence
from mcpconf.environment.facts import Facts
from mcpconf.environment.runtime import container_runtime, wsl_runtime
from mcpconf.environment.wsl import WSL_PIECES
from mcpconf.errors import UsageError
from mcpconf.model import Kind
from mcpconf.record import dataclass

if TYPE_CHECKING:
    from mcpconf.environment.tried import Tried

CONTAINER_FROM = 5
HOST_UP_TO = -2
WSL_FROM = 5
WSL_PERHAPS = 3  # one real sign of WSL: enough where nothing speaks for a container, and too much for a plain host


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What can be done here: absolute paths of programs, versions and addresses that answered; None: not there.

    Versions and addresses are only known after the probe of that name (`mcpconf.gather`).
    """

    docker: str | None = None
    engine: str | None = None
    toolkit: str | None = None
    socat: str | None = None
    bash: str | None = None
    node: str | None = None
    npx: str | None = None
    uv: str | None = None
    uvx: str | None = None
    pipx: str | None = None
    raw_mcp: str | None = None
    http_mcp: str | None = None
    broker: str | None = None
    gui: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Environment:
    """Where we are. `score` is the sum of the evidence for the scale that decided; `confidence` goes from 0 to 1.

    `overridden` is what the evidence alone would have said, where the user said something else; None without an
    override. An unknown kind has confidence 0: nothing may be built on it but a question, or a choice by capability.
    `tried` is where a broker was looked for, and `missing` what would be needed to reach one that did not answer.
    """

    kind: Kind
    runtime: str | None
    confidence: float
    score: float
    evidence: tuple[Evidence, ...]
    capabilities: Capabilities
    overridden: str | None = None
    tried: tuple[Tried, ...] = ()
    missing: tuple[str, ...] = ()


def judge(facts: Facts, override: Kind | None = None) -> Environment:
    """Decide where we are from all evidence; an override always wins, and keeps the evidence to look at."""
    evidence = weigh(facts)
    kind, score = decide(evidence)
    confidence = certainty(kind, score)
    overridden = None
    if override is not None:
        kind, confidence, overridden = override, 1.0, str(kind)
    return Environment(
        kind=kind,
        runtime=_runtime(kind, facts),
        confidence=confidence,
        score=score,
        evidence=evidence,
        capabilities=capabilities(facts),
        overridden=overridden,
        tried=facts.broker_tried,
        missing=() if facts.broker or not facts.broker_tried else _missing(facts),
    )


def _missing(facts: Facts) -> tuple[str, ...]:
    from mcpconf.environment.homeward import missing  # only who has looked in vain needs it

    return missing(facts.broker_tried, facts.gateway)


def weigh(facts: Facts) -> tuple[Evidence, ...]:
    """Every piece of evidence there is, in a fixed order, those that say nothing included."""
    signals = tuple(piece(facts) for piece in CONTAINER_PIECES)
    return signals + variables(facts) + tuple(piece(facts) for piece in WSL_PIECES)


def capabilities(facts: Facts) -> Capabilities:
    """The facts' programs and answers under the names that routes ask for."""
    programs = ("docker", "socat", "bash", "node", "npx", "uv", "uvx", "pipx")
    return Capabilities(
        **{name: facts.which.get(name) for name in programs},
        engine=facts.engine,
        toolkit=facts.toolkit,
        raw_mcp=facts.raw_mcp,
        http_mcp=facts.http_mcp,
        broker=facts.broker,
        gui=facts.gui,
    )


def parse_override(text: str | None) -> Kind | None:
    """The kind that `--env` or `MCPCONF_ENV` names; None for `auto` and for nothing. UsageError for other words."""
    word = (text or "auto").strip().lower()
    if word in ("", "auto"):
        return None
    if word in (Kind.HOST, Kind.CONTAINER, Kind.WSL):
        return Kind(word)
    raise UsageError(
        f"{text!r} is no kind of environment; the kinds are auto, host, container and wsl",
        hint="use --env auto, or unset MCPCONF_ENV",
    )


def decide(evidence: tuple[Evidence, ...]) -> tuple[Kind, int]:
    """The kind that the evidence amounts to, and the sum of the scale that decided."""
    container = sum(piece.weight for piece in evidence if piece.toward is Kind.CONTAINER)
    wsl = sum(piece.weight for piece in evidence if piece.toward is Kind.WSL)
    if container >= CONTAINER_FROM:
        return Kind.CONTAINER, container
    if wsl >= WSL_FROM or (wsl >= WSL_PERHAPS and container <= HOST_UP_TO):
        return Kind.WSL, wsl
    # Under WSL's kernel a container may be there with little evidence, but never a plain host.
    if container <= HOST_UP_TO and wsl < WSL_PERHAPS:
        return Kind.HOST, container
    return Kind.UNKNOWN, container


def certainty(kind: Kind, score: int) -> float:
    """How sure a score makes, 0 to 1: each two points halve the doubt, so 0.5 where a host begins, 0.82 a container."""
    return 0.0 if kind is Kind.UNKNOWN else round(1 - 2 ** (-abs(score) / 2), 3)


def _runtime(kind: Kind, facts: Facts) -> str | None:
    if kind is Kind.CONTAINER:
        return container_runtime(facts)
    if kind is Kind.WSL:
        return facts.shared_home or wsl_runtime(facts)
    return facts.shared_home if kind is Kind.HOST else None
