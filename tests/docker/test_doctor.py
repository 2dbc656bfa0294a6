"""What the doctor says of a real engine, its host and its containers that are not right, and that its mends mend."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from mcpconf.broker.upstream.owner import owner_of
from tests.docker.box import Box
from tests.docker.engine import BOX, BRIDGE, HOST_NAME
from tests.docker.host import Host
from tests.reliability.engine import HOME, MOUNTED, Engine, poll, program
from tests.reliability.place import Done

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]

NewBox = Callable[..., Box]
LED = f"--add-host={HOST_NAME}:host-gateway"
BROKEN = ("warning", "error")


def told(done: Done) -> dict[str, dict[str, Any]]:
    """What is wrong, by the check's id."""
    findings = json.loads(done.out)["findings"]
    return {one["id"]: one for one in findings if one["level"] in BROKEN}


def on_host(host: Host, *groups: str) -> dict[str, dict[str, Any]]:
    words = [word for group in groups for word in ("--only", group)]
    return told(host.run(f"{host.tools}/mcpconf", "doctor", "--json", *words))


def inside(box: Box, *groups: str, **env: str) -> dict[str, dict[str, Any]]:
    words = [word for group in groups for word in ("--only", group)]
    return told(box.run(f"{box.tools}/mcpconf", "doctor", "--json", *words, **env))


def classic(host: Host, *options: str) -> None:
    """The classic entry in Claude Code's file."""
    args = ["run", "-i", "--rm", *options, "alpine/socat", "STDIO", f"TCP:{HOST_NAME}:8811"]
    path = host.home / ".claude.json"
    path.write_text(json.dumps({"mcpServers": {"MCP_DOCKER": {"command": f"{host.tools}/docker", "args": args}}}))
    path.chmod(0o600)


@contextmanager
def web(host: Host) -> Iterator[None]:
    """Something that speaks HTTP where the classic entry leads."""
    with host.start(sys.executable, "-m", "http.server", "8811", "--bind", BRIDGE) as process:
        try:
            assert poll(lambda: host.run("socat", "-u", "/dev/null", f"TCP:{BRIDGE}:8811").code == 0)
            yield
        finally:
            process.kill()


def test_a_file_that_the_host_has_replaced_is_a_stale_mount(host: Host, new_box: NewBox) -> None:
    file = host.home / ".claude.json"
    file.write_text("{}\n")
    file.chmod(0o600)
    box = new_box(f"--volume={file}:{MOUNTED}")
    assert inside(box, "files") == {}
    (host.home / "new").write_text('{"mcpServers": {}}\n')
    (host.home / "new").rename(file)

    found = inside(box, "files")

    assert set(found) == {"MC210"}
    assert found["MC210"]["about"] == "~/.claude.json"


def test_a_classic_entry_that_is_not_told_its_host_is_found_and_the_flag_is_what_it_lacks(host: Host) -> None:
    with host.gateway():
        classic(host)
        found = on_host(host, "toolkit")
        assert set(found) == {"MC509"}
        assert LED in found["MC509"]["mend"]["command"]

        classic(host, LED)
        assert on_host(host, "toolkit") == {}


def test_what_has_taken_the_port_is_told_apart(host: Host) -> None:
    classic(host, LED)
    assert set(on_host(host, "toolkit")) == {"MC505"}
    with web(host):
        found = on_host(host, "toolkit")
    assert set(found) == {"MC506"}
    assert f"{BRIDGE}:8811 speaks HTTP" in found["MC506"]["text"]

    with host.gateway("tcp:127.0.0.1:8811"):
        found = on_host(host, "toolkit")
    assert set(found) == {"MC508"}
    assert found["MC508"]["mend"]["command"] == f"mcpconf broker gateway --listen tcp:{BRIDGE}:8811"


def test_a_container_whose_owner_is_gone_is_left_over_and_goes_by_fix(engine: Engine, host: Host) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as owner:
        label = f"mcpconf.owner={owner_of(owner.pid)}"
        sleeps = [f"--mount=type=bind,source={path},target={path},readonly" for path in ("/usr", "/lib", "/lib64")]
        idle = (BOX, program("docker-init"), "--", "/usr/bin/sleep", "infinity")
        number = engine.must("run", "--detach", "--label", label, *sleeps, *idle)
        try:
            assert on_host(host, "containers") == {}
            owner.kill()
            owner.wait()
            found = on_host(host, "containers")
            assert set(found) == {"MC805"}
            mend = found["MC805"]["mend"]
            assert mend == {"command": f"docker rm -f {number[:12]}", "safe": True}
            fixed = host.mcpconf("doctor", "--fix", "--json", "--only", "containers")
            assert [one["done"] for one in json.loads(fixed.out)["mended"]] == [True]
            assert number not in engine.must("ps", "--all", "--quiet", "--no-trunc")
            assert on_host(host, "containers") == {}
        finally:
            engine.run("rm", "--force", number)


def test_a_broker_on_the_loopback_address_is_told_the_bridges(host: Host) -> None:
    host.mcpconf("broker", "start", "--listen", "tcp:127.0.0.1:8812")

    found = on_host(host, "containers")

    assert set(found) == {"MC804"}
    command = found["MC804"]["mend"]["command"]
    assert command == f"mcpconf broker restart --listen tcp:{BRIDGE}:8812 --allow-nonlocal"
    host.mcpconf(*command.split()[1:])
    assert on_host(host, "containers") == {}


def test_in_a_container_it_tells_what_is_not_met_and_what_will_not_last(new_box: NewBox) -> None:
    box = new_box(f"--tmpfs={HOME}/elsewhere", f"--volume={HOME}/.claude")
    assert inside(box, "containers", "routes", "toolkit") == {}
    entries = {"mcpServers": {"memory": {"command": "mcp-server-memory"}}}
    box.write(MOUNTED, json.dumps(entries))
    box.write(
        f"{HOME}/.config/mcpconf/profiles/work.toml",
        '[servers.box]\nimage = "good/one:1"\n[servers.own]\ncommand = "cat"\n',
    )
    box.mcpconf("switch", "work")

    found = inside(box, "containers", "routes", MCPCONF_BROKER=f"tcp:{HOST_NAME}:8812")

    assert set(found) == {"MC801", "MC802", "MC803"}
    assert any(f"docker run {LED}" in line for line in (found["MC801"]["mend"]["command"], *found["MC801"]["evidence"]))
    assert found["MC802"]["evidence"] == ["~/.claude is kept, and this file lies beside it"]
    assert found["MC803"]["about"] == "box"
