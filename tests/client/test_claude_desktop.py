"""Where Claude Desktop keeps its file, on every system that it has. All from documentation: it was never run here."""

from __future__ import annotations

from typing import Any

import pytest

from mcpconf.client.claude_desktop import SPEC, log_directory
from mcpconf.client.spec import Place
from mcpconf.model import Scope
from tests.client.disk import Disk

FILE = "claude_desktop_config.json"
HOME = r"C:\Users\me"
ROAMING = HOME + r"\AppData\Roaming\Claude"
STORE = HOME + r"\AppData\Local\Packages\Claude_{}\LocalCache\Roaming\Claude"
MNT = "/mnt/c/Users/me"
MNT_STORE = MNT + "/AppData/Local/Packages/Claude_x/LocalCache/Roaming/Claude"


def place(platform: str, *directories: str, home: str = "/home/me", **given: Any) -> Place:
    look = Disk(platform, {}, directories)
    return Place(**{"platform": platform, "home": home, "cwd": home, "env": {}, "look": look} | given)


def paths(where: Place) -> list[str]:
    return [target.path for target in SPEC.targets(where, Scope.USER)]


def windows(*directories: str, **env: str) -> Place:
    return place("windows", *directories, home=HOME, env=env)


def test_macos_has_one_place() -> None:
    where = place("darwin", home="/Users/me")

    assert paths(where) == [f"/Users/me/Library/Application Support/Claude/{FILE}"]
    assert log_directory(where) == "/Users/me/Library/Logs/Claude"


@pytest.mark.parametrize(("env", "path"), [({}, "/home/me/.config"), ({"XDG_CONFIG_HOME": "/cfg"}, "/cfg")])
def test_linux_has_a_capital_letter(env: dict[str, str], path: str) -> None:
    where = place("linux", env=env)

    assert paths(where) == [f"{path}/Claude/{FILE}"]
    assert log_directory(where) == f"{path}/Claude/logs"


@pytest.mark.parametrize(
    ("directories", "found"),
    [
        ((), [ROAMING]),
        ((ROAMING,), [ROAMING]),
        ((STORE.format("x"),), [STORE.format("x")]),
        ((ROAMING, STORE.format("x")), [ROAMING, STORE.format("x")]),
        ((STORE.format("b"), STORE.format("a")), [STORE.format("a"), STORE.format("b")]),
        # Another publisher's package, and a package that holds no configuration.
        ((STORE.format("x").replace("Claude_x", "Other_x"),), [ROAMING]),
        ((STORE.format("x").removesuffix(r"\Claude"),), [ROAMING]),
    ],
)
def test_windows_has_a_classic_place_and_one_for_each_package(directories: tuple[str, ...], found: list[str]) -> None:
    assert paths(windows(*directories)) == [f"{path}\\{FILE}" for path in found]


def test_windows_directories_may_be_elsewhere() -> None:
    moved = STORE.format("x").replace(HOME + r"\AppData\Local", r"E:\local")
    where = windows(moved, r"D:\roaming\Claude", APPDATA=r"D:\roaming", LOCALAPPDATA=r"E:\local")

    assert paths(where) == [rf"D:\roaming\Claude\{FILE}", rf"{moved}\{FILE}"]
    assert log_directory(where) == r"D:\roaming\Claude\logs"


@pytest.mark.parametrize(
    ("directories", "found"),
    [
        ((f"{MNT}/AppData/Roaming/Claude",), [f"{MNT}/AppData/Roaming/Claude"]),
        ((MNT_STORE,), [MNT_STORE]),
        ((f"{MNT}/AppData/Roaming/Claude", MNT_STORE), [f"{MNT}/AppData/Roaming/Claude", MNT_STORE]),
        ((f"{MNT}/AppData/Roaming/Claude", "/home/me/.config/Claude"), ["/home/me/.config/Claude"]),
    ],
)
def test_from_wsl_the_windows_ones_are_seen_unless_linux_has_its_own(
    directories: tuple[str, ...], found: list[str]
) -> None:
    where = place("linux", *directories, windows_home=MNT, env={"WSL_DISTRO_NAME": "Ubuntu"})

    assert paths(where) == [f"{path}/{FILE}" for path in found]


def test_a_windows_client_gets_into_wsl_by_a_door_and_others_need_none() -> None:
    def doors(where: Place) -> set[tuple[str, ...]]:
        return {target.enter for target in SPEC.targets(where, Scope.USER)}

    both = (f"{MNT}/AppData/Roaming/Claude", MNT_STORE)
    assert doors(place("linux", *both, windows_home=MNT, env={"WSL_DISTRO_NAME": "Ubuntu 24"})) == {
        ("wsl.exe", "-d", "Ubuntu 24", "--exec")
    }
    assert doors(place("linux", *both, windows_home=MNT)) == {("wsl.exe", "--exec")}
    assert doors(place("linux", "/home/me/.config/Claude", windows_home=MNT)) == {()}
    assert doors(windows()) == doors(place("darwin")) == {()}


def test_it_has_no_other_scope_than_the_users() -> None:
    assert [SPEC.targets(place("linux"), scope) for scope in (Scope.LOCAL, Scope.PROJECT)] == [(), ()]


@pytest.mark.parametrize(
    ("where", "on_path", "there"),
    [
        (place("linux"), False, False),
        (place("linux"), True, True),
        (place("linux", "/home/me/.config/Claude"), False, True),
        (windows(), False, False),
        (windows(STORE.format("x")), False, True),
    ],
)
def test_it_is_present_where_its_directory_is(where: Place, on_path: bool, there: bool) -> None:
    assert SPEC.present(where, on_path) is there
