"""The wrapper of a server that a broker keeps, and a broker of this process's that it may meet."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType

import mcpconf
from mcpconf.broker.door.auth import Admitted, Challenge, Turned
from mcpconf.broker.door.keys import Key, format_key
from tests.wrapper.installed import fields, install

END = b'{"jsonrpc":"2.0","method":"notifications/mcpconf/end_of_input"}\n'
PATIENCE = 20.0  # seconds, for what takes milliseconds on a machine that is not busy
PACKAGE = Path(mcpconf.__file__).parent
KEY = Key("laptop", bytes(range(32)))
GREETING = b"MCPCONF1 " + b"0" * 32 + b"\n"


def until(what: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Whether it comes true in that time."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True


class Running:
    """A wrapper that runs, in a process group of its own, which tells whether anything of it is left."""

    def __init__(self, argv: list[str], env: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            argv,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert self.process.stdin
        assert self.process.stdout
        assert self.process.stderr
        self.stdin, self.stdout, self.stderr = self.process.stdin, self.process.stdout, self.process.stderr

    def say(self, data: bytes) -> None:
        self.stdin.write(data)
        self.stdin.flush()

    def hear(self) -> bytes:
        """The next line."""
        return self.stdout.readline()

    def left(self) -> bool:
        """Whether a process of its group is there, and be it a dead one that nobody has waited for."""
        self.process.poll()
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def end(self) -> tuple[int, str]:
        """Its exit code and what it said on stderr, once it has ended by itself and left nothing behind."""
        with contextlib.suppress(BrokenPipeError):
            self.stdin.close()  # where there is no way, it answers for as long as somebody asks
        code = self.process.wait(PATIENCE)
        assert until(lambda: not self.left()), "it left a process behind"
        return code, self.stderr.read().decode()

    def __enter__(self) -> Running:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, 9)
        with contextlib.suppress(BrokenPipeError):
            self.stdin.close()
        self.stdout.close()
        self.stderr.close()
        self.process.wait()


class Connection:
    """The broker's end of one connection."""

    def __init__(self, accepted: socket.socket) -> None:
        accepted.settimeout(PATIENCE)
        self.socket = accepted
        self._stream = accepted.makefile("rb")

    def line(self) -> bytes:
        """The next line; empty at the end of input."""
        return self._stream.readline()

    def rest(self) -> bytes:
        """Everything up to the end of the connection; a reset is one."""
        came = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := self._stream.read1():
                came += piece
        return came

    def until_end_of_input(self) -> bytes:
        """Everything up to the message that tells of it: the connection stays open for the answers."""
        came = b""
        while not came.endswith(END):
            piece = self._stream.read1()
            assert piece, came[-200:]
            came += piece
        return came.removesuffix(END)

    def say(self, data: bytes) -> None:
        self.socket.sendall(data)

    def resets(self) -> None:
        """Have its close be a reset, whatever is unread."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def shake_hands(self, key: Key = KEY) -> Admitted | Turned | None:
        """Do as the broker does, up to its line."""
        challenge = Challenge({key.id: key.secret}.get, secrets.token_hex(16))
        self.say(challenge.greeting())
        answer = challenge.feed(self.line())
        if isinstance(answer, Admitted):
            self.say(answer.line)
        return answer

    def close(self) -> None:
        self._stream.close()
        self.socket.close()


class Place:
    """A data directory without Python's shim, and the sockets. Its path is short: a socket's has 107 bytes."""

    def __init__(self, root: Path) -> None:
        self.data = root / "data"
        self.directory = root / "run"
        self.broker: Broker | None = None
        self.installed = install(self.data)
        self.directory.mkdir(mode=0o700)
        (self.data / "broker").mkdir()
        self.key = self.data / "key"
        self.key.write_bytes(format_key(KEY))
        self.key.chmod(0o600)
        self.configure()

    def configure(self, *start: str | Path, directory: Path | None = None) -> None:
        lines = [f"directory={directory or self.directory}", *(f"start={word}" for word in start)]
        (self.data / "broker" / "shim.conf").write_text("".join(f"{line}\n" for line in lines))

    @property
    def shim(self) -> Path:
        return self.data / "broker" / "shim.py"

    def add_shim(self) -> None:
        """Lay down what mcpconf does for the ways by Python."""
        shutil.copyfile(PACKAGE / "shim_start.py", self.shim)
        shutil.copyfile(PACKAGE / "shim.py", self.shim.with_name("mcpconf_shim.py"))

    def run(self, name: str = "time", *further: str, python: str = "", **env: str) -> Running:
        """Start it as a client does. `further` are ways behind the broker's."""
        content = fields("mcpconf-wrapper 1", name, "broker", name, python, "", *further, "stop")
        link = self.installed.install(content, name)
        given = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **env}
        return Running(["bash", str(link)], given)

    def tcp(self, port: int, name: str = "time", **env: str) -> Running:
        """Start it for a broker behind TCP."""
        given = {"MCPCONF_BROKER": f"tcp:127.0.0.1:{port}", "MCPCONF_BROKER_KEY": str(self.key), **env}
        return self.run(name, **given)


class Listener:
    """A broker's socket."""

    def __init__(self, address: str | None = None) -> None:
        self.socket = socket.socket(socket.AF_INET if address is None else socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.bind(("127.0.0.1", 0) if address is None else address)
        self.socket.listen()

    @property
    def port(self) -> int:
        port = self.socket.getsockname()[1]
        assert isinstance(port, int)
        return port

    @contextlib.contextmanager
    def accept(self) -> Iterator[Connection]:
        """The connection that counts: one by TCP comes after a look whether this is a broker."""
        if self.socket.family == socket.AF_INET:
            self.probed()
        connection = Connection(self.socket.accept()[0])
        try:
            yield connection
        finally:
            connection.close()

    def probed(self, greeting: bytes = GREETING) -> bytes:
        """Answer the one that looks first; what it said."""
        looking = Connection(self.socket.accept()[0])
        with contextlib.suppress(OSError):  # it may have gone already
            looking.say(greeting)
            looking.socket.shutdown(socket.SHUT_WR)
        came = looking.rest()
        looking.close()
        return came


class Broker(Listener):
    """The socket where a broker is asked what it has, answered in a thread."""

    def __init__(self, address: str, *names: str) -> None:
        super().__init__(address)
        self.names = names
        self.asked: list[bytes] = []
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection = Connection(self.socket.accept()[0])
                self.asked.append(connection.line())
                connection.say(b"".join(name.encode() + b"\n" for name in ("OK", *self.names)))
                connection.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(PATIENCE)
