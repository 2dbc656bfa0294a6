"""A data directory with the wrapper in it, for each module: making one is slower than running it. And places for the
ways to a broker."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.wrapper.installed import Installed, install
from tests.wrapper.place import Broker, Listener, Place


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install(tmp_path_factory.mktemp("a data directory") / "mcpconf")


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    root = tempfile.mkdtemp(prefix="s", dir=tmp_path_factory.getbasetemp())
    yield Place(Path(root))
    shutil.rmtree(root)


@pytest.fixture
def tcp() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.socket.close()


@pytest.fixture
def listen(place: Place) -> Iterator[Callable[[str], Listener]]:
    """Makes listening sockets in the socket directory, beside a broker that tells of them."""
    made: list[Listener] = []
    brokers = [Broker(str(place.directory / "broker.sock"), "git", "time")]

    def make(name: str = "time.sock") -> Listener:
        made.append(Listener(str(place.directory / name)))
        return made[-1]

    yield make
    for listener in made:
        listener.socket.close()
    for broker in brokers:
        broker.close()
