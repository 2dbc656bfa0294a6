"""That the engine's network is what these tests take it for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.docker.box import Box
from tests.docker.engine import BRIDGE, HOST_NAME, SOCAT, names_known
from tests.docker.host import Host
from tests.reliability.engine import Engine, poll
from tests.reliability.place import Done

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

PORT = 9000
BY_GATEWAY = f"--add-host={HOST_NAME}:host-gateway"


@contextmanager
def greeter(host: Host, address: str) -> Iterator[None]:
    """Something on the host that says hello to whoever connects."""
    listen = f"TCP-LISTEN:{PORT},bind={address},fork,reuseaddr"
    with host.start("socat", "-U", listen, "EXEC:cat /etc/hostname") as process:
        try:
            assert poll(lambda: host.run("socat", "-u", "/dev/null", f"TCP:{address}:{PORT}").code == 0)
            yield
        finally:
            process.kill()


def reads(engine: Engine, *options: str, host: str = HOST_NAME) -> bool:
    """Whether a container hears the greeter at that address."""
    done = engine.run("run", "--rm", *options, SOCAT, "-u", f"TCP:{host}:{PORT}", "STDOUT")
    return done.code == 0 and done.out != ""


def test_a_container_reaches_what_listens_on_the_bridge_by_address_and_by_either_name(
    engine: Engine, host: Host
) -> None:
    with greeter(host, BRIDGE):
        assert reads(engine, host=BRIDGE)
        assert reads(engine, BY_GATEWAY)
        assert not reads(engine)
        with names_known(engine, {HOST_NAME: BRIDGE}):
            assert reads(engine)


def test_a_container_does_not_reach_the_hosts_loopback(engine: Engine, host: Host) -> None:
    with greeter(host, "127.0.0.1"):
        assert not reads(engine, BY_GATEWAY)


def test_mcpconf_runs_on_the_host_and_in_a_container_and_knows_which_is_which(
    host: Host, new_box: Callable[..., Box]
) -> None:
    assert _kind(host.mcpconf("env", "--json")) == "host"
    assert _kind(new_box().mcpconf("env", "--json")) == "container"


def _kind(done: Done) -> str:
    return str(json.loads(done.out)["kind"])
