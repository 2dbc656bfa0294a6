"""Tools with canned data, and the messages a client of either era sends."""

from __future__ import annotations

from typing import Any

from mcpconf.errors import McpconfError
from mcpconf.serve.protocol import Session
from mcpconf.serve.tools import Tool, catalogue
from mcpconf.wire.versions import CAPABILITIES_KEY, VERSION_KEY


def profiles(_arguments: dict[str, Any]) -> dict[str, Any]:
    raise McpconfError("the profile directory is unreadable", hint="mcpconf doctor")


def environment(_arguments: dict[str, Any]) -> dict[str, Any]:
    raise ZeroDivisionError("surprise")


def tools() -> dict[str, Tool]:
    return catalogue(
        {
            "status": lambda _arguments: {"profile": "wörk\u2028", "clients": []},
            "env": environment,
            "profiles": profiles,
            "diff": lambda arguments: {"profile": arguments.get("profile")},
            "doctor": lambda arguments: {"only": arguments.get("only")},
        }
    )


def session() -> Session:
    return Session(tools())


def request(method: str, identity: object = 1, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": identity, "method": method, "params": params}


def modern(method: str, identity: object = 1, version: object = "2026-07-28", **params: Any) -> dict[str, Any]:
    meta = {VERSION_KEY: version, CAPABILITIES_KEY: {}}
    return request(method, identity, _meta=meta, **params)
