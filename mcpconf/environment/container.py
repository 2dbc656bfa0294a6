"""What speaks for and against being in a container, and how much.

The weights are those that decide a VM booted from a Docker image, Docker with and without `--pid=host`, a bare PID
namespace and a chroot all right (each was tried); what was added to them says why. One file never decides.
"""

from __future__ import annotations

from mcpconf.environment.evidence import Evidence, Piece
from mcpconf.environment.facts import Facts
from mcpconf.environment.mounts import Mount
from mcpconf.environment.runtime import is_gvisor, runtime_of_cgroup, runtime_of_hosts
from mcpconf.environment.wsl import looks_like_wsl

INITIAL_PID_NAMESPACE = 0xEFFFFFFC  # PROC_PID_INIT_INO in the kernel's proc_ns.h: 4026531836

FORGEABLE = ("REMOTE_CONTAINERS", "CODESPACES", "DEVCONTAINER", "KUBERNETES_SERVICE_HOST", "container")
FORGEABLE_WEIGHT = 3
FORGEABLE_CAP = 4  # below what makes a container: anybody can set a variable

WINDOWS_CONTAINER_USERS = ("containeradministrator", "containeruser")


def _platform(facts: Facts) -> Evidence:
    if facts.platform == "linux":
        return Evidence("platform", 0, "Linux: could be anything")
    if facts.platform == "windows" and facts.env.get("USERNAME", "").lower() in WINDOWS_CONTAINER_USERS:
        # A name anybody may have, so it only takes away the certainty.
        return Evidence("platform", 0, "Windows, with the user name that a Windows container has")
    return Evidence("platform", -10, f"{facts.platform}: not where Linux containers run")


def _pid1(facts: Facts) -> Evidence:
    value = facts.pid1_container
    if value is None:
        return Evidence("pid1-container", 0, "no container= to be seen in the environment of PID 1")
    if value == "wsl":
        return Evidence("pid1-container", 0, "PID 1 has container=wsl, which is WSL's own")
    return Evidence("pid1-container", 6, f"PID 1 has container={value}")


def _manager(facts: Facts) -> Evidence:
    value = facts.container_manager
    if value is None:
        return Evidence("container-manager", 0, "no container manager left its name")
    if value == "wsl":
        return Evidence("container-manager", 0, "the container manager is WSL itself")
    # It says once more what PID 1's environment says, so together they are worth little more than one.
    return Evidence("container-manager", 2 if facts.pid1_container else 6, f"the container manager is {value}")


def _hosts(facts: Facts) -> Evidence:
    mount = facts.mounts.hosts
    if mount is None:
        return Evidence("hosts-mount", 0, "/etc/hosts is not mounted")
    runtime = runtime_of_hosts(mount.root)
    if runtime is None:
        return Evidence("hosts-mount", 0, f"/etc/hosts is mounted from {mount.root}, which no runtime does")
    return Evidence("hosts-mount", 6, f"/etc/hosts is mounted by {runtime}")


def _containerenv(facts: Facts) -> Evidence:
    if facts.containerenv is None:
        return Evidence("containerenv", 0, "no /run/.containerenv")
    return Evidence("containerenv", 5, "/run/.containerenv is there")


def _cgroup(facts: Facts) -> Evidence:
    runtime = runtime_of_cgroup(facts.cgroup)
    if runtime is None:
        return Evidence("cgroup", 0, "our own cgroup names no container runtime")
    return Evidence("cgroup", 4, f"our own cgroup is {runtime}'s")


def _root(facts: Facts) -> Evidence:
    mount = facts.mounts.root
    if mount is None:
        return Evidence("root", 0, "where / comes from is not to be seen")
    return _root_mount(mount)


def _root_mount(mount: Mount) -> Evidence:
    device = mount.source.startswith("/dev/")
    if mount.source == "composefs" or mount.root.startswith(("/ostree/deploy/", "/root/ostree/deploy/")):
        # The layout of Silverblue, CoreOS and bootc, where / is always a sub-directory or an overlay.
        return Evidence("root", -2, "/ is an ostree deployment")
    if mount.fstype == "overlay":
        return Evidence("root", 3, "/ is an overlay")
    if device and mount.root == "/":
        return Evidence("root", -4, f"/ is the root of {mount.source}")
    if device and mount.fstype == "btrfs" and _is_system_subvolume(mount.root):
        # Fedora (/root), Ubuntu and SUSE (/@...) put the host's own / into a subvolume.
        return Evidence("root", -2, f"/ is the subvolume {mount.root} of {mount.source}")
    if mount.root != "/":
        return Evidence("root", 3, f"/ is the directory {mount.root} of {mount.source}")
    return Evidence("root", 0, f"/ is {mount.fstype} from {mount.source}")


