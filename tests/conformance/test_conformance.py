"""Nothing that conforms through a plain pipe stops conforming behind shim and broker, or behind the gateway."""

from __future__ import annotations

import pytest

from tests.conformance.__main__ import GATEWAY, NAME, behind, direct
from tests.conformance.suite import EVERYTHING, NODE, PROGRAM, SDK, lost
from tests.real.programs import unavailable

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]

# Far below what is there, so that a suite which could not run does not pass for one without failures.
LEAST = 60


@pytest.mark.parametrize("name", [NAME, GATEWAY])
@pytest.mark.parametrize("suite", ["B", "C"])  # each scenario of A is in B, of the same version
def test_every_check_that_passes_through_a_pipe_passes_through_the_broker(suite: str, name: str) -> None:
    for path in (NODE, PROGRAM, SDK, EVERYTHING):
        if not path.exists():
            unavailable(f"{path.name} is missing (./shell/test.sh installs the conformance suite)")
    plain = direct(suite)
    assert sum(plain.values()) >= LEAST
    assert lost(plain, lambda: behind(suite, name)) == []
