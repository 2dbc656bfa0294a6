"""What speaks for being in WSL, on a scale of its own: containers run on WSL's kernel, too."""

from __future__ import annotations

from mcpconf.environment.evidence import Evidence, Piece
from mcpconf.environment.facts import Facts
from mcpconf.model import Kind


def looks_like_wsl(facts: Facts) -> bool:
    """Whether this kernel is WSL's, be it for a distribution or for a container that runs on top of it."""
    return "microsoft" in facts.kernel.lower() or bool(facts.wsl_markers)


def _wsl_kernel(facts: Facts) -> Evidence:
    if "microsoft" in facts.kernel.lower():
        return Evidence("wsl-kernel", 4, f"the kernel is {facts.kernel}", Kind.WSL)
    return Evidence("wsl-kernel", 0, "the kernel is not one of Microsoft's for WSL", Kind.WSL)


def _wsl_markers(facts: Facts) -> Evidence:
    if facts.wsl_markers:
        return Evidence("wsl-markers", 3, f"{', '.join(facts.wsl_markers)} is there", Kind.WSL)
    return Evidence("wsl-markers", 0, "nothing that WSL leaves in a distribution", Kind.WSL)


def _wsl_root(facts: Facts) -> Evidence:
    root = facts.mounts.root
    if root is not None and root.fstype in ("lxfs", "wslfs"):
        return Evidence("wsl-root", 3, f"/ is {root.fstype}, which only WSL 1 has", Kind.WSL)
    return Evidence("wsl-root", 0, "/ is not on WSL 1's file system", Kind.WSL)


def _wsl_variables(facts: Facts) -> Evidence:
    found = [name for name in ("WSL_DISTRO_NAME", "WSL_INTEROP") if facts.env.get(name)]
    return Evidence("wsl-env", 1 if found else 0, f"set: {', '.join(found) or 'none of WSL'}", Kind.WSL)


WSL_PIECES: tuple[Piece, ...] = (_wsl_kernel, _wsl_markers, _wsl_root, _wsl_variables)
