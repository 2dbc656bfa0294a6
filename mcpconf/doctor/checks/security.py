"""Security: who else can read a secret, and what else can be reached or run."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from shlex import quote
from urllib.parse import urlsplit

from mcpconf.doctor.argv import ContainerRun, container_run, image_is_pinned, package
from mcpconf.doctor.check import Check
from mcpconf.doctor.checks.programs import args, command
from mcpconf.doctor.checks.shape import edit, fields, found, is_remote, sound
from mcpconf.doctor.clear import in_clear
from mcpconf.doctor.finding import Found, Group, Level, Mend
from mcpconf.doctor.seen.entries import Entry
from mcpconf.doctor.seen.security import Security
from mcpconf.profile.redact import sensitive

SOCKETS = re.compile(r"(?:^|[/\\=])(?:docker|podman|containerd)\.sock(?:[:,]|$)|//\./pipe/docker_engine", re.IGNORECASE)
MIGHTY = frozenset({"ALL", "SYS_ADMIN", "SYS_PTRACE", "SYS_MODULE", "CAP_SYS_ADMIN", "CAP_SYS_PTRACE"})
PIPED = re.compile(
    r"\b(?:curl|wget|fetch)\b[^|;&]*\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b|\b(?:ba|z)?sh\s+<\(\s*(?:curl|wget)\b"
)
UNCHECKED = {"NODE_TLS_REJECT_UNAUTHORIZED": ("0",), "PYTHONHTTPSVERIFY": ("0",), "GIT_SSL_NO_VERIFY": ("1", "true"),
             "NPM_CONFIG_STRICT_SSL": ("false",), "npm_config_strict_ssl": ("false",)}  # fmt: skip
FEW = 3  # findings of one sort that are told one by one
# Names that lead no further than this machine.
NEAR = ("localhost", "host.docker.internal", "gateway.docker.internal")


def no_secret_in_a_clients_file(seen: Security) -> Iterator[Found]:
    """One finding for each file: they are mended together."""
    by_file: dict[str, list[Entry]] = {}
    for one in sound(seen.entries):
        if in_clear(fields(one)):
            by_file.setdefault(one.path, []).append(one)
    for path, entries in by_file.items():
        places = tuple(f"{one.name}: {', '.join(in_clear(fields(one)))}" for one in entries)
        if all(one.personal for one in entries):
            text = f"{_number(entries)} a secret in clear, which goes wherever a copy of the file goes"
            mend = Mend("mcpconf import --adopt, which moves them to a file that only mcpconf reads")
        else:
            text = f"{_number(entries)} a secret in clear, in a file that others get with the project"
            mend = Mend(f"edit {path}:{entries[0].line}: write ${{NAME}} in its place, and make that secret anew")
        yield Found(Level.WARNING, text, path, places, mend)


def _number(entries: list[Entry]) -> str:
    return "an entry has" if len(entries) == 1 else f"{len(entries)} entries have"


def own_files_are_private(seen: Security) -> Iterator[Found]:
    for one in seen.files:
        text = f"others on this machine can read {one.what} (mode {one.mode:o})"
        safe = Mend(f"chmod 600 {quote(one.path)}", safe=True, action="chmod", arguments=(one.path, "600"))
        yield Found(Level.WARNING, text, one.path, (), safe)


def keys_are_taken(seen: Security) -> Iterator[Found]:
    for path, why in seen.keys:
        mode = re.search(r"open to others", why)
        mend = Mend(f"chmod go= {quote(path)}") if mode else Mend(f"ls -ld {quote(path)}; mcpconf broker key new ID")
        text = "the broker does not take this key, so nobody gets in with it" if not mode else (
            "the broker takes no key that others can read or write")  # fmt: skip
        yield Found(Level.ERROR, text, path, (why,), mend)


def no_secret_in_a_profile(seen: Security) -> Iterator[Found]:
    for one in seen.profiles:
        if one.in_clear:
            text = "it has a secret in clear; profiles are made to be shared"
            mend = Mend("mcpconf secret set NAME, and write ${secret:NAME} in its place")
            yield Found(Level.WARNING, text, one.path, one.in_clear, mend)


def project_is_trusted(seen: Security) -> Iterator[Found]:
    for one in seen.profiles:
        if one.of_project and not one.trusted:
            text = "this project brings a profile that you have not trusted: nothing of it is run"
            yield Found(
                Level.INFO, text, one.path, (), Mend(f"mcpconf trust {one.name}, which shows what it would run")
            )


def doors_are_near(seen: Security) -> Iterator[Found]:
    """The gateway's plain door lets everybody in who reaches it."""
    for one in seen.profiles:
        host = one.listen.removeprefix("tcp:").rpartition(":")[0].strip("[]")
        if host in ("0.0.0.0", "::"):  # noqa: S104 - it is what is looked for
            text = "its gateway listens on every address of this machine, and asks for no key"
            mend = Mend(f'edit {one.path}: listen = "tcp:127.0.0.1:{one.listen.rpartition(":")[2]}"')
            yield Found(Level.WARNING, text, one.path, (one.listen,), mend)


def _containers(seen: Security) -> Iterator[tuple[Entry, ContainerRun]]:
    for one in sound(seen.entries):
        run = container_run(command(one), args(one))
        if run is not None:
            yield one, run


def ports_are_near(seen: Security) -> Iterator[Found]:
    for one, run in _containers(seen):
        for value in run.values("publish", "p"):
            host = value.rpartition(":")[0].rpartition(":")[0].strip("[]")
            if host in ("", "0.0.0.0", "::"):  # noqa: S104
                text = f"-p {value} opens the container's port to every machine that reaches this one"
                yield found(Level.WARNING, one, text, edit(one, f'"127.0.0.1:{value.removeprefix(host).lstrip(":")}"'))


