"""One power cut, in a mount namespace of its own: `unshare --mount python power.py IMAGE MOUNT DELAY COMMAND...`.

Mounts the ext4 image, starts the command, and after DELAY seconds (or at its end, if that is earlier) shuts the file
system down as a power cut does: nothing that is not on disk yet gets there. Prints the command's exit code (null where
the cut came first), and after mounting once more, which replays the journal, the answer of a second command given by
MCPCONF_CHECK.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import subprocess
import sys

SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN, _IOR('X', 125, __u32)
NO_LOG_FLUSH = 2  # EXT4_GOING_FLAGS_NOLOGFLUSH: not even the journal is written out


def mount(image: str, place: str) -> None:
    subprocess.run(["mount", "-o", "loop,commit=1", image, place], check=True)


def cut_power(place: str) -> None:
    descriptor = os.open(place, os.O_RDONLY)
    fcntl.ioctl(descriptor, SHUTDOWN, ctypes.c_uint32(NO_LOG_FLUSH))
    os.close(descriptor)


def main(image: str, place: str, delay: str, *command: str) -> None:
    mount(image, place)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        code: int | None = process.wait(timeout=float(delay))
    except subprocess.TimeoutExpired:
        code = None
    cut_power(place)
    process.kill()
    process.wait()
    subprocess.run(["umount", place], check=True)
    mount(image, place)
    check = subprocess.run(json.loads(os.environ["MCPCONF_CHECK"]), capture_output=True, text=True, check=False)
    subprocess.run(["umount", place], check=True)
    print(json.dumps({"code": code, "check": check.stdout, "trouble": check.stderr}))


if __name__ == "__main__":
    main(*sys.argv[1:])
