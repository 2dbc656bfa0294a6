"""The secrets file as a value."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpconf.errors import McpconfError
from mcpconf.profile.secrets import SecretsFile, check_secret_name

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
VALUES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


def made(secrets: dict[str, str]) -> SecretsFile:
    file = SecretsFile()
    for name, value in secrets.items():
        file = file.with_(name, value)
    return file


@given(st.dictionaries(NAMES, VALUES))
def test_what_was_dumped_is_loaded_again(secrets: dict[str, str]) -> None:
    file = SecretsFile.load(made(secrets).dump())

    assert {name: file.get(name) for name in file.names()} == secrets
    assert file.names() == tuple(sorted(secrets))


@given(st.dictionaries(NAMES, VALUES), NAMES, VALUES)
def test_setting_and_removing_touch_one_name_only(secrets: dict[str, str], name: str, value: str) -> None:
    file = made(secrets).with_(name, value)

    assert file.values == {**secrets, name: value}
    assert file.without(name).values == {key: other for key, other in secrets.items() if key != name}


def test_bash_reads_what_was_dumped(tmp_path: Path) -> None:
    path = tmp_path / "secrets"
    path.write_bytes(made({"A": "x=y", "B": "two\nlines \\n 'é'\n"}).dump())

    script = 'while IFS= read -r -d "" r; do printf "<%s|%s>" "${r%%=*}" "${r#*=}"; done < "$1"'
    out = subprocess.run(["bash", "-c", script, "_", path], capture_output=True, check=True).stdout.decode()

    assert out == "<A|x=y><B|two\nlines \\n 'é'\n>"


@pytest.mark.parametrize("content", [None, b""])
def test_no_file_holds_no_secrets(content: bytes | None) -> None:
    assert SecretsFile.load(content).names() == ()
    assert SecretsFile.load(content).get("A") is None


@pytest.mark.parametrize(
    "content", [b"A=b", b"A=b\0\n", b"A\0", b"=b\0", b"1A=b\0", b"A=\xff\0", b"A=1\0A=2\0", b"\0", b"A B=c\0"]
)
def test_a_damaged_file_is_refused_and_not_read_in_part(content: bytes) -> None:
    with pytest.raises(McpconfError, match="the secrets file is damaged"):
        SecretsFile.load(content)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("a-b", "x", "cannot name a secret"),
        ("", "x", "cannot name a secret"),
        ("A\n", "x", "cannot name a secret"),
        ("A", "", "empty"),
        ("A", "x\0y", "NUL"),
        ("A", "\ud800", "UTF-8"),
    ],
)
def test_what_the_file_cannot_keep_is_refused(name: str, value: str, reason: str) -> None:
    with pytest.raises(McpconfError, match=reason) as caught:
        SecretsFile().with_(name, value)

    assert "x\0y" not in str(caught.value)


def test_a_secret_can_be_an_environment_variable() -> None:
    assert check_secret_name("GITHUB_TOKEN") is None


def test_no_value_shows_when_the_file_is_printed() -> None:
    assert "hunter2" not in repr(made({"A": "hunter2"}))
