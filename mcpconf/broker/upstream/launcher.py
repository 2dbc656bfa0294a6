"""Starts servers' processes: fills in what their definitions refer to, and keeps book of what runs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Mapping

from mcpconf.broker.place import opened_at_once
from mcpconf.broker.pool import Founder, Pool
from mcpconf.broker.upstream.definition import Definition, Start, fill, secrets_of
from mcpconf.broker.upstream.image import contained
from mcpconf.broker.upstream.leftovers import Leftovers
from mcpconf.broker.upstream.logfile import without
from mcpconf.broker.upstream.process import Process
from mcpconf.broker.upstream.remote import bridged
from mcpconf.errors import McpconfError
from mcpconf.profile.secrets import KeyringIndex, SecretsFile
from mcpconf.record import replace

ASK = 20.0  # seconds that a keyring has to answer


class Launcher:
    """Every process of the broker is started here."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        environ: Mapping[str, str],
        data: str,
        broker: str,
        leftovers: Leftovers,
        umask: int = -1,
    ) -> None:
        """`data` is our data directory, `broker` the mark that all processes of this broker have."""
        self.running: dict[int, Process] = {}
        self._loop = loop
        self._environ = environ
        self._data = data
        self._broker = broker
        self._leftovers = leftovers
        self._umask = umask
        self._count = 0
        self._asking: set[asyncio.Task[None]] = set()

    def __call__(self, pool: Pool, founder: Founder) -> None:
        try:
            secrets = SecretsFile.load(_content(os.path.join(self._data, "secrets"))).values
            asked = self._in_keyring(pool.definition, secrets)
            if asked is None:
                self._start(pool, founder, secrets)
            else:
                task = self._loop.create_task(self._ask(pool, founder, secrets, asked))
                self._asking.add(task)
                task.add_done_callback(self._asking.discard)
        except McpconfError as error:
            pool.error = str(error)
            founder.failed(_told(error))

    def fingerprint(self, definition: Definition) -> int | None:
        """What tells whether a server's secrets are still the same; None where that can't be told now. Those in the
        keyring don't count: it would have to be asked."""
        try:
            kept = SecretsFile.load(_content(os.path.join(self._data, "secrets"))).values
        except McpconfError:
            return None
        return hash(tuple((name, self._environ.get(name) or kept.get(name)) for name in sorted(secrets_of(definition))))

    def stop(self) -> None:
        """No more is asked for."""
        for task in self._asking:
            task.cancel()

    def reap(self) -> None:
        """Some process has ended."""
        for process in list(self.running.values()):
            process.ended_by_itself()

    # -- secrets that are in the keyring

    def _in_keyring(self, definition: Definition, secrets: Mapping[str, str]) -> KeyringIndex | None:
        """The index, cut down to what has to be asked for; None where there is nothing."""
        missing = {name for name in secrets_of(definition) if not (self._environ.get(name) or secrets.get(name))}
        if not missing:
            return None
        index = KeyringIndex.load(_content(os.path.join(self._data, "keyring")))
        names = tuple(name for name in index.names if name in missing)
        return KeyringIndex(names, index.launcher) if names and index.launcher else None

    async def _ask(self, pool: Pool, founder: Founder, secrets: Mapping[str, str], index: KeyringIndex) -> None:
        try:
            found = await self._loop.run_in_executor(None, _from_keyring, index)
            self._start(pool, founder, {**secrets, **found})
        except McpconfError as error:
            pool.error = str(error)
            founder.failed(_told(error))

    # -- processes

    def _start(self, pool: Pool, founder: Founder, secrets: Mapping[str, str]) -> None:
        start = replace(fill(pool.definition, self._environ, secrets, pool.project), umask=self._umask)
        pool.fingerprint = self.fingerprint(pool.definition)
        self._count += 1
        if start.remote is not None:
            start = bridged(start, start.remote)
        elif pool.definition.image:
            name = f"mcpconf-{pool.definition.name}-{self._broker}-{self._count}"
            start = contained(start, pool.definition.image, pool.definition.name, name, self._broker)
            self._leftovers.uses(start.argv[0])
        try:
            process = self._spawn(pool, start)
        except (OSError, ValueError) as error:
            why = without(str(error), start.hidden)
            pool.failed_to_start(why)
            founder.failed(f"the server could not be started: {why}")
            return
        founder.adopt(process)

    def _spawn(self, pool: Pool, start: Start) -> Process:
        def log(text: str) -> None:
            pool.log(text, start.hidden)

        process = Process(self._loop, start, log, f"{self._broker}.{self._count}")
        self.running[process.pid] = process
        process.when_gone(self._gone)
        return process

    def _gone(self, process: Process) -> None:
        self.running.pop(process.pid, None)
        if process.container is not None:
            self._leftovers.ended(process.container)


def _content(path: str) -> bytes | None:
    try:
        with open(path, "rb", opener=opened_at_once) as stream:
            return stream.read()
    except OSError:
        return None


def _from_keyring(index: KeyringIndex) -> dict[str, str]:
    """The values, from the command that the wrapper asks too."""
    found = {}
    for name in index.names:
        with contextlib.suppress(OSError, subprocess.SubprocessError, UnicodeDecodeError):
            answer = subprocess.run(
                [*index.launcher, "secret", "print", name],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=ASK,
                check=True,
            )
            found[name] = answer.stdout.decode()
    return found


def _told(error: McpconfError) -> str:
    return f"{error}; mend it with: {error.hint}" if error.hint else str(error)
