"""What is listed holds no secret, wherever it stands in a profile, and nothing that a terminal would obey."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpconf.profile.redact import redacted
from mcpconf.redact import redact
from mcpconf.workflow.diff import redacted_diff
from tests.scenarios.conftest import World

Table = dict[str, object]
Place = Callable[[str, str], Table]  # a telling name and a value in, a server out

CORE = "zq7Hunter2pw9"
LISTINGS = (
    "profile show p",
    "profile show p --json",
    "profile ls",
    "profile ls --json",
    "server ls --profile p",
    "server ls --profile p --json",
    "server show s0 --profile p",
    "server show s0 --profile p --json",
    "switch p --dry-run --portable",
    "switch p --dry-run",
    "switch p --dry-run --json",
    "switch p --json",
    "switch p",
    "status",
    "status --json",
    "history",
    "history --json",
    "diff minimal",
    "diff minimal --json",
    "undo --dry-run",
)
NAMES = (
    *("API_KEY", "githubToken", "X-Api-Key", "Authorization", "DB_PASSWORD", "access_token", "client_secret"),
    *("SESSION_COOKIE", "GITHUB_PAT", "openai.key", "DB_PASS", "jwt", "KEY", "proxy-credential"),
)
FEW = settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
noise = st.text(st.sampled_from(" \"'\\,;:/@?#&=%!|<>()[]~^*+-._éx"), max_size=4)
# After an option, what begins with a dash is taken for the next one.
values = st.builds("{}{}{}".format, noise, st.just(CORE), noise).map(lambda text: text.strip().lstrip("-"))
words = st.builds("{}{}".format, st.just(CORE), st.text("abcXYZ019._~+-", max_size=6))


def run(*args: str) -> Table:
    return {"command": "myserver", "args": list(args)}


def variable(name: str) -> str:
    return name.replace("-", "_").replace(".", "_")


# Places where the name beside a value tells that it is secret, whatever its characters.
NAMED: dict[str, Place] = {
    "a variable": lambda name, value: {"command": "myserver", "env": {variable(name): value}},
    "JSON in a variable": lambda name, value: {
        "command": "myserver", "env": {"CONF": json.dumps({"a": [{name: value}]})}
    },
    "a header": lambda name, value: {"url": "https://example.com/mcp", "headers": {name.replace(".", "-"): value}},
    "after an option": lambda name, value: run("--verbose", f"--{name}", value, "plain", "more", "and", "yet", "one"),
    "in an option": lambda name, value: run(f"--{name}={value}"),
    "a variable of docker's": lambda name, value: run("-e", f"{name}={value}"),
    "a variable of docker's in one word": lambda name, value: run(f"--env={name}={value}"),
    "a header of curl's": lambda name, value: run("-H", f"{name}: {value}"),
    "a header of curl's without a telling name": lambda name, value: run("-H", f"X-Custom: {value}"),
    "a plain header": lambda name, value: run(f"{name}: {value}"),
    "an assignment": lambda name, value: run(f"{name}={value}"),
    "JSON": lambda name, value: run("--config", json.dumps({"a": {name: value}})),
    "an option of the container's": lambda name, value: {
        "image": "example/image", "container": {"flags": ["-e", f"{name}={value}", f"--{name}", value]}
    },
}  # fmt: skip
# Places with a syntax of their own, which allows fewer characters.
WORDED: dict[str, Place] = {
    "the authorization": lambda name, word: run(f"Authorization: Bearer {word}"),
    "bearer": lambda name, word: run(f"Bearer {word}"),
    "basic": lambda name, word: run("--anything", f"Basic {word}"),
    "an address": lambda name, word: {"url": f"https://me:{word}@example.com/mcp"},
    "the user of an address": lambda name, word: run(f"https://{word}@example.com/mcp"),
    "an address without a scheme": lambda name, word: run(f"me:{word}@db.example.com:5432/x"),
    "a query": lambda name, word: {"url": f"https://example.com/mcp?a=b&{name}={word}"},
    "a query in an argument": lambda name, word: run(f"/mcp?a=b&{name}={word}&c=d"),
    "a default": lambda name, word: {"command": "myserver", "env": {variable(name): f"${{UNSET:-{word}}}"}},
    "a default in an option": lambda name, word: run(f"--{name}", f"${{UNSET:-{word}}}"),
    "behind a reference": lambda name, word: run(f"--{name}", f"${{UNSET:-}}{word}"),
}
# Places where only its look can tell.
LOOKED: dict[str, Place] = {
    "an argument": lambda name, look: run("first", look),
    "part of an argument": lambda name, look: run(f"--x={look},y"),
    "the command": lambda name, look: {"command": f"/opt/{look}/bin"},
    "the directory": lambda name, look: {"command": "myserver", "cwd": f"/srv/{look}"},
    "a path": lambda name, look: {"url": f"https://example.com/{look}/mcp"},
    "a variable": lambda name, look: {"command": "myserver", "env": {"PLAIN": look}},
    "a path of programs": lambda name, look: {"command": "myserver", "env": {"PATH": f"/opt/{look}"}},
    "an image": lambda name, look: {"image": f"example/{look}"},
    "a volume": lambda name, look: {"image": "example/image", "container": {"volumes": [f"/srv/{look}:/x"]}},
    "the catalog": lambda name, look: {"toolkit": look, "command": "myserver"},
}


@pytest.fixture
def world(mcpconf: World, programs: Path) -> World:
    """A home on a machine that has a docker."""
    (programs / "docker").write_text("#!/bin/sh\nexit 1\n")
    (programs / "docker").chmod(0o755)
    return mcpconf


def write(world: World, servers: dict[str, Table], description: str = "") -> None:
    document = tomlkit.document()
    document["description"] = description
    document["servers"] = servers
    world.profile("p", tomlkit.dumps(document))


def everywhere(places: dict[str, Place], name: str, value: str) -> dict[str, Table]:
    """A server for each of the places."""
    return {f"s{i}": place(name, value) for i, place in enumerate(places.values())}


def assert_hidden(world: World) -> None:
    """No listing command shows it; the profile p becomes active on the way."""
    world.claude.write_text('{\n  "mcpServers": {}\n}\n')
    for line in LISTINGS:
        result = world(*line.split())
        assert CORE not in result.out + result.err, line
    world("switch", "minimal")


@FEW
@given(name=st.sampled_from(NAMES), value=values)
def test_a_value_beside_a_telling_name_is_listed_nowhere(world: World, name: str, value: str) -> None:
    write(world, everywhere(NAMED, name, value))
    assert_hidden(world)


@FEW
@given(name=st.sampled_from(NAMES), word=words)
def test_a_value_in_a_place_for_secrets_is_listed_nowhere(world: World, name: str, word: str) -> None:
    write(world, everywhere(WORDED, name.replace(".", "_"), word))
    assert_hidden(world)


@pytest.mark.parametrize("look", [f"ghp_{CORE}abcdefgh", f"sk-ant-{CORE}abcdefgh"])
def test_what_looks_like_a_secret_is_listed_nowhere(world: World, look: str) -> None:
    write(world, everywhere(LOOKED, "", look), description=f"with {look}")
    assert_hidden(world)


def args_of(server: Table) -> list[str]:
    found = server.get("args", [])
    assert isinstance(found, list)
    return found


@given(place=st.sampled_from(sorted(NAMED)), name=st.sampled_from(NAMES), value=values)
def test_a_value_beside_a_telling_name_is_hidden_in_text_and_in_arguments(place: str, name: str, value: str) -> None:
    server = NAMED[place](name, value)
    for text in (json.dumps(server, indent=2), json.dumps(server, ensure_ascii=False), tomlkit.dumps(server)):
        assert CORE not in redact(text)
    assert CORE not in "".join(redacted(args_of(server)))


@given(place=st.sampled_from(sorted(WORDED)), name=st.sampled_from(NAMES), word=words)
def test_a_value_in_a_place_for_secrets_is_hidden_in_text_and_in_arguments(place: str, name: str, word: str) -> None:
    server = WORDED[place](name.replace(".", "_"), word)
    for text in (json.dumps(server, indent=2), json.dumps(server), tomlkit.dumps(server)):
        assert CORE not in redact(text)
    assert CORE not in "".join(redacted(args_of(server)))


@given(st.lists(st.sampled_from("abcdefg"), max_size=20), st.lists(st.sampled_from("abcdefg"), max_size=20))
def test_a_diff_without_secrets_is_the_unified_diff_of_everybody(before: list[str], after: list[str]) -> None:
    old, new = ([f"{word}\n" for word in words] for words in (before, after))
    assert list(redacted_diff(old, new, ("a", "b"), 2)) == list(difflib.unified_diff(old, new, "a", "b", n=2))


def test_a_secret_is_hidden_in_a_diff_that_does_not_show_the_option_before_it(mcpconf: World) -> None:
    args = ["--api-key", CORE, "one", "two", "three"]
    write(mcpconf, {"s": run(*args)})
    mcpconf("switch", "p")
    write(mcpconf, {"s": run(*args[:-1], "four")})
    said = mcpconf("diff").out
    assert CORE not in said
    assert '"four"' in said


def test_a_diff_shows_that_a_secret_changed_and_neither_value(mcpconf: World) -> None:
    write(mcpconf, {"s": run("--api-key", CORE)})
    mcpconf("switch", "p")
    write(mcpconf, {"s": run("--api-key", CORE + "2")})
    said = mcpconf("diff").out
    assert CORE not in said
    assert '-        "***"\n+        "***"\n' in said


OBEYED = "\x1b[2J\x1b]0;t\x07\x9b31m\u202e\u2066\u200f\u061c\x00\x08\r\n\x85\u2028forged line"
SAFE = tuple(
    f"{line}{more}"
    for line in (
        "profile show p",
        "profile ls",
        "server ls --profile p",
        "server show s --profile p",
        "secret ls",
        "trust",
    )
    for more in ("", " --color never", " --color always")
)


def assert_harmless(said: str) -> None:
    plain = said.replace("\x1b[0m", "")
    for style in ("1", "2", "36", "33", "32", "31"):
        plain = plain.replace(f"\x1b[{style}m", "")
    assert all(char.isprintable() or char == "\n" for char in plain), ascii(plain)
    assert not any(line.startswith("forged") for line in said.split("\n"))


@pytest.fixture
def hostile(mcpconf: World) -> World:
    """A profile that would take the terminal over, one of the user's and one of the project's."""
    server: Table = {
        "command": f"my{OBEYED}", "args": [OBEYED, f"--x={OBEYED}"], "cwd": f"/x{OBEYED}",
        "env": {"A": OBEYED, "LD_PRELOAD": OBEYED},
        "image": "example/image", "container": {"volumes": [OBEYED], "flags": [OBEYED]},
    }  # fmt: skip
    server = {key: json.loads(json.dumps(value).replace("\\u0000", "")) for key, value in server.items()}
    write(mcpconf, {"s": server}, OBEYED.replace("\0", ""))
    mcpconf("secret", "set", "A", stdin="x")
    return mcpconf


@pytest.mark.parametrize("line", SAFE)
def test_nothing_that_a_terminal_obeys_is_listed(hostile: World, line: str) -> None:
    result = hostile(*line.split())
    assert_harmless(result.out + result.err)


def test_trust_shows_a_hostile_profile_of_a_project_harmlessly(hostile: World) -> None:
    project = hostile.work / "pro\x1b[2J\u202eject\nforged line"
    (project / ".git").mkdir(parents=True)
    text = (hostile.home / ".config/mcpconf/profiles/p.toml").read_text()
    hostile.profile("q", text, project / ".mcpconf")
    hostile.patch.chdir(project)
    for line, code in (("trust", 0), ("trust q", 4), ("trust q --revoke", 0), ("profile show q", 0)):
        result = hostile(*line.split(), code=code)
        assert_harmless(result.out + result.err)


def test_server_test_tells_harmlessly_what_a_server_says(mcpconf: World) -> None:
    answer = {"protocolVersion": f"1{OBEYED}", "serverInfo": {"name": OBEYED, "version": OBEYED}}
    answer["capabilities"] = {"tools": {}}
    tools = {"tools": [{"name": OBEYED}]}
    script = mcpconf.work / "server"
    script.write_text(
        f"""#!/bin/bash
