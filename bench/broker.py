"""What shim and broker cost beside a plain pipe and beside socat: `bench/broker.sh`, or `python -m bench.broker`.

The clients and the server are small C programs, so that what lies between them is what is measured. Every figure is
taken in several rounds, the chains in turn, and the best round counts: other work on the machine can only make a chain
slower. Read the ratios.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.real.broker.house import House, house

HERE = Path(__file__).parent
TICKS = os.sysconf("SC_CLK_TCK")
SHARED = "broker alone, shared"
SIZES = {"64 KB": 1 << 16, "1 MB": 1 << 20, "10 MB": 10**7}
HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}

INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}'


class Figures(NamedTuple):
    """What load.c prints: seconds for all, and microseconds."""

    seconds: float
    p50: float
    p99: float
    most: float


Target = Sequence[str]


class Bench:
    """The programs, a broker, and the chains to the echo server: what each is called, and how load.c reaches it."""

    def __init__(self, place: Path, own: House, rounds: int) -> None:
        self.own, self.rounds = own, rounds
        self.program = compiled(place, "load")
        self.server = compiled(place, "echo_server")
        self._listening = f"{own.directory}/fork.sock"
        for name, more in {"echo": {}, "shared": {"pool": "shared"}}.items():
            own.define(name, [self.server], **more)
        for number in range(8):
            own.define(f"quiet{number}", [self.server])
        own.start()
        self.pid = int(own.ask({"do": "status"})["pid"])
        bash = 'exec socat -t30 STDIO "UNIX:$0"'
        self.chains: dict[str, Target] = {
            "a pipe": ["exec", self.server],
            "socat, forking socat": ["exec", "socat", "STDIO", f"UNIX:{self._listening}"],
            "shim, broker": ["exec", *own.command("echo")],
            "shim, relay": ["exec", "env", "MCPCONF_BROKER_PASS=0", *own.command("echo")],
            "shim, shared pool": ["exec", *own.command("shared")],
            "socat, broker": ["exec", "socat", "-t30", "STDIO", f"UNIX:{own.paths.server('echo')}"],
            "bash and socat, broker": ["exec", "bash", "-c", bash, own.paths.server("echo")],
            "broker alone": ["unix", own.paths.server("echo")],
            SHARED: ["unix", own.paths.server("shared")],
        }

    @contextlib.contextmanager
    def peer(self) -> Iterator[None]:
        """socat that starts a server for each connection."""
        argv = ["socat", f"UNIX-LISTEN:{self._listening},fork", f"EXEC:{self.server}"]
        with subprocess.Popen(argv, start_new_session=True) as listener:
            wait_for(lambda: os.path.exists(self._listening))
            try:
                yield
            finally:
                os.killpg(listener.pid, signal.SIGTERM)

    def load(self, *words: object, target: Target) -> Figures:
        """One run of load.c."""
        argv = [self.program, *map(str, words), *target]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(argv)}: {done.stderr}")
        return Figures(*map(float, done.stdout.split()))

    def best(self, key: Callable[[Figures], float], *words: object, chains: Sequence[str] = ()) -> dict[str, float]:
        """The smallest of a figure over all rounds, for each chain."""
        found: dict[str, float] = {}
        for _ in range(self.rounds):
            for name in chains or self.chains:
                value = key(self.load(*words, target=self.chains[name]))
                found[name] = min(value, found.get(name, value))
        return found

    def cpu(self, calls: int, *words: object, chain: str) -> float:
        """Microseconds of the broker's CPU time for each of these calls, in the best round."""
        rounds = []
        for _ in range(self.rounds):
            before = cpu_seconds(self.pid)
            self.load(*words, target=self.chains[chain])
            rounds.append((cpu_seconds(self.pid) - before) / calls * 1e6)
        return min(rounds)


def compiled(place: Path, name: str) -> str:
    """The path of a program of ours, made anew from its C."""
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cc", "-O2", "-o", str(place / name), str(HERE / f"{name}.c")], check=True)
    return str(place / name)


