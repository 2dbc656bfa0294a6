"""What a container is given, in the words of `docker run`, a compose file and a devcontainer.json."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence

from mcpconf.environment.exposure import Grant

# What these files call a variable of the machine: they are kept, and shared, where `docker run` is typed once.
COMPOSE = "${%s}"
DEVCONTAINER = "${localEnv:%s}"


def run_words(grant: Grant) -> tuple[str, ...]:
    """The options of `docker run`."""
    words: list[str] = []
    for here, there in grant.mounts:
        words += ["--mount", _as_mount(here, there)] if ":" in here else ["-v", f"{here}:{there}:ro"]
    words += [f"--add-host={host}" for host in grant.hosts]
    words += [word for name, value in grant.variables for word in ("-e", f"{name}={value}")]
    return (*words, *grant.options)


def run_line(program: str, grant: Grant) -> str:
    """The line, up to where the container's own words begin."""
    return f"{program} run {shlex.join(run_words(grant))} ..."


def compose_lines(grant: Grant, variables: Mapping[str, str]) -> list[str]:
    """A service's part of a compose file. `variables` of this machine stand for the directories that they name."""
    lines = ["services:", "  NAME:"]
    volumes = [_compose_volume(_named(here, variables, COMPOSE, "$$"), there) for here, there in grant.mounts]
    lines += _listed("volumes", volumes)
    lines += _listed("extra_hosts", [_quoted(host) for host in grant.hosts])
    options = [option.removeprefix("--security-opt=").replace("=", ":", 1) for option in grant.options]
    lines += _listed("security_opt", [_quoted(option) for option in options])
    if grant.variables:
        lines += ["    environment:", *(f"      {name}: {_quoted(value)}" for name, value in grant.variables)]
    return lines


def devcontainer_lines(grant: Grant, variables: Mapping[str, str]) -> list[str]:
    """Members of a devcontainer.json."""
    mounts = [_as_mount(_named(here, variables, DEVCONTAINER, "$"), there) for here, there in grant.mounts]
    members: dict[str, object] = {"mounts": mounts}
    if grant.variables:
        members["containerEnv"] = dict(grant.variables)
    arguments = [*(f"--add-host={host}" for host in grant.hosts), *grant.options]
    if arguments:
        members["runArgs"] = arguments
    return [f"{_quoted(name)}: {json.dumps(value, ensure_ascii=False)}," for name, value in members.items()]


def devcontainer_grant(grant: Grant, variables: Mapping[str, str]) -> Grant | None:
    """The grant in the words of that file, which others read, too; None where it would tell a path of this machine."""
    named = tuple((_named(here, variables, DEVCONTAINER, "$"), there) for here, there in grant.mounts)
    if not all(here.startswith("${localEnv:") for here, _ in named):
        return None
    return Grant(named, grant.variables, grant.hosts, grant.options)


def _as_mount(here: str, there: str) -> str:
    quote = '"' if "," in here or '"' in here else ""  # its fields are those of a CSV line
    source = here.replace('"', '""') if quote else here
    return f"type=bind,{quote}source={source}{quote},target={there},readonly"


def _compose_volume(here: str, there: str) -> str:
    if ":" in here.replace("${", ""):
        return f"{{type: bind, source: {_quoted(here)}, target: {_quoted(there)}, read_only: true}}"
    return _quoted(f"{here}:{there}:ro")


def _listed(name: str, items: Sequence[str]) -> list[str]:
    return [f"    {name}:", *(f"      - {item}" for item in items)] if items else []


def _named(path: str, variables: Mapping[str, str], form: str, dollar: str) -> str:
    """The path with a variable for the directory that it is in, where one says that."""
    for name, value in variables.items():
        if value and path.startswith(value.rstrip("/") + "/"):
            return form % name + path[len(value.rstrip("/")) :].replace("$", dollar)
    return path.replace("$", dollar)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # which is YAML, too
