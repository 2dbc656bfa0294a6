"""The suite in all legs, side by side: `python -m tests.conformance [A] [B] [C]`.

The same server behind the same adapter: at the end of a plain pipe, behind our shim and broker, and alone behind the
gateway.
"""

from __future__ import annotations

import sys
import time
from functools import cache

from tests.conformance.suite import SERVER, SUITES, Verdicts, run, worse
from tests.real.broker.house import house

NAME, GATEWAY = "everything", "--gateway"  # what the shim is told


@cache
def direct(suite: str) -> Verdicts:
    """What passes through a pipe."""
    return run(suite, SERVER)


def behind(suite: str, name: str) -> Verdicts:
    """What passes through shim and broker, by the server's name or by way of the gateway."""
    with house() as one:
        one.define(NAME, SERVER)
        one.start()
        return run(suite, one.command(name))


def main(suites: list[str]) -> int:
    print(f"{'suite':8}{'pipe':>10}{'broker':>10}{'gateway':>10}{'seconds':>10}")
    lost = 0
    for suite in suites or list(SUITES):
        start = time.monotonic()
        legs = {"pipe": direct(suite), "broker": behind(suite, NAME), "gateway": behind(suite, GATEWAY)}
        counts = "".join(f"{sum(leg.values())}/{len(leg)}".rjust(10) for leg in legs.values())
        print(f"{suite:8}{counts}{time.monotonic() - start:10.0f}", flush=True)
        for leg in ("broker", "gateway"):
            for check in worse(legs["pipe"], legs[leg]):
                lost += 1
                print(f"    passes through a pipe, not through the {leg}: {check.scenario}: {check.id}")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