def containers_leave_the_engine_alone(seen: Security) -> Iterator[Found]:
    for one, run in _containers(seen):
        if any(SOCKETS.search(value) for value in run.values("volume", "v", "mount")):
            text = "it gets the engine's socket: whoever has that is root on this machine"
            yield found(Level.WARNING, one, text, edit(one, "leave the mount out, if the server works without it"))


def containers_are_contained(seen: Security) -> Iterator[Found]:
    for one, run in _containers(seen):
        freedoms = tuple(_freedoms(run))
        if freedoms:
            text = f"{', '.join(freedoms)}: such a container is none, and its server can do what root can"
            yield found(Level.WARNING, one, text, edit(one, f"leave out {freedoms[0]}"))


def _freedoms(run: ContainerRun) -> Iterator[str]:
    if run.has("privileged"):
        yield "--privileged"
    yield from (f"--cap-add {value}" for value in run.values("cap-add") if value.upper() in MIGHTY)
    yield from (f"--{name} host" for name in ("pid", "ipc", "userns", "uts") if "host" in run.values(name))
    yield from (f"-v {value}" for value in run.values("volume", "v") if value.startswith("/:"))


def headers_go_sealed(seen: Security) -> Iterator[Found]:
    for one in sound(seen.entries):
        url = str(fields(one).get("url", ""))
        headers = fields(one).get("headers")
        names = [name for name in headers if sensitive(name)] if isinstance(headers, dict) else []
        if is_remote(one) and names and re.match(r"(?:http|ws)://", url) and _is_far(url):
            text = f"{', '.join(names)} goes over the network in clear: its url has no TLS"
            scheme = url.partition(":")[0]
            yield found(Level.WARNING, one, text, edit(one, f"{scheme}s:// in the place of {scheme}://"))


def _is_far(url: str) -> bool:
    """Whether an address leads beyond this machine. A name without a dot is one of a container network."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return "." in host and host not in NEAR and not host.endswith((".localhost", ".internal"))


def certificates_are_checked(seen: Security) -> Iterator[Found]:
    for one in sound(seen.entries):
        env = fields(one).get("env")
        for name, value in env.items() if isinstance(env, dict) else ():
            if str(value).lower() in UNCHECKED.get(name, ()):
                text = f"{name}={value} has it believe every certificate: anybody on the way can read and answer"
                yield found(Level.WARNING, one, text, edit(one, f"take {name} out; NODE_EXTRA_CA_CERTS names a CA"))


def nothing_is_piped_into_a_shell(seen: Security) -> Iterator[Found]:
    for one in sound(seen.entries):
        if any(PIPED.search(arg) for arg in args(one)):
            text = "each start runs what a web page says at that moment"
            yield found(Level.WARNING, one, text, edit(one, "install it once, and start what was installed"))


def programs_are_the_users(seen: Security) -> Iterator[Found]:
    for one in sound(seen.entries):
        if one.program is not None and one.program.loose is not None:
            text = "everybody on this machine can put another program in the place of the one that it starts"
            yield found(Level.WARNING, one, text, f"chmod o-w {quote(one.program.loose)}", one.program.loose)


def packages_are_pinned(seen: Security) -> Iterator[Found]:
    """It is common, and meant so: many such entries are one line."""
    loose = [(one, what, form) for one in sound(seen.entries) for what, form in _unpinned(one)]
    if len(loose) > FEW:
        text = f"{len(loose)} entries name no version of what they start, so that each start may fetch another one"
        first = tuple(f"{one.name}: {what}" for one, what, _ in loose[:FEW])
        yield Found(Level.INFO, text, "", (*first, f"and {len(loose) - FEW} more"), Mend(loose[0][2]))
        return
    for one, what, form in loose:
        yield found(Level.INFO, one, f"it names no version of {what}, so that each start may fetch another one", form)


def _unpinned(one: Entry) -> Iterator[tuple[str, str]]:
    """What an entry starts without naming its version, and how it would name one."""
    fetched = package(command(one), args(one))
    run = container_run(command(one), args(one))
    if fetched is not None and not fetched.pinned:
        yield fetched.name, edit(one, f"{fetched.name}{'@' if fetched.registry == 'npm' else '=='}VERSION")
    elif run is not None and run.image and not image_is_pinned(run.image):
        yield f"the image {run.image}", edit(one, f"{run.image.removesuffix(':latest')}:VERSION")


_G = Group.SECURITY
CHECKS = (
    Check("MC901", _G, "no client's file has a secret in clear", no_secret_in_a_clients_file),
    Check("MC902", _G, "what mcpconf keeps is yours alone", own_files_are_private),
    Check("MC903", _G, "the broker takes all of its keys", keys_are_taken),
    Check("MC904", _G, "no profile has a secret in clear", no_secret_in_a_profile),
    Check("MC905", _G, "the project's profiles are trusted", project_is_trusted),
    Check("MC906", _G, "no gateway is open to other machines", doors_are_near),
    Check("MC907", _G, "no container's port is open to other machines", ports_are_near),
    Check("MC908", _G, "no server has the container engine's socket", containers_leave_the_engine_alone),
    Check("MC909", _G, "containers are contained", containers_are_contained),
    Check("MC910", _G, "no secret goes over the network in clear", headers_go_sealed),
    Check("MC911", _G, "certificates are checked", certificates_are_checked),
    Check("MC912", _G, "no start runs what a web page says", nothing_is_piped_into_a_shell),
    Check("MC913", _G, "nobody else can change what is started", programs_are_the_users),
    Check("MC914", _G, "packages and images are pinned", packages_are_pinned),
)