def wait_for(ready: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise SystemExit("it does not come up")
        time.sleep(0.01)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_kb(pid: int) -> int:
    """Private memory and the share of what is shared (Pss)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0


def wakeups(pid: int) -> int:
    """How often a process began to run after a wait."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("voluntary_ctxt_switches"):
            return int(line.split()[1])
    return 0


class Table:
    """Rows of a figure, what it is to be, and whether it is."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str, str]] = []

    def add(self, what: str, value: float, goal: float | None, unit: str = "", *, at_least: bool = False) -> None:
        """A figure beside its goal, if it has one."""
        met = "" if goal is None else "yes" if (value >= goal if at_least else value <= goal) else "NO"
        sign = ">=" if at_least else "<="
        wanted = "" if goal is None else f"{sign} {goal:g} {unit}".strip()
        shown = f"{value:.3g}" if value < 1000 else f"{value:,.0f}"
        self.rows.append((what, f"{shown} {unit}".strip(), wanted, met))
        print(f"{what:62}{self.rows[-1][1]:>16}{wanted:>18}  {met}", flush=True)

    def title(self, text: str) -> None:
        print(f"\n{text}")


def starts(bench: Bench, table: Table) -> None:
    """Spawn to the answer of `initialize`."""
    table.title("start, p50, ms")
    found = bench.best(lambda one: one.p50 / 1000, "start", 10)
    goals = {"shim, broker": 20, "bash and socat, broker": 10}
    for name, value in found.items():
        table.add(f"start: {name}", value, goals.get(name), "ms")


def small_calls(bench: Bench, table: Table) -> None:
    """One call at a time."""
    table.title("a small call, p50 and p99, us; the ratio is to socat, forking socat")
    found = bench.best(lambda one: one.p50, "loop", 4000, 1, 5)
    late = bench.best(lambda one: one.p99, "loop", 4000, 1, 5)
    peer = found["socat, forking socat"]
    goals = {"shim, broker": 1.1, "shim, relay": 1.5, "broker alone": 1.3, "shim, shared pool": 1.6}
    for name, value in found.items():
        table.add(f"call: {name}", value, None, "us")
        table.add(f"call: {name}, p99", late[name], None, "us")
        if name != "a pipe":
            table.add(f"call: {name}, ratio", value / peer, goals.get(name))


def as_python_sees_it(bench: Bench, table: Table) -> None:
    """The same for a client that takes its own time, as real ones do."""
    table.title("a small call of a client in Python, p50, us; the ratio is to socat, forking socat")
    names = ["a pipe", "socat, forking socat", "shim, broker", "shim, relay", "shim, shared pool", "socat, broker"]
    found: dict[str, float] = {}
    for _ in range(bench.rounds):
        for name in names:
            found[name] = min(round_trip(bench.chains[name][1:], 2000), found.get(name, 1e9))
    for name, value in found.items():
        table.add(f"Python: {name}", value, None, "us")
        goal = {"shim, broker": 1.1, "shim, relay": 1.5, "shim, shared pool": 1.6}.get(name)
        if name != "a pipe":
            table.add(f"Python: {name}, ratio", value / found["socat, forking socat"], goal)


def round_trip(argv: Sequence[str], count: int) -> float:
    """Microseconds of the middle one of so many calls, read and written by Python."""
    took = []
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as child:
        assert child.stdin
        assert child.stdout
        lines = (json.dumps({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": HELLO}), INITIALIZED)
        child.stdin.write("\n".join([*lines, ""]).encode())
        os.read(child.stdout.fileno(), 65536)
        for number in range(1, count + 1):
            call = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": "echo", "arguments": {}}}
            begin = time.perf_counter()
            child.stdin.write(json.dumps(call).encode() + b"\n")
            json.loads(os.read(child.stdout.fileno(), 65536))
            took.append(time.perf_counter() - begin)
        child.stdin.close()
        child.stdout.read()
    return sorted(took)[count // 2] * 1e6


def cpu(bench: Bench, table: Table) -> None:
    """The broker's own time for a call."""
    table.title("the broker's CPU a call")
    table.add("CPU: one client, one by one", bench.cpu(4000, "loop", 4000, 1, 5, chain="shim, broker"), 170, "us")
    ten = bench.cpu(20000, "loop", 20000, 10, 5, chain=SHARED)
    table.add("CPU: ten clients on one shared server", ten, 60, "us")
    apart = bench.cpu(20000, "loop", 20000, 10, 5, chain="broker alone")
    table.add("CPU: ten clients, each its own server", apart, 60, "us")
    many = bench.cpu(100_000, "flood", 100_000, 64, 5, chain="broker alone")
    table.add("CPU: one client, pipelined", many, None, "us")
    table.add("CPU: a result of 1 MB", bench.cpu(50, "loop", 50, 1, 1 << 20, chain="broker alone") / 1000, None, "ms")


def throughput(bench: Bench, table: Table) -> None:
    """Calls a second."""
    table.title("calls a second")
    count = 100_000
    names = [name for name in bench.chains if "bash" not in name]
    for name, seconds in bench.best(lambda one: one.seconds, "flood", count, 64, 5, chains=names).items():
        goal = 45_000 if name in ("shim, broker", "broker alone") else None
        table.add(f"pipelined: {name}", count / seconds, goal, "/s", at_least=True)
    for clients in (50, 100, 200):
        (seconds,) = bench.best(lambda one: one.seconds, "loop", 40_000, clients, 5, chains=[SHARED]).values()
        table.add(f"{clients} clients, one shared server", 40_000 / seconds, 12_000, "/s", at_least=True)


def crowd(bench: Bench, table: Table) -> None:
    """200 clients on one shared server."""
    table.title("200 clients on one shared server")
    name = SHARED
    full = bench.best(lambda one: one.p99 / 1000, "loop", 40_000, 200, 5, chains=[name])[name]
    table.add("p99, saturated", full, 40, "ms")
    # What the machine itself does to a call at this pace: without it the figure below can't be judged.
    noise = bench.best(lambda one: one.p99 / 1000, "rate", 500, 1, 100, chains=["a pipe"])["a pipe"]
    table.add("p99 at 100 calls a second, one client through a pipe", noise, None, "ms")
    calm = bench.best(lambda one: one.p99 / 1000, "rate", 500, 200, 100, chains=[name])[name]
    table.add("p99 at 100 calls a second", calm, 2, "ms")
    settle = [bench.program, "hold", "0", "200", "0", *bench.chains[name]]
    # Once before it counts: what 200 clients need once is kept and used again.
    sizes = []
    for _ in range(2):
        before = memory_kb(bench.pid)
        with subprocess.Popen(settle, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as held:
            assert held.stdout
            held.stdout.readline()
            sizes.append((memory_kb(bench.pid) - before) / 200)
            held.communicate()
        wait_for(lambda: not bench.own.ask({"do": "status"})["clients"])
    table.add("memory a client, the first time", sizes[0], 8, "KB")
    table.add("memory a client, the second time", sizes[1], 8, "KB")


def large(bench: Bench, table: Table) -> None:
    """Results of many bytes."""
    table.title("large results, p50; the ratio is to socat, forking socat")
    for title, size in SIZES.items():
        names = ["a pipe", "socat, forking socat", "shim, broker", "broker alone"]
        found = bench.best(lambda one: one.p50 / 1000, "loop", 15, 1, size, chains=names)
        for name, value in found.items():
            table.add(f"{title}: {name}", value, None, "ms")
        ratio = found["shim, broker"] / found["socat, forking socat"]
        table.add(f"{title}: shim, broker, ratio", ratio, 2 if title == "10 MB" else 1.5)


def idle(table: Table, place: Path) -> None:
    """A broker that has ten servers and nothing to do."""
    table.title("an idle broker with ten servers that have run")
    with house() as own:
        for number in range(10):
            own.define(f"s{number}", [compiled(place, "echo_server")], idle_timeout=0)
        own.start()
        pid = int(own.ask({"do": "status"})["pid"])
        own.ask({"do": "warm", "servers": None})
        for number in range(10):
            visit = [str(place / "load"), "start", "2", "unix", own.paths.server(f"s{number}")]
            subprocess.run(visit, check=True, capture_output=True)
        running = [pid, *parents(pid)]
        time.sleep(5)  # what is put off is done by now
        before = sum(map(wakeups, running))
        time.sleep(10)
        table.add("wake-ups in 10 s, the supervisor's too", sum(map(wakeups, running)) - before, 0)
        table.add("memory (Pss), the supervisor's too", sum(map(memory_kb, running)) / 1024, 30, "MB")


def parents(pid: int) -> list[int]:
    """The supervisor: the broker's parent."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return [int(fields[1])]


def real_servers(table: Table, servers: Mapping[str, Sequence[str]], rounds: int) -> None:
    """How long a client waits for `initialize`, with the server started for it and with the broker's warm one."""
    table.title("real servers: started directly, and met through the warm broker")
    with house() as own:
        for name, argv in servers.items():
            own.define(name, argv)
        own.start()
        for name, argv in servers.items():
            introduce(own.command(name))
            direct = min(introduce(argv) for _ in range(rounds))
            warm = min(introduce(own.command(name)) for _ in range(rounds * 3))
            table.add(f"{name}: directly", direct * 1000, None, "ms")
            table.add(f"{name}: warm", warm * 1000, None, "ms")
            table.add(f"{name}: times quicker", direct / warm, 50 if name == "time" else None, at_least=True)


def introduce(argv: Sequence[str]) -> float:
    """Seconds from the start of a program to its answer to `initialize`."""
    line = json.dumps({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": HELLO}).encode() + b"\n"
    begin = time.perf_counter()
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdin
        assert child.stdout
        child.stdin.write(line)
        child.stdin.flush()
        child.stdout.readline()
        took = time.perf_counter() - begin
        child.stdin.write(INITIALIZED.encode() + b"\n")
        child.stdin.close()
        child.stdout.read()
    time.sleep(0.05)  # the process behind it is put in order
    return took


def cold(table: Table, server: str, rounds: int) -> None:
    """No broker yet: the whole of its start, less the server's own."""
    table.title("cold start")
    took, busy = [], []
    for _ in range(rounds):
        with house() as own:
            own.define("echo", [server])
            begin = time.perf_counter()
            own.start()
            introduce(own.command("echo"))
            took.append(time.perf_counter() - begin - 0.05)
            pid = int(own.ask({"do": "status"})["pid"])
            busy.append(cpu_seconds(pid) + cpu_seconds(parents(pid)[0]))
    own_start = min(introduce([server]) for _ in range(rounds)) - 0.05
    table.add("broker, shim and server, from nothing", min(took) * 1000, None, "ms")
    table.add("CPU of the broker in it", min(busy) * 1000, None, "ms")
    table.add("of it not the server's own", (min(took) - max(own_start, 0)) * 1000, 150, "ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="the best of so many counts")
    parser.add_argument("--server", action="append", default=[], metavar="NAME=COMMAND", help="a real server to start")
    parser.add_argument("--only", default="", help="parts, by name: starts, small_calls, as_python_sees_it, ...")
    asked = parser.parse_args()
    table = Table()
    servers = {name: line.split() for name, _, line in (one.partition("=") for one in asked.server)}
    parts = [starts, small_calls, as_python_sees_it, cpu, throughput, crowd, large]
    chosen = [part for part in parts if not asked.only or part.__name__ in asked.only.split(",")]
    print(f"load before: {os.getloadavg()[0]:.1f}; Python {sys.version.split()[0]}; {os.cpu_count()} processors")
    with tempfile.TemporaryDirectory() as directory, house() as own:
        place = Path(directory)
        bench = Bench(place, own, asked.rounds)
        with bench.peer():
            for part in chosen:
                part(bench, table)
        if not asked.only:
            idle(table, place)
            cold(table, bench.server, asked.rounds)
            real_servers(table, servers, asked.rounds)
    missed = [row for row in table.rows if row[3] == "NO"]
    print(f"\nload after: {os.getloadavg()[0]:.1f}; missed: {len(missed)}")
    for row in missed:
        print("  " + ": ".join(row[:3]))


if __name__ == "__main__":
    if shutil.which("socat") is None or shutil.which("cc") is None:
        raise SystemExit("bench/broker.py needs socat and a C compiler")
    main()
