"""What `dotfiles install` would do in the home, file by file. Reads only."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from enum import StrEnum

from mcpconf.commit.artifacts import Files
from mcpconf.commit.snapshot import read_snapshot
from mcpconf.commit.state import blob_name
from mcpconf.commit.steps import Link, link_step, unlink_step
from mcpconf.document.block import SHELL, find
from mcpconf.dotfiles import chezmoi
from mcpconf.dotfiles.layout import Item, Layout, held
from mcpconf.dotfiles.manager import Manager, Way
from mcpconf.dotfiles.rc import Rc, block
from mcpconf.errors import McpconfError
from mcpconf.record import dataclass, field
from mcpconf.workflow import blocks, shell_files
from mcpconf.workflow.app import App
from mcpconf.workflow.dotfiles.look import Found, is_tracked
from mcpconf.workflow.dotfiles.record import Record, is_ours
from mcpconf.workflow.own_profile import lies_at

LARGEST = 1 << 20  # bytes of a profile that is copied


class Standing(StrEnum):
    """NEW: to be done; SAME: as it should be; KEPT: left as it is, and why; REFUSED: can't be done, and why."""

    NEW = "new"
    SAME = "same"
    KEPT = "kept"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Action:
    """One file: what it is to be (`link`, `copy`, `block`, `shell`, `gone`), and how that stands."""

    kind: str
    path: str
    standing: Standing
    text: str = ""
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Copy:
    """A file's content, and the mode that its manager gives it."""

    data: bytes
    mode: int


@dataclass(frozen=True, slots=True)
class Placing:
    """All of it. `blocks` and `copies` are to be so, `gone` copies of ours are not any more; `steps` are links."""

    actions: tuple[Action, ...] = ()
    blocks: Mapping[str, bytes] = field(default_factory=dict)
    copies: Mapping[str, Copy] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    steps: tuple[Link, ...] = ()
    shell: Files | None = None  # None: as they should be

    @property
    def changes(self) -> bool:
        return self.shell is not None or any(one.standing is Standing.NEW for one in self.actions)


def plan_placing(app: App, found: Found, record: Record) -> Placing:
    """Everything for this home and this repository."""
    parts = [*_items(app, found, record), *_stale(app, found, record)]
    shell = None
    if not app.dirs.chosen:
        parts += [_rc(app, found, rc) for rc in found.rcs]
        wanted = shell_files.shell_files(app)
        if found.rcs and any(app.system.read(path) != data for path, data in wanted.items()):
            shell = wanted
            parts.append(Placing((Action("shell", shell_files.directory(app), Standing.NEW, "the shell integration"),)))
    return _joined(parts, shell)


def _joined(parts: list[Placing], shell: Files | None) -> Placing:
    return Placing(
        actions=tuple(action for part in parts for action in part.actions),
        blocks={path: text for part in parts for path, text in part.blocks.items()},
        copies={path: copy for part in parts for path, copy in part.copies.items()},
        gone=tuple(path for part in parts for path in part.gone),
        steps=tuple(step for part in parts for step in part.steps),
        shell=shell,
    )


def _items(app: App, found: Found, record: Record) -> Iterator[Placing]:
    layout, way = found.layout, found.verdict.way
    if layout is None or way is Way.NOTHING:
        return
    if way is not Way.COPY and _folds(app, found, layout, record):
        yield _link(app, app.dirs.config, layout.directory, way, record)
        return
    for item in layout.items:
        path = os.path.join(app.dirs.config, item.name)
        if app.system.exists(path) and app.system.realpath(path) == app.system.realpath(item.source):
            yield Placing((Action("link", path, Standing.SAME, "is in place"),))
        elif way is Way.COPY:
            yield _copy(app, found, path, item, record)
        else:
            yield _link(app, path, item.source, way, record)


