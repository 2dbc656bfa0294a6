"""What is missing on the way to the host's broker: each outcome at its address, and the exact flag."""

from __future__ import annotations

import pytest

from mcpconf.environment.facts import Facts
from mcpconf.environment.homeward import WORDS, lost, missing, what
from mcpconf.environment.tried import Outcome, Tried
from mcpconf.environment.verdict import judge
from mcpconf.redact import redact

MOUNT = "unix:/run/mcpconf/broker.sock"
NAME = "tcp:host.docker.internal:8812"
OTHERS = (
    Tried("tcp:host.containers.internal:8812", Outcome.UNRESOLVED),
    Tried("tcp:host.lima.internal:8812", Outcome.UNRESOLVED),
)
GATEWAY = "172.17.0.1"
BRIDGE = f"tcp:{GATEWAY}:8812"
ADD_HOST = "docker run --add-host=host.docker.internal:host-gateway"
LISTEN = f"on the host: mcpconf broker restart --listen tcp:{GATEWAY}:8812 --allow-nonlocal"
LOCAL = "on the host: mcpconf broker restart --listen tcp:127.0.0.1:8812"


@pytest.mark.parametrize(
    ("tried", "steps"),
    [
        ([Tried(MOUNT, Outcome.NO_SOCKET)], ["mount the host's socket directory: docker run -v DIRECTORY:"]),
        ([Tried("unix:/other/broker.sock", Outcome.NO_SOCKET)], []),
        ([Tried(MOUNT, Outcome.REFUSED)], ["on the host: mcpconf broker start"]),
        ([Tried(MOUNT, Outcome.DENIED, owner=1000)], ["be that user in here, or root: docker run --user 1000"]),
        ([Tried(MOUNT, Outcome.DENIED)], ["be that user in here, or root: docker run --user UID"]),
        # A Linux engine without --add-host, and nobody on the bridge.
        ([Tried(NAME, Outcome.UNRESOLVED), *OTHERS, Tried(BRIDGE, Outcome.REFUSED)], [ADD_HOST, LISTEN]),
        # With it: the name is the bridge's address.
        ([Tried(NAME, Outcome.REFUSED, GATEWAY), *OTHERS, Tried(BRIDGE, Outcome.REFUSED)], [LISTEN]),
        # Docker Desktop: its gateway is the virtual machine's own, and leads nowhere.
        ([Tried(NAME, Outcome.REFUSED, "192.168.65.254"), *OTHERS, Tried(BRIDGE, Outcome.REFUSED)], [LOCAL]),
        ([Tried("tcp:127.0.0.1:8812", Outcome.REFUSED)], [LOCAL]),
        ([Tried(NAME, Outcome.SILENT, GATEWAY)], ["let this network pass the host's firewall to that port"]),
        ([Tried(NAME, Outcome.HTTP)], ["take another port than 8812: --listen tcp:ADDRESS:PORT on the host"]),
        ([Tried(NAME, Outcome.OTHER)], ["take another port than 8812: --listen tcp:ADDRESS:PORT on the host"]),
        (
            [Tried(NAME, Outcome.NO_KEY), Tried(BRIDGE, Outcome.REFUSED)],
            [
                "make a key, on the host: mcpconf broker key new ID",
                "give the container its file: docker run -v FILE:/run/secrets/mcpconf:ro, and MCPCONF_BROKER_KEY",
            ],
        ),
        ([Tried(NAME, Outcome.KEY_REFUSED, "me")], ["use a key that the host's broker has; there: mcpconf broker key"]),
        ([Tried(NAME, Outcome.KEY_FILE, "gone")], ["let MCPCONF_BROKER_KEY be the path in here"]),
        ([], []),
    ],
)
def test_each_trouble_has_its_step(tried: list[Tried], steps: list[str]) -> None:
    found = missing(tried, GATEWAY)
    assert len(found) == len(steps), found
    assert all(one.startswith(step) for one, step in zip(found, steps, strict=True))
    assert [redact(one) for one in found] == list(found)  # else the very flag would be hidden


def test_the_note_names_every_address_and_what_happened_there() -> None:
    tried = (Tried(MOUNT, Outcome.DENIED, owner=1000), Tried(NAME, Outcome.REFUSED, GATEWAY), *OTHERS)

    note = lost(tried, GATEWAY)

    assert note is not None
    assert all(one.address in note.text and what(one) in note.text for one in tried)
    assert note.hint is not None
    assert note.hint.endswith("on the host, mcpconf broker expose prints every way in")
    assert LISTEN in note.hint
    assert lost(()) is None
    assert lost((*tried, Tried(BRIDGE, Outcome.ANSWERS))) is None


@pytest.mark.parametrize("outcome", Outcome)
def test_each_outcome_has_words(outcome: Outcome) -> None:
    assert WORDS[outcome] in what(Tried(NAME, outcome))
    assert "1.2.3.4" in what(Tried(NAME, outcome, "1.2.3.4"))


def test_a_verdict_says_what_is_missing_only_where_nothing_answers() -> None:
    tried = (Tried(NAME, Outcome.UNRESOLVED),)
    assert judge(Facts(broker_tried=tried)).missing == (ADD_HOST,)
    found = (*tried, Tried(BRIDGE, Outcome.ANSWERS))
    assert judge(Facts(broker_tried=found, broker=BRIDGE)).missing == ()
    assert judge(Facts(broker_tried=found, broker=BRIDGE)).tried == found
