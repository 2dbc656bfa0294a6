"""What a command line starts, as far as it can be read: a container, a package of a registry, a script. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mcpconf.record import dataclass

ENGINES = ("docker", "podman", "nerdctl")
SHELLS = ("sh", "bash", "zsh", "dash", "ash", "ksh", "fish", "cmd", "powershell", "pwsh")
# Options of `docker run` that take no value; all others take one.
PLAIN = frozenset({
    "detach", "interactive", "tty", "rm", "privileged", "init", "read-only", "publish-all", "no-healthcheck",
    "oom-kill-disable", "sig-proxy", "quiet", "help", "disable-content-trust",
})  # fmt: skip
LETTERS = {"d": "detach", "i": "interactive", "t": "tty", "P": "publish-all", "q": "quiet"}
VALUED = {"v": "volume", "p": "publish", "e": "env", "u": "user", "w": "workdir", "h": "hostname", "l": "label",
          "m": "memory", "a": "attach", "c": "cpu-shares"}  # fmt: skip
_SCRIPT = re.compile(r"(?i).+\.(?:[cm]?[jt]s|py|sh|rb|php|pl|jar)")
_INTERPRETER = re.compile(r"(?:node|nodejs|bun|deno|python[0-9.]*|ruby|php|perl|tsx|ts-node|java|bash|sh|zsh)")
_SKIP = {"-r", "--require", "--import", "--loader", "-W", "-X", "--env-file", "--tsconfig", "--project"}
_INLINE = {"-c", "-lc", "-m", "-e", "--eval", "-p", "--print", "-", "-s", "-cp", "-classpath"}
_RUNNERS = {"npx": "npm", "bunx": "npm", "uvx": "pypi"}
_TWO_WORDS = {("pnpm", "dlx"): "npm", ("yarn", "dlx"): "npm", ("npm", "exec"): "npm", ("pipx", "run"): "pypi"}
_VERSION = re.compile(r"v?[0-9][A-Za-z0-9.+!_-]*")


@dataclass(frozen=True, slots=True)
class ContainerRun:
    """`docker run` in its parts. `options` are long names with their values (None where they take none), in order."""

    engine: str
    options: tuple[tuple[str, str | None], ...]
    image: str | None
    arguments: tuple[str, ...] = ()

    def has(self, name: str) -> bool:
        return any(option == name and value not in ("false", "0") for option, value in self.options)

    def values(self, *names: str) -> tuple[str, ...]:
        return tuple(value for option, value in self.options if option in names and value is not None)


@dataclass(frozen=True, slots=True)
class Package:
    """A package that is fetched and run at each start; `pinned`: it names one version."""

    registry: str
    name: str
    pinned: bool


def program_name(command: str) -> str:
    """The bare name of a program: `/usr/bin/npx` and `npx.cmd` are npx."""
    return re.sub(r"(?i)\.(?:exe|cmd|bat|ps1)$", "", re.split(r"[/\\]", command)[-1])


def unwrapped(command: str, args: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The command behind `cmd /c` and `env NAME=VALUE`, which start another one."""
    words = (command, *args)
    if program_name(command).lower() == "cmd" and len(words) > 2 and words[1].lower() == "/c":
        words = words[2:]
    if program_name(words[0]) == "env":
        rest = tuple(words[1:])
        while rest and "=" in rest[0] and not rest[0].startswith("-"):
            rest = rest[1:]
        words = rest if rest and not rest[0].startswith("-") else words
    return words[0], tuple(words[1:])


def container_run(command: str, args: Sequence[str]) -> ContainerRun | None:
    """The `docker run` of this command line, None for any other."""
    command, args = unwrapped(command, args)
    if program_name(command) not in ENGINES:
        return None
    words = list(args)
    if words[:1] == ["container"]:
        words = words[1:]
    if words[:1] != ["run"]:
        return None
    options: list[tuple[str, str | None]] = []
    rest = words[1:]
    while rest and rest[0].startswith("-") and rest[0] != "-":
        found, rest = _option(rest)
        options += found
    return ContainerRun(program_name(command), tuple(options), rest[0] if rest else None, tuple(rest[1:]))


