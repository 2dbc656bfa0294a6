"""What is shown never holds a secret, and stays worth reading."""

from __future__ import annotations

import pytest

from mcpconf.redact import redact


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('"API_KEY": "abc"', '"API_KEY": "***"'),
        ('-API_KEY = "abc"', '-API_KEY = "***"'),
        ("API_KEY = 'abc'", "API_KEY = '***'"),
        ('"token" = "abc\\"d"', '"token" = "***"'),
        ('env = { MY_TOKEN = "abc", PLAIN = "c" }', 'env = { MY_TOKEN = "***", PLAIN = "c" }'),
        ("run --api-key abc", "run --api-key ***"),
        ('["--password", "abc"]', '["--password", "***"]'),
        ("https://me:abc@example.com/x", "https://***@example.com/x"),
        ("ghp_0123456789abcdef", "***"),
    ],
)
def test_a_secret_is_hidden_by_the_name_beside_it_or_by_its_look(text: str, shown: str) -> None:
    assert redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        '"API_KEY": "${API_KEY}"',
        'API_KEY = "secret:API_KEY"',
        '+API_KEY = "${API_KEY:-none}"',
        'description = "keys and tokens"',
        "--color always",
    ],
)
def test_a_reference_and_a_plain_word_stay_readable(text: str) -> None:
    assert redact(text) == text
