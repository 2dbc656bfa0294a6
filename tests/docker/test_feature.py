"""The devcontainer Feature as its tools use it: installed by root into an image, then used by another user, in a
container that is made anew while its volumes stay."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.docker.fresh import HOME, PATH, Fresh
from tests.real.programs import NPM_BIN, ROOT, Health
from tests.reliability.engine import Engine

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

FEATURE = "/feature"
IMAGE = "mcpconf-feature:1"
CONNECTED = Health("Connected", "")
NewFresh = Callable[..., Fresh]
# As Claude's official devcontainer has it, on a volume.
CLAUDE = f"{HOME}/.claude"
SYSTEM = "/usr/local"  # not a part of the image here, since the machine's own /usr is mounted


@pytest.fixture
def feature() -> Any:
    return json.loads((ROOT / "devcontainer/src/mcpconf/devcontainer-feature.json").read_text())


def build(engine: Engine, new_fresh: NewFresh, wheels: Path, system: str, **options: str) -> None:
    """Install it as the tools do: by root, options in upper case, and the user by name."""
    place = new_fresh(*system_mount(system), f"--volume={wheels}:/wheels:ro")
    place.as_root("/bin/cp", "-r", str(ROOT / "devcontainer/src/mcpconf"), FEATURE)
    place.as_root("/bin/ln", "-s", "/wheels", f"{FEATURE}/wheels")
    before = place.listing()
    place.as_root(f"{FEATURE}/install.sh", _REMOTE_USER="u", _REMOTE_USER_HOME=HOME, **options)
    assert place.listing() == before
    place.as_root("/bin/mkdir", "-p", CLAUDE)
    place.as_root("/bin/chown", "1000:1000", CLAUDE)
    engine.must("commit", place.name, IMAGE)


def system_mount(system: str) -> list[str]:
    return [f"--volume={system}:{SYSTEM}"]


def created(new_fresh: NewFresh, feature: Any, system: str) -> Fresh:
    """A container of that image, with its volumes and after its lifecycle commands."""
    named = [f"--volume=claude-{system}:{CLAUDE}", *system_mount(system)]
    named += [
        f"--volume={one['source'].replace('${devcontainerId}', system)}:{one['target']}" for one in feature["mounts"]
    ]
    path = f"{SYSTEM}/bin:{PATH}"
    place = new_fresh(*named, image=IMAGE, CLAUDE_CONFIG_DIR=CLAUDE, DEVCONTAINER="true", PATH=path)
    for key in ("postCreateCommand", "postStartCommand"):
        said = place.must("/bin/sh", "-c", feature[key], directory="/tmp")
        assert "mcpconf: " not in said, said  # it ends well whatever happens, and says so behind that word
    return place


def kept_by_the_broker(place: Fresh, feature: Any) -> None:
    """With servers to keep, the broker runs once the container has started, and stays."""
    profile = f"{HOME}/.config/mcpconf/profiles/kept.toml"
    text = f'[broker]\\nautostart = true\\n[servers.memory]\\ncommand = "{NPM_BIN}/mcp-server-memory"\\n'
    place.must("/bin/sh", "-c", f"mkdir -p {Path(profile).parent} && printf '{text}' >{profile}")
    option(place, "profile=kept")
    place.must("/bin/sh", "-c", feature["postCreateCommand"])
    assert place.run("mcpconf", "broker", "status").code == 6
    place.must("/bin/sh", "-c", feature["postStartCommand"])
    assert "memory" in place.must("mcpconf", "broker", "status")
    assert place.claude() == {"memory": CONNECTED}


def option(place: Fresh, line: str) -> None:
    place.as_root("/bin/sh", "-c", f"echo {line} >>{SYSTEM}/share/mcpconf/options")


def test_what_it_installs_connects_and_knows_its_own_after_a_rebuild(
    engine: Engine, new_fresh: NewFresh, wheels: Path, feature: Any
) -> None:
    system = f"feature-{next(engine.names)}"
    build(engine, new_fresh, wheels, system, PROFILE="minimal", VERSION=feature["version"])

    first = created(new_fresh, feature, system)
    assert first.claude() == {"mcpconf": CONNECTED}
    assert {owner for _, owner, *_ in first.listing().values()} == {1000}
    first.engine.must("rm", "--force", first.name)

    second = created(new_fresh, feature, system)
    assert second.claude() == {"mcpconf": CONNECTED}
    kept_by_the_broker(second, feature)
    second.must("mcpconf", "uninstall", "--purge", "--yes")
    assert "mcpconf" not in second.must("/bin/cat", f"{CLAUDE}/.claude.json").replace("/mcpconf-box", "")
    assert second.must("/usr/bin/find", "/var/lib/mcpconf", "-type", "f").split() == []

    # What fails in a lifecycle command would keep all later ones of the user's from running.
    option(second, "profile=nobody-has-it")
    said = second.must(feature["postCreateCommand"])
    assert "nobody-has-it" in said
    assert "mcpconf doctor" in said
