"""The suite in both legs, side by side: `python -m tests.conformance [A] [B] [C]`.

The same server behind the same adapter, once at the end of a plain pipe and once behind our shim and broker.
"""

from __future__ import annotations

import sys
import time

from tests.conformance.suite import SERVER, SUITES, Verdicts, run, worse
from tests.real.broker.house import house


def both(suite: str) -> tuple[Verdicts, Verdicts]:
    """What passes through a pipe, and what passes through shim and broker."""
    direct = run(suite, SERVER)
    with house() as one:
        one.define("everything", SERVER)
        one.start()
        return direct, run(suite, one.command("everything"))


def main(suites: list[str]) -> int:
    print(f"{'suite':8}{'pipe':>10}{'broker':>10}{'seconds':>10}")
    lost = 0
    for suite in suites or list(SUITES):
        start = time.monotonic()
        direct, brokered = both(suite)
        counts = [f"{sum(leg.values())}/{len(leg)}" for leg in (direct, brokered)]
        print(f"{suite:8}{counts[0]:>10}{counts[1]:>10}{time.monotonic() - start:10.0f}", flush=True)
        for check in worse(direct, brokered):
            lost += 1
            print(f"    passes through a pipe only: {check.scenario}: {check.id} ({check.occurrence})")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
