"""Changes of what is no text: a file's mode, a lock directory that somebody left behind, a symbolic link. Each can be
taken back."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator, Sequence

from mcpconf.commit.clientlock import STALE
from mcpconf.commit.disk import make_directories, missing_directories, refusal, remove_directories
from mcpconf.commit.generation import seconds
from mcpconf.errors import McpconfError, Refused
from mcpconf.ledger import absolute, flag, listed, string
from mcpconf.model import Json
from mcpconf.record import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Mode:
    """A file or directory gets another mode, behind all links."""

    path: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Gone:
    """An empty directory goes. Its mode and time come back with it: a lock that is put back is as stale as before."""

    path: str
    mode: int
    time: float


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link is made, where nothing is, or one of ours goes (not `made`)."""

    path: str
    target: str
    made: bool
    above: tuple[str, ...] = ()  # directories that are made with it, innermost first, and go with it where empty


Step = Mode | Gone | Link


def mode_step(path: str, mode: int) -> Mode | None:
    """The step that gives it this mode; None where it has it. Raises `McpconfError` for what can't be looked at."""
    now = _mode(path)
    return None if now == mode else Mode(path, now, mode)


def gone_step(path: str, now: float) -> Gone | None:
    """The step that removes a lock directory; None where there is none, or somebody holds it."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    if not stat.S_ISDIR(status.st_mode) or abs(now - status.st_mtime) <= STALE:
        return None
    return Gone(path, stat.S_IMODE(status.st_mode), status.st_mtime)


def link_step(path: str, target: str) -> Link | None:
    """The step that makes this link; None where something is there."""
    return None if os.path.lexists(path) else Link(path, target, True, missing_directories(os.path.dirname(path)))


def unlink_step(path: str, target: str, above: tuple[str, ...] = ()) -> Link | None:
    """The step that removes this link; None where it is not there, or leads elsewhere."""
    return Link(path, target, False, above) if _leads(path) == target else None


def do(step: Step) -> None:
    """Take a step. Raises `Refused` where things are not as they were seen, `McpconfError` where it can't be taken."""
    if isinstance(step, Link):
        _do_link(step, step.made)
        return
    if isinstance(step, Mode):
        if _mode(step.path) != step.before:
            raise Refused(f"the mode of {step.path} was changed meanwhile; nothing was changed")
        _ask(lambda: os.chmod(step.path, step.after), step.path)
        return
    if gone_step(step.path, step.time + 2 * STALE) != step:
        raise Refused(f"{step.path} was taken meanwhile; nothing was changed")
    _ask(lambda: os.rmdir(step.path), step.path)


def take_back(step: Step) -> bool:
    """Take a step back; False where things are not as it left them, and stay so. Raises `McpconfError`."""
    if not stands(step):
        return False
    if isinstance(step, Link):
        _do_link(step, not step.made)
    elif isinstance(step, Mode):
        _ask(lambda: os.chmod(step.path, step.before), step.path)
    else:
        _ask(lambda: _make(step), step.path)
    return True


def stands(step: Step) -> bool:
    """Whether all is as the step left it."""
    if isinstance(step, Link):
        return _leads(step.path) == step.target if step.made else not os.path.lexists(step.path)
    if isinstance(step, Gone):
        return not os.path.lexists(step.path)
    with contextlib.suppress(McpconfError):
        return _mode(step.path) == step.after
    return False


def undo_all(steps: Sequence[Step]) -> None:
    """Take all back that can be, the last one first."""
    for step in reversed(steps):
        with contextlib.suppress(McpconfError):
            take_back(step)


@contextlib.contextmanager
def taken_back(steps: Sequence[Step]) -> Iterator[None]:
    """They are taken back, the last one first; where the block fails they are taken again."""
    back: list[Step] = []
    try:
        back += (step for step in reversed(steps) if take_back(step))
        yield
    except BaseException:
        for step in reversed(back):
            with contextlib.suppress(McpconfError):
                do(step)
        raise


def dump_step(step: Step) -> Json:
    """A step as JSON."""
    return {"kind": type(step).__name__.lower(), **asdict(step)}


def load_step(data: Json) -> Step:
    """The inverse of `dump_step`. Raises one of `ledger.DAMAGED` where the data has another shape."""
    path = absolute(data["path"])
    if data["kind"] == "link":
        above = tuple(absolute(one) for one in listed(data["above"]))
        return Link(path, string(data["target"]), flag(data["made"]), above)
    if data["kind"] == "mode":
        return Mode(path, _bits(data["before"]), _bits(data["after"]))
    return Gone(path, _bits(data["mode"]), seconds(data["time"]))


def _bits(value: Json) -> int:
    if type(value) is not int or not 0 <= value <= 0o7777:
        raise ValueError(f"{value!r:.40} is no mode")
    return value


def _leads(path: str) -> str | None:
    try:
        return os.readlink(path)
    except OSError:
        return None


def _do_link(step: Link, make: bool) -> None:
    if not make:
        if _leads(step.path) != step.target:
            raise Refused(f"{step.path} was changed meanwhile; nothing was changed")
        _ask(lambda: os.unlink(step.path), step.path)
        remove_directories(step.above)
        return
    made = make_directories(os.path.dirname(step.path))
    try:
        _ask(lambda: _symlink(step), step.path)
    except BaseException:
        remove_directories(made)
        raise


def _symlink(step: Link) -> None:
    os.symlink(step.target, step.path)
    if hasattr(os, "lchown") and os.geteuid() == 0:  # under sudo what is new in somebody's directory is theirs
        owner = os.stat(os.path.dirname(step.path))
        os.lchown(step.path, owner.st_uid, owner.st_gid)


def _mode(path: str) -> int:
    try:
        status = os.stat(path)
    except OSError as error:
        raise refusal(path, error) from None
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
        raise Refused(f"{path} is neither a file nor a directory; nothing was changed")
    return stat.S_IMODE(status.st_mode)


def _make(step: Gone) -> None:
    os.mkdir(step.path)
    os.chmod(step.path, step.mode)
    os.utime(step.path, (step.time, step.time))


def _ask(call: Callable[[], None], path: str) -> None:
    try:
        call()
    except OSError as error:
        raise refusal(path, error) from None
