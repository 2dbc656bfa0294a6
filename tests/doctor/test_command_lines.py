"""What can be read of a command line: containers, packages, scripts."""

from __future__ import annotations

import pytest

from mcpconf.doctor.argv import container_run, image_is_pinned, is_inline, package, script, unwrapped


def run(line: str) -> tuple[str, tuple[str, ...]]:
    command, *args = line.split()
    return command, tuple(args)


def test_docker_run_in_its_parts() -> None:
    found = container_run(
        *run("/usr/bin/docker run -i --rm -e A=1 -eB -p8080:80 --mount=x=y -v /a:/b it:1 -t --port 1")
    )
    assert found is not None
    assert (found.engine, found.image, found.arguments) == ("docker", "it:1", ("-t", "--port", "1"))
    assert found.has("interactive")
    assert not found.has("tty")  # it is the server's own
    assert found.values("env") == ("A=1", "B")
    assert found.values("publish") == ("8080:80",)
    assert found.values("volume", "mount") == ("x=y", "/a:/b")


@pytest.mark.parametrize("flags", ["-it", "-i -t", "--interactive --tty", "-ti", "-itd"])
def test_letters_may_stand_together(flags: str) -> None:
    found = container_run(*run(f"podman run {flags} it"))
    assert found is not None
    assert found.has("interactive")
    assert found.has("tty")
    assert found.image == "it"


def test_false_is_not_given() -> None:
    found = container_run(*run("docker container run --interactive=false --tty=0 it"))
    assert found is not None
    assert not found.has("interactive")
    assert not found.has("tty")


@pytest.mark.parametrize("line", ["docker compose run it", "docker exec -i c sh", "docker", "npx docker run it"])
def test_what_is_no_docker_run(line: str) -> None:
    assert container_run(*run(line)) is None


def test_an_option_without_its_value_ends_the_line() -> None:
    found = container_run(*run("docker run -i -v"))
    assert found is not None
    assert found.image is None


@pytest.mark.parametrize(
    ("line", "name", "pinned"),
    [
        ("npx -y @scope/server", "@scope/server", False),
        ("npx -y @scope/server@latest", "@scope/server", False),
        ("npx -y @scope/server@^1.0", "@scope/server", False),
        ("npx --yes server@1.2.3 --stdio", "server", True),
        ("/usr/bin/npx -p server@1.0.0 run-it", "server", True),
        ("npx --package=server run-it", "server", False),
        ("cmd /c npx -y server", "server", False),
        ("env A=1 npx -y server@2", "server", True),
        ("bunx server@1.0", "server", True),
        ("pnpm dlx server", "server", False),
        ("uvx some-server", "some-server", False),
        ("uvx some-server@1.2", "some-server", True),
        ("uvx --from some-server==1.2 it", "some-server", True),
        ("uvx --from some-server[cli]>=1 it", "some-server", False),
        ("uv tool run some-server==1", "some-server", True),
        ("uvx --python 3.12 --with extra some-server", "some-server", False),
        ("pipx run some-server", "some-server", False),
    ],
)
def test_packages(line: str, name: str, pinned: bool) -> None:
    found = package(*run(line))
    assert found is not None
    assert (found.name, found.pinned) == (name, pinned)


@pytest.mark.parametrize(
    "line",
    ["node x.js", "npx", "npx ./server", "uvx --from git+https://example.com/x it", "uv run server.py", "npx -y"],
)
def test_what_is_no_package_of_a_registry(line: str) -> None:
    assert package(*run(line)) is None


@pytest.mark.parametrize(
    ("image", "pinned"),
    [
        ("it", False), ("it:latest", False), ("it:1", True), ("host:5000/it", False), ("host:5000/it:1", True),
        ("it@sha256:abc", True), ("mcp/files:latest", False),
    ],
)  # fmt: skip
def test_images(image: str, pinned: bool) -> None:
    assert image_is_pinned(image) is pinned


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("node dist/index.js --port 1", "dist/index.js"),
        ("node --require ./hook.js x.mjs", "x.mjs"),
        ("node --enable-source-maps x.cjs", "x.cjs"),
        ("python3.12 -u server.py", "server.py"),
        ("/opt/venv/bin/python -m server", None),
        ("python -c pass", None),
        ("node -e 1", None),
        ("deno run -A server.ts", "server.ts"),
        ("bun run start", None),
        ("bash -c ./x.sh", None),
        ("bash x.sh", "x.sh"),
        ("java -jar server.jar", "server.jar"),
        ("uvx server.py", None),
        ("cmd /c node x.js", "x.js"),
        ("node", None),
    ],
)
def test_scripts(line: str, found: str | None) -> None:
    assert script(*run(line)) == found


def test_what_a_shell_reads() -> None:
    assert is_inline("bash", ["-c", "echo $HOME"])
    assert is_inline("docker", ["run", "-i", "it", "/bin/sh", "-lc", "echo $HOME"])
    assert is_inline("cmd", ["/c", "npx"])
    assert not is_inline("bash", ["script.sh"])
    assert not is_inline("node", ["-c", "$HOME"])


def test_what_starts_another() -> None:
    assert unwrapped("cmd", ["/C", "npx", "-y"]) == ("npx", ("-y",))
    assert unwrapped("/usr/bin/env", ["A=1", "node", "x.js"]) == ("node", ("x.js",))
    assert unwrapped("env", ["-i", "node"]) == ("env", ("-i", "node"))
    assert unwrapped("env", []) == ("env", ())
