"""What is said in a container, judged from what was seen there; tests/docker/test_doctor.py has it for real."""

from __future__ import annotations

from mcpconf.cli import console
from mcpconf.doctor.checks.containers import engine_for_images, file_outlasts, host_is_met, listens_for_containers
from mcpconf.doctor.finding import Level
from mcpconf.doctor.look.containers import _outlasts
from mcpconf.doctor.seen.containers import Boxed, ContainersSeen, Fleeting
from mcpconf.environment.mounts import Mount
from mcpconf.environment.tried import Outcome, Tried
from tests.cli.conftest import World, mcpconf, programs

__all__ = ["mcpconf", "programs"]

NO_SOCKET = Tried("unix:/run/mcpconf/broker.sock", Outcome.NO_SOCKET)
UNKNOWN = Tried("tcp:host.docker.internal:8812", Outcome.UNRESOLVED)
STEPS = ("mount the host's socket directory", "docker run --add-host=host.docker.internal:host-gateway")


def seen(**more: object) -> ContainersSeen:
    return ContainersSeen(inside=True, **more)  # type: ignore[arg-type]


def test_a_broker_that_nobody_means_to_meet_is_no_fault() -> None:
    (found,) = host_is_met(seen(tried=(NO_SOCKET, UNKNOWN), missing=STEPS))
    assert found.level is Level.INFO
    assert found.mend is not None
    assert "mcpconf broker expose" in found.mend.command


def test_one_that_is_meant_has_each_address_and_each_step() -> None:
    (found,) = host_is_met(seen(tried=(NO_SOCKET, UNKNOWN), missing=STEPS, signs=("MCPCONF_BROKER",)))
    assert found.level is Level.ERROR
    assert found.text == "the host's broker is not met, though MCPCONF_BROKER is set"
    assert found.evidence == (
        "unix:/run/mcpconf/broker.sock: there is no such socket",
        "tcp:host.docker.internal:8812: the name does not resolve",
        f"or: {STEPS[1]}",
    )
    assert found.mend is not None
    assert found.mend.command == STEPS[0]


def test_one_that_answers_is_fine() -> None:
    there = Tried("unix:/run/mcpconf/broker.sock", Outcome.ANSWERS)
    assert list(host_is_met(seen(tried=(UNKNOWN, there), signs=("MCPCONF_BROKER",)))) == []
    assert list(host_is_met(seen())) == []


def test_a_file_beside_what_is_kept_was_meant_to_be_kept() -> None:
    client = "Claude Code"
    files = (Fleeting("/root/.claude.json", client), Fleeting("/u/.claude.json", client, "/u/.claude"))
    plain, meant = file_outlasts(seen(fleeting=files))
    assert (plain.level, meant.level) == (Level.INFO, Level.WARNING)
    assert meant.mend is not None
    assert "CLAUDE_CONFIG_DIR=/u/.claude" in meant.mend.command


def test_what_outlasts_a_container_is_what_is_mounted(mcpconf: World) -> None:
    home = str(mcpconf.home)
    root = Mount(root="/", point="/", fstype="overlay", source="overlay")
    volume = Mount(root="/v", point=home, fstype="ext4", source="/dev/sda")
    memory = Mount(root="/", point=home, fstype="tmpfs", source="tmpfs")
    nearer = Mount(root="/f", point=f"{home}/.claude.json", fstype="ext4", source="/dev/sda")
    path = f"{home}/.claude.json"
    for mounts in ((root, volume), (root, memory, nearer), ()):
        assert _outlasts(console.app(), path, mounts), mounts
    for mounts in ((root,), (root, memory)):
        assert not _outlasts(console.app(), path, mounts), mounts


def test_an_image_without_an_engine_is_worse_where_a_client_has_it() -> None:
    levels = [one.level for one in engine_for_images(seen(boxed=(Boxed("a", "i"), Boxed("b", "i", False))))]
    assert levels == [Level.ERROR, Level.WARNING]


def test_a_broker_that_listens_on_the_bridge_too_or_has_no_containers_is_fine() -> None:
    both = ("tcp:127.0.0.1:8812", "tcp:172.17.0.1:8812")
    bridges = (("docker0", "172.17.0.1"),)
    assert list(listens_for_containers(ContainersSeen(inside=False, listening=both, bridges=bridges))) == []
    assert list(listens_for_containers(ContainersSeen(inside=False, listening=both[:1]))) == []
    assert list(listens_for_containers(ContainersSeen(inside=False, bridges=bridges))) == []
    (found,) = listens_for_containers(ContainersSeen(inside=False, listening=both[:1], bridges=bridges))
    assert found.mend is not None
    assert found.mend.command == "mcpconf broker restart --listen tcp:172.17.0.1:8812 --allow-nonlocal"
