"""`mcpconf import`: what a client has now, as a profile, with secrets moved where they belong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mcpconf.client.spec import ClientSpec, Target
from mcpconf.commit.transaction import read_all
from mcpconf.document.edit import read_members
from mcpconf.document.fault import Fault
from mcpconf.errors import McpconfError
from mcpconf.model import Json, Note
from mcpconf.plan import decode_file, locate
from mcpconf.profile import edit
from mcpconf.profile.load import parse
from mcpconf.profile.names import check_server_name
from mcpconf.profile.redact import sensitive
from mcpconf.profile.variables import Literal, TemplateError
from mcpconf.profile.variables import parse as parse_template
from mcpconf.workflow.app import App
from mcpconf.workflow.own_profile import ProfileEdit, own_path, read_own
from mcpconf.workflow.targets import Targets

STDIO = {"type", "command", "args", "env", "timeout"}
REMOTE = {"type", "url", "headers", "timeout"}
TRANSPORTS = {"http": "http", "streamable-http": "http", "sse": "sse", "ws": "ws"}


@dataclass(frozen=True, slots=True)
class Imported:
    """A profile made of a client's entries: `secrets` are the literal values that left it, by their new names."""

    edit: ProfileEdit
    servers: tuple[str, ...]
    secrets: Mapping[str, str]
    notes: tuple[Note, ...]


class _Unfit(Exception):
    """An entry that a profile can't say."""


def plan_import(app: App, targets: Targets, name: str) -> Imported:
    """Read the entries of the targets that are not ours. Raises `McpconfError` where there are none."""
    text = read_own(app, name)
    after = text or edit.new_profile("Imported from " + ", ".join(targets.clients), ())
    secrets: dict[str, str] = {}
    notes: list[Note] = []
    servers: list[str] = []
    for spec, target in targets.chosen:
        for server, entry in _foreign(app, target).items():
            try:
                table = _table(spec, server, entry, secrets)
                after = edit.add_server(after, server, table, replace=server in servers)
                parse(after, own_path(app, name), name)
            except (_Unfit, McpconfError) as error:
                notes.append(Note(f"{target.label}: {server} stays where it is: {error}"))
                continue
            servers.append(server)
    if not servers:
        raise McpconfError("there is no entry to import that mcpconf did not write", hint="mcpconf status")
    return Imported(ProfileEdit(name, own_path(app, name), text, after), tuple(servers), secrets, tuple(notes))


def _foreign(app: App, target: Target) -> dict[str, Json]:
    raw = read_all([target.path], app.system)[target.path].raw
    text = decode_file(target.path, raw).text
    try:
        found = read_members(text, target.pointer, target.dialect)
    except Fault as fault:
        raise locate(target.path, text, fault) from None
    record = app.state.ledger().files.get(target.path)
    ours = record.members.get(target.pointer, {}) if record else {}
    return {name: member.value for name, member in found.items() if name not in ours}


def _table(spec: ClientSpec, server: str, entry: Json, secrets: dict[str, str]) -> dict[str, Json]:
    problem = check_server_name(server)
    if problem:
        raise _Unfit(problem)
    if not isinstance(entry, dict):
        raise _Unfit("it is no object")
    remote = "url" in entry
    unknown = sorted(set(entry) - (REMOTE if remote else STDIO))
    if unknown:
        raise _Unfit(f"a profile has no place for {', '.join(unknown)}")
    table: dict[str, Json] = (
        {"url": _text(entry["url"], spec)} if remote else {"command": _text(entry.get("command"), spec)}
    )
    if remote and TRANSPORTS.get(entry.get("type", "http"), "http") != "http":
        table["transport"] = TRANSPORTS[entry["type"]]
    if entry.get("args"):
        table["args"] = [_text(word, spec) for word in entry["args"]]
    for key in ("env", "headers"):
        if entry.get(key):
            table[key] = {name: _value(server, name, value, spec, secrets) for name, value in entry[key].items()}
    if entry.get("timeout") is not None:
        table["timeout"] = entry["timeout"]
    return table


def _text(value: Json, spec: ClientSpec) -> str:
    if not isinstance(value, str) or not value:
        raise _Unfit("it names no command or URL as text")
    if not spec.expands and "${" in value:
        raise _Unfit("it holds a literal '${', which other clients would expand")
    try:
        parse_template(value)
    except TemplateError as error:
        raise _Unfit(str(error)) from None
    return value


def _value(server: str, name: str, value: Json, spec: ClientSpec, secrets: dict[str, str]) -> str:
    """An environment value or header; a literal one with a telling name becomes a secret."""
    if value == "":
        return ""
    text = _text(value, spec)
    literal = all(isinstance(part, Literal) for part in parse_template(text))
    if not (literal and sensitive(name)):
        return text
    secret = name if name.isidentifier() and name.isascii() else f"{server}_{name}".replace("-", "_").upper()
    if secrets.get(secret, text) != text:
        secret = f"{server}_{secret}".replace("-", "_").upper()
    secrets[secret] = text
    return f"secret:{secret}"
