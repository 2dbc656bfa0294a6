"""An entry in each client's own words, and the table of clients."""

from __future__ import annotations

import pytest

from mcpconf.client import claude_code, claude_desktop
from mcpconf.client.entry import process_entry, remote_entry
from mcpconf.client.paths import absolute, ancestors, join, parent
from mcpconf.client.table import CLIENTS, client
from mcpconf.errors import UsageError


def test_claude_code_is_told_the_type_and_the_time_out() -> None:
    assert process_entry(claude_code.SPEC, "x", ("a",), {"E": "1"}, 5000) == {
        "type": "stdio",
        "command": "x",
        "args": ["a"],
        "env": {"E": "1"},
        "timeout": 5000,
    }


def test_claude_desktop_gets_what_it_knows_and_nothing_else() -> None:
    assert process_entry(claude_desktop.SPEC, "x", (), {}, 5000) == {"command": "x", "args": []}


def test_a_remote_entry_always_has_its_type() -> None:
    assert remote_entry(claude_code.SPEC, "sse", "https://a", {}, None) == {"type": "sse", "url": "https://a"}
    assert remote_entry(claude_code.SPEC, "http", "https://a", {"H": "v"}, 1)["headers"] == {"H": "v"}


def test_clients_are_found_by_their_ids() -> None:
    assert [client(spec.id) for spec in CLIENTS] == list(CLIENTS)
    with pytest.raises(UsageError, match="there is no client 'cursor'") as caught:
        client("cursor")
    assert caught.value.hint == "known clients: claude-code, claude-desktop"


@pytest.mark.parametrize(
    ("platform", "path", "above"),
    [
        ("linux", "/a/b", ("/a/b", "/a", "/")),
        ("windows", r"C:\a\b", ("C:\\a\\b", "C:\\a", "C:\\")),
        ("windows", r"\\host\share\a", (r"\\host\share\a", "\\\\host\\share\\")),
    ],
)
def test_directories_above_end_at_the_root(platform: str, path: str, above: tuple[str, ...]) -> None:
    assert ancestors(platform, path) == above
    assert parent(platform, above[-1]) == above[-1]


def test_paths_are_joined_in_the_manner_of_their_system() -> None:
    assert join("linux", "/a", "b", "c") == "/a/b/c"
    assert join("windows", "C:\\a", "b", "c") == r"C:\a\b\c"
    assert absolute("windows", r"C:\a\b", r"..\c") == r"C:\a\c"
    assert absolute("windows", r"C:\a\b", "D:/c") == r"D:\c"
    assert absolute("linux", "/a/b", "./../c/") == "/a/c"