def _is_system_subvolume(root: str) -> bool:
    return root == "/root" or root.startswith("/@")


def _dev(facts: Facts) -> Evidence:
    fstype = facts.mounts.dev.fstype if facts.mounts.dev else None
    if fstype == "devtmpfs":
        return Evidence("dev", -1, "/dev is the kernel's own devtmpfs")
    if fstype == "tmpfs":
        # runc, LXC, nspawn and bubblewrap all make one; little, since a service with PrivateDevices= has one, too.
        return Evidence("dev", 1, "/dev is a tmpfs that somebody filled")
    return Evidence("dev", 0, f"/dev is {fstype or 'not a mount'}")


def _dockerenv(facts: Facts) -> Evidence:
    if facts.dockerenv:
        return Evidence("dockerenv", 2, "/.dockerenv is there, as in every copy of an image's files")
    return Evidence("dockerenv", 0, "no /.dockerenv")


def _pid_namespace(facts: Facts) -> Evidence:
    number = facts.pid_namespace
    if number is None:
        return Evidence("pid-namespace", 0, "our PID namespace is not to be seen")
    if looks_like_wsl(facts) or is_gvisor(facts):
        return Evidence("pid-namespace", 0, "PID namespaces say nothing under this kernel")
    if number == INITIAL_PID_NAMESPACE:
        return Evidence("pid-namespace", -3, "we are in the kernel's initial PID namespace")
    return Evidence("pid-namespace", 2, "we are in a PID namespace of its own")


def _kthreadd(facts: Facts) -> Evidence:
    if facts.pid2 != "kthreadd":
        return Evidence("kthreadd", 0, "PID 2 is not the kernel's kthreadd, or hidden")
    if looks_like_wsl(facts):
        return Evidence("kthreadd", 0, "PID 2 says nothing under this kernel")
    return Evidence("kthreadd", -2, "PID 2 is the kernel's kthreadd")


def _lxcfs(facts: Facts) -> Evidence:
    if facts.mounts.lxcfs:
        # More than the root of a block device weighs: on LVM, LXC containers have one.
        return Evidence("lxcfs", 7, "lxcfs covers parts of /proc, as LXC, LXD and Incus do")
    return Evidence("lxcfs", 0, "no lxcfs over /proc")


def _gvisor(facts: Facts) -> Evidence:
    if is_gvisor(facts):
        return Evidence("gvisor", 6, "the kernel is gVisor, which only ever runs sandboxes")
    return Evidence("gvisor", 0, "the kernel is not gVisor")


def _flatpak(facts: Facts) -> Evidence:
    if facts.flatpak:
        return Evidence("flatpak", 5, "/.flatpak-info is there")
    return Evidence("flatpak", 0, "no /.flatpak-info")


def _service_account(facts: Facts) -> Evidence:
    if facts.service_account:
        return Evidence("service-account", 2, "a Kubernetes service account is mounted")
    return Evidence("service-account", 0, "no Kubernetes service account")


def _shared_home(facts: Facts) -> Evidence:
    if facts.shared_home is None:
        return Evidence("shared-home", 0, "not a toolbox or distrobox")
    # Technically a container, so all else may speak for one, and this outweighs it: by its files and addresses it is
    # the host.
    return Evidence("shared-home", -40, f"{facts.shared_home}: shares home and network with its host")


def variables(facts: Facts) -> tuple[Evidence, ...]:
    """One piece for each variable that anybody can set: together they weigh no more than FORGEABLE_CAP."""
    room = FORGEABLE_CAP
    found = []
    for name in FORGEABLE:
        value = facts.env.get(name, "")
        weight = min(room, FORGEABLE_WEIGHT) if value.lower() not in ("", "0", "false", "no") else 0
        room -= weight
        found.append(Evidence(f"env-{name}", weight, f"{name} is set" if value else f"{name} is not set"))
    return tuple(found)


# The order is that of the explanation.
CONTAINER_PIECES: tuple[Piece, ...] = (
    _platform,
    _pid1,
    _manager,
    _hosts,
    _containerenv,
    _cgroup,
    _root,
    _dev,
    _dockerenv,
    _pid_namespace,
    _kthreadd,
    _lxcfs,
    _gvisor,
    _flatpak,
    _service_account,
    _shared_home,
)
