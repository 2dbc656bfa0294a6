"""`mcpconf call`: one tool of one server, its arguments checked before they are sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from mcpconf.errors import McpconfError, UsageError
from mcpconf.model import Json, Server
from mcpconf.record import dataclass, field
from mcpconf.use.arguments import UNSENT
from mcpconf.use.checking import check
from mcpconf.use.introduction import Message, Refusal
from mcpconf.use.manners import ROUNDS, Manners
from mcpconf.use.reached import Reached, reach
from mcpconf.use.toolbox import Tool, Toolbox, pick, toolbox
from mcpconf.workflow.app import App
from mcpconf.workflow.kept import Kept

Arrange = Callable[[Tool], Mapping[str, Json]]  # the arguments for a tool; raises UsageError
Learn = Callable[[Toolbox], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to: the server's `result`, or the `error` (code, message) that it answered with.

    `notes`: what a person should know besides.
    """

    way: str
    result: Mapping[str, Json] | None = None
    error: tuple[int, str] | None = None
    notes: tuple[str, ...] = field(default_factory=tuple)

    @property
    def failed(self) -> bool:
        return self.error is not None or bool(self.result and self.result.get("isError"))


def call_tool(
    app: App,
    server: Server,
    name: str,
    arrange: Arrange,
    manners: Manners,
    *,
    kept: Kept | None,
    timeout: float,
    learn: Learn,
) -> Outcome:
    """Call a tool. `timeout` is in seconds, for all of it; `learn` is told what the server has.

    Raises `UsageError` for a tool or arguments that the server or the profile doesn't have, with nothing sent;
    `ServerFailed` where the server does not answer.
    """
    deadline = time.monotonic() + timeout
    with reach(app, server, kept, deadline, manners.hear) as reached:
        found = toolbox(server, reached)
        learn(found)
        tool = pick(found, name)
        arguments = arrange(tool)
        checked = check(arguments, tool.input_schema)
        if checked.faults:
            told = "\n".join([f"the arguments do not fit {server.name} {name}{UNSENT}", *checked.faults])
            raise UsageError(told, hint=f"mcpconf tools {server.name} {name}")
        notes = () if checked.unchecked is None else (f"the arguments were not checked: {checked.unchecked}",)
        answer = _ask(reached, name, arguments, manners)
    return _outcome(reached.way, answer, notes)


def _ask(reached: Reached, name: str, arguments: Mapping[str, Json], manners: Manners) -> Message:
    """The answer to the call; what a server without sessions wants to know first it is told, as far as we can."""
    params: dict[str, Any] = {"name": name, "arguments": dict(arguments), "_meta": manners.meta}
    for _ in range(ROUNDS):
        answer = reached.ask("tools/call", params)
        result = answer.get("result")
        if not isinstance(result, dict) or result.get("resultType") != "input_required":
            return answer
        params = {**params, "inputResponses": _responses(result, manners)}
        if "requestState" in result:
            params["requestState"] = result["requestState"]
    raise Refusal(f"it asks for more and more before it does {name}")


def _responses(result: Mapping[str, Json], manners: Manners) -> dict[str, Json]:
    asked = result.get("inputRequests")
    found = {}
    for key, request in asked.items() if isinstance(asked, dict) else ():
        request = request if isinstance(request, dict) else {}
        params = request.get("params")
        answer = manners.answer(str(request.get("method")), params if isinstance(params, dict) else {})
        if answer is None:
            raise Refusal(f"it wants an answer to {request.get('method')}, which mcpconf has none for")
        found[key] = answer
    return found


def _outcome(way: str, answer: Message, notes: tuple[str, ...]) -> Outcome:
    result, error = answer.get("result"), answer.get("error")
    if isinstance(result, dict):
        return Outcome(way, result=result, notes=notes)
    if not isinstance(error, dict):
        raise McpconfError("the answer to the call has neither a result nor an error")
    code = error.get("code")
    return Outcome(way, error=(code if isinstance(code, int) else 0, str(error.get("message", ""))), notes=notes)


def call_report(server: str, tool: str, outcome: Outcome) -> dict[str, Json]:
    """A call as JSON: the server's whole result, or its error."""
    error = None if outcome.error is None else {"code": outcome.error[0], "message": outcome.error[1]}
    return {
        "server": server,
        "tool": tool,
        "way": outcome.way,
        "failed": outcome.failed,
        "result": outcome.result,
        "error": error,
    }
