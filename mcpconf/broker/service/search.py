"""Which PATH a service gets: no login shell runs before it, so it has none of what rc files add. Pure."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence

# Where tools that people install for themselves put programs, below the home; `$NAME|...` where a variable moves it.
HOMELY = (
    ".local/bin",
    "$CARGO_HOME|.cargo/bin",
    "$VOLTA_HOME|.volta/bin",
    "$ASDF_DATA_DIR|.asdf/shims",
    "$MISE_DATA_DIR|.local/share/mise/shims",
    "$PYENV_ROOT|.pyenv/shims",
    "$PYENV_ROOT|.pyenv/bin",
    "$BUN_INSTALL|.bun/bin",
    "$DENO_INSTALL|.deno/bin",
    ".local/share/fnm/aliases/default/bin",
    "$PNPM_HOME|.local/share/pnpm",
    ".local/share/uv/tools/bin",
    "go/bin",
    ".nix-profile/bin",
    "bin",
)
COMMON = (
    "/opt/homebrew/bin",
    "/opt/homebrew/sbin",
    "/home/linuxbrew/.linuxbrew/bin",
    "/nix/var/nix/profiles/default/bin",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/usr/bin",
    "/bin",
    "/usr/sbin",
    "/sbin",
    "/snap/bin",
)
SYSTEM = ("/usr/local/bin", "/usr/bin", "/bin")  # also where nothing could be seen
# Directories of one shell, one session, one checkout or one server of an editor's; and Windows', seen from WSL.
PASSING = re.compile(
    r"/(tmp|node_modules|\.vscode-server|\.cursor-server|\.venv|venv|fnm_multishells|\.cache|Caches|Cellar)(/|$)"
    r"|^/(var/folders|private|run/user|proc|dev|mnt/[a-z])(/|$)"
    r"|/(versions|installs)/[^/]+/"  # of a version manager, which has shims, or a default
)
_NVM = re.compile(r"^v?\d+(\.\d+)*$")


def candidates(home: str, env: Mapping[str, str]) -> tuple[str, ...]:
    """The directories that are worth a look, the most particular first."""
    found = [_moved(home, env, one) for one in HOMELY]
    prefix = env.get("HOMEBREW_PREFIX", "")
    return tuple(dict.fromkeys([*found, *([f"{prefix}/bin"] if os.path.isabs(prefix) else []), *COMMON]))


def nvm_root(home: str, env: Mapping[str, str]) -> str:
    """Where nvm keeps its versions of Node."""
    root = env.get("NVM_DIR", "")
    return root if os.path.isabs(root) else os.path.join(home, ".nvm")


def nvm_bin(root: str, versions: Sequence[str], default: str) -> str | None:
    """The programs of the Node that a login shell has, by nvm's alias `default`: what it names, else the newest."""
    known = [name for name in versions if _NVM.match(name)]
    asked = default.strip().removeprefix("v")
    fitting = [name for name in known if f"{name.removeprefix('v')}.".startswith(f"{asked}.")] if asked else []
    chosen = max(fitting or known, key=_number, default=None)
    return None if chosen is None else os.path.join(root, "versions", "node", chosen, "bin")


def search_path(there: Collection[str], wanted: Sequence[str], current: Sequence[str], virtual: str = "") -> str:
    """What PATH shall be: of the `current` one what will last, in its order, and before the first directory that all
    users have what else is wanted and `there`.

    `virtual` is a Python environment that happens to be active.
    """
    lasting = [one for one in current if one in there and not _passes(one, virtual)]
    missing = [one for one in wanted if one in there and one not in lasting and one.isprintable()]
    own = [one for one in missing if one not in COMMON]
    common = [one for one in missing if one in COMMON]
    at = next((number for number, one in enumerate(lasting) if one in COMMON), len(lasting))
    return os.pathsep.join(dict.fromkeys([*lasting[:at], *own, *lasting[at:], *common, *SYSTEM]))


def _moved(home: str, env: Mapping[str, str], entry: str) -> str:
    variable, bar, usual = entry.rpartition("|")
    root = env.get(variable.removeprefix("$"), "") if bar else ""
    if not os.path.isabs(root):
        return os.path.join(home, usual)
    last = os.path.basename(usual)
    return os.path.join(root, last) if last in ("bin", "shims") else root


def _passes(path: str, virtual: str) -> bool:
    """Whether a directory of PATH is one of this shell's, and may be gone tomorrow."""
    beside = bool(virtual) and (path == virtual or path.startswith(virtual + os.sep))
    odd = not os.path.isabs(path) or any(ord(letter) < 32 or ord(letter) == 127 for letter in path)
    return beside or odd or PASSING.search(path) is not None


def _number(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in name.removeprefix("v").split("."))
