"""One profile file: what is accepted, what is said about the rest, and what is kept compiled."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpconf.errors import Located
from mcpconf.profile.faults import Invalid
from mcpconf.profile.raw import RULES, RawProfile, parse, parse_cached
from mcpconf.profile.schema import json_schema, known_keys

FULL = """
description = "all"
extends = ["a", "b"]
[servers.git]
command = "git"
args = ["-c", "${HOME}"]
env = { A = "secret:T" }
cwd = "/x"
image = "ghcr.io/a/b:1@sha256:0"
url = "https://x/${TOKEN:-y}"
transport = "sse"
headers = { Authorization = "Bearer ${secret:T}" }
package = "npm:@a/b@1"
toolkit = "fetch"
routes = ["direct", "wrapper"]
clients = ["claude-code"]
disabled = true
tools = { allow = ["a*"], deny = ["b"] }
timeout = 1000
builtin = false
[servers.git.container]
volumes = ["${HOME}:/x"]
network = "host"
flags = ["--init"]
[route]
order = ["broker", "toolkit"]
"""


def fault_of(text: str) -> str:
    with pytest.raises(Invalid) as caught:
        parse(text, "p.toml", "p")
    return str(caught.value)


def test_every_key_is_read_and_nothing_is_added() -> None:
    raw = parse(FULL, "p.toml", "p")

    assert (raw.name, raw.path, raw.description, raw.extends) == ("p", "p.toml", "all", ("a", "b"))
    assert raw.order == ("broker", "toolkit")
    assert list(raw.servers["git"]) == [
        *["command", "args", "env", "cwd", "image", "url", "transport", "headers", "package", "toolkit", "routes"],
        *["clients", "disabled", "tools", "timeout", "builtin", "container"],
    ]


@pytest.mark.parametrize("text", ["", "# nothing", "\ufeff", "[servers]", "[servers.x]", "[route]"])
def test_a_profile_may_be_empty(text: str) -> None:
    raw = parse(text, "p.toml", "p")

    assert raw.extends == ()
    assert raw.order is None
    assert set(raw.servers) <= {"x"}


def test_one_parent_may_stand_without_a_list() -> None:
    assert parse('extends = "a"', "p.toml", "p").extends == ("a",)


@pytest.mark.parametrize(
    "url", ["https://x", "http://[::1]:1/", "wss://x", "${URL}", "${SCHEME:-https}://x", "secret:URL"]
)
def test_an_address_may_be_led_by_a_reference(url: str) -> None:
    assert parse(f'[servers.x]\nurl = "{url}"', "p.toml", "p").servers["x"]["url"] == url


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('comand = "x"', '1:1: unknown key "comand"; there are description, extends, servers, route'),
        ("descripton = 'x'", '1:1: unknown key "descripton"; did you mean "description"?'),
        ('[servers.git]\n  comand = "x"', '2:3: unknown key "comand"; did you mean "command"?'),
        ('[server.git]\ncommand = "x"', '1:2: unknown key "server"; did you mean "servers"?'),
        ("[servers.x]\n[servers.x.tools]\nalow = []", '3:1: unknown key "alow"; did you mean "allow"?'),
        ("[servers.x]\ncontainer = { volume = [] }", '2:15: unknown key "volume"; did you mean "volumes"?'),
        ("[route]\noder = []", '2:1: unknown key "oder"; did you mean "order"?'),
        (
            "[servers.x]\nenv = { A = 'x', PORT = 8080 }",
            '2:25: servers.x.env.PORT must be a string: put it in quotes, as in PORT = "8080"',
        ),
        (
            "[servers.x.env]\nDEBUG = true",
            '2:9: servers.x.env.DEBUG must be a string: put it in quotes, as in DEBUG = "8080"',
        ),
        ("[servers.x]\nargs = [\n'a',\n3]", "4:1: servers.x.args[1] must be a string"),
        ("[servers.x]\nargs = 'a'", "2:8: servers.x.args must be a list, as in [ ... ]"),
        ("servers = []", "1:11: servers must be a table"),
        ("servers.x = 1", "1:13: servers.x must be a table"),
        ("description = 1979-05-27", "1:15: description must be a string"),
        ("extends = 3", "1:11: extends must be a list, as in [ ... ]"),
        ("extends = ['a', 'a']", "1:11: 'a' stands here twice"),
        ("[route]\norder = ['direct', 'direct']", "2:9: 'direct' stands here twice"),
        ("[servers.x]\ndisabled = 'no'", "2:12: servers.x.disabled must be true or false, without quotes"),
        ("[servers.x]\ntimeout = '5'", "2:11: servers.x.timeout must be a whole number, without quotes"),
        ("[servers.x]\ntimeout = true", "2:11: servers.x.timeout must be a whole number, without quotes"),
        ("[servers.x]\ntimeout = 0", "2:11: servers.x.timeout must be at least 1"),
        ("[servers.x]\ntimeout = 600001", "2:11: servers.x.timeout must be at most 600000"),
        ("[servers.x]\ntransport = 'tcp'", "2:13: servers.x.transport must be one of 'http', 'sse' or 'ws'"),
        ("[servers.x]\ncommand = ' '", "2:11: servers.x.command must not be empty"),
        (
            "[servers.x]\ncommand = 'a'\nargs = [\"\\u0000\"]",
            "3:9: servers.x.args[0] holds a NUL character, which no program can be given",
        ),
        (
            "[servers.x]\nurl = 'ftp://me:pw@x'",
            "2:7: servers.x.url is not an address: begin it with http://, https://, ws:// or wss://",
        ),
        ("[servers.x]\nimage = 'a b'", "2:9: 'a b' is not the name of an image, as in alpine:3.20"),
        ("[servers.x]\ntoolkit = '--x'", "2:11: '--x' is not a name of the Docker MCP catalog"),
        ("[servers.x]\nclients = ['Claude Code']", "2:12: 'Claude Code' is not the id of a client, as in claude-code"),
        ("[servers.x]\nenv = { A-B = '' }", "2:9: 'A-B' is not the name of an environment variable"),
        ("[servers.x.headers]\n'a b' = ''", "2:1: 'a b' is not the name of a header"),
        ('[servers.x.headers]\na = "b\\nc"', "2:5: servers.x.headers.a cannot hold a line break, being a header"),
        (
            "[servers.x]\npackage = 'pypi:x>=1'",
            "2:11: 'pypi:x>=1' is not a package of pypi; write pypi:NAME==VERSION, with one exact version",
        ),
        ("[servers.'a b']", "1:10: 'a b' cannot name a server: use 1 to 64 letters, digits, dashes and underscores"),
        ("[servers.a__b.env]", "1:10: 'a__b' cannot name a server: two underscores separate a server from its tool"),
        ("extends = 'a/b'", "1:11: 'a/b' cannot name a profile: use 1 to 64 letters, digits, dots, dashes"),
        (
            "[servers.x]\nargs = ['ok', 'x ${ Y } z']",
            "2:18: '${ Y }' is not a reference that every client reads alike; "
            "write ${NAME}, ${NAME:-default} or ${secret:NAME}",
        ),
        (
            '[servers.x]\nargs = ["\\t ${"]',
            "2:9: '${' is not a reference that every client reads alike",
        ),
        (
            '[servers.x]\ncwd = """\nab ${"""',
            "2:7: '${' is not a reference that every client reads alike",
        ),
        ("a = \n", "1:5: not valid TOML: Invalid value"),
        ("a = 1\na = 2\n", "2:6: not valid TOML: Cannot overwrite a value"),
        ("[servers.x]\nargs = [", "2:9: not valid TOML: "),
        ("a = '''\nx", "2:2: not valid TOML: "),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, message: str) -> None:
    assert fault_of(text).startswith(f"p.toml:{message}")


def test_everything_that_is_wrong_is_reported_at_once_in_the_order_of_the_file() -> None:
    text = '[servers.git]\nagrs = []\nenv = { A = 1 }\n\n[servers."x y"]\n'
    with pytest.raises(Located) as caught:
        parse(text, "p.toml", "p")

    assert str(caught.value) == (
        'p.toml:2:1: unknown key "agrs"; did you mean "args"?\n'
        'p.toml:3:13: servers.git.env.A must be a string: put it in quotes, as in A = "8080"\n'
        "p.toml:5:10: 'x y' cannot name a server: use 1 to 64 letters, digits, dashes and underscores"
    )
    assert (caught.value.line, caught.value.column) == (2, 1)
    assert caught.value.hint == "mcpconf profile edit p"
    assert caught.value.exit_code == 4


def test_a_text_that_is_nested_without_end_is_refused() -> None:
    assert fault_of("a = " + "[" * 100_000) == "p.toml:1:1: nested too deeply"


@settings(deadline=None)  # the first example imports pydantic
@given(st.text(alphabet="[]{}=.,\"'#\\ \na1é", max_size=40))
def test_any_text_is_either_a_profile_or_located(text: str) -> None:
    try:
        raw = parse(text, "p.toml", "p")
    except Located as error:
        assert 1 <= error.line <= text.count("\n") + 1  # noqa: PT017
        assert error.column >= 1  # noqa: PT017
    else:
        assert raw.servers == {}


class Shelf(dict[str, str]):
    """A cache that can be looked into."""

    def put(self, digest: str, compiled: str) -> None:
        self[digest] = compiled


def test_what_is_compiled_gives_the_same_profile() -> None:
    raw = parse(FULL, "p.toml", "p")

    assert RawProfile.from_json(raw.to_json(), "p", "p.toml") == raw
    assert RawProfile.from_json(RawProfile("e", "e.toml").to_json(), "e", "e.toml").servers == {}


def test_a_text_is_checked_once_and_then_taken_from_the_cache() -> None:
    cache = Shelf()
    first = parse_cached(FULL, "p.toml", "p", cache)
    (digest,) = cache
    cache[digest] = cache[digest].replace('"all"', '"from the cache"')

    again = parse_cached(FULL, "/elsewhere.toml", "q", cache)

    assert first.description == "all"
    assert (again.description, again.path, again.name) == ("from the cache", "/elsewhere.toml", "q")


def test_another_text_is_another_entry() -> None:
    cache = Shelf()
    for text in ("", "\n", "\ufeff"):
        parse_cached(text, "p.toml", "p", cache)

    assert len(cache) == 3


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{}",
        "[]",
        "nonsense",
        "[1,2,3,4,5]",
        '["",[],{"x":1},null,null]',
        '["",[],[],null,null]',
        '["",[],{},null,7]',
        "[" * 99_999,
    ],
)
def test_a_damaged_cache_costs_time_only(damage: str) -> None:
    cache = Shelf()
    parse_cached(FULL, "p.toml", "p", cache)
    (digest,) = cache
    cache[digest] = damage

    assert parse_cached(FULL, "p.toml", "p", cache) == parse(FULL, "p.toml", "p")
    assert cache[digest] != damage


def test_what_is_invalid_is_not_kept() -> None:
    cache = Shelf()
    with pytest.raises(Invalid):
        parse_cached("x = 1", "p.toml", "p", cache)

    assert cache == {}


def test_a_compiled_profile_is_read_without_pydantic(tmp_path: Path) -> None:
    compiled = tmp_path / "compiled"
    compiled.write_text(parse(FULL, "p.toml", "p").to_json())
    script = (
        "import sys, mcpconf.profile.load as load, pathlib\n"
        "load.RawProfile.from_json(pathlib.Path(sys.argv[1]).read_text(), 'p', 'p.toml')\n"
        "print(sorted({'pydantic', 'tomlkit', 'difflib'} & set(sys.modules)))"
    )

    out = subprocess.run([sys.executable, "-c", script, compiled], capture_output=True, check=True, text=True)

    assert out.stdout.strip() == "[]"


def test_the_keys_of_a_profile_are_these_and_a_change_of_them_is_counted() -> None:
    """Where this fails, add one to RULES in raw.py: what was compiled under other rules is no use."""
    server = "command args env cwd image container url transport headers package toolkit"
    later = "endpoint routes clients disabled tools timeout builtin pool idle_timeout spare"

    assert RULES == 6
    assert known_keys() == {
        "profile": ("description", "extends", "servers", "route", "broker", "toolkit"),
        "server": (*server.split(), *later.split()),
        "container": ("volumes", "network", "flags"),
        "tools": ("allow", "deny"),
        "route": ("order",),
        "broker": ("autostart", "gateway", "listen"),
        "gateway": ("listen",),
        "toolkit": ("profile",),
    }


def test_the_schema_for_editors_accepts_what_is_accepted() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)

    jsonschema.validate(tomllib.loads(FULL), schema)
    jsonschema.validate({"extends": "a"}, schema)


@pytest.mark.parametrize(
    "data",
    [
        {"x": 1},
        {"servers": {"a b": {}}},
        {"servers": {"a": {"env": {"A": 1}}}},
        {"servers": {"a": {"routes": ["magic"]}}},
        {"route": {"order": "direct"}},
        {"broker": {"autostart": "yes"}},
        {"servers": {"a": {"pool": "big"}}},
        {"servers": {"a": {"idle_timeout": -1}}},
        {"servers": {"a": {"spare": 2}}},
    ],
)
def test_the_schema_for_editors_refuses_what_is_refused(data: object) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, json_schema())
