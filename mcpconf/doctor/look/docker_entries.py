"""The entries of clients that run Docker, by what they ask it for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from mcpconf.client.spec import ClientSpec, Target
from mcpconf.doctor.seen.toolkit import HOST_NAME, DockerEntry
from mcpconf.document.edit import read_members
from mcpconf.document.fault import Fault
from mcpconf.errors import Located
from mcpconf.model import Json
from mcpconf.plan import decode_file
from mcpconf.route.toolkit import PORT
from mcpconf.workflow.app import App

SOCAT = "alpine/socat"
_LEADS = re.compile(r"TCP[46]?:(\[[^\]]+\]|[^:,]+):(\d+)", re.IGNORECASE)


def docker_entries(app: App, targets: Sequence[tuple[ClientSpec, Target]]) -> Iterator[DockerEntry]:
    """All of them that run on this system; a file that can't be read is told of where files are looked at."""
    for spec, target in targets:
        raw = app.system.read(target.path) if not target.enter else None
        if raw is None:
            continue
        try:
            members = read_members(decode_file(target.path, raw).text, target.pointer, target.dialect)
        except (Located, Fault):
            continue
        for name, member in members.items():
            found = _docker_entry(name, f"{target.path}:{member.line}, {spec.title} ({target.scope})", member.value)
            if found is not None:
                yield found


def _docker_entry(name: str, where: str, value: Json) -> DockerEntry | None:
    command, args = (value.get("command"), value.get("args")) if isinstance(value, dict) else (None, None)
    if not isinstance(command, str) or not isinstance(args, list):
        return None
    words = [word for word in args if isinstance(word, str)]
    program = command.replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe")
    if program != "docker" or not words:
        return None
    if words[:3] == ["mcp", "gateway", "run"]:
        return DockerEntry(name=name, where=where, toolkit=True, profile="".join(_options(words, "--profile")[:1]))
    if words[0] != "run" and words[:2] != ["container", "run"]:
        return None
    return _classic(name, where, words) or DockerEntry(name=name, where=where)


def _classic(name: str, where: str, words: Sequence[str]) -> DockerEntry | None:
    """An entry as Docker once wrote it, with whatever options somebody has added."""
    image = next((word for word in words if re.sub(r"[:@].*", "", word.removeprefix("docker.io/")) == SOCAT), None)
    leads = next((match for word in words if (match := _LEADS.match(word))), None)
    if image is None or leads is None:
        return None
    hosts = [re.split("[:=]", one)[0] for one in _options(words, "--add-host")]
    network = {*_options(words, "--network"), *_options(words, "--net")}
    return DockerEntry(
        name=name,
        where=where,
        host=leads[1].lower(),
        port=int(leads[2]) if 0 < int(leads[2]) < 65536 else PORT,
        knows_host=HOST_NAME in hosts or "host" in network or bool(_options(words, "--dns")),
        image=image,
        never_pulls="never" in _options(words, "--pull"),
    )


def _options(words: Sequence[str], name: str) -> list[str]:
    """The values of an option, however it is written."""
    found = [word.partition("=")[2] for word in words if word.startswith(f"{name}=")]
    return found + [value for word, value in pairwise(words) if word == name]
