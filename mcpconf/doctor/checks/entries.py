"""Servers' entries: will their client take them, find what they start, and use them?"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from mcpconf.doctor.check import Check
from mcpconf.doctor.checks import programs, shape
from mcpconf.doctor.checks.shape import edit, fields, found, is_remote, sound
from mcpconf.doctor.finding import Found, Group, Level, Mend
from mcpconf.doctor.seen.entries import Entries, Entry, Stand
from mcpconf.model import Kind
from mcpconf.profile.names import LONG_NAME, RESERVED, as_client_sees
from mcpconf.profile.redact import bare_url

TOOL_NAME = 64  # characters that a tool's name may have, `mcp__SERVER__` included
SHORTEST = 8  # characters that a server's own name for a tool seldom goes below
LOADED = {"constructor"}  # a name that breaks elsewhere; the client's own list of servers has it
HOST_NAMES = ("host.docker.internal", "gateway.docker.internal")


def address_leads_somewhere(entries: Entries) -> Iterator[Found]:
    """`localhost` in a container is the container; the container's name for its host means nothing on the host."""
    for one in sound(entries):
        url = str(fields(one).get("url", ""))
        if is_remote(one) and one.silent:
            text = "nothing listens there: in a container, localhost is the container"
            port = url.rpartition(":")[2].partition("/")[0]
            instead = f"host.docker.internal:{port}" if port.isdigit() else "host.docker.internal"
            yield found(Level.WARNING, one, text, edit(one, f"{instead} is the host"), bare_url(url))
        elif is_remote(one) and _host(url) in HOST_NAMES and entries.kind is Kind.HOST and not entries.docker_host:
            text = f"{_host(url)} is a name that containers have for their host, and this is the host"
            yield found(Level.WARNING, one, text, edit(one, "localhost in its place"), bare_url(url))


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _of_claude_code(entries: Entries) -> Iterator[Entry]:
    return (one for one in entries.entries if one.needs_type)


def name_is_free(entries: Entries) -> Iterator[Found]:
    for one in _of_claude_code(entries):
        if as_client_sees(one.name) in RESERVED - LOADED:
            text = f"Claude Code keeps the name {one.name} for itself, and does not start it"
            yield found(Level.ERROR, one, text, edit(one, "give it another name"))


def names_stay_apart(entries: Entries) -> Iterator[Found]:
    seen: dict[str, Entry] = {}
    for one in _of_claude_code(entries):
        first = seen.setdefault(as_client_sees(one.name), one)
        if first.name != one.name:
            text = f"to Claude it has the same name as {first.name!r}, and one of them is dropped without a word"
            yield found(Level.WARNING, one, text, edit(one, "give it another name"), f"{first.path}:{first.line}")


def tools_have_room(entries: Entries) -> Iterator[Found]:
    """A tool is `mcp__SERVER__TOOL`, of 64 characters at most."""
    for one in _of_claude_code(entries):
        seen = as_client_sees(one.name)
        rest = TOOL_NAME - len(f"mcp__{seen}__")
        long = [tool for tool in one.tools if len(tool) > rest]
        if rest < SHORTEST:
            text = f"its name has {len(seen)} characters, which leaves {max(rest, 0)} for the name of a tool"
            yield found(Level.WARNING, one, text, edit(one, f"give it a name of {LONG_NAME} characters or less"))
        elif long:
            text = f"the names of {len(long)} of its tools get too long behind its own: Claude refuses them"
            short = f"give it a name that is {max(map(len, long)) - rest} characters shorter"
            yield found(Level.WARNING, one, text, edit(one, short), *long[:3])
        elif "__" in seen.strip("_"):
            text = "two underscores in its name: Claude puts them between a server and its tool"
            yield found(Level.INFO, one, text, edit(one, "give it another name"))


def counts(entries: Entries) -> Iterator[Found]:
    for one in entries.entries:
        if one.shadow is not None:
            level = Level.WARNING if one.ours and not one.shadow_is_same else Level.INFO
            says = "the same" if one.shadow_is_same else "another"
            text = f"here {says} entry of that name counts in its place, of a nearer scope"
            yield found(level, one, text, f"claude mcp remove {one.name} -s {one.scope}", f"taken: {one.shadow}")


