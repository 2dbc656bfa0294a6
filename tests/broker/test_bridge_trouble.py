"""What goes wrong between the bridge and a server: each request is answered, and nobody reads a secret."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker.remote import Bridge, Exchange, Remote, answer, note, pair, session

SECRET = "s3cret-value-of-a-header"


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, b'{"error":"invalid_token"}', 'HTTP 401 Unauthorized: {"error":"invalid_token"}'),
        (403, b"", "HTTP 403 Forbidden"),
        (500, b"<h1>Oops</h1><script>x()</script>\n<p>no  luck", "HTTP 500 Internal Server Error: Oops no luck"),
        (503, b"x" * 100_000, "HTTP 503 Service Unavailable: " + "x" * 300 + "..."),
        (502, b"\x1b[31m\xff\x00", "HTTP 502 Bad Gateway: �[31m��"),
        (200, b"<html>welcome</html>", "'text/html', which is no answer"),
        (204, b"", "no answer to this request (HTTP 204)"),
        (202, b"", "no answer to this request (HTTP 202)"),
    ],
)
def test_an_answer_that_is_none_is_told_with_the_servers_first_words(status: int, body: bytes, words: str) -> None:
    with pair(lambda one: one.reply(status, body, kind="text/html")) as (_, bridge):
        assert words in bridge.words()


def test_no_value_of_a_header_comes_back() -> None:
    def script(one: Exchange) -> None:
        one.reply(500, f"you sent {one.headers['Authorization']} {one.headers['X-Key']}".encode(), kind="text/plain")

    headers = {"Authorization": f"Bearer {SECRET}", "X-Key": "another-secret"}
    with pair(script, headers=headers) as (_, bridge):
        assert bridge.words().endswith("you sent *** ***")
        bridge.say(note("notifications/x"))
        bridge.end()
        assert b"notifications/x was not taken" in bridge.complaints
        assert SECRET.encode() not in bridge.complaints
        assert b"another-secret" not in bridge.complaints


def test_what_it_is_told_stands_in_no_place_where_others_look() -> None:
    with pair(lambda one: one.result({}), headers={"Authorization": f"Bearer {SECRET}"}) as (remote, bridge):
        bridge.ask("x")
        for name in ("cmdline", "environ"):
            content = Path(f"/proc/{bridge.popen.pid}/{name}").read_bytes()
            assert SECRET.encode() not in content
            assert remote.origin.encode() not in content


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"garbage",
        b"[]",
        b"7",
        b"{}",
        b"\xff\xfe",
        b'{"jsonrpc":"2.0","id":99,"result":{}}',
        b'{"jsonrpc":"2.0","method":"notifications/x"}',
        b'[{"jsonrpc":"2.0","id":1,"result":{}}]',
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("as_stream", [False, True])
def test_what_is_no_answer_to_the_request_is_an_error(body: bytes, as_stream: bool) -> None:
    def script(one: Exchange) -> None:
        if as_stream:
            one.stream()
            one.chunk(b"data: " + body + b"\n\n")
            one.end()
        else:
            one.reply(200, body)

    with pair(script) as (_, bridge):
        bridge.post("tools/list")
        found = bridge.hear()
        while "error" not in found:  # messages that are none of ours are the broker's to judge
            found = bridge.hear()
        assert (found["id"], found["error"]["code"]) == (1, -32603)


@pytest.mark.parametrize("token", ["null", '"1"', None])
def test_an_answer_that_lost_its_id_gets_it_back(token: str | None) -> None:
    with_id = "" if token is None else f'"id":{token},'
    body = f'{{"jsonrpc":"2.0",{with_id}"error":{{"code":-1,"message":"m"}}}}'.encode()
    with pair(lambda one: one.reply(200, body)) as (_, bridge):
        assert bridge.ask("x")["error"] == {"code": -1, "message": "m"}
    with pair(lambda one: one.reply(400, body)) as (_, bridge):
        assert bridge.ask("x")["error"] == {"code": -1, "message": "m"}


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/mcp"
    with Bridge(url) as bridge:
        assert bridge.words().startswith("no connection to the server")
        assert bridge.words().startswith("no connection to the server"), "and again"


def test_a_server_that_says_nothing() -> None:
    with pair(lambda one: one.gone() and None, patience=0.2) as (_, bridge):
        assert bridge.words() == "the server did not answer within 0.2 s"


def test_a_body_or_a_stream_that_stops_in_the_middle() -> None:
    def script(one: Exchange) -> None:
        one.stream(kind=one.message["params"]["kind"])
        one.chunk(b"{")
        one.gone()

    with pair(script, patience=0.2) as (_, bridge):
        assert "did not answer within" in bridge.words("x", {"kind": "application/json"})
        assert "nothing for too long" in bridge.words("x", {"kind": "text/event-stream"})


@pytest.mark.parametrize(
    "raw", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", b"\0" * 99]
)
def test_what_is_no_http(raw: bytes) -> None:
    def script(one: Exchange) -> None:
        one._handler.wfile.write(raw)
        one.hang_up()

    with pair(script) as (_, bridge):
        assert "broke" in bridge.words()


def test_a_certificate_that_nobody_knows(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    cert, key = certificate(tmp_path)
    context.load_cert_chain(cert, key)
    with Remote(lambda one: one.result({}), tls=context) as remote:
        with Bridge(remote.url) as bridge:
            assert "certificate verify failed" in bridge.words().lower()
        with Bridge(remote.url, env={"SSL_CERT_FILE": str(cert)}) as bridge:
            bridge.ask("x")


def certificate(where: Path) -> tuple[Path, Path]:
    """A certificate for this machine, of nobody's."""
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert, private = where / "cert.pem", where / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert, private


