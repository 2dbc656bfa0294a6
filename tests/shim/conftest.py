"""A place for a shim with a short path, and what is started in it is stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.shim.scene import Broker, Client, Place


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("s"))


@pytest.fixture
def broker(place: Place) -> Iterator[Broker]:
    made = Broker(place.socket)
    yield made
    made.stop()


Start = Callable[..., Client]


@pytest.fixture
def start(place: Place) -> Iterator[Start]:
    made: list[Client] = []

    def run(*arguments: str, **settings: object) -> Client:
        made.append(Client(str(place.shim), *(arguments or ("time",)), **settings))  # type: ignore[arg-type]
        return made[-1]

    yield run
    for client in made:
        client.stop()
