"""What is taken for a secret in clear, and what only sounds like one."""

from __future__ import annotations

import pytest

from mcpconf.doctor.clear import in_clear

SECRET = "Zx91-kkQ7-poWm"
LOOKS = "ghp_" + "Zz9" * 12


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITHUB_TOKEN", SECRET), ("OPENAI_API_KEY", SECRET), ("DB_PASSWORD", SECRET), ("ANYTHING", LOOKS),
        ("DATABASE_URL", f"postgres://me:{SECRET}@db/x"), ("API_KEYS", SECRET), ("CLIENT_SECRET", SECRET),
    ],
)  # fmt: skip
def test_a_secret_in_env(name: str, value: str) -> None:
    assert in_clear({"env": {name: value}}) == (f"env {name}",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITHUB_TOKEN", "${GITHUB_TOKEN}"), ("TOKEN", "secret:TOKEN"), ("TOKEN", "${TOKEN:-}"), ("TOKEN", ""),
        ("MAX_TOKENS", "10000000000"), ("TOKEN_LIMIT", "20000000"), ("API_KEY_FILE", "/run/secrets/api-key"),
        ("SSH_KEY_PATH", "~/.ssh/id_ed25519"), ("AUTH_MODE", "client-credentials"), ("AUTHOR", "Somebody-else 12"),
        ("TOKEN_ENDPOINT", "https://example.com/oauth/token"), ("PASSWORD", "short"), ("USE_AUTH", "true-or-false1"),
        ("API_KEY", "<your key goes here>"), ("API_KEY", "YOUR_API_KEY_1234"), ("SECRET", "xxxxxxxxxxxx"),
        ("KEYBOARD_LAYOUT", "us-international-9"), ("MONKEY", "see-no-evil-3"), ("AUTH_SCHEME", "http-basic-5617"),
        ("TOKEN", "op://vault/item/field"), ("DATABASE_URL", "postgres://localhost:5432/db"),
        ("DATABASE_URL", "postgres://me:${PASSWORD}@db/x"), ("PUBLIC_URL", "https://example.com/?page=2&sort=asc"),
    ],
)  # fmt: skip
def test_what_only_sounds_so(name: str, value: str) -> None:
    assert in_clear({"env": {name: value}}) == ()


@pytest.mark.parametrize(
    ("args", "place"),
    [
        (["--api-key", SECRET], "args --api-key"), ([f"--token={SECRET}"], "args --token"),
        (["-H", f"Authorization: Bearer {SECRET}"], "args -H Authorization"), ([LOOKS], "args a value"),
        (["-e", f"API_TOKEN={SECRET}"], "args API_TOKEN"), (["--header", f"X-Api-Key:{SECRET}"],
        "args --header X-Api-Key"), ([f"postgres://me:{SECRET}@db/x"], "args a value"),
    ],
)  # fmt: skip
def test_a_secret_among_the_arguments(args: list[str], place: str) -> None:
    assert in_clear({"args": args}) == (place,)


@pytest.mark.parametrize(
    "args",
    [
        ["--token-file", "/run/token"], ["--api-key", "${KEY}"], ["--no-auth", "--verbose"], ["-e", "API_TOKEN"],
        ["-H", "Accept: application/json"], ["--auth", "oauth"], ["-y", "@scope/auth-server@1.2.3"],
        ["--max-tokens=900"],
        ["https://example.com/authorize?client=a"], ["-H", "Authorization: Bearer ${TOKEN}"],
    ],
)  # fmt: skip
def test_arguments_without_one(args: list[str]) -> None:
    assert in_clear({"args": args}) == ()


def test_addresses_and_headers() -> None:
    found = in_clear(
        {"url": f"https://mcp.example.com/?api_key={SECRET}", "headers": {"Authorization": f"Bearer {SECRET}"}}
    )
    assert found == ("headers Authorization", "url")
    assert in_clear({"url": "https://mcp.example.com/mcp?keyboard=1", "headers": {"X-Region": "eu-central-1a"}}) == ()


def test_other_shapes_say_nothing() -> None:
    assert in_clear({"env": ["TOKEN"], "args": "--token x", "url": 5, "headers": None}) == ()
