"""What a server says of its own accord while it works on a call, and what it is answered: politely, and mostly no."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mcpconf.use.introduction import Message, reply_to

TOKEN = "mcpconf-call"  # noqa: S105  of the progress that is told
TOLD = 10  # questions of a server that a person is shown
ROUNDS = 4  # times that a server may ask for more before a call is given up

Tell = Callable[[str], None]


class Manners:
    """Hears a server. `progress` and `tell` get lines for a person, from whoever reads the connection."""

    def __init__(self, tell: Tell, progress: Tell | None = None) -> None:
        self._shown = tell
        self._asked = 0
        self._progress = progress

    @property
    def meta(self) -> Message:
        """What a call says of itself: whether somebody wants to see how it gets on."""
        return {} if self._progress is None else {"progressToken": TOKEN}

    def hear(self, message: Message) -> Message | None:
        """The answer to a request of the server's; None to what is no request."""
        params = message.get("params")
        params = params if isinstance(params, dict) else {}
        if message.get("method") == "notifications/progress":
            self._hear_progress(params)
        if "id" not in message:
            return None
        result = self.answer(str(message.get("method")), params)
        return reply_to(message) if result is None else {"jsonrpc": "2.0", "id": message["id"], "result": result}

    def answer(self, method: str, params: Message) -> Message | None:
        """What we have for such a request; None: nothing."""
        if method == "roots/list":
            return {"roots": []}
        if method == "elicitation/create":
            self._tell(f"the server asks, and was told that nobody answers: {params.get('message', '')}")
            return {"action": "decline"}
        if method == "sampling/createMessage":
            self._tell("the server asks for a model's answer, which there is none to give")
        return None

    def _tell(self, text: str) -> None:
        self._asked += 1
        if self._asked <= TOLD:
            self._shown(text if self._asked < TOLD else f"{text} (it may ask more; that is not shown)")

    def _hear_progress(self, params: Message) -> None:
        if self._progress is None or params.get("progressToken") != TOKEN:
            return
        done, total = _number(params.get("progress")), _number(params.get("total"))
        count = done + (f"/{total}" if total else "")
        self._progress(" ".join(part for part in (count, str(params.get("message") or "")) if part))


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else ""
