"""What a container engine is told of a server's image."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from mcpconf.model import ContainerOptions, RouteName, Server
from mcpconf.route.choose import choose
from mcpconf.route.image import mounted, own_environment, run_words
from tests.route.contexts import context, profile, without

ENGINES = {**without("docker"), "podman": "/usr/bin/podman"}


def words(options: ContainerOptions | None = None, env: Mapping[str, str] | None = None) -> str:
    server = Server(name="time", image="mcp/time:1", env=env or {}, container=options or ContainerOptions())
    return " ".join(run_words(server))


def test_a_container_has_limits_and_neither_network_nor_a_pull_unless_that_is_asked_for() -> None:
    assert words() == (
        "run -i --rm --init --pull never --cpus 1 --memory 2g --security-opt no-new-privileges --stop-timeout 2"
        " --label mcpconf.server=time --network none mcp/time:1"
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (ContainerOptions(network="bridge"), "--network bridge mcp/time:1"),
        (ContainerOptions(flags=("--network", "own")), "--label mcpconf.server=time --network own mcp/time:1"),
        (ContainerOptions(flags=("--network=own",)), "--label mcpconf.server=time --network=own mcp/time:1"),
        (ContainerOptions(flags=("--net=host",)), "--label mcpconf.server=time --net=host mcp/time:1"),
        (ContainerOptions(flags=("--cpus", "4")), "--network none --cpus 4 mcp/time:1"),
    ],
)
def test_what_the_profile_says_counts(options: ContainerOptions, expected: str) -> None:
    assert words(options).endswith(expected)


def test_a_value_is_handed_over_by_name_and_the_clients_own_variables_are_not_touched() -> None:
    env = {"TOKEN": "secret:TOKEN", "TZ": "UTC", "HOME": "/data", "DOCKER_HOST": "secret:WHERE", "PATH": "${MINE}"}

    found = words(env=env)

    assert "-e TOKEN -e TZ -e HOME=/data -e DOCKER_HOST -e PATH=${MINE}" in found
    assert list(own_environment(Server(name="time", image="i", env=env))) == ["TOKEN", "TZ", "DOCKER_HOST"]


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        ("/a:/b", "/a:/b:ro"),
        ("/a:/b:rw", "/a:/b:rw"),
        ("/a:/b:ro", "/a:/b:ro"),
        ("/a:/b:z", "/a:/b:z,ro"),
        ("/a:/b:rw,z", "/a:/b:rw,z"),
        ("${HOME}/x:/y", "${HOME}/x:/y:ro"),
        ("${A:-/x:y}:/z", "${A:-/x:y}:/z:ro"),
        ("${A:-/x}:/z:rw", "${A:-/x}:/z:rw"),
        ("/a:/b:${ACCESS:-rw}", "/a:/b:${ACCESS:-rw}"),
        ("./a:/b", "./a:/b:ro"),
        ("C:\\a:/b", "C:\\a:/b:ro"),
        ("c:/a:/b:rw", "c:/a:/b:rw"),
        ("named:/b", "named:/b"),
        ("/only", "/only"),
    ],
)
def test_a_path_of_this_machine_is_for_reading_unless_the_profile_says_rw(volume: str, expected: str) -> None:
    assert mounted(volume) == expected


def test_podman_takes_dockers_place_where_that_is_missing() -> None:
    server = Server(name="time", image="mcp/time:1", routes=(RouteName.DIRECT,))

    (found,) = choose(profile(server), context(which=ENGINES))

    assert found.launch is not None
    assert (found.launch.command, found.launch.args[:4]) == ("/usr/bin/podman", ("run", "-i", "--rm", "--init"))
    assert found.because == "podman is here"


def test_with_both_of_them_the_script_asks_which_one_answers() -> None:
    server = Server(name="time", image="mcp/time:1")

    (found,) = choose(profile(server), context(which={**ENGINES, "docker": "/usr/bin/docker"}))

    assert (found.route, found.because) == (RouteName.WRAPPER, "it has 2 ways to choose from when it starts")
    assert found.launch is not None
    (data,) = found.launch.files.values()
    assert [field.split(b"\0")[0] for field in data.split(b"\0engine\0")[1:]] == [
        b"/usr/bin/docker",
        b"/usr/bin/podman",
    ]
    assert data.count(b"image\0mcp/time:1\0") == 2


def test_where_the_engine_may_pull_the_script_asks_for_no_image() -> None:
    server = Server(name="time", image="mcp/time:1", container=ContainerOptions(flags=("--pull=missing",)))

    (found,) = choose(profile(server), context())

    assert found.launch is not None
    (data,) = found.launch.files.values()
    assert b"\0image\0" not in data


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (ContainerOptions(), ["time: its container has no network, since the profile names none"]),
        (ContainerOptions(network="none"), []),
        (ContainerOptions(network="bridge"), []),
        (ContainerOptions(flags=("--network=own",)), []),
    ],
)
def test_that_there_is_no_network_is_told_until_the_profile_says_which(
    options: ContainerOptions, told: list[str]
) -> None:
    (found,) = choose(profile(Server(name="time", image="mcp/time:1", container=options)), context())

    assert [note.text for note in found.notes] == told
