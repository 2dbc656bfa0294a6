"""Lists of profiles, and one profile."""

from __future__ import annotations

from mcpconf.cli import console
from mcpconf.cli.render.table import columns, plain
from mcpconf.workflow.app import App
from mcpconf.workflow.report import profiles_report


def show_profiles(app: App, *, json: bool) -> int:
    """Print what can be switched to."""
    report = profiles_report(app)
    if json:
        console.as_json("profiles", report)
        return 0
    rows = []
    for one in report["profiles"]:
        if one["shadowed"]:
            continue
        mark = "*" if one["active"] else " "
        said = one["error"] or one["description"]
        if not one["trusted"]:
            said = f"(not trusted: mcpconf trust {one['name']})  {said}"
        style = "red" if one["error"] else "dim"
        layer = plain(one["layer"], "cyan")
        rows.append([plain(mark, "green"), plain(one["name"], "bold"), layer, plain(said.split("\n")[0], style)])
    for line in columns(rows, ""):
        console.data(line)
    return 0
