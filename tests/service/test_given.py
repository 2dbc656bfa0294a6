"""What a broker takes of sockets that it was handed over, and what it makes of numbers that are wrong."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from mcpconf.broker.door import activation


@pytest.mark.parametrize(
    ("count", "taken"), [("1", 1), ("2", 1), ("99999999999", 1), ("0", 0), ("-1", 0), ("\u00b2", 0), ("x", 0), ("", 0)]
)
def test_what_is_no_socket_ends_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: str, taken: int
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening, open(os.devnull, "rb") as file:
        listening.bind("s")
        listening.listen()
        first = os.dup2(listening.fileno(), 200)
        os.dup2(file.fileno(), first + 1)
        monkeypatch.setattr(activation, "FIRST", first)
        found = activation.inherited({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": count})
        try:
            assert [one.getsockname() for one in found] == ["s"] * taken
        finally:
            for one in found:
                one.close()
            os.close(first + 1)
            if not found:
                os.close(first)
