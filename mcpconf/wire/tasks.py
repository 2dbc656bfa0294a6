"""Tasks (2025-11-25, experimental) belong to the client whose request made them; a server knows no owners."""

from __future__ import annotations

import json

from mcpconf.wire.answers import PARAMS
from mcpconf.wire.client import Client, Pending
from mcpconf.wire.envelope import META, Envelope
from mcpconf.wire.pending import Book
from mcpconf.wire.versions import RELATED_KEY

ENDED = ("completed", "failed", "cancelled")


class Tasks:
    """Whose task is whose."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self.made: dict[str, tuple[Client, str]] = {}  # by task id: the owner, and the request that made it

    def owner(self, envelope: Envelope) -> Client | None:
        """The client whose task a message names in its `_meta`."""
        made = self.made.get(envelope.word(*META, RELATED_KEY, "taskId") or "")
        return made[0] if made else None

    def answered(self, one: Pending, envelope: Envelope) -> bool:
        """Note the task that a request has made. Gives whether there is one."""
        task = envelope.word("result", "task", "taskId")
        if task is None or len(task) > self._book.limits.token:
            return False
        self._forget(task)
        self.made[task] = one.client, one.id
        one.client.tasks[task] = None
        if len(one.client.tasks) > self._book.limits.tasks:
            self._forget(next(iter(one.client.tasks)))
        return True

    def asked(self, one: Pending, envelope: Envelope) -> None:
        """`tasks/get`, `tasks/result`, `tasks/cancel`: only of one's own."""
        made = self.made.get(envelope.word("params", "taskId") or "")
        if made is not None and made[0] is one.client:
            self._book.forward(one, envelope)
        else:
            self._book.fail(one, PARAMS, "this client has no such task")

    def status(self, envelope: Envelope) -> None:
        """A task's state changed: its owner hears of it. An ended one makes no progress."""
        made = self.made.get(envelope.word("params", "taskId") or "")
        if made is None:
            self._book.log("the status of a task that no client owns was dropped")
            return
        self._book.to_client(made[0].id, envelope.text.encode())
        if envelope.word("params", "status") in ENDED:
            self._book.progress.pop(made[1], None)

    def left(self, client: Client) -> None:
        """Nobody can fetch the results of a client that is gone."""
        for task in list(client.tasks):
            self._forget(task)
            if self._book.ready:
                self._book.own("tasks/cancel", f'{{"taskId":{json.dumps(task)}}}')

    def died(self) -> None:
        """A new process knows none of them."""
        for task in list(self.made):
            self._forget(task)

    def _forget(self, task: str) -> None:
        made = self.made.pop(task, None)
        if made is not None:
            made[0].tasks.pop(task, None)
            self._book.progress.pop(made[1], None)
