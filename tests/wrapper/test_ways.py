"""Which way is taken, what is said about it, and what happens where none can be."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from mcpconf.route.launch import Launch
from tests.wrapper.installed import Installed, fields, program, run, value

BEGIN = ("mcpconf-wrapper 1", "x")


def sole(lines: list[str]) -> str:
    assert len(lines) == 1, lines
    return lines[0]


def test_the_way_that_was_taken_is_said_on_one_line(installed: Installed) -> None:
    told = run(installed.serve(Launch(command=installed.tell, args=("a",)), name="github"))

    assert told.seen["argv"] == ["a"]
    assert sole(told.said) == f"mcpconf: github: starting {installed.tell}"


@pytest.mark.parametrize("absent", ["bare-name-of-nothing", "/nowhere/at/all", "", "/", "/etc/passwd", "sub/program"])
def test_a_program_that_is_not_here_leads_to_the_next_way(installed: Installed, absent: str) -> None:
    told = run(installed.serve(Launch(command=absent, args=("1",)), Launch(command=installed.tell, args=("2",))))

    assert told.seen["argv"] == ["2"]


def test_a_dangling_link_is_no_program(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")

    told = run(installed.serve(Launch(command=str(tmp_path / "gone")), Launch(command=installed.tell)))

    assert told.code == 0


def test_a_bare_name_is_found_on_path(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "my server").symlink_to(installed.tell)
    link = installed.serve(Launch(command="my server", args=("a",)))

    told = run(link, env={"PATH": f"/nowhere:{tmp_path}/bin:{os.environ['PATH']}"})

    assert told.seen["argv"] == ["a"]


def test_the_path_that_a_server_is_given_is_the_one_it_is_looked_for_on(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "server").symlink_to(installed.tell)
    path = f"{tmp_path}:{os.environ['PATH']}"

    told = run(installed.serve(Launch(command="server", env={"PATH": path})))

    assert told.seen["env"]["PATH"] == path


@pytest.mark.parametrize("path", ["", ":", ".", "bin", "::bin:."])
def test_nothing_is_started_from_the_current_directory_by_its_bare_name(
    installed: Installed, tmp_path: Path, path: str
) -> None:
    for planted in (tmp_path / "server", tmp_path / "bin" / "server"):
        planted.parent.mkdir(exist_ok=True)
        planted.symlink_to(installed.tell)
    link = installed.serve(Launch(command="server", env={"PATH": path}))

    told = run(link, cwd=tmp_path)

    assert told.code == 0
    assert "server is not on PATH" in sole(told.said)


def test_a_relative_program_is_seen_from_the_servers_directory(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "server").symlink_to(installed.tell)

    told = run(installed.serve(Launch(command="sub/server"), cwd=str(tmp_path)))

    assert told.seen["cwd"] == str(tmp_path)


@pytest.mark.parametrize("name", ["a b", "-", "--", "~", "$HOME", "-P"])
def test_the_working_directory_is_set_whatever_its_name(installed: Installed, tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    link = installed.serve(Launch(command=installed.tell), cwd=name)

    told = run(link, cwd=tmp_path, env={"CDPATH": "/", "OLDPWD": "/"})

    assert told.seen["cwd"] == str(tmp_path / name)
    assert len(told.said) == 1


def test_a_missing_working_directory_is_said(installed: Installed) -> None:
    told = run(installed.serve(Launch(command=installed.tell), cwd="/no/such"))

    assert told.code == 0
    assert "there is no directory /no/such" in sole(told.said)


def test_a_program_that_the_system_refuses_leads_to_the_next_way_with_nothing_left_over(
    installed: Installed, tmp_path: Path
) -> None:
    broken = program(tmp_path / "broken", "", "/no/such/interpreter")
    link = installed.install(
        fields(*BEGIN, "way", "broken", "cwd", *value("/"), "env", "KEPT", *value("new"), "env", "NEW", *value("1"))
        + fields("env", "UID", *value("77"), "env", "LC_ALL", *value("C"), "arg", *value(broken))
        + fields("way", "again", "cwd", *value("/"), "env", "KEPT", *value("new"), "env", "NEW", *value("1"))
        + fields("env", "PATH", *value("/nowhere"), "env", "LC_ALL", *value("C"), "arg", *value(broken))
        + fields("way", "tell", "arg", *value(installed.tell), "stop")
    )

    told = run(link, cwd=tmp_path, env={"KEPT": "old"})

    # By `env` there is no way back: that is the price of a name such as UID.
    assert told.code in (126, 127)
    told = run(
        installed.install((installed.wrapper / "data" / "mcp-x").read_bytes().replace(b"UID\0", b"ID\0")),
        cwd=tmp_path,
        env={"KEPT": "old"},
    )
    assert told.seen["cwd"] == str(tmp_path)
    assert told.seen["env"]["KEPT"] == "old"
    assert told.seen["env"]["PATH"] == os.environ["PATH"]
    assert not {"NEW", "ID", "LC_ALL"} & told.seen["env"].keys()


def test_an_unset_variable_leads_to_the_next_way(installed: Installed) -> None:
    first = Launch(command=installed.tell, args=("1", "${NOT_SET}"))

    assert run(installed.serve(first, Launch(command=installed.tell, args=("2",)))).seen["argv"] == ["2"]


def test_an_empty_variable_is_set_and_a_default_is_for_unset_ones_only(installed: Installed) -> None:
    link = installed.serve(Launch(command=installed.tell, args=("${E}", "${E:-d}", "${U:-d}", "${U:-}", "${LC_ALL}")))

    assert run(link, env={"E": "", "LC_ALL": "C"}).seen["argv"] == ["", "", "d", "", "C"]


@pytest.mark.parametrize(("env", "got"), [({}, "file"), ({"T": ""}, "file"), ({"T": "env"}, "env")])
def test_a_secret_is_looked_for_in_the_environment_and_then_in_the_file(
    installed: Installed, env: dict[str, str], got: str
) -> None:
    installed.keep(XT="not this", T="file", T2="nor this")
    link = installed.serve(Launch(command=installed.tell, env={"TOKEN": "secret:T"}))

    told = run(link, env=env)

    assert told.seen["env"]["TOKEN"] == got
    assert got not in sole(told.said).removesuffix(installed.tell)


def test_where_no_way_is_left_the_reasons_and_the_command_that_mends_it_are_said(installed: Installed) -> None:
    (installed.data / "secrets").unlink(missing_ok=True)
    lost = Launch(command=installed.tell, args=("${secret:GITHUB_TOKEN}", "${REGION}"))

    told = run(installed.serve(Launch(command="no-npx"), lost, lost, name="github"))

    assert (told.code, told.out) == (0, "")
    assert sole(told.said) == (
        "mcpconf: github: no way to start it: no-npx is not on PATH; secret:GITHUB_TOKEN is not set; "
        "${REGION} is not set; mend it with: install no-npx, then mcpconf switch PROFILE"
    )


def test_an_unset_secret_is_mended_by_setting_it(installed: Installed) -> None:
    (installed.data / "secrets").unlink(missing_ok=True)
    link = installed.serve(Launch(command=installed.tell, env={"A": "${secret:GITHUB_TOKEN}"}), name="github")

    told = run(link)

    assert told.code == 0
    assert sole(told.said) == (
        "mcpconf: github: no way to start it: secret:GITHUB_TOKEN is not set; "
        "mend it with: mcpconf secret set GITHUB_TOKEN"
    )


def test_the_server_is_the_process_that_the_client_started(installed: Installed) -> None:
    link = installed.serve(Launch(command=installed.tell))
    process = subprocess.Popen([link], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    out, _ = process.communicate(b"to the server\n\0")

    assert f'"pid": {process.pid},'.encode() in out
    assert rb'"stdin": "to the server\n\u0000"' in out


def test_a_signal_reaches_the_server(installed: Installed, tmp_path: Path) -> None:
    server = program(
        tmp_path / "server", "trap 'echo stopped; exit 3' TERM; echo ready; while :; do read -r; done", "/bin/bash"
    )
    process = subprocess.Popen(
        [installed.serve(Launch(command=server))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"

    process.send_signal(signal.SIGTERM)

    assert process.communicate()[0] == b"stopped\n"
    assert process.returncode == 3


def test_the_server_inherits_what_the_client_gave_and_nothing_of_ours(installed: Installed) -> None:
    given = {
        "PATH": os.environ["PATH"],
        "A": "1",
        "EMPTY": "",
        "LANG": "C",
        "LC_ALL": "C.UTF-8",
        "BASH_FUNC_f%%": "() {  :\n}",
    }

    told = run(installed.serve(Launch(command=installed.tell)), env=given).seen

    # Bash itself adds these.
    assert {name: text for name, text in told["env"].items() if name not in ("PWD", "OLDPWD", "SHLVL", "_")} == given
    assert told["open"] in ([], ["0", "1", "2"])


@pytest.mark.parametrize("named", ["absolute", "relative", "path", "chain", "bash", "directory"])
def test_it_is_found_whichever_way_it_is_started(installed: Installed, tmp_path: Path, named: str) -> None:
    link = installed.serve(Launch(command=installed.tell, args=("${secret:T}",)), name="linked")
    installed.keep(T="kept")
    second = tmp_path / "some where" / "gh"
    second.parent.mkdir()
    second.symlink_to(link if named != "relative" else os.path.relpath(link, second.parent))
    (tmp_path / "chain").symlink_to("some where/gh")
    (tmp_path / "all").symlink_to(installed.wrapper)
    path = {"PATH": f"{second.parent}:{os.environ['PATH']}"}
    start: dict[str, tuple[list[str], dict[str, str], Path]] = {
        "absolute": ([str(second)], {}, tmp_path),
        "relative": (["./some where/gh"], {}, tmp_path),
        "path": (["env", "gh"], path, tmp_path),
        "chain": (["./chain"], {}, tmp_path),
        "bash": (["bash", "mcp-linked"], {}, installed.wrapper),
        "directory": ([str(tmp_path / "all" / "mcp-linked")], {}, tmp_path),
    }
    argv, env, cwd = start[named]

    assert run(*argv, env=env, cwd=cwd).seen["argv"] == ["kept"]


def test_bash_alone_is_enough(installed: Installed, tmp_path: Path) -> None:
    bash = subprocess.run(["bash", "-c", "type -P bash"], capture_output=True, text=True, check=True).stdout.strip()
    link = installed.serve(Launch(command=installed.tell, args=("${secret:T}",)))
    installed.keep(T="kept")

    assert run(bash, link, env={"PATH": str(tmp_path)}).seen["argv"] == ["kept"]


@pytest.mark.parametrize("cut", range(9))
def test_a_data_file_that_was_cut_off_starts_nothing(installed: Installed, cut: int) -> None:
    whole = [*BEGIN, "way", "tell", "arg", *value(installed.tell), "stop"]
    link = installed.install(fields(*whole[:cut]))

    told = run(link)

    assert told.code == 0
    assert "its data file is damaged, or of another version; mend it with: mcpconf switch" in sole(told.said)


@pytest.mark.parametrize(
    "middle",
    [
        ("way",),
        ("way", "a"),
        ("way", "a", "arg"),
        ("way", "a", "arg", "lit"),
        ("way", "a", "arg", "lit", "b", "lit"),
        ("way", "a", "arg", "def", "b", "end"),
        ("way", "a", "env", "A", "arg"),
        ("way", "a", "env", "A-B", "lit", "x", "end"),
        ("way", "a", "arg", "var", "a[$(echo >planted)]", "end"),
        ("way", "a", "env", "a[$(echo >planted)]", "lit", "x", "end"),
        ("way", "a", "arg", "sec", "x$(echo >planted)", "end"),
        ("way", "a", "arg", "def", "_mc_at", "0", "end"),
        ("way", "a", "what", "lit", "x", "end"),
        ("nothing",),
        ("stop", "way"),
    ],
)
def test_a_damaged_data_file_starts_nothing_and_evaluates_nothing(
    installed: Installed, tmp_path: Path, middle: tuple[str, ...]
) -> None:
    last = ("way", "tell", "arg", *value(installed.tell), "stop")
    link = installed.install(fields(*BEGIN, *middle, *last))

    told = run(link, cwd=tmp_path)

    assert (told.code, told.out) == (0, "")
    assert "damaged" in sole(told.said)
    assert not (tmp_path / "planted").exists()


def test_a_profile_without_a_way_here_says_so(installed: Installed) -> None:
    told = run(installed.install(fields(*BEGIN, "stop")))

    assert told.code == 0
    assert "the profile has none for this place" in sole(told.said)


def test_a_link_without_data_says_what_is_missing(installed: Installed, tmp_path: Path) -> None:
    link = installed.wrapper / "mcp-lost"
    link.unlink(missing_ok=True)
    link.symlink_to("mcpconf-wrapper.bash")
    (tmp_path / "second").symlink_to(link)

    for start in (link, tmp_path / "second"):
        told = run(start)
        assert told.code == 0
        assert f"there is no {installed.wrapper}/data/mcp-lost; mend it with: mcpconf switch" in sole(told.said)


HIJACKED = ("cd", "read", "exec", "export", "printf", "exit", "set", "unset", "shopt", ":", "local", "trap", "kill")


def test_options_and_functions_of_the_environment_change_nothing(installed: Installed) -> None:
    installed.keep(T="canary")
    function = "() { echo hijacked >&2; }"
    functions = {f"BASH_FUNC_{name}%%": function for name in HIJACKED}
    env = {
        "SHELLOPTS": "xtrace:nounset:errexit:noglob:verbose",
        "BASHOPTS": "nocasematch:extdebug:nullglob",
        **functions,
    }
    link = installed.serve(Launch(command=installed.tell, args=("secret:T", "${U:-*}")), cwd="/")

    told = run(link, env=env)

    assert told.seen["argv"] == ["canary", "*"]
    assert not [line for line in told.said if "canary" in line or "hijacked" in line]


def test_a_label_with_line_ends_still_makes_one_line(installed: Installed) -> None:
    told = run(installed.install(fields(*BEGIN, "way", "a\nb\x1b[0m", "arg", *value("/no/a\nb"), "stop")))

    assert "a?b?[0m is not here" in sole(told.said)


def test_data_of_another_user_is_said_to_be_that(installed: Installed) -> None:
    link = installed.serve(Launch(command=installed.tell), name="private")
    (installed.wrapper / "data" / "mcp-private").chmod(0)
    # Root may read every file, unless it gives that power up.
    drop = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []

    told = run(*drop, link)

    assert told.code == 0
    assert "is for its owner alone" in sole(told.said)
