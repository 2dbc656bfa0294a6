"""The broker as an agent of launchd's (launchd.plist(5)). Never run on macOS by us: see docs/services.md."""

from __future__ import annotations

import os

from mcpconf.broker.service.told import MARK, NAME, Told

FILE = f"{NAME}.plist"


def files(told: Told, directory: str) -> dict[str, bytes]:
    """The agent's file by path."""
    import plistlib

    log = os.path.join(told.log, f"{NAME}.log")  # in a directory that is there: launchd makes none
    data = {
        "Label": NAME,
        "ProgramArguments": [*told.program, "broker", "run"],
        "EnvironmentVariables": {"PATH": told.path, **told.variables},
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},  # again after a failure, and not after `mcpconf broker stop`
        "ExitTimeOut": 30,
        "ProcessType": "Interactive",  # else its servers are slowed down while somebody waits for them
        "StandardOutPath": log,
        "StandardErrorPath": log,
    }
    text = plistlib.dumps(data, sort_keys=False)
    head, mark, rest = text.partition(b"<plist ")
    return {os.path.join(directory, FILE): head + f"<!-- {MARK} -->\n".encode() + mark + rest}
