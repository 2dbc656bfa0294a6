"""Which PATH a service gets, for what people have on their machines."""

from __future__ import annotations

import os

import pytest

from mcpconf.broker.service.search import candidates, nvm_bin, search_path

HOME = "/home/u"
USUAL = "/usr/local/bin:/usr/bin:/bin"


def of(there: str, current: str, env: dict[str, str] | None = None, virtual: str = "", node: str = "") -> str:
    wanted = (*([node] if node else []), *candidates(HOME, env or {}))
    return search_path(set(there.split(":")), wanted, current.split(":"), virtual)


@pytest.mark.parametrize(
    ("there", "current", "expected"),
    [
        pytest.param(USUAL, USUAL, USUAL, id="nothing but the system's"),
        pytest.param("", "/nowhere", USUAL, id="nothing seen at all"),
        pytest.param(
            f"{HOME}/.local/bin:{HOME}/.cargo/bin:{USUAL}",
            "/usr/bin:/bin",
            f"{HOME}/.local/bin:{HOME}/.cargo/bin:/usr/bin:/bin:/usr/local/bin",
            id="an install script's PATH lacks what a login shell has",
        ),
        pytest.param(
            f"{HOME}/.pyenv/shims:{HOME}/.local/bin:{USUAL}",
            f"{HOME}/.pyenv/shims:{HOME}/.local/bin:{USUAL}",
            f"{HOME}/.pyenv/shims:{HOME}/.local/bin:{USUAL}",
            id="the order of the shell stays",
        ),
        pytest.param(
            f"/opt/homebrew/bin:{USUAL}", USUAL, f"{USUAL}:/opt/homebrew/bin", id="Homebrew, which the shell had not"
        ),
        pytest.param(
            f"/opt/homebrew/bin:/opt/odd/bin:{USUAL}",
            f"/opt/homebrew/bin:/opt/odd/bin:{USUAL}",
            f"/opt/homebrew/bin:/opt/odd/bin:{USUAL}",
            id="a directory that nobody knows",
        ),
        pytest.param(
            f"{HOME}/p/node_modules/.bin:/mnt/c/Windows:/run/user/1000/fnm_multishells/1/bin:{HOME}/.vscode-server/b:{USUAL}",
            f"{HOME}/p/node_modules/.bin:/mnt/c/Windows:/run/user/1000/fnm_multishells/1/bin:{HOME}/.vscode-server/b:{USUAL}",
            USUAL,
            id="what belongs to one shell, one project, one editor, or to Windows",
        ),
        pytest.param(
            f"{HOME}/.pyenv/versions/3.11.7/bin:{HOME}/.pyenv/shims:{USUAL}",
            f"{HOME}/.pyenv/versions/3.11.7/bin:{USUAL}",
            f"{HOME}/.pyenv/shims:{USUAL}",
            id="one version's own directory",
        ),
        pytest.param(*[f"/run/wrappers/bin:{USUAL}"] * 3, id="NixOS"),
        pytest.param(f".:bin:{USUAL}", f".:bin:{USUAL}", USUAL, id="relative ones"),
    ],
)  # fmt: skip
def test_it_has_what_a_login_shell_has_and_what_lasts(there: str, current: str, expected: str) -> None:
    assert of(there, current) == expected


def test_an_active_environment_is_left_out() -> None:
    assert of(f"/work/env/bin:{USUAL}", f"/work/env/bin:{USUAL}", virtual="/work/env") == USUAL


@pytest.mark.parametrize(
    ("variable", "value", "found"),
    [
        ("CARGO_HOME", "/opt/cargo", "/opt/cargo/bin"),
        ("PYENV_ROOT", "/opt/pyenv", "/opt/pyenv/shims"),
        ("VOLTA_HOME", "/opt/volta", "/opt/volta/bin"),
        ("MISE_DATA_DIR", "/opt/mise", "/opt/mise/shims"),
        ("PNPM_HOME", "/opt/pnpm", "/opt/pnpm"),
        ("HOMEBREW_PREFIX", "/opt/brew", "/opt/brew/bin"),
    ],
)
def test_tools_that_were_moved_are_found_where_their_variable_says(variable: str, value: str, found: str) -> None:
    path = of(f"{found}:{USUAL}", USUAL, {variable: value}).split(os.pathsep)
    assert path[0] == found


@pytest.mark.parametrize(
    ("versions", "default", "expected"),
    [
        ((), "20", None),
        (("v18.20.1", "v20.9.0", "v20.11.1"), "20", "v20.11.1"),
        (("v18.20.1", "v20.9.0"), "v18.20.1\n", "v18.20.1"),
        (("v9.0.0", "v18.20.1"), "", "v18.20.1"),
        (("v9.0.0", "v10.0.0", "system"), "lts/*", "v10.0.0"),
        (("v2.0.0", "v20.0.0"), "2", "v2.0.0"),
    ],
)
def test_nvm_s_default_is_taken_or_else_the_newest(
    versions: tuple[str, ...], default: str, expected: str | None
) -> None:
    found = nvm_bin("/n", versions, default)
    assert found == (None if expected is None else f"/n/versions/node/{expected}/bin")


def test_nvm_s_node_comes_before_the_system_s() -> None:
    node = f"{HOME}/.nvm/versions/node/v20.11.1/bin"
    older = f"{HOME}/.nvm/versions/node/v18.0.0/bin"  # what this shell happens to use
    assert of(f"{node}:{older}:{USUAL}", f"{older}:{USUAL}", node=node) == f"{node}:{USUAL}"
