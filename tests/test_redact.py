"""No secret in what is shown, by its name or by its look; what is none stays readable."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf.redact import HIDDEN, redact

SECRET = "s3cr3t-Value/+="

HIDING = {
    "header in one string": f'["X-Api-Key: {SECRET}"]',
    "header in one string, for curl": f'["-H", "X-Custom: {SECRET} and more"]',
    "option in one string": f'["--token={SECRET} and more"]',
    "assignment in one string": f'["--env=DB_PASSWORD={SECRET}, and more"]',
    "option with an underscore": f"--api_key {SECRET}",
    "option of one common word": f'["--key", "{SECRET}"]',
    "value in quotes of a shell": f"--password 'a {SECRET}'",
    "basic anywhere": "Basic s3cr3t-Value!",
    "user info with an @ in it": "https://user:s3@cr3t-s3cr3t-Value@example.com/x",
    "user info without a scheme": "me:s3cr3t-Value@db.example.com:5432/x",
    "user info half a reference": "https://${USER}:s3cr3t-Value@example.com/",
    "default of a reference": '"API_KEY": "${API_KEY:-s3cr3t-Value}"',
    "default of a reference that stands alone": '["${API_KEY:-s3cr3t and Value}", "b"]',
    "default of a reference in an address": "https://example.com/${MY_TOKEN:-s3cr3t-Value}/x",
    "default behind its scheme": "X: Bearer ${T:-s3cr3t-Value}",
    "scheme and value behind an assignment": "AUTHORIZATION=Bearer s3cr3t-Value",
    "behind a reference": "API_KEY=${A}s3cr3t-Value",
    "backslash at the end in JSON in JSON": json.dumps({"C": json.dumps({"token": "s3cr3t-Value\\"})}) + "\n",
    "JSON member": f'{{"API_KEY": "{SECRET}"}}',
    "JSON member, lower case": f'"github_token" : "{SECRET}"',
    "header": f'"Authorization": "Bearer {SECRET}"',
    "cookie": f'"Cookie": "{SECRET}"',
    "assignment": f"DB_PASSWORD={SECRET}",
    "assignment in a list": f'["-e", "MY_SECRET={SECRET}"]',
    "flag and value": f"server --api-key {SECRET} --port 1",
    "flag with equals sign": f"server --token={SECRET}",
    "flag in a list": f'["--api-key", "{SECRET}"]',
    "flag in a list over lines": f'[\n  "--auth-token",\n  "{SECRET}"\n]',
    "bearer anywhere": f"curl -H 'X: Bearer {SECRET}'",
    "user info": "https://user:s3cr3t-Value@example.com/x",
    "user info of a database": "postgresql://u:s3cr3t-Value@db:5432/x",
    "a token as user": "https://s3cr3t-Value@example.com/",
    "JSON in a JSON string": json.dumps({"CONFIG": json.dumps({"client_secret": SECRET, "a": 1})}),
    "JSON in JSON in JSON": json.dumps({"C": json.dumps({"D": json.dumps({"password": SECRET})})}),
    "query of a URL": f"https://example.com/mcp?api_key={SECRET}&x=1",
    "escaped quote inside": '{"PASSWORD": "a\\"s3cr3t-Value"}',
    "pat by name": f'"GITHUB_PAT": "{SECRET}"',
    "escaped quote in JSON in JSON": json.dumps({"C": json.dumps({"token": 'a"s3cr3t-Value'})}),
    "private key": f'"private-key": "{SECRET}"',
}

LOOKS = [
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "github_pat_11ABCDEFG0abcdefghijklmnop",
    "sk-ant-api03-abcdefghijklmnop",
    "xoxb-123456789012-abcdef",
    "AKIAIOSFODNN7EXAMPLE",
    "AIzaSyA1234567890abcdefghijklmnopqrstuv",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
    "glpat-abcdefghijklmnop",
    "npm_abcdefghijklmnopqrstuvwxyz",
    "gsk_abcdefghijklmnopqrst",
    "tvly-dev-abcdefghijklmnop",
    "lin_api_abcdefghijklmnopqrst",
    "figd_abcdefghijklmnop",
]

READABLE = [
    '"API_KEY": "${API_KEY}"',
    '"API_KEY": "${API_KEY:-}"',
    '["${API_KEY}", "${API_KEY:-}", "${MODE:-fast}", "Bearer ${T:-}"]',
    '"Authorization": "Bearer ${TOKEN}"',
    "MY_TOKEN=${MY_TOKEN}",
    "--api-key ${KEY}",
    '"PATH": "/usr/bin:/bin"',
    '"path": "/home/u/project"',
    '"command": "/usr/bin/patch"',
    "--path /tmp --pattern x",
    "https://example.com/a@b",
    "http://127.0.0.1:8811/mcp",
    "user@example.com",
    '"args": ["-y", "@modelcontextprotocol/server-filesystem"]',
    "switch essentials: +2 ~1 -0",
    "pypi:mcp-server-git==2026.1",
    "https://${TOKEN}@example.com/",
    "secret:TOKEN is not set; try: mcpconf secret set TOKEN --keyring < FILE",
    '["secret:TOKEN", "npm:left-pad@1.0.2", "alpine:3.20@sha256:abc", "git@github.com:a/b"]',
    '"--header", "Authorization:${MCPCONF_HEADER_0}"',
    '"keyboard": "us"',
    "token://host/path",
    json.dumps({"C": json.dumps({"token": "", "a": "b"})}),
    json.dumps({"C": json.dumps({"token": "${T}", "a": "b"})}),
]


@pytest.mark.parametrize("name", HIDING)
def test_a_secret_is_hidden_where_it_stands(name: str) -> None:
    shown = redact(HIDING[name])
    assert "s3cr3t" not in shown
    assert "Value" not in shown
    assert HIDDEN in shown


@pytest.mark.parametrize("secret", LOOKS)
def test_a_secret_is_known_by_its_look(secret: str) -> None:
    assert redact(f'"args": ["{secret}"]') == f'"args": ["{HIDDEN}"]'


@pytest.mark.parametrize("text", READABLE)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert redact(text) == text


def test_what_stands_around_a_secret_stays() -> None:
    assert redact(f'{{"command": "x", "env": {{"TOKEN": "{SECRET}", "MODE": "a"}}}}') == (
        f'{{"command": "x", "env": {{"TOKEN": "{HIDDEN}", "MODE": "a"}}}}'
    )
    assert redact("x://u:p@h/") == f"x://{HIDDEN}@h/"


def test_hiding_twice_changes_nothing_more() -> None:
    for text in HIDING.values():
        once = redact(text)
        assert redact(once) == once


values = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12).map("zq".__add__)


@given(st.sampled_from(["API_KEY", "my-token", "dbPassword", "client_secret"]), values)
def test_any_value_of_a_secret_name_is_hidden_in_json(name: str, value: str) -> None:
    shown = redact(json.dumps({"env": {name: value}, "other": "stays"}, ensure_ascii=False))
    assert "zq" not in shown
    assert '"other": "stays"' in shown


@pytest.mark.parametrize("unit", ["aB3-", "a:", "x.b+c-"])
def test_a_long_word_is_looked_through_in_time_that_grows_with_its_length(unit: str) -> None:
    began = time.perf_counter()
    redact(json.dumps({"data": unit * 20_000}))
    assert time.perf_counter() - began < 20