def _folds(app: App, found: Found, layout: Layout, record: Record) -> bool:
    """Whether the directory is to be linked as a whole, as stow does where nothing is there yet.

    A link of ours that leads elsewhere, since the repository was moved, is to be another one.
    """
    config, made = app.dirs.config, record.links.get(app.dirs.config)
    if not app.system.exists(config):
        return layout.whole and not any(found.linked)
    ours = made is not None and app.system.readlink(config) == made.target
    return ours and layout.whole and app.system.realpath(config) != app.system.realpath(layout.directory)


def _link(app: App, path: str, source: str, way: Way, record: Record) -> Placing:
    real = app.system.realpath(source)
    target = os.path.relpath(real, os.path.realpath(os.path.dirname(path))) if way is Way.RELATIVE else real
    standing = app.system.readlink(path)
    step = link_step(path, target)
    if step is not None:
        return Placing((Action("link", path, Standing.NEW, f"link to {real}"),), steps=(step,))
    known = record.links.get(path)
    if standing is not None and known is not None and standing == known.target:
        gone = Link(path, standing, False)
        steps = (gone, Link(path, target, True, known.above))
        return Placing((Action("link", path, Standing.NEW, f"link to {real}"),), steps=steps)
    return Placing((_in_the_way(app, path, app.system.read(source)),))


def _in_the_way(app: App, path: str, data: bytes | None) -> Action:
    """What is said of something that stands where one of the repository's files would go."""
    if data is not None and app.system.read(path) == data:
        return Action("link", path, Standing.SAME, "has the same content")
    if app.system.readlink(path) is not None and app.system.read(path) is None and not app.system.is_dir(path):
        return Action("link", path, Standing.KEPT, "is a link to what does not exist", f"rm {path}")
    hint = f"to take the repository's: mv {path} {path}.old && mcpconf dotfiles install --from DIR"
    return Action("link", path, Standing.KEPT, "differs from the repository's, and stays", hint)


def _no_copy(app: App, found: Found, item: Item, data: bytes | None) -> str:
    """Why a file of the repository is not copied; empty where it is."""
    if data is None:
        return f"{item.source} can't be read"
    if len(data) > LARGEST:
        return f"{item.source} is larger than {LARGEST >> 20} MB"
    real = app.system.realpath(item.source)
    if found.source is not None and not real.startswith(found.source.rstrip("/") + "/"):
        # A copy may be read by more than may read what the link leads to.
        return f"{item.source} is a link to {real}, which is not in the repository"
    return ""


def _copy(app: App, found: Found, path: str, item: Item, record: Record) -> Placing:
    data = app.system.read(item.source)
    now = app.system.read(path)
    why = item.why or _no_copy(app, found, item, data)
    if why or data is None:
        there = app.system.exists(path)
        action = Action(
            "copy", path, Standing.SAME if there else Standing.KEPT, why, None if there else "chezmoi apply"
        )
        return Placing((action,))
    if now == data:
        return Placing((Action("copy", path, Standing.SAME, "has the same content"),))
    if app.system.exists(path):
        made = record.files.get(path)
        if made is None or not is_ours(path, made, None if now is None else blob_name(now)):
            return Placing((_in_the_way(app, path, data),))
    action = Action("copy", path, Standing.NEW, f"copy of {item.source}")
    return Placing((action,), copies={path: Copy(data, item.mode)})


def _stale(app: App, found: Found, record: Record) -> Iterator[Placing]:
    """What was made of a file that the repository has no more."""
    if found.source is None or found.source != record.source:
        return
    wanted = {os.path.join(app.dirs.config, item.name) for item in (found.layout.items if found.layout else ())}
    for path, made in record.links.items():
        step = unlink_step(path, made.target, made.above)
        if step is not None and path not in wanted and not os.path.exists(path):
            action = Action("gone", path, Standing.NEW, "its file has gone from the repository")
            yield Placing((action,), steps=(step,))
    for path, copied in record.files.items():
        raw = app.system.read(path)
        if path not in wanted and raw is not None and is_ours(path, copied, blob_name(raw)):
            action = Action("gone", path, Standing.NEW, "its file has gone from the repository")
            yield Placing((action,), gone=(path,))


