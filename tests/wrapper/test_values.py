"""Any byte string reaches the server exactly as it was written."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpconf.route.launch import Launch
from tests.wrapper.installed import Installed, fields, run, value

EXAMPLES = settings(max_examples=settings().max_examples // 2)
AWKWARD = (
    "",
    "-n",
    "--",
    "-e a=b",
    " ",
    "a b",
    "'",
    '"',
    "\\",
    "\\n",
    "\n",
    "a\n\n",
    "\r\n",
    "\t",
    "$HOME",
    "$(touch planted)",
    "`touch planted`",
    "$((1+1))",
    "!!",
    "*",
    "?[a-z]",
    "~",
    "~root",
    "{a,b}",
    "a;b|c&d>e<f",
    "# no comment",
    "end",
    "stop",
    "way",
    "é",
    "\u2028\U0001f600",
    "\x01\x7f\x1b[31m",
    "%s%n%%",
    "a=b",
    "\udcff\udcfe",
    "x" * 100_000,
)
# What bash answers itself, counts on, or is moved by; and ordinary names.
NAMES = (
    "A",
    "token",
    "name",
    "i",
    "PATH",
    "HOME",
    "IFS",
    "UID",
    "EUID",
    "PPID",
    "RANDOM",
    "SECONDS",
    "LINENO",
    "SHLVL",
    "SHELLOPTS",
    "BASHOPTS",
    "BASH_ENV",
    "BASH_VERSION",
    "BASH_COMPAT",
    "POSIXLY_CORRECT",
    "FUNCNAME",
    "FUNCNEST",
    "GROUPS",
    "DIRSTACK",
    "PIPESTATUS",
    "EPOCHSECONDS",
    "COMP_WORDBREAKS",
    "CDPATH",
    "PWD",
    "OLDPWD",
    "OPTIND",
    "TMOUT",
    "PS4",
    "GLOBIGNORE",
    "LANG",
    "LC_ALL",
    "LC_MESSAGES",
    "OPTERR",
    "BASH_XTRACEFD",
    "BASH_ARGV0",
    "BASH_FUNC_cd",
    "CHILD_MAX",
    "COLUMNS",
    "LINES",
    "EXECIGNORE",
    "HISTSIZE",
    "HISTCONTROL",
    "HISTCHARS",
    "histchars",
    "HISTFILE",
    "HISTTIMEFORMAT",
    "IGNOREEOF",
    "ignoreeof",
    "HOSTFILE",
    "HOSTNAME",
    "INPUTRC",
    "LOCPATH",
    "MAILCHECK",
    "MAILPATH",
    "PROMPT_COMMAND",
    "SHELL",
    "TERM",
    "TERMINFO",
    "TEXTDOMAIN",
    "TEXTDOMAINDIR",
    "TIMEFORMAT",
    "TMPDIR",
    "TZ",
    "auto_resume",
    "ENV",
    "REPLY",
    "_",
)

pieces = st.one_of(
    st.sampled_from(AWKWARD[:-1]),
    st.binary(max_size=6).map(os.fsdecode),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
)
texts = st.lists(pieces, max_size=4).map("".join)
LOCALES: tuple[dict[str, str], ...] = ({}, {"LC_ALL": "C"}, {"LC_ALL": "C.UTF-8"}, {"LANG": "xx_YY.nothing"})
locales = st.sampled_from(LOCALES)


def stands_for_itself(text: str) -> bool:
    """Whether a profile may hold it as a literal, and a process may be given it."""
    return "\0" not in text and "${" not in text and not text.startswith("secret:")


def same(found: str, written: str) -> bool:
    return os.fsencode(found) == os.fsencode(written)


@EXAMPLES
@given(st.lists(texts.filter(stands_for_itself), max_size=6), locales)
def test_arguments_arrive_as_written(installed: Installed, words: list[str], env: dict[str, str]) -> None:
    link = installed.serve(Launch(command=installed.tell, args=tuple(words)))

    told = run(link, env=env).seen["argv"]

    assert list(map(os.fsencode, told)) == list(map(os.fsencode, words))


@EXAMPLES
@given(st.dictionaries(st.sampled_from(NAMES), texts.filter(stands_for_itself), max_size=5), locales)
def test_variables_arrive_as_written(installed: Installed, given_env: dict[str, str], env: dict[str, str]) -> None:
    link = installed.serve(Launch(command=installed.tell, env=given_env))

    told = run(link, env=env).seen["env"]

    assert {name: os.fsencode(told[name]) for name in given_env} == {
        name: os.fsencode(value) for name, value in given_env.items()
    }


@pytest.mark.parametrize("name", NAMES)
def test_every_name_carries_an_awkward_value(installed: Installed, name: str) -> None:
    link = installed.serve(Launch(command=installed.tell, env={name: "a b\n$(x)='\"", "OTHER": "1"}))

    told = run(link).seen["env"]

    assert told[name] == "a b\n$(x)='\""
    assert told["OTHER"] == "1"


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_values_arrive_everywhere(installed: Installed, text: str) -> None:
    (installed.data / "secrets").write_bytes(fields("OTHER=1", f"KEPT={text or 'kept'}"))
    link = installed.install(
        fields("mcpconf-wrapper 1", "x", "way", "tell", *("arg", *value(installed.tell)))
        + fields("arg", *value(text), "arg", "lit", "<", "var", "GIVEN", "lit", ">", "end")
        + fields("arg", "def", "NOT_THERE", text, "end", "arg", "sec", "KEPT", "end")
        + fields("env", "SET", *value(text), "stop")
    )

    told = run(link, env={"GIVEN": text}).seen

    assert list(map(os.fsencode, told["argv"])) == [
        os.fsencode(each) for each in (text, f"<{text}>", text, text or "kept")
    ]
    assert same(told["env"]["SET"], text)


@EXAMPLES
@given(texts.filter(lambda text: "\0" not in text), texts.filter(lambda text: "\0" not in text), locales)
def test_variables_and_secrets_fill_in_any_bytes(
    installed: Installed, variable: str, secret: str, env: dict[str, str]
) -> None:
    # What comes from the environment is not read again: `${` in it means nothing.
    (installed.data / "secrets").write_bytes(fields("A=1", f"TOKEN={secret or '='}", "B=2"))
    link = installed.serve(Launch(command=installed.tell, args=("a${V}b", "Bearer ${secret:TOKEN}")))

    told = run(link, env={**env, "V": variable}).seen["argv"]

    assert list(map(os.fsencode, told)) == [os.fsencode(f"a{variable}b"), os.fsencode(f"Bearer {secret or '='}")]


# Names as the schema takes them, and what lies at its borders.
CROWD = tuple(dict.fromkeys((*NAMES[:40], "a", "_a", "A1", "__", "lit", "way", "stop", "env", "arg", "end", "broker")))


@pytest.mark.parametrize("index", range(len(AWKWARD) - 1))
def test_every_name_carries_every_awkward_value(installed: Installed, index: int) -> None:
    """More than 30 names and 30 values: each name has another value in each start, and in all of them has had each."""
    values = AWKWARD[:-1]
    kept = [name for name in CROWD if name != "PATH"]
    given_env = {name: values[(index + at) % len(values)] for at, name in enumerate(kept)}
    written = {name: text for name, text in given_env.items() if stands_for_itself(text)}
    words = tuple(text for text in values[index:] + values[:index] if stands_for_itself(text))
    assert len(kept) >= 30
    assert len(written) >= 30

    told = run(installed.serve(Launch(command=installed.tell, args=words, env=written))).seen

    assert {name: os.fsencode(told["env"][name]) for name in written} == {
        name: os.fsencode(text) for name, text in written.items()
    }
    assert list(map(os.fsencode, told["argv"])) == list(map(os.fsencode, words))


REFERRED = ("V", "v1", "_V", "IFS_", "HOSTNAME_", "LONG_NAME_OF_A_VARIABLE", "lit", "stop")


@pytest.mark.parametrize("index", range(len(AWKWARD) - 1))
def test_eight_variables_fill_in_every_awkward_value(installed: Installed, index: int) -> None:
    values = AWKWARD[:-1]
    env = {name: values[(index + at) % len(values)] for at, name in enumerate(REFERRED)}
    launch = Launch(command=installed.tell, args=tuple(f"<${{{name}}}>" for name in REFERRED))

    told = run(installed.serve(launch), env=env).seen["argv"]

    assert list(map(os.fsencode, told)) == [os.fsencode(f"<{text}>") for text in env.values()]
