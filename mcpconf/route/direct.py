"""The direct route: the client starts the server's own command, or calls its URL."""

from __future__ import annotations

from mcpconf.model import Note, Server
from mcpconf.route.context import Context
from mcpconf.route.launch import Launch
from mcpconf.route.offer import Offer, Refusal
from mcpconf.route.values import has_reference, secret_names, with_references
from mcpconf.route.ways import ways


def offer(server: Server, context: Context) -> Offer | Refusal:
    """The first way that works here, unless something must be filled in that this client can't fill in."""
    found = ways(server, context)
    launch = next((way for way in found if isinstance(way, Launch)), None)
    if launch is None:
        reasons = [way for way in found if isinstance(way, Refusal)]
        if not reasons:
            return Refusal("only the Docker Toolkit can serve it")
        return Refusal("; ".join(refusal.reason for refusal in reasons), hint=reasons[0].hint)
    if not context.spec.expands and has_reference(launch):
        return Refusal(f"{context.spec.title} does not fill in variables")
    return Offer(with_references(launch), _because(server, launch, context), notes=_notes(server, launch, context))


def _because(server: Server, launch: Launch, context: Context) -> str:
    if launch.url:
        return "the client speaks HTTP"
    if server.builtin:
        return "mcpconf serves it itself"
    if server.package and not server.command:
        return f"{(launch.command or '').rsplit('/', 1)[-1]} runs {server.package}"
    where = "named for everybody" if context.target.portable else "here"
    return f"{(launch.command or '').rsplit('/', 1)[-1]} is {where}"


def _notes(server: Server, launch: Launch, context: Context) -> tuple[Note, ...]:
    notes = []
    command = launch.command or ""
    missing = command not in context.which and not server.builtin and "/" not in command and "$" not in command
    if context.target.portable and command and missing:
        notes.append(Note(f"{server.name}: {command} is not here; who uses the shared file needs it"))
    for name in secret_names(launch):
        # The client fills in variables of its own environment, and knows nothing of our file.
        text = f"{server.name}: {name} must be set where the client starts; the kept secret does not reach this route"
        notes.append(Note(text, hint=f"export {name}=..."))
    if server.directory:
        notes.append(Note(f"{server.name}: its cwd is not set by this route", hint="--route wrapper"))
    return tuple(notes)
