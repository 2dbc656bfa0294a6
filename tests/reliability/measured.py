"""Run a command, and write down what it took. Its own output and exit code stay the command's.

    python -I -S measured.py REPORT SECONDS COMMAND...

A process that pytest itself starts counts pytest's memory as its own peak (vfork shares it), so this one, which is
small, stands in between. After SECONDS the command is killed.
"""

import json
import os
import signal
import sys


def main(report: str, seconds: str, *command: str) -> int:
    child = os.fork()
    if child == 0:
        os.execv(command[0], command)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.alarm(int(seconds))
    _, status, usage = os.wait4(child, 0)
    numbers = {"kib": usage.ru_maxrss, "cpu": usage.ru_utime + usage.ru_stime}
    with open(report, "w", encoding="ascii") as stream:
        json.dump(numbers, stream)
    return os.waitstatus_to_exitcode(status) % 256


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
