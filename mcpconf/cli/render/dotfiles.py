"""What `mcpconf dotfiles` did, or would do, as lines."""

from __future__ import annotations

from collections.abc import Sequence

from mcpconf.cli import console
from mcpconf.cli.render.plan import headline, note_lines
from mcpconf.cli.render.table import columns, mark, plain, symbol
from mcpconf.redact import redact
from mcpconf.workflow.diff import tilde, tilde_all
from mcpconf.workflow.dotfiles.install import Result
from mcpconf.workflow.dotfiles.placing import Action, Standing
from mcpconf.workflow.dotfiles.uninstall import Removed

SIGNS = {Standing.NEW: "add", Standing.SAME: "ok", Standing.KEPT: "warn", Standing.REFUSED: "error"}


def result_lines(result: Result, home: str, *, done: bool) -> list[str]:
    """An install, or what it would do."""
    lines = [*_manager_lines(result, home), *action_lines(result.actions, home)]
    if result.profile is not None:
        because = console.visible(result.profile.because)
        lines.append(f"  profile {console.paint(result.profile.profile, 'bold')} ({because})")
    lines += note_lines(result.notes)
    if result.applied is not None:
        lines.append(headline(result.applied.prepared, True))
    if done and any(one.kind == "block" and one.standing is Standing.NEW for one in result.actions):
        lines.append("  a new shell has the integration: completion, mcpconf_prompt")
    if not result.changed and result.error is None:
        lines.append(f"{symbol('ok')} all is in place already, nothing to do")
    elif not done:
        lines.append("nothing was changed (--dry-run)")
    return lines


def status_lines(result: Result, home: str) -> list[str]:
    """How it stands."""
    lines = [*_manager_lines(result, home), *action_lines(result.actions, home)]
    if result.profile is not None:
        name, because = result.profile.profile, console.visible(result.profile.because)
        now = "" if name == result.active else f", but {result.active or 'none'} is active"
        lines.append(f"{symbol('warn') if now else ' '} profile for this place: {name} ({because}){now}")
    if result.error is not None:
        lines.append(f"{symbol('error')} {redact(console.visible(str(result.error)))}")
    word = "something is missing: mcpconf dotfiles install" if result.changed else "something could not be done"
    rest = "all else" if any(one.standing is Standing.KEPT for one in result.actions) else "all"
    lines.append(f"{symbol('warn')} {word}" if result.lacking else f"{symbol('ok')} {rest} is in place")
    return lines


def removed_lines(removed: Removed, home: str, *, done: bool) -> list[str]:
    """An uninstall, or what it would do."""
    lines = action_lines(removed.actions, home, sign="remove")
    if removed.given_back:
        name = removed.profile
        lines.append(f"  {name} is active again" if name else "  no profile is active any more")
    lines += note_lines(removed.notes)
    if not removed.changed:
        lines.append(f"{symbol('ok')} there is nothing of it here")
    elif not done:
        lines.append("nothing was changed (--dry-run)")
    return lines


def action_lines(actions: Sequence[Action], home: str, sign: str = "add") -> list[str]:
    """A line for each file, with what mends it below."""
    signs = {**SIGNS, Standing.NEW: sign}
    rows = [
        [mark(signs[one.standing]), plain(tilde(one.path, home)), plain(tilde_all(one.text, home), "dim")]
        for one in actions
    ]
    lines = []
    for one, line in zip(actions, columns(rows, ""), strict=True):
        lines.append(line)
        if one.hint is not None:
            lines.append(console.hint(redact(console.visible(tilde_all(one.hint, home)))))
    return lines


def _manager_lines(result: Result, home: str) -> list[str]:
    verdict = result.found.verdict
    why = "; ".join(one.text for one in verdict.evidence if one.manager is verdict.manager)
    if not why:
        return []
    shown = console.visible(tilde_all(why, home))
    return [f"  dotfiles: {console.paint(str(verdict.manager), 'bold')} ({shown})"]
