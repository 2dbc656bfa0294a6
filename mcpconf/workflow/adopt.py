"""`mcpconf import`: what a client has now, as a profile, with secrets moved where they belong."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping

from mcpconf.client.spec import Target
from mcpconf.document.edit import read_members
from mcpconf.document.fault import Fault
from mcpconf.errors import McpconfError
from mcpconf.model import Json, Note
from mcpconf.plan import decode_file, locate
from mcpconf.profile import edit
from mcpconf.profile.load import parse
from mcpconf.record import dataclass
from mcpconf.workflow.app import App
from mcpconf.workflow.own_profile import ProfileEdit, own_path, read_own
from mcpconf.workflow.own_servers import resolved
from mcpconf.workflow.read_entry import Reader, Secrets, Unfit
from mcpconf.workflow.secrets import index as keyring_index
from mcpconf.workflow.secrets import load as load_secrets
from mcpconf.workflow.targets import Targets


@dataclass(frozen=True, slots=True)
class Imported:
    """A profile made of a client's entries: `secrets` are the literal values that left it, by their new names."""

    edit: ProfileEdit
    servers: tuple[str, ...]
    secrets: Mapping[str, str]
    notes: tuple[Note, ...]


def leaving(app: App, targets: Targets, edited: ProfileEdit) -> tuple[str, ...]:
    """The entries of the active profile that go where one switches to the edited one, which has none of that name."""
    stay = {server.name for server in resolved(app, edited, edited.after).servers if not server.disabled}
    files = app.state.ledger().files
    ours = (
        name
        for _, target in targets.chosen
        for name in (files[target.path].members.get(target.pointer, {}) if target.path in files else ())
    )
    return tuple(dict.fromkeys(name for name in ours if name not in stay))


def plan_import(app: App, targets: Targets, name: str) -> Imported:
    """Read the entries of the targets that are not ours. Raises `McpconfError` where there are none."""
    text = read_own(app, name)
    after = text or edit.new_profile("Imported from " + ", ".join(targets.clients), ())
    known = load_secrets(app)
    secrets = Secrets({name: known.get(name) or "" for name in (*known.names(), *keyring_index(app).names)})
    notes: list[Note] = []
    servers: list[str] = []
    for spec, target in targets.chosen:
        for server, entry in _foreign(app, target).items():
            reader = Reader(spec, server, Secrets(secrets.known, dict(secrets.new)), [])
            try:
                longer = _with_server(after, server, reader.table(entry), again=server in servers)
                parse(longer, own_path(app, name), name)
            except (Unfit, McpconfError) as error:
                notes.append(Note(f"{target.label}: {server} stays where it is: {error}"))
                continue
            after, secrets = longer, reader.secrets
            notes += reader.notes
            servers.append(server)
    if not servers and notes:
        raise McpconfError("\n".join(note.text for note in notes), hint="mcpconf import --profile ANOTHER")
    if not servers:
        raise McpconfError("there is no entry to import that mcpconf did not write", hint="mcpconf status")
    return Imported(ProfileEdit(name, own_path(app, name), text, after), tuple(servers), secrets.new, tuple(notes))


def _with_server(text: str, server: str, table: dict[str, Json], *, again: bool) -> str:
    """The profile with the server, also where an earlier import has put just this one there."""
    longer = edit.add_server(text, server, table, replace=again or server in _servers(text))
    if not again and server in _servers(text) and _servers(longer)[server] != _servers(text)[server]:
        raise Unfit("the profile has another server of that name")
    return longer if again or server not in _servers(text) else text


def _servers(text: str) -> dict[str, Json]:
    servers: dict[str, Json] = tomllib.loads(text.removeprefix("\ufeff")).get("servers", {})
    return servers


def _foreign(app: App, target: Target) -> dict[str, Json]:
    raw = app.read([target.path])[target.path]
    text = decode_file(target.path, raw).text
    try:
        found = read_members(text, target.pointer, target.dialect)
    except Fault as fault:
        raise locate(target.path, text, fault) from None
    record = app.state.ledger().files.get(target.path)
    ours = record.members.get(target.pointer, {}) if record else {}
    return {name: member.value for name, member in found.items() if name not in ours}
