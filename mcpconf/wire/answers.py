"""Messages that the broker writes itself."""

from __future__ import annotations

import json

PARSE, INVALID, UNKNOWN_METHOD, PARAMS, INTERNAL = -32700, -32600, -32601, -32602, -32603
ROOTS_CHANGED = b'{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}'
INITIALIZED = b'{"jsonrpc":"2.0","method":"notifications/initialized"}'


def failure(token: str | None, code: int, message: str) -> bytes:
    """An error, for the id of this token; without an id where that is not known."""
    place = "" if token is None else f'"id":{token},'
    return f'{{"jsonrpc":"2.0",{place}"error":{{"code":{code},"message":{json.dumps(message)}}}}}'.encode()


def empty(token: str) -> bytes:
    """A result that says no more than yes."""
    return f'{{"jsonrpc":"2.0","id":{token},"result":{{}}}}'.encode()


def request(number: str, method: str, params: str) -> bytes:
    """A request of the broker's own."""
    return f'{{"jsonrpc":"2.0","id":{number},"method":{json.dumps(method)},"params":{params}}}'.encode()


def cancelled(number: str, reason: str) -> bytes:
    """That an answer is no longer wanted."""
    params = f'{{"requestId":{number},"reason":{json.dumps(reason)}}}'
    return f'{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{params}}}'.encode()
