"""Commands of the documentation that can't be run in an empty home, each with the reason; and what others need first.

A line that no page has any more fails the tests.
"""

from __future__ import annotations

# (page, command as it is shown) -> why it is not run here
ELSEWHERE: dict[tuple[str, str], str] = {
    ("README.md", "./shell/install.sh"): "tests/test_install.py runs it",
    ("README.md", "./shell/test.sh"): "it runs these tests",
    ("docs/broker.md", 'docker run -v "$XDG_RUNTIME_DIR/mcpconf:/run/mcpconf:ro" ...'): "no whole command",
    ("docs/gateway.md", "mcpconf broker gateway"): "it stays until Ctrl-C: tests/broker/test_plain_door.py",
    ("docs/gateway.md", "mcpconf broker gateway --listen tcp:172.17.0.1:8811"): "the same, and it needs docker0",
}

# (page, command) -> its exit code, where that is not 0
CODES: dict[tuple[str, str], int] = {}
