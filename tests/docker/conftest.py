"""One engine for all of these tests; a host and containers for each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.docker.box import Box, start_box
from tests.docker.engine import start_networked
from tests.docker.fresh import Fresh, fill_wheels, start_fresh
from tests.docker.host import Host, a_host
from tests.docker.tools import Tools
from tests.reliability.engine import Engine, stop_engine


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A running engine with a network of its own; started by the first test that wants it."""
    running = start_networked(tmp_path_factory.mktemp("docker") / "engine")
    yield running
    stop_engine(running)


@pytest.fixture
def host(engine: Engine) -> Iterator[Host]:
    """The machine that the engine runs on, as far as these tests go."""
    with a_host(engine) as one:
        yield one


@pytest.fixture
def new_box(engine: Engine, tmp_path: Path) -> Iterator[Callable[..., Box]]:
    """Starts containers that have mcpconf, socat and node; they go with the test."""
    made: list[Box] = []

    def start(*options: str, **env: str) -> Box:
        tools = Tools(tmp_path / f"bin{len(made)}").add("socat").add_mcpconf()
        made.append(start_box(engine, tools, *options, **env))
        return made[-1]

    yield start
    for box in made:
        engine.run("rm", "--force", "--volumes", box.name)


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that an installation without network needs."""
    return fill_wheels(tmp_path_factory.mktemp("wheels") / "all")


@pytest.fixture
def new_fresh(engine: Engine) -> Iterator[Callable[..., Fresh]]:
    """Starts containers that know nothing of mcpconf; they go with the test."""
    made: list[Fresh] = []

    def start(*options: str, **env: str) -> Fresh:
        made.append(start_fresh(engine, *options, **env))
        return made[-1]

    yield start
    for one in made:
        one.remove()
