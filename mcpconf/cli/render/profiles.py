"""Lists of profiles, and one profile."""

from __future__ import annotations

from mcpconf.cli import console
from mcpconf.cli.render.table import columns, one_line, plain
from mcpconf.model import Profile, Server
from mcpconf.profile.redact import bare_url, redacted, shown
from mcpconf.profile.trust import summary
from mcpconf.redact import redact
from mcpconf.workflow.app import App
from mcpconf.workflow.diff import tilde
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


def profile_lines(profile: Profile, home: str) -> list[str]:
    """A profile and all its servers, without secrets."""
    head = f"{console.paint(profile.name, 'bold')}  {one_line(redact(profile.description))}".rstrip()
    origin = one_line(f"{profile.layer}: {tilde(profile.path, home)}")
    parents = f", extends {', '.join(profile.extends)}" if profile.extends else ""
    lines = [head, console.paint(f"{origin}{parents}", "dim")]
    lines += [f"the Toolkit's own profile: {one_line(profile.toolkit)}"] if profile.toolkit else []
    return [*lines, *(line for server in profile.servers for line in _server_lines(server))]


def _server_lines(server: Server) -> list[str]:
    return list(summary(Profile("", servers=(server,))))


def server_rows(profile: Profile) -> list[str]:
    """One line for each server."""
    rows = []
    for server in profile.servers:
        style = ("dim",) if server.disabled else ("bold",)
        rows.append(
            [plain(server.name, *style), plain(what(server)), plain("disabled" if server.disabled else "", "dim")]
        )
    return columns(rows, "")


def what(server: Server) -> str:
    """How a server is reached, in a few words, without secrets."""
    ways = []
    if server.builtin:
        ways.append("built in")
    if server.command:
        ways.append(" ".join(map(shown, (bare_url(server.command), *redacted(server.args)))))
    ways += [bare_url(way) for way in (server.package, server.url, server.endpoint) if way]
    ways += [f"image {bare_url(server.image)}"] if server.image else []
    ways += [f"toolkit {bare_url(server.toolkit)}"] if server.toolkit else []
    return " | ".join(ways)
