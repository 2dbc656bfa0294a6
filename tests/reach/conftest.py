"""Listeners that are gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.reach.listeners import Behaviour, Listen, Listener


@pytest.fixture
def listen() -> Iterator[Listen]:
    listeners: list[Listener] = []

    def start(behaviour: Behaviour) -> Listener:
        listeners.append(Listener(behaviour))
        return listeners[-1]

    yield start
    for listener in listeners:
        listener.close()
