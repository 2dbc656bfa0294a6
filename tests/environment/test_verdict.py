"""The judgement on its own: total, never sure of what can be forged, and silent when overruled."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpconf.environment.container import FORGEABLE, INITIAL_PID_NAMESPACE
from mcpconf.environment.facts import VARIABLES, Facts
from mcpconf.environment.mounts import Mount, Mounts
from mcpconf.environment.verdict import certainty, decide, judge, parse_override, weigh
from mcpconf.errors import UsageError
from mcpconf.model import Kind

words = st.one_of(st.none(), st.sampled_from(["docker", "wsl", "oci", "libpod", "lxc"]), st.text(max_size=12))
paths = st.one_of(
    st.sampled_from(
        ["/", "/root", "/@", "/ostree/deploy/x", f"/var/lib/docker/containers/{'a' * 64}/hosts", "/etc/hosts"]
    ),
    st.text(max_size=20),
)
mounts = st.one_of(
    st.none(),
    st.builds(
        Mount,
        root=paths,
        point=st.just("/"),
        fstype=st.sampled_from(["ext4", "btrfs", "overlay", "tmpfs", "devtmpfs", "wslfs", "lxfs", "9p", "zfs"]),
        source=st.sampled_from(["/dev/sda1", "overlay", "composefs", "none", "rpool/ROOT"]),
    ),
)
variables = st.dictionaries(st.sampled_from(VARIABLES), st.text(max_size=8), max_size=len(VARIABLES))
facts = st.builds(
    Facts,
    platform=st.sampled_from(["linux", "darwin", "windows"]),
    kernel=st.sampled_from(["6.8.0", "5.15-microsoft-standard-WSL2", "4.4.0-1-Microsoft", ""]),
    kernel_text=st.sampled_from(["Linux version 4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016", ""]),
    env=variables,
    mounts=st.builds(Mounts, root=mounts, dev=mounts, hosts=mounts, lxcfs=st.booleans()),
    dockerenv=st.booleans(),
    containerenv=words,
    container_manager=words,
    pid1_container=words,
    cgroup=st.sampled_from(["", "0::/\n", f"0::/docker/{'b' * 64}\n", "0::/system.slice/docker.service\n"]),
    pid_namespace=st.sampled_from([None, INITIAL_PID_NAMESPACE, 4026532000]),
    pid2=st.sampled_from([None, "kthreadd", "sh"]),
    shared_home=st.sampled_from([None, "toolbox", "distrobox"]),
    wsl_markers=st.sampled_from([(), ("/run/WSL",)]),
    flatpak=st.booleans(),
    service_account=st.booleans(),
)


@given(facts)
@settings(max_examples=300)
def test_every_set_of_facts_gets_a_verdict_with_all_its_evidence(found: Facts) -> None:
    environment = judge(found)

    assert environment.kind in Kind
    assert 0 <= environment.confidence <= 1
    assert (environment.confidence == 0) == (environment.kind is Kind.UNKNOWN)
    assert [piece.name for piece in environment.evidence] == [piece.name for piece in weigh(Facts())]
    assert all(piece.seen for piece in environment.evidence)


@given(facts, st.sampled_from([Kind.HOST, Kind.CONTAINER, Kind.WSL]))
def test_an_override_always_wins_and_keeps_what_the_evidence_said(found: Facts, override: Kind) -> None:
    plain, overruled = judge(found), judge(found, override)

    assert (overruled.kind, overruled.confidence) == (override, 1.0)
    assert overruled.overridden == plain.kind
    assert plain.overridden is None
    assert (overruled.evidence, overruled.score) == (plain.evidence, plain.score)


@given(variables)
def test_variables_alone_never_make_a_container_nor_wsl(env: dict[str, str]) -> None:
    assert judge(Facts(env=env)).kind is Kind.UNKNOWN


@given(variables)
def test_variables_never_turn_a_plain_host(env: dict[str, str]) -> None:
    host = Facts(
        env=env,
        mounts=Mounts(root=Mount("/", "/", "ext4", "/dev/sda1")),
        pid_namespace=INITIAL_PID_NAMESPACE,
        pid2="kthreadd",
    )

    assert judge(host).kind is Kind.HOST


@pytest.mark.parametrize("name", FORGEABLE)
@pytest.mark.parametrize("value", ["", "0", "false", "No"])
def test_a_variable_that_says_no_weighs_nothing(name: str, value: str) -> None:
    assert sum(piece.weight for piece in weigh(Facts(env={name: value}))) == 0


def test_nothing_seen_is_unknown_and_says_so() -> None:
    environment = judge(Facts())

    assert (environment.kind, environment.runtime, environment.confidence, environment.score) == (
        Kind.UNKNOWN,
        None,
        0.0,
        0,
    )


def test_wsl_that_calls_itself_a_container_is_not_one() -> None:
    found = judge(
        Facts(kernel="5.15-microsoft", pid1_container="wsl", container_manager="wsl", wsl_markers=("/run/WSL",))
    )

    assert (found.kind, found.runtime) == (Kind.WSL, "wsl2")


def test_a_container_that_only_says_oci_has_that_for_a_name() -> None:
    found = judge(Facts(pid1_container="oci"))

    assert (found.kind, found.runtime) == (Kind.CONTAINER, "oci")


def test_surety_grows_with_the_score() -> None:
    scores = [certainty(Kind.HOST, -score) for score in range(2, 12)]

    assert scores == sorted(scores)
    assert scores[0] == 0.5
    assert certainty(Kind.UNKNOWN, 4) == 0


@pytest.mark.parametrize("text", [None, "", "auto", " AUTO "])
def test_auto_and_nothing_override_nothing(text: str | None) -> None:
    assert parse_override(text) is None


@pytest.mark.parametrize("text", ["host", "Container", "wsl "])
def test_a_kind_by_name_overrides(text: str) -> None:
    assert parse_override(text) == text.strip().lower()


@pytest.mark.parametrize("text", ["docker", "unknown", "hots"])
def test_another_word_is_a_usage_error_that_names_the_words(text: str) -> None:
    with pytest.raises(UsageError, match=re.escape(repr(text))) as caught:
        parse_override(text)

    assert "host, container and wsl" in str(caught.value)
    assert caught.value.hint


def test_capabilities_are_the_programs_and_answers_found() -> None:
    found = judge(
        Facts(which={"docker": "/usr/bin/docker", "uvx": "/opt/uvx"}, engine="28.3.2", raw_mcp="host:8811", gui=("/g",))
    )

    can = found.capabilities
    assert (can.docker, can.engine, can.toolkit, can.uvx, can.uv) == (
        "/usr/bin/docker",
        "28.3.2",
        None,
        "/opt/uvx",
        None,
    )
    assert (can.raw_mcp, can.http_mcp, can.broker, can.gui) == ("host:8811", None, None, ("/g",))


def test_the_scales_of_containers_and_wsl_are_apart() -> None:
    wsl = Facts(kernel="5.15-microsoft", wsl_markers=("/run/WSL",))

    assert decide(weigh(wsl)) == (Kind.WSL, 7)
    assert decide(weigh(Facts(kernel="5.15-microsoft", containerenv=""))) == (Kind.CONTAINER, 5)
