"""Commands of the documentation that can't be run in an empty home, each with the reason; and what others need first.

A line that no page has any more fails the tests.
"""

from __future__ import annotations

# (page, command as it is shown) -> why it is not run here
ELSEWHERE: dict[tuple[str, str], str] = {
    ("README.md", "./shell/install.sh"): "tests/test_install.py runs it",
    ("README.md", "./shell/test.sh"): "it runs these tests",
    ("docs/broker.md", 'docker run -v "$XDG_RUNTIME_DIR/mcpconf:/run/mcpconf:ro" ...'): "no whole command",
    (
        "docs/recipes/container.md",
        "mcpconf broker expose",
    ): "it asks this machine's engines: tests/scenarios/test_expose.py",
    ("docs/recipes/container.md", "mcpconf broker status"): "exit 6, as no broker runs any more",
    ("docs/recipes/chezmoi.md", "chezmoi apply"): "chezmoi is in no registry that tests may use",
    ("docs/recipes/dotbot.md", "dotbot -d ~/dotfiles -c ~/dotfiles/install.conf.yaml"): "tests/real/test_dotfiles.py",
    ("docs/recipes/stow.md", "stow --dir ~/dotfiles --target ~ mcpconf"): "tests/real/test_dotfiles.py has it for real",
    ("docs/recipes/yadm.md", "yadm add ~/.config/mcpconf/profiles/work.toml"): "tests/real/test_dotfiles.py",
    ("docs/gateway.md", "mcpconf broker gateway"): "it stays until Ctrl-C: tests/broker/test_plain_door.py",
    ("docs/gateway.md", "mcpconf broker gateway --listen tcp:172.17.0.1:8811"): "the same, and it needs docker0",
}

# (page, command) -> its exit code, where that is not 0
CODES: dict[tuple[str, str], int] = {}