def _rc(app: App, found: Found, rc: Rc) -> Placing:
    try:
        raw = read_snapshot(rc.path).raw
        edit = blocks.edit_of(rc.path, raw, block(rc.shell), SHELL)
    except McpconfError as error:
        return Placing((Action("block", rc.path, Standing.REFUSED, _bare(error, rc.path), error.hint),))
    action = _of_chezmoi(app, found, rc, raw, has=not edit) or _not_yet(app, found, rc, raw)
    if action is not None:
        return Placing((action,))
    if not edit:
        return Placing((Action("block", rc.path, Standing.SAME, "has the block"),))
    if raw is not None and not _may_write(app.system.realpath(rc.path)):
        text, hint = "can't be written: permission denied", f"ls -ld {os.path.dirname(rc.path)} {rc.path}"
        return Placing((Action("block", rc.path, Standing.REFUSED, text, hint),))
    return Placing((_new_block(app, found, rc, raw),), blocks={rc.path: block(rc.shell)})


def _may_write(real: str) -> bool:
    """Whether a file and its directory let us; a file that nobody may write is protected from root as well."""
    try:
        writable = os.stat(real).st_mode & 0o222
    except OSError:
        return False
    return bool(writable) and os.access(real, os.W_OK) and os.access(os.path.dirname(real), os.W_OK)


def _bare(error: McpconfError, path: str) -> str:
    """An error without the path, which stands before it anyway, and with its line."""
    text = str(error).removesuffix("; nothing was changed")
    return text.removeprefix(path).lstrip(" ") if text.startswith(f"{path} ") else text.removeprefix(f"{path}: ")


def _new_block(app: App, found: Found, rc: Rc, raw: bytes | None) -> Action:
    real = lies_at(app, rc.path)
    text = "block" if raw is not None else "block, in a new file"
    if raw is not None and find(raw, SHELL) is not None:
        text = "block, in place of one that is not as mcpconf writes it"
    if real is not None:
        text = f"is a link to {real}: the block goes there"
    elif raw is not None and is_tracked(app, found, rc.path):
        text = f"block; {found.checkout} tracks it, and shows it as modified until you commit it"
    return Action("block", rc.path, Standing.NEW, text)


def _of_chezmoi(app: App, found: Found, rc: Rc, raw: bytes | None, *, has: bool) -> Action | None:
    """Where `chezmoi apply` writes the file, the block belongs into its source: the next apply would take it out."""
    below = os.path.relpath(rc.path, app.system.home)
    if found.chezmoi is None or below.startswith(".."):
        return None
    entry = chezmoi.find(found.chezmoi, below, app.system.listdir)
    if entry is None or not (entry.exact or entry.named.put_back):
        return None
    text = app.system.read(entry.path) or b""
    if SHELL.begin in text:
        if raw is not None and find(raw, SHELL) is not None:
            return Action("block", rc.path, Standing.SAME, f"has the block of chezmoi's {entry.path}")
        return Action(
            "block", rc.path, Standing.KEPT, f"chezmoi's {entry.path} has the block", f"chezmoi apply {rc.path}"
        )
    said = "has the block, which chezmoi apply will take out" if has else "is chezmoi's, which would take a block out"
    lines = block(rc.shell).decode().replace("\n", "\n      ")
    return Action("block", rc.path, Standing.KEPT, f"{said}; its source is {entry.path}", f"add to it:\n      {lines}")


def _not_yet(app: App, found: Found, rc: Rc, raw: bytes | None) -> Action | None:
    """A file that the repository has and nobody has put in place: one of ours would be in its way."""
    if raw is not None or found.source is None or rc.shell == "fish":
        return None
    there = held(found.source, rc.name, app.system.listdir)
    if there is None or app.system.realpath(there) == app.system.realpath(rc.path):
        return None
    words = {
        Manager.STOW: f"stow -d {found.source} {os.path.basename(os.path.dirname(there))}",
        Manager.DOTBOT: "run dotbot first",
    }
    hint = f"{words.get(found.verdict.manager, f'put it in place ({there})')}, then this command again"
    return Action("block", rc.path, Standing.KEPT, f"the repository's {there} is not in place yet", hint)
