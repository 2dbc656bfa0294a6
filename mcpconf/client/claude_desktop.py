"""Claude Desktop on macOS, Windows (classic and MSIX) and Linux. From documentation: it was never run here."""

from __future__ import annotations

from mcpconf.client.paths import join
from mcpconf.client.spec import ClientSpec, Place, Target
from mcpconf.model import Scope

ID = "claude-desktop"
FILE = "claude_desktop_config.json"


def _windows(place: Place, roaming: str, local: str) -> tuple[str, ...]:
    """The classic directory and one for each MSIX package (Store, winget, the current installer)."""
    packages = join(place.platform, local, "Packages", "Claude_*", "LocalCache", "Roaming", "Claude")
    msix = place.look.glob(packages)
    classic = join(place.platform, roaming, "Claude")
    return (classic, *msix) if place.look.is_dir(classic) or not msix else msix


def directories(place: Place) -> tuple[str, ...]:
    """Where its configuration may lie, those that exist first; the first one is made where none does."""
    if place.platform == "darwin":
        return (join(place.platform, place.home, "Library", "Application Support", "Claude"),)
    if place.platform == "windows":
        roaming = place.env.get("APPDATA") or join(place.platform, place.home, "AppData", "Roaming")
        local = place.env.get("LOCALAPPDATA") or join(place.platform, place.home, "AppData", "Local")
        return _windows(place, roaming, local)
    config = place.env.get("XDG_CONFIG_HOME") or join(place.platform, place.home, ".config")
    found = (join(place.platform, config, "Claude"),)
    if place.windows_home and not place.look.is_dir(found[0]):
        data = join(place.platform, place.windows_home, "AppData")
        return _windows(place, join(place.platform, data, "Roaming"), join(place.platform, data, "Local"))
    return found


def targets(place: Place, scope: Scope) -> tuple[Target, ...]:
    """One target for each installation; it has no scopes, so all but the user's give none."""
    if scope is not Scope.USER:
        return ()
    return tuple(
        Target(client=ID, scope=scope, path=join(place.platform, directory, FILE), enter=_enter(place, directory))
        for directory in directories(place)
    )


def _enter(place: Place, directory: str) -> tuple[str, ...]:
    """How a Claude Desktop of Windows gets into the WSL distribution that we are in."""
    if place.windows_home is None or not directory.startswith(place.windows_home + "/"):
        return ()
    distribution = place.env.get("WSL_DISTRO_NAME")
    return ("wsl.exe", *(("-d", distribution) if distribution else ()), "--exec")


def present(place: Place, on_path: bool) -> bool:
    """Whether one of its directories exists, or a command of its name is on PATH."""
    return on_path or any(place.look.is_dir(path) for path in directories(place))


def log_directory(place: Place) -> str:
    """Where it writes `mcp.log` and `mcp-server-NAME.log`."""
    if place.platform == "darwin":
        return join(place.platform, place.home, "Library", "Logs", "Claude")
    return join(place.platform, directories(place)[0], "logs")


SPEC = ClientSpec(
    id=ID,
    title="Claude Desktop",
    scopes=(Scope.USER,),
    targets=targets,
    present=present,
    remote=False,
    expands=False,
    typed=False,
    bare_path=True,
    restart="quit Claude Desktop from its tray icon and start it again to see the change",
    command="claude-desktop",
    processes=("Claude", "Claude.exe", "claude-desktop"),
)
