"""chezmoi writes the files that it manages itself: a script of ours tells it what to write, and nobody is fought.

A `modify_` script gets a file on stdin and prints what it is to hold. Where a profile is active it is what it was: our
entries stand there already, and a switch stays what it is. Where none is, the servers of the profile that the script
names are added, and noted down before as a pending write of our own, so that the next change finds and owns them.
"""

from __future__ import annotations

import os

from mcpconf.client.table import client
from mcpconf.commit.recovery import PENDING, absorb_pending, dump_pending
from mcpconf.document.block import SHELL, Torn, put
from mcpconf.dotfiles.rc import block
from mcpconf.errors import Refused, UsageError
from mcpconf.ledger import Ledger
from mcpconf.model import Scope
from mcpconf.plan import Foreign, Plan, Policy, make_plan
from mcpconf.record import dataclass
from mcpconf.workflow import active
from mcpconf.workflow.app import App
from mcpconf.workflow.prepare import Prepared, Wish, prepare

RC_FILES = {"bash": ".bashrc", "zsh": ".zshrc"}
APPLY = "apply"  # the script that chezmoi runs last
FILES = {
    "claude-code": ("modify_private_dot_claude.json", "~/.claude.json"),
    "claude-desktop": (
        "private_dot_config/Claude/modify_private_claude_desktop_config.json",
        "~/.config/Claude/claude_desktop_config.json",
    ),
}
_FIND = 'PATH="$PATH:$HOME/.local/bin"'

_MODIFY = """\
#!/bin/sh
# {name}, in chezmoi's source directory: what mcpconf has put into
# {file} stays there{fallback}. chezmoi gives the file
# on stdin and writes what comes out, so nothing else in it changes. Without mcpconf it stays as it is.
{find}
if command -v mcpconf >/dev/null 2>&1; then
  exec mcpconf __modify {client}{profile}
fi
exec cat
"""
_APPLY = """\
#!/bin/sh
# {name}, in chezmoi's source directory: chezmoi runs it when the files are written.
# The profile becomes the active one; a second time there is nothing to do.
{find}
if command -v mcpconf >/dev/null 2>&1; then
  mcpconf init --yes --quiet --no-input{profile} || echo "mcpconf: the servers are not set up; try: mcpconf doctor" >&2
fi
"""
_BLOCK = """\
#!/bin/sh
# {name}, in chezmoi's source directory: ~/{file} keeps mcpconf's block, and gets it where there is
# none. chezmoi gives the file on stdin and writes what comes out. Without mcpconf it stays as it is.
{find}
if command -v mcpconf >/dev/null 2>&1; then
  exec mcpconf __modify {shell}
fi
exec cat
"""


@dataclass(frozen=True, slots=True)
class Script:
    """A script for the source directory, the name it has to have there, and what that does."""

    name: str
    text: str
    why: str


def script(of: str, profile: str | None) -> Script:
    """The script for a client's file, or the one that runs last. Raises `UsageError`."""
    if of == APPLY:
        name = "run_after_mcpconf.sh"
        words = "" if profile is None else f" --profile {profile}"
        return Script(name, _APPLY.format(name=name, find=_FIND, profile=words), "chezmoi runs it after each apply")
    if of in RC_FILES:
        name = f"modify_dot_{RC_FILES[of][1:]}"
        text = _BLOCK.format(name=name, file=RC_FILES[of], find=_FIND, shell=of)
        return Script(name, text, f"it is asked what ~/{RC_FILES[of]} is to hold")
    if of not in FILES:
        known = ", ".join([*FILES, *RC_FILES, APPLY])
        raise UsageError(f"there is no script for {of!r}", hint=f"--for one of {known}")
    name, file = FILES[of]
    text = _MODIFY.format(
        name=os.path.basename(name),
        file=file,
        fallback="" if profile is None else f", and where no profile is active yet {profile}'s servers come to it",
        find=_FIND,
        client=of,
        profile="" if profile is None else f" {profile}",
    )
    return Script(name, text, f"it is asked what {file} is to hold; --for {APPLY} prints the one that goes with it")


def with_block(shell: str, raw: bytes) -> bytes:
    """A shell's rc file with our block, which is the one that `mcpconf dotfiles install` puts in. Raises `Refused`."""
    try:
        return put(raw, block(shell), SHELL)
    except Torn as torn:
        hint = torn.hint or "mend the lines that mark it by hand: # mcpconf: begin and # mcpconf: end"
        raise Refused(f"line {torn.line}: {torn}; nothing was changed", hint=hint) from None


def merged(app: App, client_id: str, profile: str | None, raw: bytes) -> bytes:
    """The file with the servers. Raises `McpconfError` where they can't be put in."""
    spec = client(client_id)
    standing = active.load(app.state.read(active.FILE)).get(active.USER, active.Active()).current
    if profile is None or standing is not None:
        return raw
    wish = Wish(profile=profile, clients=(spec.id,), scope=Scope.USER, foreign=Foreign.KEEP, remember=False)
    prepared = prepare(app, wish)
    plan = _plan(prepared, raw, app.state.ledger())
    if not plan.files:
        return raw
    with app.writing() as state:
        absorb_pending(state)
        ledger = state.ledger()
        plan = _plan(prepared, raw, ledger)
        if plan.files:
            state.write_json(dump_pending(plan, os.urandom(6).hex(), ledger), PENDING)
    return (plan.files[0].after or b"") if plan.files else raw


def _plan(prepared: Prepared, raw: bytes, ledger: Ledger) -> Plan:
    path = prepared.targets.chosen[0][1].path
    wants = [want for want in prepared.wants if want.target.path == path]
    # chezmoi gives nothing where there is no file.
    return make_plan({path: raw or None}, wants, ledger, Policy(Foreign.KEEP))
