"""HMAC-SHA256 in bash: the vectors of RFC 4231, and whatever Python says."""

from __future__ import annotations

import hmac
import random
import re
import subprocess

import pytest

from mcpconf.broker.door.auth import proof
from tests.wrapper.installed import SHELL

# RFC 4231, cases 1 to 4. Cases 6 and 7 are of keys longer than a block, which a key file can't hold; 5 is of a digest
# that is cut off.
RFC_4231 = (
    ("0b" * 20, b"Hi There".hex(), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        b"Jefe".hex(),
        b"what do ya want for nothing?".hex(),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    ("aa" * 20, "dd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (bytes(range(1, 26)).hex(), "cd" * 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
)


def in_bash(function: str, pairs: list[tuple[str, str]], **env: str) -> list[str]:
    """The HMAC of each message (an argument of that function) under each key (hex)."""
    program = f'. "$1"; while read -r key text; do _mc_hmac_key $key; {function} "$text"; echo $_mc_hash; done'
    given = "".join(f"{key} {text}\n" for key, text in pairs)
    ran = subprocess.run(
        ["bash", "-c", program, "bash", SHELL], input=given, env=env, capture_output=True, text=True, check=True
    )
    assert ran.stderr == ""
    return ran.stdout.split()


def in_python(key: str, message: str) -> str:
    return hmac.digest(bytes.fromhex(key), bytes.fromhex(message), "sha256").hex()


def test_the_vectors_of_the_standard() -> None:
    assert in_bash("_mc_hmac", [(key, text) for key, text, _ in RFC_4231]) == [digest for *_, digest in RFC_4231]


def test_every_length_around_the_borders_of_blocks() -> None:
    """A message's block has room for 55 bytes beside the padding; a key's is 64."""
    chance = random.Random(4231)
    lengths = [*range(5), *range(53, 67), *range(117, 131), 200]
    pairs = [(chance.randbytes(32).hex(), chance.randbytes(length).hex()) for length in lengths]
    pairs += [(chance.randbytes(length).hex(), chance.randbytes(80).hex()) for length in (1, 31, 33, 63, 64)]
    assert in_bash("_mc_hmac", pairs) == [in_python(key, message) for key, message in pairs]


def test_keys_and_messages_of_extreme_bits() -> None:
    pairs = [(key * 32, message * 70) for key in ("00", "ff", "80", "7f") for message in ("00", "ff", "80")]
    assert in_bash("_mc_hmac", pairs) == [in_python(key, message) for key, message in pairs]


def test_many_of_the_handshakes_own_texts() -> None:
    chance = random.Random(7)
    pairs, expected = [], []
    for _ in range(60):
        key, ours, theirs = chance.randbytes(32), chance.randbytes(16).hex(), chance.randbytes(16).hex()
        side, target = chance.choice("cs"), "open/" + "".join(chance.choices("abcXYZ019_-", k=chance.randint(1, 64)))
        pairs.append((key.hex(), f"{side}|{ours}|{theirs}|{target}"))
        expected.append(proof(key, side, ours, theirs, target))
    assert in_bash("_mc_hmac_text", pairs) == expected


@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "nonsense"])
def test_the_callers_locale_makes_no_difference(locale: str) -> None:
    program = '. "$1"; _mc_hmac_key 0b0b; _mc_hmac_text "c|x"; echo $_mc_hash'
    ran = subprocess.run(
        ["bash", "-c", program, "bash", SHELL], env={"LC_ALL": locale}, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == in_python("0b0b", b"c|x".hex())


def test_each_nonce_is_another_of_32_digits() -> None:
    """400 of 16 bytes: NUL, line ends, spaces and bytes beyond ASCII are among them."""
    program = '. "$1"; for ((i = 0; i < 400; i++)); do _mc_make_nonce; echo $_mc_nonce; done'
    ran = subprocess.run(["bash", "-c", program, "bash", SHELL], capture_output=True, text=True, check=True)
    nonces = ran.stdout.split()
    assert len(set(nonces)) == 400
    assert all(re.fullmatch("[0-9a-f]{32}", nonce) for nonce in nonces)
    seen = {byte for nonce in nonces for byte in bytes.fromhex(nonce)}
    assert {0, 9, 10, 32, 92, 127, 128, 255} <= seen
