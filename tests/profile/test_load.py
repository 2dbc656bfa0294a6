"""Profiles with all that they build on."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf.errors import Located, McpconfError
from mcpconf.model import ContainerOptions, Layer, Pool, RouteName, Server, ToolFilter
from mcpconf.profile.faults import Invalid
from mcpconf.profile.load import NoProfile, Untrusted, merged, resolve
from tests.profile.places import Shelf

PARENT = """
description = "parent"
[servers.git]
command = "git"
args = ["a", "b"]
env = { A = "1", B = "2" }
tools = { allow = ["x"] }
[servers.time]
package = "pypi:t"
[route]
order = ["wrapper", "direct"]
"""


def server(shelf: Shelf, name: str, of: str) -> Server:
    (found,) = (server for server in resolve(name, shelf.find).servers if server.name == of)
    return found


def test_a_profile_is_found_with_its_place() -> None:
    profile = resolve("p", Shelf(user={"p": PARENT}).find)

    assert (profile.name, profile.description, profile.layer, profile.path) == (
        "p",
        "parent",
        Layer.USER,
        "/user/p.toml",
    )
    assert profile.order == (RouteName.WRAPPER, RouteName.DIRECT)
    assert [server.name for server in profile.servers] == ["git", "time"]


def test_every_key_of_a_server_arrives() -> None:
    text = """
    [servers.x]
    command = "c"
    args = ["a"]
    env = { E = "e" }
    cwd = "/d"
    image = "i"
    container = { volumes = ["v"], network = "n", flags = ["f"] }
    url = "https://u"
    transport = "sse"
    headers = { H = "h" }
    package = "npm:p"
    toolkit = "t"
    routes = ["direct"]
    clients = ["claude-desktop"]
    disabled = true
    tools = { allow = ["y"], deny = ["n"] }
    timeout = 5
    builtin = true
    pool = "shared"
    idle_timeout = 0
    spare = 1
    """
    assert server(Shelf(user={"p": text}), "p", "x") == Server(
        "x",
        command="c",
        args=("a",),
        env={"E": "e"},
        cwd="/d",
        image="i",
        container=ContainerOptions(("v",), "n", ("f",)),
        url="https://u",
        transport="sse",
        headers={"H": "h"},
        package="npm:p",
        toolkit="t",
        routes=(RouteName.DIRECT,),
        clients=("claude-desktop",),
        disabled=True,
        tools=ToolFilter(("y",), ("n",)),
        timeout=5,
        builtin=True,
        pool=Pool.SHARED,
        idle_timeout=0,
        spare=1,
    )


def test_what_a_server_leaves_out_is_as_the_model_has_it() -> None:
    assert server(Shelf(user={"p": '[servers.x]\ncommand = "c"'}), "p", "x") == Server("x", command="c")


def test_a_child_overrides_its_parent_key_by_key() -> None:
    child = """
    extends = "parent"
    [servers.git]
    args = ["c"]
    env = { B = "3", C = "4" }
    tools = { deny = ["y"] }
    [servers.new]
    url = "https://x"
    """
    profile = resolve("child", Shelf(user={"parent": PARENT, "child": child}).find)
    git = profile.servers[0]

    assert [server.name for server in profile.servers] == ["git", "time", "new"]
    assert (git.command, git.args) == ("git", ("c",))
    assert git.env == {"A": "1", "B": "3", "C": "4"}
    assert git.tools == ToolFilter(("x",), ("y",))
    assert profile.extends == ("parent",)
    assert profile.order == (RouteName.WRAPPER, RouteName.DIRECT)
    assert profile.description == ""


def test_a_later_parent_wins_over_an_earlier_one_and_the_child_over_both() -> None:
    shelf = Shelf(
        user={
            "one": '[servers.x]\ncommand = "1"\ncwd = "1"\ntimeout = 1\n[route]\norder = ["direct"]',
            "two": '[servers.x]\ncommand = "2"\ncwd = "2"\n[route]\norder = ["wrapper"]',
            "three": '[servers.y]\ncommand = "3"',
            "child": 'extends = ["one", "two", "three"]\n[servers.x]\ncommand = "c"',
        }
    )
    x = server(shelf, "child", "x")

    assert (x.command, x.cwd, x.timeout) == ("c", "2", 1)
    assert resolve("child", shelf.find).order == (RouteName.WRAPPER,)


def test_an_empty_order_takes_back_the_parents() -> None:
    shelf = Shelf(user={"parent": PARENT, "child": 'extends = "parent"\n[route]\norder = []'})

    assert resolve("child", shelf.find).order == ()


@pytest.mark.parametrize(("child", "wanted"), [("", True), ("[broker]\nautostart = false", False), ("[broker]", True)])
def test_the_broker_is_wanted_where_the_nearest_word_says_so(child: str, wanted: bool) -> None:
    silent = '[servers.x]\ncommand = "c"'
    text = f'extends = ["parent", "silent"]\n{child}'
    shelf = Shelf(user={"parent": "[broker]\nautostart = true", "silent": silent, "child": text})

    assert resolve("child", shelf.find).autostart is wanted
    assert resolve("silent", shelf.find).autostart is False


def test_the_gateways_door_is_where_the_nearest_word_says() -> None:
    door = '[broker.gateway]\nlisten = "tcp:127.0.0.1:%d"'
    shelf = Shelf(user={"parent": door % 1, "child": 'extends = "parent"', "other": f'extends = "parent"\n{door % 2}'})

    assert [resolve(name, shelf.find).gateway for name in ("parent", "child", "other")] == [
        "tcp:127.0.0.1:1",
        "tcp:127.0.0.1:1",
        "tcp:127.0.0.1:2",
    ]
    assert resolve("x", Shelf(user={"x": "[broker]"}).find).gateway == ""


@pytest.mark.parametrize("listen", ["8811", "tcp:host:8811", "unix:/x", "tcp:127.0.0.1:"])
def test_the_gateways_door_is_an_address(listen: str) -> None:
    with pytest.raises(Located, match="is not an address to listen on"):
        resolve("x", Shelf(user={"x": f'[broker.gateway]\nlisten = "{listen}"'}).find)


def test_an_unknown_key_of_the_gateway_is_named() -> None:
    with pytest.raises(Located, match='did you mean "listen"'):
        resolve("x", Shelf(user={"x": '[broker.gateway]\nlistne = "tcp:127.0.0.1:1"'}).find)


def test_where_clients_with_a_key_come_is_what_the_nearest_word_says() -> None:
    text = '[broker]\nlisten = "tcp:127.0.0.1:%d"\n'
    shelf = Shelf(user={"parent": text % 1, "child": 'extends = "parent"', "other": f'extends = "parent"\n{text % 2}'})
    found = [resolve(name, shelf.find).listen for name in ("parent", "child", "other")]
    assert found == ["tcp:127.0.0.1:1", "tcp:127.0.0.1:1", "tcp:127.0.0.1:2"]
    with pytest.raises(Located, match="is not an address to listen on"):
        resolve("x", Shelf(user={"x": '[broker]\nlisten = "8812"'}).find)


def test_the_toolkits_own_profile_is_what_the_nearest_word_says() -> None:
    text = '[toolkit]\nprofile = "%s"\n'
    server = '[servers.x]\ntoolkit = "x"\n'
    shelf = Shelf(user={"parent": server + text % "a", "child": 'extends = "parent"', "own": f"{server}{text % 'b'}"})

    assert [resolve(name, shelf.find).toolkit for name in ("parent", "child", "own")] == ["a", "a", "b"]
    assert [server.name for server in resolve("child", shelf.find).servers] == ["x"]


def test_a_profile_of_the_toolkits_alone_is_one_server_that_can_be_told_more() -> None:
    text = '[toolkit]\nprofile = "dev"\n'
    more = text + '[servers.MCP_DOCKER]\nclients = ["claude-code"]\n[servers.own]\ncommand = "c"\n'
    shelf = Shelf(user={"plain": text, "more": more})

    (one,) = resolve("plain", shelf.find).servers
    assert (one.name, one.toolkit) == ("MCP_DOCKER", "profile dev")
    own, told = sorted(resolve("more", shelf.find).servers, key=lambda server: server.name, reverse=True)
    assert (own.toolkit, told.toolkit, told.clients) == (None, "profile dev", ("claude-code",))


@pytest.mark.parametrize("name", ["", "-x", "a b", "--help", "a/b"])
def test_the_toolkits_profile_is_named_as_the_plugin_does(name: str) -> None:
    with pytest.raises(Located, match="is not the id of a Toolkit profile"):
        resolve("x", Shelf(user={"x": f'[toolkit]\nprofile = "{name}"'}).find)


def test_the_word_project_is_no_directory() -> None:
    text = '[servers.x]\ncommand = "c"\ncwd = "project"\n[servers.y]\ncommand = "c"\ncwd = "./project"'
    x, y = resolve("p", Shelf(user={"p": text}).find).servers

    assert (x.cwd, x.directory) == ("project", None)
    assert (y.cwd, y.directory) == ("./project", "./project")


def test_a_disabled_server_stays_and_is_marked() -> None:
    shelf = Shelf(user={"parent": PARENT, "child": 'extends = "parent"\n[servers.git]\ndisabled = true'})

    assert server(shelf, "child", "git").disabled
    assert server(shelf, "child", "git").command == "git"


def test_a_grandparent_named_twice_is_read_once() -> None:
    shelf = Shelf(
        user={
            "top": PARENT,
            "left": 'extends = "top"\n[servers.git]\ncwd = "l"',
            "right": 'extends = "top"\n[servers.git]\ntimeout = 2',
            "child": 'extends = ["left", "right"]',
        }
    )
    git = server(shelf, "child", "git")

    assert (git.cwd, git.timeout) == ("l", 2)


def test_a_tower_of_twins_is_merged_in_no_time() -> None:
    shelf = Shelf(user={"p0": PARENT} | {f"p{n}": f'extends = ["p{n - 1}", "q{n - 1}"]' for n in range(1, 40)})
    shelf.user = {**shelf.user, "q0": PARENT} | {f"q{n}": f'extends = ["p{n - 1}", "q{n - 1}"]' for n in range(1, 40)}

    assert len(resolve("p39", shelf.find).servers) == 2
    assert len(shelf.asked) < 400


def test_a_users_profile_may_extend_the_shipped_one_of_its_name() -> None:
    shelf = Shelf(
        project={"p": 'extends = "p"\n[servers.c]\ncommand = "c"'},
        user={"p": 'extends = "p"\n[servers.b]\ncommand = "b"'},
        shipped={"p": '[servers.a]\ncommand = "a"'},
    )
    profile = resolve("p", shelf.find)

    assert [server.name for server in profile.servers] == ["a", "b", "c"]
    assert profile.layer is Layer.PROJECT


def test_a_project_cannot_slip_its_own_parent_under_a_users_profile() -> None:
    shelf = Shelf(
        project={"base": '[servers.x]\ncommand = "evil"'},
        user={"p": 'extends = "base"', "minimal": '[servers.x]\ncommand = "user"'},
        shipped={
            "base": '[servers.x]\ncommand = "good"',
            "q": 'extends = "minimal"',
            "minimal": '[servers.x]\ncommand = "s"',
        },
    )

    assert server(shelf, "p", "x").command == "good"
    assert server(shelf, "q", "x").command == "s"
    assert server(shelf, "base", "x").command == "evil"


def test_a_name_that_nothing_has_is_an_error_of_its_own() -> None:
    with pytest.raises(NoProfile, match="there is no profile named 'p'") as caught:
        resolve("p", Shelf().find)

    assert caught.value.hint == "mcpconf profile ls"


@pytest.mark.parametrize("name", ["../p", "/etc/passwd", "", "-"])
def test_a_name_that_is_a_path_is_refused_before_anything_is_looked_up(name: str) -> None:
    shelf = Shelf()
    with pytest.raises(McpconfError, match="cannot name a profile"):
        resolve(name, shelf.find)

    assert shelf.asked == []


def message(shelf: Shelf, name: str) -> tuple[str, str | None]:
    with pytest.raises(Invalid) as caught:
        resolve(name, shelf.find)
    return str(caught.value), caught.value.hint


def test_an_unknown_parent_is_located_at_extends() -> None:
    assert message(Shelf(user={"p": '# c\n  extends = "nope"'}), "p") == (
        "/user/p.toml:2:13: there is no profile 'nope' to extend",
        "mcpconf profile ls",
    )


def test_a_profile_that_extends_itself_needs_another_one_behind_it() -> None:
    assert message(Shelf(user={"p": 'extends = "p"'}), "p")[0] == (
        "/user/p.toml:1:11: there is no other profile 'p' to extend"
    )


def test_a_circle_is_located_where_it_closes_with_the_whole_chain() -> None:
    shelf = Shelf(user={"a": 'extends = "b"', "b": '\nextends = ["d", "c"]', "c": 'extends = "b"', "d": ""})

    assert message(shelf, "a") == (
        "/user/c.toml:1:11: profiles extend each other in a circle: a -> b -> c -> b",
        "mcpconf profile edit c",
    )


def test_a_fault_in_a_parent_is_located_in_the_parent() -> None:
    shelf = Shelf(user={"p": 'extends = "q"'}, shipped={"q": "x = 1"})

    assert message(shelf, "p")[0].startswith('/shipped/q.toml:1:1: unknown key "x"')


def test_a_server_without_a_way_is_located_in_the_nearest_file_that_has_it() -> None:
    shelf = Shelf(
        user={"p": 'extends = "q"\n[servers.y]\ncommand = "y"'},
        shipped={"q": '[servers.x]\nargs = ["a"]'},
    )

    assert message(shelf, "p") == (
        "/shipped/q.toml:1:10: the server 'x' has no way to reach it",
        "give it one of command, image, url, package, toolkit, endpoint, builtin",
    )
    shelf.user = {"p": 'extends = "q"\n[servers]\nx.cwd = "/"'}
    assert message(shelf, "p")[0] == "/user/p.toml:3:1: the server 'x' has no way to reach it"


def test_a_file_may_say_half_of_a_server_if_its_child_says_the_rest() -> None:
    shelf = Shelf(user={"half": '[servers.x]\nargs = ["a"]', "p": 'extends = "half"\n[servers.x]\ncommand = "c"'})

    assert server(shelf, "p", "x").args == ("a",)


def test_builtin_false_is_no_way() -> None:
    assert "has no way" in message(Shelf(user={"p": "[servers.x]\nbuiltin = false"}), "p")[0]


@pytest.mark.parametrize("bad", ["p", "q"])
def test_an_untrusted_file_is_inert_be_it_a_parent(bad: str) -> None:
    shelf = Shelf(project={"p": 'extends = "q"', "q": PARENT}, untrusted=frozenset({bad}))

    with pytest.raises(Untrusted, match="could run any command") as caught:
        resolve("p", shelf.find)

    assert caught.value.path == f"/project/{bad}.toml"
    assert caught.value.hint == f"mcpconf trust /project/{bad}.toml"
    assert caught.value.exit_code == 4


def test_an_untrusted_file_can_be_looked_at() -> None:
    shelf = Shelf(project={"p": PARENT}, untrusted=frozenset({"p"}))

    assert len(resolve("p", shelf.find, untrusted=True).servers) == 2


class Cache(dict[str, str]):
    def put(self, digest: str, compiled: str) -> None:
        self[digest] = compiled


def test_with_a_cache_the_result_is_the_same() -> None:
    shelf = Shelf(user={"parent": PARENT, "child": 'extends = "parent"'})
    cache = Cache()
    first, again = resolve("child", shelf.find, cache=cache), resolve("child", shelf.find, cache=cache)

    assert first == again == resolve("child", shelf.find)
    assert len(cache) == 2


def test_a_compiled_form_does_not_outlive_a_broken_chain() -> None:
    shelf = Shelf(user={"parent": PARENT, "child": 'extends = "parent"'})
    cache = Cache()
    resolve("child", shelf.find, cache=cache)
    shelf.user = {"child": 'extends = "parent"'}

    with pytest.raises(Located, match="no profile 'parent'"):
        resolve("child", shelf.find, cache=cache)


KEYS = st.sampled_from(["a", "b", "c"])
# In a valid profile a key is always a table or never.
TABLES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "a": st.integers(),
        "list": st.lists(st.integers(), max_size=2),
        "b": st.dictionaries(KEYS, st.integers()),
        "c": st.dictionaries(KEYS, st.dictionaries(KEYS, st.integers())),
    },
)


@given(TABLES, TABLES, TABLES)
def test_it_does_not_matter_in_which_pairs_a_line_of_ancestors_is_merged(
    one: dict[str, Any], two: dict[str, Any], three: dict[str, Any]
) -> None:
    assert merged(merged(one, two), three) == merged(one, merged(two, three))


@given(TABLES, TABLES)
def test_merging_keeps_every_key_and_the_childs_plain_values(parent: dict[str, Any], child: dict[str, Any]) -> None:
    both = merged(parent, child)

    assert both.keys() == parent.keys() | child.keys()
    assert all(both[key] == value for key, value in child.items() if not isinstance(value, dict))
    assert merged(both, child) == both
    assert list(both)[: len(parent)] == list(parent)


@given(TABLES)
def test_nothing_is_neutral_to_merging(table: dict[str, Any]) -> None:
    assert merged(table, {}) == merged({}, table) == merged(table, table) == table
