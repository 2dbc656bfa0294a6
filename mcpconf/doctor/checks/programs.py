"""What an entry starts: is it found by its client, and will the system start it?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from shlex import quote

from mcpconf.doctor.argv import container_run, is_inline, program_name, unwrapped
from mcpconf.doctor.checks.shape import edit, fields, found, is_remote, sound, where
from mcpconf.doctor.finding import Found, Level, Mend
from mcpconf.doctor.seen.entries import Entries, Entry, Program
from mcpconf.model import Json

# What brings a program that people often miss.
BRINGS = {
    "npx": "install Node.js, which brings npx: https://nodejs.org/en/download",
    "node": "install Node.js: https://nodejs.org/en/download",
    "uvx": "pipx install uv, or: curl -LsSf https://astral.sh/uv/install.sh | sh",
    "uv": "pipx install uv, or: curl -LsSf https://astral.sh/uv/install.sh | sh",
    "docker": "install Docker: https://docs.docker.com/engine/install/",
    "bunx": "install Bun: https://bun.sh/docs/installation",
    "pipx": "apt-get install pipx, or: python3 -m pip install --user pipx",
    "python": "name it as it is called here: python3",
}
# Upper case alone: a password may well begin with a dollar sign.
PLAIN_VARIABLE = re.compile(r"(?:^|=)\$[A-Z_][A-Z0-9_]*|^%[A-Z]\w*%|^\$env:\w+")


def command(entry: Entry) -> str:
    """The command as it stands there."""
    value = fields(entry).get("command")
    return value if isinstance(value, str) else ""


def args(entry: Entry) -> list[str]:
    value = fields(entry).get("args") or []
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def started(entries: Entries) -> Iterator[tuple[Entry, Program]]:
    """The entries that start a program which was looked at, but for those that lack a file of ours."""
    for one in sound(entries):
        if (
            one.program is not None
            and not is_remote(one)
            and not one.lost
            and not _is_unexpanded(one)
            and not _is_batch(entries, one)
        ):
            yield one, one.program


def _is_unexpanded(one: Entry) -> bool:
    return command(one).startswith("~") or _names_variable(one, command(one))


def _names_variable(one: Entry, text: str) -> bool:
    """Whether a text means a variable that its client does not fill in."""
    return PLAIN_VARIABLE.search(text) is not None or (not one.expands and "${" in text)


def _is_line(program: Program) -> bool:
    """A whole command line in the place of a command."""
    return program.path is None and any(char.isspace() for char in program.asked)


def command_is_found(entries: Entries) -> Iterator[Found]:
    for one, program in started(entries):
        if program.path is not None or _is_line(program) or (_is_relative(program.asked) and not one.directory):
            continue
        name = program_name(program.asked)
        if program.beside is not None and "PATH" in (fields(one).get("env") or {}):
            text = f"there is no {name} on the PATH that its env sets"
            yield found(Level.ERROR, one, text, edit(one, f'"command": "{program.beside}"'))
        elif program.beside is not None:
            text = f"{name} is not where {one.title} looks, though your shell finds it: {one.title} has a shorter PATH"
            yield found(Level.WARNING, one, text, edit(one, f'"command": "{program.beside}"'))
        elif "/" in program.asked:
            yield found(Level.ERROR, one, f"there is no {program.asked}", _instead(one, name))
        else:
            yield found(Level.ERROR, one, f"there is no {name} on PATH", _instead(one, name))


def _instead(one: Entry, name: str) -> str:
    if one.ours:
        return "mcpconf switch NAME"
    return BRINGS.get(name) or edit(one, '"command": the whole path of a program')


def command_is_a_program(entries: Entries) -> Iterator[Found]:
    for one, program in started(entries):
        if program.directory:
            text = f"its command {program.path} is a directory"
            yield found(Level.ERROR, one, text, edit(one, '"command": the program in it'))
        elif program.path is not None and not program.executable:
            text = f"{program.path} may not be executed"
            yield found(Level.ERROR, one, text, f"chmod +x {quote(program.path)}")
        elif program.path is not None and program.mounted_noexec:
            text = f"{program.path} lies on a file system that is mounted noexec"
            yield found(Level.ERROR, one, text, edit(one, "name its interpreter as the command, and it as an argument"))


def command_is_one_word(entries: Entries) -> Iterator[Found]:
    for one, program in started(entries):
        if not _is_line(program):
            continue
        first, _, rest = program.asked.strip().partition(" ")
        if rest:
            text = "its command is a whole command line, and clients look for a program of that name"
            instead = f'"command": "{first}", "args": ["{rest.split()[0]}", ...]'
        else:
            text = "its command has a space before or behind it, and clients look for a program of that name"
            instead = f'"command": "{first}"'
        yield found(Level.ERROR, one, text, edit(one, instead))


def _is_fit(program: Program) -> bool:
    return program.path is not None and program.executable and not program.directory and not program.mounted_noexec


def script_has_a_shebang(entries: Entries) -> Iterator[Found]:
    for one, program in started(entries):
        if _is_fit(program) and program.empty:
            yield found(Level.ERROR, one, f"{program.path} is an empty file", f"ls -l {quote(program.path or '')}")
        elif _is_fit(program) and program.shebang == "":
            text = f"{program.path} is a text that does not begin with #!, and clients use no shell to start it"
            yield found(Level.ERROR, one, text, f"sed -i '1i #!/usr/bin/env bash' {quote(program.path or '')}")


def interpreter_is_there(entries: Entries) -> Iterator[Found]:
    for one, program in started(entries):
        if not _is_fit(program):
            continue
        if program.machine is not None:
            text = f"{program.path} was made for {program.machine}, which this machine is not"
            yield found(Level.ERROR, one, text, "install it here: a program of another machine can't be started")
        elif program.carriage:
            text = f"the first line of {program.path} ends as on Windows, so its interpreter is not found"
            yield found(Level.ERROR, one, text, f"sed -i 's/\\r$//' {quote(program.path or '')}")
        elif not program.interpreter_there and program.shebang:
            text = f"{program.path} wants {program.interpreter}, which is not there"
            yield found(Level.ERROR, one, text, f"install it again, so that its first line is right: {program.path}",
                        program.shebang)  # fmt: skip
        elif not program.interpreter_there:
            text = f"{program.path} wants the loader {program.interpreter}, which this system does not have"
            yield found(Level.ERROR, one, text, "install it here: it was built for another C library")


def files_are_there(entries: Entries) -> Iterator[Found]:
    for one, program in started(entries):
        for missing in one.missing:
            if missing.path == program.path:
                continue
            if missing.needed:
                text = f"there is no {missing.path}, which it is to run or to read"
                yield found(Level.ERROR, one, text, edit(one))
            else:
                text = f"it names {missing.path} ({missing.what}), which is not there"
                yield found(Level.WARNING, one, text, edit(one))


def variables_are_set(entries: Entries) -> Iterator[Found]:
    for one in sound(entries):
        for place, name in dict.fromkeys(one.unset):
            level = Level.ERROR if place in ("command", "url") else Level.WARNING
            if level is Level.WARNING and (one.ours or _fills_in_itself(one, place, name)):
                continue  # of ours MC411 says so
            text = f"{name} is not set, so its {place} has ${{{name}}} as it is written"
            yield found(level, one, text, f"export {quote(name)}=...; then restart {one.title}")


def _fills_in_itself(one: Entry, place: str, name: str) -> bool:
    """Whether its own `env` sets the variable that an argument names, as those write it whose server reads both."""
    env = fields(one).get("env")
    return place == "args" and isinstance(env, dict) and name in env


def nothing_waits_for_a_shell(entries: Entries) -> Iterator[Found]:
    """`~`, `$VAR` and, for a client that fills in nothing, `${VAR}`."""
    for one in sound(entries):
        for place, text in _texts(one):
            if text.startswith("~/") or (place == "command" and text.startswith("~")):
                said, instead = "~", "write the whole path"
            elif _names_variable(one, text) and not _fills_in_itself(one, place, _variable(text).strip("${}")):
                said = _variable(text)
                instead = f"write ${{{said.strip('${}')}}}" if one.expands else "write its value, or: mcpconf import"
            else:
                continue
            level = Level.ERROR if place == "command" else Level.WARNING
            yield found(level, one, f"{one.title} does not fill in {said} in its {place}", edit(one, instead))
            break  # one is enough: they are mended together


def _variable(text: str) -> str:
    match = PLAIN_VARIABLE.search(text) or re.search(r"\$\{\w*", text)
    said = match[0].lstrip("=") if match else "$"
    return said + "}" if said.startswith("${") else said


def _texts(one: Entry) -> Iterator[tuple[str, str]]:
    """Where a value goes to the server as it stands, with the value; a shell's own text is the shell's."""
    yield "command", command(one)
    if not is_inline(command(one), args(one)):
        for text in args(one):
            # What runs inside of a container has its own home and its own variables.
            yield "args", text
    for key in ("env", "headers"):
        table: Json = fields(one).get(key)
        for name, value in table.items() if isinstance(table, dict) else ():
            if isinstance(value, str):
                yield f"{key} {name}", value


def path_leads_from_anywhere(entries: Entries) -> Iterator[Found]:
    for one, program in started(entries):
        asked = program.asked
        if not _is_relative(asked) or entries.platform == "windows":
            continue
        if not one.directory:
            text = f"{asked} is looked for where {one.title} runs, which is no directory of yours"
            yield found(Level.ERROR, one, text, edit(one, "write the whole path"))
        elif one.scope == "user" and program.path is not None:
            text = f"{asked} is found from this directory alone, and the entry is for all of them"
            yield found(Level.WARNING, one, text, edit(one, f'"command": "{program.path}"'))


def _is_relative(asked: str) -> bool:
    """A path that leads somewhere else from another directory. A line of words is no path."""
    return "/" in asked and not asked.startswith("/") and " " not in asked


def starts_no_other_places_mcpconf(entries: Entries) -> Iterator[Found]:
    """What this place's own entries need is the routes' to say, who know the profile (MC410)."""
    for one in sound(entries):
        if one.lost and one.here and not one.ours:
            text = "mcpconf of another place wrote it: the file that it starts is not in this one"
            mend = Mend("mcpconf switch NAME --adopt, which writes it for this place")
            yield Found(Level.ERROR, text, one.name, (where(one), *one.lost), mend)


def container_listens(entries: Entries) -> Iterator[Found]:
    """A container that speaks MCP reads from stdin, which `docker run` closes unless it is told not to."""
    for one in sound(entries):
        run = container_run(command(one), args(one))
        if run is None or run.image is None:
            continue
        if run.has("detach"):
            text = f"{run.engine} run -d leaves the container alone: nobody reads what it says"
            yield found(Level.ERROR, one, text, edit(one, "leave out -d"))
        elif run.has("tty"):
            text = f"{run.engine} run -t wants a terminal, which a client is not"
            yield found(Level.ERROR, one, text, edit(one, '"-i" in the place of "-it"'))
        elif not run.has("interactive"):
            text = f"{run.engine} run without -i closes the container's stdin, and the server ends at once"
            yield found(Level.ERROR, one, text, edit(one, '"run", "-i", "--rm", ...'))


def _is_batch(entries: Entries, one: Entry) -> bool:
    """On Windows: what only cmd.exe can start."""
    if entries.platform != "windows" or not one.here:
        return False
    name = re.split(r"[/\\]", command(one))[-1].lower()
    return name.endswith((".cmd", ".bat", ".ps1")) or name in ("npx", "npm", "pnpm", "yarn")


def command_needs_no_cmd(entries: Entries) -> Iterator[Found]:
    for one in sound(entries):
        if _is_batch(entries, one) and unwrapped(command(one), args(one))[0] == command(one):
            name = program_name(command(one))
            text = f"{name} is a script of cmd.exe, which clients on Windows can't start by themselves"
            yield found(Level.ERROR, one, text, edit(one, f'"command": "cmd", "args": ["/c", "{name}", ...]'))
