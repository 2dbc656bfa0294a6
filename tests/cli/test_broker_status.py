"""What `broker status` shows of what a broker says of itself."""

from __future__ import annotations

from typing import Any

import pytest

from mcpconf.cli.render.broker import milliseconds, size, status_lines
from mcpconf.cli.terminal import fitted
from mcpconf.workflow.report import broker_report

HOME = "/home/me"


def process(pid: int, *clients: int, era: str = "legacy", memory: int | None = 12_345_678) -> dict[str, Any]:
    state = "busy" if clients else "idle"
    return {"pid": pid, "era": era, "age": 7200.0, "clients": list(clients), "memory": memory, "state": state}


def server(name: str, *processes: dict[str, Any], state: str = "idle", error: str | None = None) -> dict[str, Any]:
    numbers = {"requests": 12_345, "restarts": 0, "p50": 123.4, "p99": 1234.5}
    rest = {"project": None, "pool": "session", "state": state, "error": error, "processes": list(processes)}
    return {"name": name, **numbers, **rest}


def shown(*servers: dict[str, Any]) -> list[str]:
    listeners = [f"unix:{HOME}/run/broker.sock", "tcp:127.0.0.1:8812"]
    said = {"version": "1", "pid": 4_194_303, "uptime": 5e6, "memory": 99e6, "listeners": listeners, "servers": servers}
    return [_plain(line) for line in status_lines(broker_report(said, HOME), HOME)]


def _plain(line: str) -> str:
    import io

    return fitted(line, io.StringIO(), "never")


@pytest.mark.parametrize("state", ["open circuit", "running", "unused", "failed"])
def test_it_fits_into_eighty_columns(state: str) -> None:
    lines = shown(server("memory-graph", process(1, 2, 3), process(4_194_303, era="modern"), state=state))
    assert max(map(len, lines)) <= 80, lines


def test_every_process_is_named_and_its_era_where_it_makes_a_difference() -> None:
    lines = "\n".join(
        shown(server("a", process(11, 1), process(12)), server("b", process(13), process(14, era="modern")))
    )
    assert "pid 11  busy  1 client  12 MB  up 2.0 h" in lines
    assert "pid 12  idle  12 MB" in lines
    assert "pid 13  legacy  idle" in lines
    assert "pid 14  modern  idle" in lines


def test_a_container_is_named_below_its_process_and_has_no_memory_of_its_clients() -> None:
    box = {"name": "mcpconf-a-4194303-1795475375065-12", "image": "example/box:1"}
    lines = shown(server("a", {**process(11, 1, memory=None), "container": box}))
    assert [line.strip() for line in lines[-2:]] == [
        "pid 11  busy  1 client  up 2.0 h",
        "in the container mcpconf-a-4194303-1795475375065-12, of example/box:1",
    ]
    assert max(map(len, lines)) <= 80, lines


def test_one_that_failed_has_a_cross_and_its_error() -> None:
    _, _, _, _, row, error = shown(server("a", state="failed", error=f"no {HOME}/a"))
    assert row.split() == ["✗", "a", "session", "failed", "0", "12345", "0", "123", "ms", "0"]
    assert error.strip() == "no ~/a"


def test_an_old_error_of_one_that_is_well_is_not_shown_but_in_json() -> None:
    assert not any("no such" in line for line in shown(server("a", process(1), error="no such")))
    assert broker_report({"servers": [server("a", error="no such")]}, HOME)["servers"][0]["error"] == "no such"


def test_a_door_without_a_key_is_loud() -> None:
    said = {"version": "1", "pid": 1, "uptime": 1.0, "memory": 1, "listeners": [], "plain": ["tcp:172.17.0.1:8811"]}
    (_, line) = [_plain(one) for one in status_lines(broker_report(said, HOME), HOME)]
    assert line == "! tcp:172.17.0.1:8811  every server, for whoever reaches it: no key"


def test_a_program_can_open_what_it_is_told() -> None:
    listeners = [f"unix:{HOME}/run/broker.sock"]
    said = {"listeners": listeners, "servers": [{**server("a"), "project": f"{HOME}/p"}]}
    report = broker_report(said, HOME)
    assert (report["listeners"], report["servers"][0]["project"]) == (listeners, f"{HOME}/p")


@pytest.mark.parametrize(("value", "text"), [(None, ""), (0.04, "0.0 ms"), (99.6, "100 ms"), (1500.0, "1.5 s")])
def test_times_are_short(value: float | None, text: str) -> None:
    assert milliseconds(value) == text


@pytest.mark.parametrize(("value", "text"), [(None, ""), (1_250_000, "1.2 MB"), (999_900_000, "1.0 GB")])
def test_sizes_are_short(value: int | None, text: str) -> None:
    assert size(value) == text
