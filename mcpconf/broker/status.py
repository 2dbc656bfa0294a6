"""What the broker says of itself: a picture of plain values, for `mcpconf broker status`."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterable, Mapping, Sequence

from mcpconf.broker.broker import Broker
from mcpconf.broker.pool import Pool
from mcpconf.broker.session import Session
from mcpconf.broker.worker import Worker

UNITS = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes


def picture(broker: Broker, now: float) -> dict[str, object]:
    """Clients and servers, at the loop's time `now`. Times are seconds, p50 and p99 milliseconds, memory bytes."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    names = broker.catalogue.names()
    unused = [name for name in names if not any(key[0] == name for key in broker.pools)]
    return {
        "pid": os.getpid(),
        "uptime": round(now - broker.since, 3),
        "memory": memory_of(os.getpid()) or usage.ru_maxrss * UNITS,
        "cpu": round(usage.ru_utime + usage.ru_stime, 3),
        "clients": [_client(one, now) for one in broker.sessions.values()],
        "servers": [_server(pool, now) for pool in broker.pools.values()] + [_unused(name) for name in unused],
    }


def _client(session: Session, now: float) -> dict[str, object]:
    peer = session.peer
    return {
        "id": session.id,
        "server": session.pool.definition.name,
        "age": round(now - session.since, 3),
        "peer": {"pid": peer.pid, "uid": peer.uid, "address": peer.address},
        "messages": session.messages,
        "in_flight": session.owed,
        "queued": session.queued,
    }


def _server(pool: Pool, now: float) -> dict[str, object]:
    times = sorted(took for worker in pool.workers for took in worker.mux.took)
    return {
        "name": pool.definition.name,
        "project": pool.project,
        "pool": pool.definition.pool.value if pool.definition.pool else "session",
        "state": _state(pool, now),
        "error": pool.error,
        "requests": pool.asked + sum(worker.mux.asked for worker in pool.workers),
        "restarts": pool.restarts,
        "p50": quantile(times, 0.5),
        "p99": quantile(times, 0.99),
        "processes": [_process(worker, now) for worker in pool.workers if worker.process is not None],
    }


def _unused(name: str) -> dict[str, object]:
    empty: dict[str, object] = {"project": None, "pool": None, "error": None, "p50": None, "p99": None}
    return {"name": name, "state": "unused", "requests": 0, "restarts": 0, "processes": [], **empty}


def _state(pool: Pool, now: float) -> str:
    if pool.backoff.broken(now) or (not pool.workers and pool.doubt.broken(now)):
        return "open circuit"
    if any(worker.alive for worker in pool.workers):
        return "running" if any(worker.clients for worker in pool.workers) else "idle"
    if pool.backoff.delay(now) > 0:
        return "backing off"
    if any(worker.mux.waiting for worker in pool.workers):
        return "starting"
    return "failed" if pool.error else "idle"


def _process(worker: Worker, now: float) -> dict[str, object]:
    process = worker.process
    pid = process.pid if process is not None else 0
    born = process.born if process is not None else now
    container = process.container if process is not None else None
    return {
        "pid": pid,
        "era": worker.era.value,
        "age": round(now - born, 3),
        "clients": sorted(worker.clients),
        "memory": memory_of(pid) if container is None else None,  # it is the engine's client that has that number
        "container": None if container is None else {"name": container.session, "image": container.image},
        "state": _use(worker),
    }


def _use(worker: Worker) -> str:
    """`busy` with a client, `cleaned` after one, `idle` for the next, or `spare`: nobody has had it yet."""
    if worker.clients:
        return "busy"
    if not worker.mux.asked:
        return "spare"
    return "idle" if worker.mux.settled else "cleaned"


def quantile(times: Sequence[float], part: float) -> float | None:
    """A quantile of sorted seconds, in milliseconds; None where there are none."""
    if not times:
        return None
    return round(times[min(len(times) - 1, int(len(times) * part))] * 1000, 3)


def memory_of(pid: int) -> int | None:
    """Bytes that a process alone would give back (its resident set where that is not told); None where unknown."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as stream:
            found = _fields(stream)
            return found["Pss"] * 1024
    except (OSError, KeyError, ValueError):
        return None


def _fields(lines: Iterable[str]) -> Mapping[str, int]:
    return {
        name: int(rest.split()[0])
        for name, _, rest in (line.partition(":") for line in lines)
        if rest[:1] == " " and rest.split()[0].isdigit()
    }
