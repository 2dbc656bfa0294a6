"""A place for the shim for each test, and a broker's sockets."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bash_shim.place import Listener, Place


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
    """Makes listening sockets in the socket directory."""
    made: list[Listener] = []

    def make(name: str = "time.sock") -> Listener:
        made.append(Listener(str(place.directory / name)))
        return made[-1]

    yield make
    for listener in made:
        listener.socket.close()
