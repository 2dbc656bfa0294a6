"""Which container runtime a path, a cgroup or a word speaks of."""

from __future__ import annotations

import re

from mcpconf.environment.facts import Facts

# Rows are (runtime, a word that must be there, pattern). The word comes first and the pattern stays text because
# compiling all patterns would cost every start of ours as much as reading all facts.
_ID = "[0-9a-f]{64}"

# The directory inside a file system whose `hosts` file a runtime mounts over /etc/hosts. "An id and hosts" is
# Docker's own; BuildKit's is there while an image is built; Kata Containers shares "<id>-<hash>-hosts" with its VM.
_HOSTS = (
    ("podman", "userdata", rf"-containers/{_ID}/userdata/hosts$"),
    ("docker", "/containers/", rf"/containers/{_ID}/hosts$"),
    ("kubernetes", "/etc-hosts", r"/pods/[^/]+/etc-hosts$"),
    ("kubernetes", "-hosts", rf"^/{_ID}-[0-9a-f]+-hosts$"),
    ("nerdctl", "/etchosts/", rf"/etchosts/[^/]+/{_ID}/hosts$"),
    ("buildkit", "/buildkit/", r"/buildkit/.*/hosts[^/]*$"),
    ("buildkit", "/executor/", r"/executor/hosts[^/]*$"),
)

# Ids are asked for where the bare word could be a unit of the host: /system.slice/docker.service is no container, and
# neither are conmon's libpod-conmon-ID or nspawn's supervisor, which stand beside the container's own.
_CGROUPS = (
    ("kubernetes", "kubepods", r"kubepods"),
    ("podman", "/libpod-", rf"/libpod-{_ID}"),
    ("docker", "/docker", rf"/docker[/-]{_ID}"),
    ("containerd", "containerd-", rf"cri-containerd-{_ID}"),
    ("nerdctl", "nerdctl-", rf"nerdctl-{_ID}"),
    ("crio", "crio-", rf"crio-{_ID}"),
    ("lxc", "/lxc", r"/lxc(\.payload\.|/)[^/\n]+"),
    ("systemd-nspawn", "/payload", r"/(systemd-nspawn@|machine-)[^/\n]+/payload"),
)

# What `container=` says where it is not the runtime's own name; "oci" names nobody, so others are asked first.
_ALIASES = {"lxc-libvirt": "lxc", "libpod": "podman"}


def runtime_of_hosts(root: str) -> str | None:
    """The runtime that a file mounted over /etc/hosts comes from, by its path in its own file system."""
    return _first(_HOSTS, root)


def runtime_of_cgroup(text: str) -> str | None:
    """The runtime whose cgroup a `/proc/self/cgroup` text names."""
    return _first(_CGROUPS, text)


def is_gvisor(facts: Facts) -> bool:
    """gVisor shows one fixed kernel version to everything that it runs (its `pkg/sentry/kernel`)."""
    return facts.kernel_text.startswith("Linux version 4.4.0 ") and "Sun Jan 10 15:06:54 PST 2016" in facts.kernel_text


def container_runtime(facts: Facts) -> str | None:
    """The runtime's name for a container, from the most telling signal that names one."""
    hosts = facts.mounts.hosts
    said = facts.pid1_container or facts.container_manager or ""
    named = _ALIASES.get(said, said)
    candidates = (
        "gvisor" if is_gvisor(facts) else None,
        runtime_of_hosts(hosts.root) if hosts else None,
        "lxc" if facts.mounts.lxcfs else None,
        "flatpak" if facts.flatpak else None,
        named if named != "oci" else None,
        # CRI-O leaves this file too, so the mount of /etc/hosts is asked before it.
        "podman" if facts.containerenv is not None else None,
        runtime_of_cgroup(facts.cgroup),
        "kubernetes" if facts.service_account else None,
        "docker" if facts.dockerenv else None,
        named,
    )
    return next((name for name in candidates if name), None)


def wsl_runtime(facts: Facts) -> str:
    """`wsl1` or `wsl2`: the first has no Linux kernel and keeps its files on a Windows file system."""
    root = facts.mounts.root
    emulated = root is not None and root.fstype in ("lxfs", "wslfs")
    return "wsl1" if emulated or facts.kernel.endswith("-Microsoft") else "wsl2"


def _first(table: tuple[tuple[str, str, str], ...], text: str) -> str | None:
    return next((name for name, word, pattern in table if word in text and re.search(pattern, text)), None)