def _option(words: list[str]) -> tuple[list[tuple[str, str | None]], list[str]]:
    """The options that the first word holds, and what comes after it and its value."""
    first, rest = words[0], words[1:]
    if first.startswith("--"):
        name, equals, value = first[2:].partition("=")
        if equals:
            return [(name, value)], rest
        return ([(name, None)], rest) if name in PLAIN else ([(name, rest[0] if rest else "")], rest[1:])
    found: list[tuple[str, str | None]] = []
    for at, letter in enumerate(first[1:], 1):
        if letter in LETTERS:
            found.append((LETTERS[letter], None))
            continue
        value = first[at + 1 :].removeprefix("=")
        name = VALUED.get(letter, letter)
        return ([*found, (name, value)], rest) if value else ([*found, (name, rest[0] if rest else "")], rest[1:])
    return found, rest


def package(command: str, args: Sequence[str]) -> Package | None:
    """What `npx`, `uvx` and their like fetch; None for what is no package of a registry."""
    command, args = unwrapped(command, args)
    runner, rest = program_name(command), tuple(args)
    registry = _RUNNERS.get(runner)
    if registry is None and rest:
        registry, rest = _TWO_WORDS.get((runner, rest[0])), rest[1:]
        if runner == "uv" and tuple(args[:2]) == ("tool", "run"):
            registry, rest = "pypi", rest[1:]
    wanted = None if registry is None else next(_requirements(rest), None)
    if registry is None or wanted is None or wanted.startswith((".", "/", "~", "$")) or ":" in wanted:
        return None
    return _npm(wanted) if registry == "npm" else _pypi(wanted)


def _requirements(words: Sequence[str]) -> Iterator[str]:
    """What is to be fetched: what an option names, else the first word that is none."""
    named = {"-p", "--package", "--from", "--spec"}
    valued = {"--with", "--python", "--index-url", "--registry", "--with-editable", "--index", "-c", "--call"}
    rest = list(words)
    plain = None
    while rest:
        word = rest.pop(0)
        option, equals, value = word.partition("=")
        if option in named and (equals or rest):
            yield value if equals else rest.pop(0)
        elif option in valued and not equals:
            rest = rest[1:]
        elif not word.startswith("-"):
            plain = word
            break
    if plain is not None:
        yield plain


def _npm(wanted: str) -> Package:
    name, _, version = wanted[1:].partition("@")
    return Package("npm", wanted[0] + name, _VERSION.fullmatch(version) is not None)


def _pypi(wanted: str) -> Package:
    name = re.split(r"[=@<>~!\[ ]", wanted)[0]
    match = re.search(r"(?:===?|@)\s*(.*)", wanted)
    return Package("pypi", name, match is not None and _VERSION.fullmatch(match[1]) is not None)


def image_is_pinned(image: str) -> bool:
    """Whether an image's name says which one: by digest, or by a tag other than latest."""
    tag = image.rpartition("/")[2].partition(":")[2]
    return "@sha256:" in image or tag not in ("", "latest")


def is_inline(command: str, args: Sequence[str]) -> bool:
    """Whether a shell reads a text of its own from the arguments, where `$VAR` and `~` mean something."""
    words = (command, *args)
    first = next((at for at, word in enumerate(words) if program_name(word) in SHELLS), len(words))
    return any(re.fullmatch(r"-[a-z]*c|/[cC]|-[cC]ommand", word) for word in words[first + 1 :])


def script(command: str, args: Sequence[str]) -> str | None:
    """The file that an interpreter is to run; None where there is none, or it can't be told."""
    command, args = unwrapped(command, args)
    if not _INTERPRETER.fullmatch(program_name(command)):
        return None
    words = list(args)
    if program_name(command) in ("deno", "bun") and words[:1] == ["run"]:
        words = words[1:]
    while words:
        word = words.pop(0)
        if word in _INLINE:
            return None
        if word in _SKIP:
            words = words[1:]
        elif not word.startswith("-"):
            return word if _SCRIPT.fullmatch(word) else None
    return None
