"""A repository by its URL: cloned once, brought forward later, kept where there is no network."""

from __future__ import annotations

import os
import re
import shutil

from mcpconf.commit.private import private_directory
from mcpconf.errors import McpconfError, Refused, UsageError
from mcpconf.model import Note
from mcpconf.profile.redact import bare_url
from mcpconf.record import dataclass
from mcpconf.system import Ran
from mcpconf.workflow.app import App

NAME = "dotfiles"
SECONDS = 120.0
LOOK_SECONDS = 20.0
_SCHEME = re.compile(r"(https?|ssh|git|file)://[^\s]+", re.IGNORECASE)
_SCP = re.compile(r"[\w.-]+@[\w.-]+:[^\s]+")  # git@github.com:me/dotfiles
# Nobody is there to be asked, and nothing but a clone is to happen: no transport that is a command, no hook.
QUIET = ("-c", "protocol.ext.allow=never", "-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false")

ELSEWHERE = frozenset(("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE"))


@dataclass(frozen=True, slots=True)
class Cloned:
    """Where it is, and what is to be said of it. `changed`: it is new, or newer than before."""

    directory: str
    changed: bool = False
    notes: tuple[Note, ...] = ()


def is_url(text: str) -> bool:
    return bool(_SCHEME.fullmatch(text) or _SCP.fullmatch(text))


def directory(app: App) -> str:
    return os.path.join(app.dirs.data, NAME)


def preview(app: App, url: str) -> Cloned:
    """What is there of it now. Writes nothing, and asks nobody."""
    at = directory(app)
    if not app.system.is_dir(at):
        return Cloned(at, True, (Note(f"{bare_url(url)} would be cloned; what is in it is not known yet"),))
    _same(app, at, url)
    return Cloned(at)


def bring(app: App, url: str) -> Cloned:
    """Clone it, or bring the clone forward. Raises `McpconfError` where there is none and none can be had."""
    at = directory(app)
    if not app.system.is_dir(at):
        _clone(app, at, url)
        return Cloned(at, True)
    _same(app, at, url)
    newest = _git(app, "-C", at, "ls-remote", "--quiet", "origin", "HEAD", seconds=LOOK_SECONDS)
    here = _git(app, "-C", at, "rev-parse", "HEAD")
    if newest is None or newest.code != 0 or not newest.out.strip():
        return Cloned(at, notes=(Note(f"{bare_url(url)} does not answer; its clone of before is used"),))
    if here is not None and here.out.strip() == newest.out.split()[0]:
        return Cloned(at)
    done = _git(app, "-C", at, "pull", "--quiet", "--ff-only", "--no-rebase")
    if done is None or done.code != 0:
        text = f"{at} was changed here and can't be brought forward; it is used as it is"
        return Cloned(at, notes=(Note(text, hint=f"git -C {at} status"),))
    return Cloned(at, True)


def remove(app: App) -> Note | None:
    """Remove the clone, unless something is in it that its origin has not; what is to be said then."""
    at = directory(app)
    if not app.system.is_dir(at):
        return None
    # What is ignored counts, too: it is nowhere else. And what no branch has but the stash or a HEAD of its own.
    dirty = _git(app, "-C", at, "status", "--porcelain", "--ignored")
    ahead = _git(app, "-C", at, "log", "--oneline", "--max-count=1", "HEAD", "--all", "--not", "--remotes")
    if any(one is None or one.code or one.out.strip() for one in (dirty, ahead)):
        return Note(f"{at} holds work that its origin has not, and stays", hint=f"git -C {at} status")
    shutil.rmtree(at, ignore_errors=True)
    return None


def _clone(app: App, at: str, url: str) -> None:
    if app.system.exists(at):
        raise Refused(f"{at} is in the way; nothing was changed", hint=f"mv {at} {at}.old")
    private_directory(os.path.dirname(at))
    fresh = f"{at}.{os.urandom(4).hex()}.new"
    try:
        done = _git(app, "clone", "--quiet", "--depth", "1", "--", url, fresh)
        if done is None or done.code != 0:
            said = "git is missing, or did not end in time" if done is None else bare_words(done.err)
            bare = bare_url(url)
            raise McpconfError(f"{bare} can't be cloned: {said}; nothing was changed", hint=f"git ls-remote {bare}")
        os.rename(fresh, at)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _same(app: App, at: str, url: str) -> None:
    said = _git(app, "-C", at, "config", "--get", "remote.origin.url")
    if said is None or said.out.strip() != url:
        other = bare_url(said.out.strip()) if said is not None else "something else"
        raise Refused(
            f"{at} is a clone of {other or 'nothing'}; nothing was changed", hint="mcpconf dotfiles uninstall"
        )


def bare_words(text: str) -> str:
    """The last line of what git said, without a password."""
    lines = [line for line in text.splitlines() if line.strip()]
    return re.sub(r"//[^/@\s]+@", "//", lines[-1]) if lines else "git failed"


def git_env(app: App) -> dict[str, str]:
    """Our environment for git that asks nobody, and is about the repository that is named: a hook, or yadm, which runs
    us, has told git another one."""
    env = {name: value for name, value in app.system.env.items() if name not in ELSEWHERE}
    ssh = env.get("GIT_SSH_COMMAND") or "ssh -oBatchMode=yes"
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "GIT_SSH_COMMAND": ssh, "GIT_OPTIONAL_LOCKS": "0"}
    return {**env, **quiet, "LC_ALL": "C"}


def _git(app: App, *words: str, seconds: float = SECONDS) -> Ran | None:
    env = git_env(app)
    if words and words[0] == "clone" and words[-2].startswith("-"):
        raise UsageError(f"{words[-2]!r} is no URL")
    return app.system.run(["git", *QUIET, *words], timeout=seconds, env=env)