def project_is_approved(entries: Entries) -> Iterator[Found]:
    for one in sound(entries):
        if one.stand is Stand.PENDING:
            text = "you have not approved it yet, so Claude Code does not start it here"
            yield found(Level.WARNING, one, text, _approve(one), f"{one.title} asks once for each server of a project")
        elif one.stand is Stand.UNTRUSTED:
            text = "it is approved for a directory that Claude Code does not trust yet, and is not started"
            yield found(Level.WARNING, one, text, "run claude here, and accept its question about trust",
                        f"approved in {one.because}")  # fmt: skip


def _approve(one: Entry) -> str:
    return "mcpconf switch NAME --scope project --approve" if one.ours else "run claude here, and approve it in /mcp"


def settings_allow_it(entries: Entries) -> Iterator[Found]:
    for one in sound(entries):
        told = (f"said in {one.because}",)
        if one.stand is Stand.DENIED:
            text = "settings do not allow it, so Claude Code leaves it out without a word"
            yield found(
                Level.ERROR, one, text, f"look at deniedMcpServers and allowedMcpServers in {one.because}", *told
            )
        elif one.stand is Stand.REJECTED:
            text = "it is rejected in disabledMcpjsonServers, so Claude Code does not start it"
            level = Level.WARNING if one.ours else Level.INFO
            yield found(level, one, text, f"take {one.name} out of disabledMcpjsonServers in {one.because}", *told)
        elif one.stand is Stand.OFF:
            text = "it is switched off for this directory (disabledMcpServers)"
            level = Level.WARNING if one.ours else Level.INFO
            yield found(level, one, text, "in Claude Code: /mcp, then enable it", *told)


def nobody_else_decides(entries: Entries) -> Iterator[Found]:
    managed = entries.managed
    if managed is None:
        return
    if managed.problem is not None:
        text = f"this administrator's file is not taken: {managed.problem}, so that every user's servers count"
        yield Found(Level.WARNING, text, managed.path, (), Mend(f"python3 -m json.tool {managed.path}"))
        return
    hidden = sorted({one.name for one in _of_claude_code(entries)} - set(managed.names))
    if hidden:
        text = f"an administrator's file takes the place of all servers of Claude Code, these too: {', '.join(hidden)}"
        names = ", ".join(managed.names) or "none at all"
        yield Found(Level.WARNING, text, managed.path, (f"it has {names}",), Mend(f"add them to {managed.path}"))


_G = Group.ENTRIES
CHECKS = (
    Check("MC301", _G, "every entry has the shape that its client takes", shape.has_its_shape),
    Check("MC302", _G, "every url says what is spoken there", shape.url_has_a_type),
    Check("MC303", _G, "no client has a url that it can't call", shape.url_has_a_client),
    Check("MC304", _G, "every url is one", shape.url_can_be_called),
    Check("MC305", _G, "no entry has both a command and a url", shape.url_and_command_do_not_mix),
    Check("MC306", _G, "clients read every word of the entries", shape.is_read),
    Check("MC307", _G, "clients find every command", programs.command_is_found),
    Check("MC308", _G, "every command may be executed", programs.command_is_a_program),
    Check("MC309", _G, "no command is a whole command line", programs.command_is_one_word),
    Check("MC310", _G, "every script says what runs it", programs.script_has_a_shebang),
    Check("MC311", _G, "what runs the programs is there", programs.interpreter_is_there),
    Check("MC312", _G, "the files that entries name are there", programs.files_are_there),
    Check("MC313", _G, "every variable that an entry names is set", programs.variables_are_set),
    Check("MC314", _G, "no entry waits for a shell to fill something in", programs.nothing_waits_for_a_shell),
    Check("MC315", _G, "commands lead to the same program from everywhere", programs.path_leads_from_anywhere),
    Check("MC316", _G, "no entry is of another place's mcpconf", programs.starts_no_other_places_mcpconf),
    Check("MC317", _G, "every container is listened to", programs.container_listens),
    Check("MC318", _G, "no command needs cmd.exe", programs.command_needs_no_cmd),
    Check("MC319", _G, "addresses mean this place what they say", address_leads_somewhere),
    Check("MC320", _G, "no server has a name of Claude Code's own", name_is_free),
    Check("MC321", _G, "Claude can tell all servers apart", names_stay_apart),
    Check("MC322", _G, "names leave room for those of the tools", tools_have_room),
    Check("MC323", _G, "no entry hides another one", counts),
    Check("MC324", _G, "the project's servers are approved", project_is_approved),
    Check("MC325", _G, "no settings switch a server off", settings_allow_it),
    Check("MC326", _G, "no administrator's file takes your servers' place", nobody_else_decides),
)
