"""What a devcontainer.json lacks, told from what it says: corners that no real-life shape of the golden files has."""

from __future__ import annotations

from mcpconf.environment.devcontainer import Mount, Wanted, additions, mounts_of, without
from mcpconf.environment.grants import Grant

MADE = {"image": "debian:12", "postCreateCommand": "make"}


def test_an_image_is_not_needed_where_there_is_one() -> None:
    found = additions(MADE, Wanted(image="debian:13"))
    assert "image" not in found.members.get((), {})
    assert any("--image was not needed" in note.text for note in found.notes)


def test_a_variable_that_is_there_keeps_its_value() -> None:
    grant = Grant((), (("MCPCONF_HOST", "a"), ("MCPCONF_PORT", "1")), (), ())
    there = {**MADE, "containerEnv": {"MCPCONF_HOST": "mine"}}
    found = additions(there, Wanted(grant=grant))
    assert found.members[("containerEnv",)] == {"MCPCONF_PORT": "1"}


def test_mounts_are_found_in_every_spelling() -> None:
    data = {
        "mounts": ["type=bind,source=/a,target=/b/", {"src": "v", "dst": "/c"}, "source=/no/target", 7],
        "workspaceMount": "source=/w,destination=/w,type=bind",
        "runArgs": ["--mount", "type=volume,source=x,target=/x", "-v", "/h:/i:ro", "--volume=name:/j"],
    }
    assert list(mounts_of(data)) == [
        Mount("bind", "/a", "/b"),
        Mount("volume", "v", "/c"),
        Mount("bind", "/w", "/w"),
        Mount("volume", "x", "/x"),
        Mount("bind", "/h", "/i"),
        Mount("volume", "name", "/j"),
    ]


def test_what_is_ours_is_left_out_and_what_is_no_container_of_it_stays() -> None:
    data = {"mounts": "odd", "containerEnv": {"A": 1, "B": 2}, "runArgs": ["x"], "image": "i"}
    owned = {("mounts",): ["m"], ("containerEnv",): ["A"], ("runArgs",): ["x"], (): ["image"]}
    assert without(data, owned, [("runArgs",)]) == {"mounts": "odd", "containerEnv": {"B": 2}}
    assert without([], owned) == {}