printf 'stray \\033[2J\\n'
while read -r line; do
  case $line in
    *'"initialize"'*) printf '%s\\n' '{json.dumps({"jsonrpc": "2.0", "id": 2, "result": answer})}' ;;
    *'"tools/list"'*) printf '%s\\n' '{json.dumps({"jsonrpc": "2.0", "id": 3, "result": tools})}' ;;
  esac
done
"""
    )
    script.chmod(0o755)
    result = mcpconf("server", "test", "x", "--", str(script))
    assert "1 tool: " in result.out
    assert_harmless(result.out + result.err)
    exact = mcpconf("server", "test", "x", "--json", "--", str(script)).json
    assert (exact["tools"], exact["server_name"]) == ([OBEYED], OBEYED)
    refusing = mcpconf.work / "refusing"
    refusing.write_text("#!/bin/bash\nprintf 'no \\033[2J\\xe2\\x80\\xae\\n' >&2\nexit 1\n")
    refusing.chmod(0o755)
    result = mcpconf("server", "test", "x", "--", str(refusing), code=1)
    assert "no \\x1b[2J\\u202e" in result.out
    assert_harmless(result.out + result.err)


def test_json_gives_a_hostile_profile_exactly(hostile: World) -> None:
    shown = hostile("profile", "show", "p", "--json").json
    assert shown["description"] == OBEYED.replace("\0", "")
    assert shown["servers"][0]["args"][0] == OBEYED.replace("\0", "")
