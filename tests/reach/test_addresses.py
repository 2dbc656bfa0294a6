"""Under which addresses a host, and its broker, may be met."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcpconf.broker.place import MOUNTED, Paths
from mcpconf.model import Kind
from mcpconf.reach.addresses import broker_candidates, host_candidates, split_address, with_port


def test_a_host_asks_itself_and_never_its_router() -> None:
    assert host_candidates(Kind.HOST, {}, "192.168.1.1") == ("127.0.0.1",)


def test_a_container_asks_the_names_and_then_its_gateway() -> None:
    assert host_candidates(Kind.CONTAINER, {"MCPCONF_HOST": " build:9000 "}, "172.17.0.1") == (
        "build:9000",
        "host.docker.internal",
        "host.containers.internal",
        "host.lima.internal",
        "172.17.0.1",
    )


@pytest.mark.parametrize("kind", [Kind.WSL, Kind.UNKNOWN])
def test_what_may_share_the_hosts_loopback_asks_there_last(kind: Kind) -> None:
    assert host_candidates(kind, {}, None)[-1] == "127.0.0.1"
    assert host_candidates(kind, {"MCPCONF_HOST": "127.0.0.1"}, None)[0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("text", "parts", "whole"),
    [
        ("host", ("host", None), "host:8811"),
        ("host:9000", ("host", 9000), "host:9000"),
        ("host:http", ("host", None), "host:8811"),
        ("host:99999", ("host", None), "host:8811"),
        ("::1", ("::1", None), "[::1]:8811"),
        ("[::1]", ("::1", None), "[::1]:8811"),
        ("[::1]:9000", ("::1", 9000), "[::1]:9000"),
    ],
)
def test_addresses_are_taken_apart_and_put_together(text: str, parts: tuple[str, int | None], whole: str) -> None:
    assert split_address(text) == parts
    assert with_port(text, 8811) == whole


def test_brokers_are_looked_for_where_something_lies(tmp_path: Path) -> None:
    own = Paths(str(tmp_path))
    assert broker_candidates(Kind.CONTAINER, {}, own.directory, "172.17.0.1") == ()
    Path(own.socket).touch()
    assert broker_candidates(Kind.CONTAINER, {}, own.directory, None) == (f"unix:{own.socket}",)
    told = {"MCPCONF_BROKER": " tcp:h:1 ", "MCPCONF_BROKER_KEY": "/k"}
    assert broker_candidates(Kind.HOST, told, own.directory, None) == ("tcp:h:1",)


def test_only_who_has_a_key_knocks_at_ports() -> None:
    key = {"MCPCONF_BROKER_KEY": "/k"}
    assert broker_candidates(Kind.HOST, key, None, "192.168.1.1") == ()
    assert broker_candidates(Kind.CONTAINER, key, None, "172.17.0.1") == (
        "tcp:host.docker.internal:8812",
        "tcp:host.containers.internal:8812",
        "tcp:host.lima.internal:8812",
        "tcp:172.17.0.1:8812",
    )


def test_to_tell_what_is_missing_every_place_is_asked() -> None:
    mount = f"unix:{Paths(MOUNTED).socket}"
    assert broker_candidates(Kind.CONTAINER, {}, None, "172.17.0.1", everywhere=True) == (
        mount,
        "tcp:host.docker.internal:8812",
        "tcp:host.containers.internal:8812",
        "tcp:host.lima.internal:8812",
        "tcp:172.17.0.1:8812",
    )
    for kind in (Kind.HOST, Kind.WSL, Kind.UNKNOWN):
        assert broker_candidates(kind, {}, None, "192.168.1.1", everywhere=True) == ()
    assert broker_candidates(Kind.CONTAINER, {"MCPCONF_BROKER": "tcp:h:1"}, None, None, everywhere=True) == ("tcp:h:1",)


def test_a_host_asks_the_bridge_of_its_containers_before_itself() -> None:
    assert host_candidates(Kind.HOST, {}, None, "172.17.0.1") == ("172.17.0.1", "127.0.0.1")
    assert host_candidates(Kind.UNKNOWN, {}, None, "172.17.0.1")[-2:] == ("172.17.0.1", "127.0.0.1")
