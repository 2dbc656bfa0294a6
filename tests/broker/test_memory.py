"""The broker keeps the memory that one long message took for the next."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# Counts the pages that are cleared for a hundred messages of 1 MB: without the setting all of them, each time.
COUNT = """
import resource, sys
if sys.argv[1] == "keep":
    from mcpconf.broker.memory import keep_memory
    keep_memory()
def work():
    one = [bytes(1_000_000) for _ in range(3)]
    return b"".join(one)
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(100):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", COUNT, how], capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="mallopt is glibc's")
def test_a_long_message_is_put_where_the_last_one_was() -> None:
    assert faults("keep") * 5 < faults("leave")
