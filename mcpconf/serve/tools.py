"""The five tools of mcpconf's own server. All of them read, none changes anything.

What a tool says is made by `mcpconf.workflow.report`, the same functions that stand behind `--json` on the command
line. That module is imported by the first call: a client that only lists the tools never pays for it.
"""

from __future__ import annotations

import json
import sys

from mcpconf.errors import McpconfError

TYPE_CHECKING = False  # what `typing` would give, for 5 ms
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from mcpconf.system import System

    Data = Callable[[dict[str, Any]], dict[str, Any]]  # checked arguments in, a JSON-able object out

JSON_TYPES = {"string": str, "boolean": bool}


class Tool:
    """One tool: its name, what it is for, the JSON Schema of its arguments, and the function behind it.

    The schema is an object of strings and booleans with `additionalProperties: false`; `call` checks no more than that.
    """

    __slots__ = ("description", "name", "run", "schema")

    def __init__(self, name: str, description: str, schema: dict[str, Any], run: Data) -> None:
        self.name = name
        self.description = description
        self.schema = schema
        self.run = run

    def listing(self) -> dict[str, Any]:
        """How `tools/list` shows it."""
        return {
            "name": self.name,
            "description": self.description,
            "inputSchema": self.schema,
            "annotations": {"readOnlyHint": True, "idempotentHint": True, "openWorldHint": False},
        }

    def call(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The result of `tools/call`. A failure is a result too, so that the model reads what went wrong."""
        complaint = self._complaint(arguments)
        if complaint is not None:
            return _failure(complaint)
        try:
            data = self.run(arguments)
            # Encoded here, so that a value JSON cannot hold is this tool's failure and not the connection's end.
            text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False)
        except McpconfError as problem:
            return _failure(f"{problem}\nHint: {problem.hint}" if problem.hint else str(problem))
        except Exception as bug:
            _record(bug)
            return _failure(f"This is a bug in mcpconf: {type(bug).__name__}: {bug}")
        return {"content": [{"type": "text", "text": text}], "structuredContent": data, "isError": False}

    def _complaint(self, arguments: dict[str, Any]) -> str | None:
        properties = self.schema["properties"]
        for name in self.schema.get("required", ()):
            if name not in arguments:
                return f"{self.name} needs the argument {name}"
        for name, value in arguments.items():
            if name not in properties:
                return f"{self.name} has no argument {name}"
            kind = properties[name]["type"]
            if not isinstance(value, JSON_TYPES[kind]):
                return f"{self.name}: {name} is a {kind}"
        return None


def _failure(text: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}], "isError": True}


def _record(bug: Exception) -> None:
    """A traceback on stderr, which clients keep in their logs."""
    import traceback

    sys.stderr.write("".join(traceback.format_exception(bug)))
    sys.stderr.flush()


def _schema(required: tuple[str, ...] = (), **properties: str) -> dict[str, Any]:
    """A closed object schema of strings; each keyword is an argument and its description."""
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: {"type": "string", "description": text} for name, text in properties.items()},
        "additionalProperties": False,
    }
    if required:
        schema["required"] = list(required)
    return schema


def catalogue(data: Mapping[str, Data]) -> dict[str, Tool]:
    """The tools by name, in the order they are listed; `data` holds the function behind each."""
    tools = (
        Tool(
            "status",
            "Which mcpconf profile is active, and for each Claude client whether its MCP entries are in step with it, "
            "edited by hand or missing, by which route each server is reached and why.",
            _schema(),
            data["status"],
        ),
        Tool(
            "env",
            "Where mcpconf thinks it runs (host, container, WSL), how sure it is, the evidence for and against, and "
            "which tools (docker, npx, uvx, socat, bash) can be used here.",
            _schema(),
            data["env"],
        ),
        Tool(
            "profiles",
            "The profiles that `mcpconf switch` could load: name, description, where each file is, and its servers.",
            _schema(),
            data["profiles"],
        ),
        Tool(
            "diff",
            "What `mcpconf switch PROFILE` would change in each client's configuration. Secrets are redacted and "
            "nothing is written.",
            _schema(profile="Name of a profile; the active one if left out."),
            data["diff"],
        ),
        Tool(
            "doctor",
            "What is wrong with this machine's MCP set-up, why, and the one command that mends each thing: clients' "
            "files and entries, routes, the broker, containers, and the servers themselves. Changes nothing. May take "
            "half a minute, since it starts the servers that the user's own configuration names.",
            _schema(
                only="Groups of checks, with commas between (place, files, entries, routes, toolkit, broker, servers, "
                "containers, security, services, shell); all of them if left out.",
                server="Name of one server, to look at that one alone.",
            ),
            data["doctor"],
        ),
    )
    return {tool.name: tool for tool in tools}


def standard(system: System | None = None) -> dict[str, Tool]:
    """mcpconf's tools over this machine, or over the one that `system` stands for."""

    def status(_arguments: dict[str, Any]) -> dict[str, Any]:
        from mcpconf.workflow.report import status_data

        return status_data(system or _machine())

    def env(_arguments: dict[str, Any]) -> dict[str, Any]:
        from mcpconf.workflow.report import env_data

        return env_data(system or _machine())

    def profiles(_arguments: dict[str, Any]) -> dict[str, Any]:
        from mcpconf.workflow.report import profiles_data

        return profiles_data(system or _machine())

    def diff(arguments: dict[str, Any]) -> dict[str, Any]:
        from mcpconf.workflow.report import diff_data

        return diff_data(system or _machine(), arguments.get("profile"))

    def doctor(arguments: dict[str, Any]) -> dict[str, Any]:
        from mcpconf.doctor.report import doctor_data

        return doctor_data(system or _machine(), arguments.get("only"), arguments.get("server"))

    return catalogue({"status": status, "env": env, "profiles": profiles, "diff": diff, "doctor": doctor})


def _machine() -> System:
    from mcpconf.system import RealSystem

    return RealSystem()