def test_a_redirect_within_the_server_is_followed_with_its_body() -> None:
    def script(one: Exchange) -> None:
        if one.path == "/mcp":
            one.reply(int(one.message["params"]["status"]), Location="/mcp/")
        else:
            one.result({"path": one.path})

    with pair(script, headers={"Authorization": SECRET}) as (remote, bridge):
        for status in (307, 308):
            assert bridge.ask("x", {"status": status})["result"] == {"path": "/mcp/"}
        bridge.ask("x", {"status": 308})
        paths = [remote.next().path for _ in range(5)]
        assert paths == ["/mcp", "/mcp/", "/mcp", "/mcp/", "/mcp/"], "one that is for good is remembered"


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_would_lose_the_message_is_an_error(status: int) -> None:
    with pair(lambda one: one.reply(status, Location="/mcp/")) as (_, bridge):
        assert "make a GET" in bridge.words()


def test_a_redirect_to_another_server_is_not_followed() -> None:
    with Remote(lambda one: one.result({})) as other:
        where = other.url + "?secret=query"
        with pair(lambda one: one.reply(307, Location=where), headers={"Authorization": SECRET}) as (_, bridge):
            words = bridge.words()
        assert other.origin in words
        assert "query" not in words
        assert other.seen.qsize() == 0


def test_redirects_without_end_are_an_error() -> None:
    with pair(lambda one: one.reply(307, Location="/mcp")) as (remote, bridge):
        assert "redirects more than 5 times" in bridge.words()
        assert remote.seen.qsize() == 5


MEGABYTE = b"x" * 1_000_000


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
@pytest.mark.parametrize(
    "start", [b'{"jsonrpc":"2.0","id":1,"result":{"a":"', b'data: {"jsonrpc":"2.0","id":1,"result":{"a":"']
)
def test_a_message_beyond_the_limit_is_an_error(kind: str, start: bytes) -> None:
    def script(one: Exchange) -> None:
        one.stream(kind=kind)
        one.chunk(start)
        with contextlib.suppress(OSError):
            for _ in range(66):
                one.chunk(MEGABYTE)
        one.gone()

    with pair(script) as (_, bridge):
        words = bridge.words()
        assert "64 MB" in words or "64000000" in words
        assert resident(bridge.popen.pid) < 700_000_000


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


@pytest.mark.parametrize("as_stream", [False, True])
def test_a_large_answer_passes_and_a_slow_reader_is_waited_for(as_stream: bool) -> None:
    text = "y" * 20_000_000

    def script(one: Exchange) -> None:
        if as_stream:
            one.stream().event(answer(one.message["id"], {"a": text}))
            one.end()
        else:
            one.result({"a": text})

    with pair(script) as (_, bridge):
        for _ in range(3):
            bridge.post("x")
        for _ in range(3):
            assert bridge.hear()["result"]["a"] == text


def test_a_stream_of_comments_without_end_costs_nothing() -> None:
    def script(one: Exchange) -> None:
        one.stream()
        for _ in range(200):
            one.chunk(b": " + MEGABYTE[:100_000] + b"\n")
        one.event(answer(one.message["id"], {}))
        one.end()

    with pair(script) as (_, bridge):
        bridge.ask("x")
        assert resident(bridge.popen.pid) < 120_000_000


@contextlib.contextmanager
def proxy() -> Iterator[tuple[str, list[bytes]]]:
    """One that says no, and tells what it was asked."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    with connection:
                        asked.append(connection.recv(65_536))
                        connection.sendall(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", asked
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def test_a_proxy_is_for_the_world_outside() -> None:
    with proxy() as (address, asked):
        env = {"HTTP_PROXY": address, "HTTPS_PROXY": address}
        with pair(lambda one: one.result({}), env=env) as (_, bridge):
            bridge.ask("x")
        assert asked == []
        with Bridge("https://mcp.example.com/x", env=env, headers={"A": SECRET}) as bridge:
            assert "the proxy gives no way" in bridge.words()
        assert asked[0].startswith(b"CONNECT mcp.example.com:443 ")
        assert SECRET.encode() not in asked[0]


def test_a_proxy_that_is_none_is_told() -> None:
    with Bridge("https://mcp.example.com/x", env={"HTTPS_PROXY": "nonsense://x"}) as bridge:
        assert bridge.line() == b""
        assert bridge.end() == 1
        assert b"proxy" in bridge.complaints


@pytest.mark.parametrize("first", [b"", b"{}\n", b"7\n", b"nonsense\n", b'["ftp://x","http",{},1]\n'])
def test_what_it_cannot_begin_with(first: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.broker.remote.dump", lambda setup: first.removesuffix(b"\n"))
        with Bridge("http://127.0.0.1:1/") as bridge:
            assert bridge.line() == b""
            assert bridge.end() == 1


def test_a_line_of_the_brokers_that_is_no_message_is_answered() -> None:
    with pair(session(lambda one: one.result({}))) as (_, bridge):
        bridge.say(b"garbage")
        assert bridge.hear()["error"]["code"] == -32700
        bridge.greet()


def test_a_server_that_has_no_stream_of_its_own_is_asked_once() -> None:
    def listen(one: Exchange) -> None:
        one.reply(404, b"no such page", kind="text/plain")

    with pair(session(lambda one: one.result({}), listen=listen)) as (remote, bridge):
        bridge.greet()
        remote.next("GET")
        for _ in range(3):
            bridge.ask("tools/list")
        assert bridge.end() == 0
