"""The loop: framing, pipes, signals. With real pipes and real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf.serve.server import answer_line, serve
from mcpconf.use.stdio import LINE_LIMIT, encode, read_lines
from tests.use.fakes import modern, request, session, tools

START = "from mcpconf.serve.server import main; raise SystemExit(main())"


def talk(data: bytes) -> list[Any]:
    """What a server answers to these bytes and an end of input."""
    client_out, server_in = os.pipe()[::-1]
    client_in, server_out = os.pipe()
    os.write(client_out, data)
    os.close(client_out)
    try:
        assert serve(server_in, server_out, tools()) == 0
    finally:
        os.close(server_in)
        os.close(server_out)
    with os.fdopen(client_in, "rb") as stream:
        return [json.loads(line) for line in stream]


def lines(*messages: Any) -> bytes:
    return b"".join(json.dumps(message).encode() + b"\n" for message in messages)


@contextmanager
def started(code: str = START) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def ask(process: subprocess.Popen[bytes], message: Any) -> Any:
    assert process.stdin
    assert process.stdout
    process.stdin.write(lines(message))
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def test_blank_lines_carriage_returns_and_a_bom_are_tolerated() -> None:
    found = talk(
        b"\xef\xbb\xbf" + lines(request("ping", "a")).replace(b"\n", b"\r\n") + b"\n \r\n" + lines(modern("x"))
    )
    assert [item["id"] for item in found] == ["a", 1]


@pytest.mark.parametrize(
    "line",
    [b"{", b"\xff\xfe", b"hello", b'{"a":NaN}', b"[" * 30_000, b'{"jsonrpc":"2.0","id":1,"method":"ping"} x'],
)
def test_what_is_no_json_is_a_parse_error_and_the_next_line_is_served(line: bytes) -> None:
    first, second = talk(line + b"\n" + lines(request("ping")))
    assert first["error"]["code"] == -32700
    assert "id" not in first
    assert second["result"] == {}


def test_utf16_is_not_guessed() -> None:
    assert talk(json.dumps(request("ping")).encode("utf-16-le") + b"\n")[0]["error"]["code"] == -32700


def test_a_line_is_split_at_line_feeds_only() -> None:
    found = talk('{"jsonrpc":"2.0","id":"a\u2028\x85b","method":"ping"}\n'.encode())
    assert found == [{"jsonrpc": "2.0", "id": "a\u2028\x85b", "result": {}}]


def test_a_last_line_that_was_cut_short_is_no_message() -> None:
    assert talk(lines(request("ping", 1)) + lines(request("ping", 2)).rstrip(b"\n")) == talk(lines(request("ping", 1)))


def test_an_endless_line_is_refused_and_not_kept() -> None:
    here = session()
    assert b"-32600" in (answer_line(None, here) or b"")
    found = iter_lines([b"x" * (LINE_LIMIT // 2)] * 3 + [b"\nshort\n"])
    assert found == [None, b"short"]


def test_a_line_at_the_limit_is_read() -> None:
    assert iter_lines([b"y" * LINE_LIMIT, b"\n"]) == [b"y" * LINE_LIMIT]
    assert iter_lines([b"y" * LINE_LIMIT, b"y\n"]) == [None]


def iter_lines(chunks: list[bytes]) -> list[bytes | None]:
    """`read_lines` over a pipe that gives exactly these chunks."""
    pending = [*chunks, b""]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "read", lambda _descriptor, _size: pending.pop(0))
        return list(read_lines(-1))


@given(st.lists(st.binary(max_size=20), max_size=8))
def test_however_bytes_arrive_the_lines_are_the_same(chunks: list[bytes]) -> None:
    chunks = [chunk for chunk in chunks if chunk]
    assert iter_lines(chunks) == b"".join(chunks).split(b"\n")[:-1]


def test_an_answer_is_one_line_of_ascii() -> None:
    assert encode({"id": "\u2028\ud800\n"}) == b'{"id":"\\u2028\\ud800\\n"}\n'


def test_a_client_that_stops_reading_ends_it_quietly() -> None:
    client_out, server_in = os.pipe()[::-1]
    client_in, server_out = os.pipe()
    os.close(client_in)
    os.write(client_out, lines(request("ping")))
    os.close(client_out)
    assert serve(server_in, server_out, tools()) == 0
    os.close(server_in)
    os.close(server_out)


def test_the_process_serves_both_eras_and_ends_with_its_input() -> None:
    with started() as process:
        assert ask(process, modern("server/discover"))["result"]["supportedVersions"] == ["2026-07-28"]
        assert ask(process, request("initialize", protocolVersion="2025-06-18"))["result"]["capabilities"] == {
            "tools": {}
        }
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err) == (0, b"", b"")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_ends_it_at_once(name: str) -> None:
    with started() as process:
        ask(process, request("ping"))
        process.send_signal(getattr(signal, name))
        assert process.wait(timeout=10) == -getattr(signal, name)
        assert process.stderr
        assert process.stderr.read() == b""


def test_stray_output_of_a_tool_goes_to_stderr_and_children_read_nothing() -> None:
    code = """if True:
        import subprocess, sys
        from mcpconf.serve.server import claim_pipes, serve
        from mcpconf.serve.tools import catalogue
        def noisy(arguments):
            print("stray print")
            subprocess.run([sys.executable, "-c", "import sys; print('stray child', sys.stdin.read())"], check=True)
            return {}
        stdin, stdout = claim_pipes()
        serve(stdin, stdout, catalogue(dict.fromkeys(("status", "env", "profiles", "diff", "doctor"), noisy)))
    """
    with started(code) as process:
        assert ask(process, request("tools/call", name="status"))["result"]["structuredContent"] == {}
        assert ask(process, request("ping", "still in step"))["id"] == "still in step"
        out, err = process.communicate(timeout=30)
        assert out == b""
        assert b"stray print" in err
        assert b"stray child" in err


def test_starting_it_imports_nothing_heavy() -> None:
    heavy = ("typing", "dataclasses", "asyncio", "subprocess", "pydantic", "typer", "mcpconf.system", "inspect")
    code = f"""if True:
        import sys
        from mcpconf.serve.server import main
        import mcpconf.serve.tools
        mcpconf.serve.tools.standard()
        print([name for name in {heavy!r} if name in sys.modules])
    """
    # -S: what a `.pth` file of the environment imports (an editable install, coverage) is not ours to answer for.
    root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], env={"PYTHONPATH": root}, capture_output=True, check=True, text=True
    )
    assert done.stdout == "[]\n"


def test_every_tool_answers_from_an_empty_home() -> None:
    with started() as process:
        for number, name in enumerate(["status", "env", "profiles", "doctor"]):
            result = ask(process, modern("tools/call", number, name=name, arguments={}))["result"]
            assert result["isError"] is False, result
            assert isinstance(result["structuredContent"], dict)
        nothing = ask(process, request("tools/call", name="diff"))["result"]
        assert nothing["isError"] is True
        assert "no profile is active" in nothing["content"][0]["text"]
        change = ask(process, request("tools/call", name="diff", arguments={"profile": "minimal"}))["result"]
        assert change["isError"] is False, change
