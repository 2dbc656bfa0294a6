"""Every place that we have a picture of, judged: a directory stands for the machine."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from mcpconf.environment.verdict import Environment, decide, judge
from mcpconf.gather import gather
from mcpconf.model import Kind
from mcpconf.system import RealSystem

PLACES = Path(__file__).parent / "places"
NAMES = sorted(path.name for path in PLACES.iterdir())


def expected(name: str) -> dict[str, Any]:
    return tomllib.loads((PLACES / name / "place.toml").read_text("utf-8"))


# Told by the marker that each leaves, and by nothing else.
SHARED_HOMES = ("toolbox", "distrobox")


def judged(name: str) -> Environment:
    said = expected(name)
    return judge(gather(RealSystem(root=str(PLACES / name), env=said["env"], platform=said["platform"], uid=1000)))


def explained(found: Environment) -> str:
    return "\n".join(f"{piece.weight:+d} {piece.toward} {piece.name}: {piece.seen}" for piece in found.evidence)


@pytest.mark.parametrize("name", NAMES)
def test_the_place_is_told_for_what_it_is(name: str) -> None:
    said = expected(name)
    found = judged(name)

    assert (found.kind, found.runtime) == (said["kind"], said.get("runtime")), explained(found)
    assert (found.confidence == 0) == (found.kind is Kind.UNKNOWN)


@pytest.mark.parametrize("name", NAMES)
def test_programs_and_gui_clients_are_found_where_the_place_has_them(name: str) -> None:
    said = expected(name)
    facts = gather(RealSystem(root=str(PLACES / name), env=said["env"], platform=said["platform"], uid=1000))

    assert dict(facts.which) == said.get("which", {})
    assert list(facts.gui) == said.get("gui", [])


@pytest.mark.parametrize("name", [name for name in NAMES if expected(name).get("runtime") not in SHARED_HOMES])
def test_no_verdict_hangs_on_one_signal(name: str) -> None:
    """Whatever single thing cannot be seen, a host is not taken for a container nor a container for a host."""
    found = judged(name)
    wrong = {Kind.HOST: Kind.CONTAINER, Kind.CONTAINER: Kind.HOST}.get(found.kind)

    for hidden in found.evidence:
        kind, _ = decide(tuple(piece for piece in found.evidence if piece is not hidden))
        assert kind is not wrong, hidden


def test_there_are_places_of_every_kind() -> None:
    kinds = [expected(name)["kind"] for name in NAMES]

    assert len(NAMES) >= 24
    assert {Kind(kind) for kind in kinds} == set(Kind)
