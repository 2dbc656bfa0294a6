"""The handshake: whoever holds the key is let in, and no byte may be other than it should be."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mcpconf.broker.door.auth import LINE_LIMIT, Admitted, Challenge, Reply, Turned, proof, refusal, reply

KEY = bytes(range(32))
OTHER = bytes(range(1, 33))
SERVER_NONCE = "0123456789abcdef" * 2
CLIENT_NONCE = "fedcba9876543210" * 2
KEYS = {"laptop": KEY, "box-2": OTHER}

NONCES = st.text("0123456789abcdef", min_size=32, max_size=32)
SECRETS = st.binary(min_size=32, max_size=32)
IDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=32)
SERVERS = st.from_regex(r"[A-Za-z0-9_-]{1,64}(\.[0-9a-f]{8})?", fullmatch=True)
TARGETS = st.one_of(SERVERS.map("open/".__add__), st.sampled_from(["control", "list", "open/*"]))


def challenge(nonce: str = SERVER_NONCE) -> Challenge:
    return Challenge(KEYS.get, nonce)


def good(target: str = "open/time", *, key: bytes = KEY, key_id: str = "laptop", nonce: str = SERVER_NONCE) -> Reply:
    answer = reply(f"MCPCONF1 {nonce}\n".encode(), key_id, key, target, CLIENT_NONCE)
    assert answer is not None
    return answer


@given(SECRETS, IDS, TARGETS, NONCES, NONCES, st.binary(max_size=20), st.lists(st.integers(0, 400), max_size=8))
def test_both_sides_of_one_key_agree_wherever_the_bytes_are_cut(
    key: bytes, key_id: str, target: str, ours: str, theirs: str, rest: bytes, cuts: list[int]
) -> None:
    broker = Challenge({key_id: key}.get, ours)
    answer = reply(broker.greeting(), key_id, key, target, theirs)
    assert answer is not None
    line = answer.line
    places = sorted({min(cut, len(line) - 1) for cut in cuts} | {0, len(line) - 1})
    for start, end in pairwise(places):
        assert broker.feed(line[start:end]) is None

    admitted = broker.feed(line[-1:] + rest)

    assert isinstance(admitted, Admitted)
    assert (admitted.key_id, admitted.target, admitted.rest) == (key_id, target, rest)
    assert answer.proves(admitted.line)


def test_the_longest_line_that_can_be_right_is_within_the_limit() -> None:
    target = "open/" + "a" * 64 + ".01234567"
    answer = reply(challenge().greeting(), "i" * 32, KEY, target, CLIENT_NONCE)
    assert answer is not None
    assert len(answer.line) <= LINE_LIMIT
    assert isinstance(Challenge({"i" * 32: KEY}.get, SERVER_NONCE).feed(answer.line), Admitted)


@pytest.mark.parametrize(
    ("target", "server"), [("open/time", "time"), ("open/a.0011aabb", "a.0011aabb"), ("control", None), ("list", None)]
)
def test_an_admitted_client_has_named_a_server_or_something_else(target: str, server: str | None) -> None:
    admitted = challenge().feed(good(target).line)
    assert isinstance(admitted, Admitted)
    assert admitted.server == server


@given(st.integers(0), st.integers(1, 255))
@example(0, 0x20)
def test_a_line_with_any_byte_changed_is_turned_away(place: int, difference: int) -> None:
    line = bytearray(good().line)
    place %= len(line)
    line[place] ^= difference
    broker = challenge()

    answer = broker.feed(bytes(line))

    if answer is None:  # the line's end itself was changed, and another may come
        assert place == len(line) - 1
        answer = broker.feed(b"\n")
    assert isinstance(answer, Turned)


@given(st.integers(0, 210), st.binary(min_size=1, max_size=40))
def test_a_line_with_bytes_put_in_is_turned_away(place: int, added: bytes) -> None:
    line = good().line
    place = min(place, len(line) - 2)  # behind the proof a line end is the line end
    broker = challenge()
    answer = broker.feed(line[:place] + added + line[place:])
    assert isinstance(answer, Turned)


@given(st.integers(0, 210), st.integers(1, 210))
def test_a_line_with_bytes_taken_out_is_turned_away(place: int, count: int) -> None:
    line = good().line
    place = min(place, len(line) - 2)
    shorter = line[:place] + line[min(place + count, len(line) - 1) :]
    assert isinstance(challenge().feed(shorter), Turned)


@given(st.binary(max_size=600))
@example(b"GET / HTTP/1.1\r\n")
@example(b"POST / HTTP/1.1\r\nContent-Type: text/plain\r\n\r\n{}\n")
@example(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
@example(b"*1\r\n$4\r\nPING\r\n")
@example(b'{"jsonrpc":"2.0","id":1,"method":"initialize"}\n')
@example(b"AUTH " + b"a" * 300)
def test_what_is_no_proof_is_never_let_in_and_never_waited_for_beyond_the_limit(raw: bytes) -> None:
    broker = challenge()
    answer = broker.feed(raw)
    assert not isinstance(answer, Admitted)
    if answer is None:
        assert len(raw) < LINE_LIMIT
        assert b"AUTH ".startswith(raw[:5])


@pytest.mark.parametrize("first", [b"G", b"P", b"\x16", b"*", b"{", b"\n", b"a", b"AUTh"])
def test_another_protocol_is_known_by_its_first_bytes(first: bytes) -> None:
    assert isinstance(challenge().feed(first), Turned)


def test_the_limit_counts_the_line_end() -> None:
    short, long = b"AUTH " + b"x" * 250, b"AUTH " + b"x" * 251
    assert challenge().feed(short) is None
    assert challenge().feed(long) == Turned("its first line is too long")


@given(NONCES.filter(lambda nonce: nonce != SERVER_NONCE))
def test_a_recorded_line_is_worth_nothing_at_another_nonce(nonce: str) -> None:
    assert isinstance(challenge().feed(good().line), Admitted)
    assert isinstance(challenge(nonce).feed(good().line), Turned)


def test_one_challenge_answers_once() -> None:
    broker = challenge()
    assert isinstance(broker.feed(good().line), Admitted)
    assert isinstance(broker.feed(good().line), Turned)

    broker = challenge()
    assert isinstance(broker.feed(b"GET /"), Turned)
    assert isinstance(broker.feed(good().line), Turned)


@given(TARGETS, TARGETS)
def test_a_proof_for_one_target_is_none_for_another(proved: str, claimed: str) -> None:
    line = good(proved).line.replace(f" {proved} ".encode(), f" {claimed} ".encode())
    assert isinstance(challenge().feed(line), Admitted) is (proved == claimed)


def test_the_key_of_one_id_is_none_for_another() -> None:
    assert isinstance(challenge().feed(good(key_id="box-2").line), Turned)
    assert isinstance(challenge().feed(good(key=OTHER).line), Turned)


def test_an_unknown_id_is_turned_away_even_with_the_key_that_stands_in_for_it() -> None:
    assert isinstance(challenge().feed(good(key_id="nobody", key=bytes(32)).line), Turned)


def test_an_unknown_id_costs_the_same_computations(monkeypatch: pytest.MonkeyPatch) -> None:
    import hmac

    made: list[str] = []
    digest, compare = hmac.digest, hmac.compare_digest

    def counted(key: bytes, message: bytes, name: str) -> bytes:
        made.append(f"digest of {len(key)} and {len(message)}")
        return digest(key, message, name)

    def compared(one: bytes, other: bytes) -> bool:
        made.append(f"compare {len(one)} and {len(other)}")
        return compare(one, other)

    lines = [good(key_id=key_id, key=bytes(32)).line for key_id in ("nobody", "laptop")]
    monkeypatch.setattr("hmac.digest", counted)
    monkeypatch.setattr("hmac.compare_digest", compared)
    costs = []
    for line in lines:
        made.clear()
        assert isinstance(challenge().feed(line), Turned)
        costs.append(list(made))

    assert costs[0] == costs[1]
    assert len(costs[0]) == 2


def test_a_clients_own_proof_is_not_the_brokers() -> None:
    """An impostor that sends back what the client sent has proved nothing."""
    answer = good()
    claimed = answer.line.split()[-1]
    assert not answer.proves(b"OK " + claimed + b"\n")


@given(st.binary(max_size=100))
def test_nothing_but_the_one_line_proves_a_broker(line: bytes) -> None:
    answer = good()
    assert answer.proves(line) is (line == answer.expected)


@given(st.integers(0), st.integers(1, 255))
def test_a_brokers_proof_with_any_byte_changed_proves_nothing(place: int, difference: int) -> None:
    answer = good()
    line = bytearray(answer.expected)
    line[place % len(line)] ^= difference
    assert not answer.proves(bytes(line))


@pytest.mark.parametrize("line", [b"", b"MCPCONF1\n", b"MCPCONF2 " + b"0" * 32 + b"\n", b"MCPCONF1 " + b"0" * 32])
def test_what_does_not_greet_gets_no_answer(line: bytes) -> None:
    assert reply(line, "laptop", KEY, "list", CLIENT_NONCE) is None


@pytest.mark.parametrize(
    ("key_id", "target", "nonce"),
    [
        ("Laptop", "list", CLIENT_NONCE),
        ("laptop", "open/../x", CLIENT_NONCE),
        ("laptop", "open/", CLIENT_NONCE),
        ("laptop", "open/a b", CLIENT_NONCE),
        ("laptop", "open/é", CLIENT_NONCE),
        ("laptop", "open/" + "a" * 65, CLIENT_NONCE),
        ("laptop", "exec", CLIENT_NONCE),
        ("laptop", "list\n", CLIENT_NONCE),
        ("laptop", "list", CLIENT_NONCE.upper()),
    ],
)
def test_a_client_does_not_send_what_no_broker_takes(key_id: str, target: str, nonce: str) -> None:
    with pytest.raises(ValueError, match="no broker takes"):
        reply(challenge().greeting(), key_id, KEY, target, nonce)


@pytest.mark.parametrize("nonce", ["", "0" * 31, "A" * 32, "0" * 32 + "\n"])
def test_a_challenge_needs_a_whole_nonce(nonce: str) -> None:
    with pytest.raises(ValueError, match="nonce"):
        Challenge(KEYS.get, nonce)


def test_the_proof_is_the_documented_one() -> None:
    """So that a client in another language can be checked against it."""
    shown = proof(KEY, "c", SERVER_NONCE, CLIENT_NONCE, "open/time")
    assert shown == "29ba39432f543f117cc7cf0cddc9ddba249673940d8b001ca62d509ef79f9bc2"


def test_a_refusal_is_one_line_whatever_the_reason() -> None:
    assert refusal("no server\nOK x\x1b[2J") == b"NO no server?OK x?[2J\n"


def test_no_repr_shows_what_a_client_said_or_must_hear() -> None:
    admitted = challenge().feed(good().line + b'{"secret":1}')
    assert "secret" not in repr(admitted)
    assert good().expected.decode().strip() not in repr(good())


def test_openssl_is_loaded_when_a_proof_is_made_and_not_before() -> None:
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]; from mcpconf.broker.door.auth import Challenge; "
        "before = 'hmac' in sys.modules or '_hashlib' in sys.modules; c = Challenge(lambda i: None, '0' * 32); "
        "c.feed(b'AUTH a ' + b'0' * 32 + b' list ' + b'0' * 64 + b'\\n'); print(before, 'hmac' in sys.modules)"
    )
    # Without the site module, as the broker is started: what measures coverage comes by it, and loads OpenSSL.
    root = str(Path(__file__).resolve().parents[2])
    argv = [sys.executable, "-I", "-S", "-c", code, root]
    ran = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "True"]
