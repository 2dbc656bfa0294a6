"""Servers that misbehave, one of each kind: `python -I -S bad.py KIND`.

All but those that fail before they can shake hands, and go wrong when a tool is called.
"""

import json
import os
import signal
import sys
import time

OUT = sys.stdout.buffer
PIECE = 1_000_000


def say(message):
    raw(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")


def raw(data):
    OUT.write(data)
    OUT.flush()


def done(number):
    say({"id": number, "result": {"content": [], "structuredContent": {"done": True}}})


def forever():
    while True:
        signal.pause()


def fork(child):
    if os.fork() == 0:
        child()
        os._exit(0)


# -- that can't shake hands


def crash_at_start():
    os.write(2, b"no licence\n")
    os._exit(1)


def exit_at_start():
    os._exit(0)


def no_initialize(number):
    os.write(2, b"what a bad start\n")
    os._exit(1)


def hang_initialize(number):
    forever()


def initialize_garbage(number):
    say({"id": number, "result": "yes"})


def initialize_no_version(number):
    say({"id": number, "result": {"capabilities": {}}})


def initialize_error(number):
    say({"id": number, "error": {"code": -32000, "message": "not today"}})


def stopped(number):
    os.kill(os.getpid(), signal.SIGSTOP)


# -- that go wrong in a call


def crash(number):
    os.write(2, b"out of luck\n")
    os._exit(1)


def segfault(number):
    os.write(2, b"a pointer went\n")
    os.kill(os.getpid(), signal.SIGSEGV)


def hang(number):
    forever()


def half_line(number):
    raw(b'{"jsonrpc":"2.0","id":%d,"resu' % number)
    os._exit(1)


def wrong_id(number):
    for wrong in (number + 1000, str(number), -number, 1e300, [number], None, "x" * 100_000):
        say({"id": wrong, "result": {}})
    done(number)


def missing_id(number):
    say({"result": {"for": "whom"}})
    say({"error": {"code": 1, "message": "what"}})
    done(number)


def twice(number):
    for _ in range(3):
        done(number)


def garbage(number):
    raw(b"Listening on port 3000\n\n[1,2\n{}\n[]\nnull\n\x1b[31mred\x1b[0m\n" + b'{"jsonrpc":"2.0"}\n' * 10)
    done(number)


def binary(number):
    raw(bytes(range(256)) * 4096 + b"\n")
    done(number)


def bad_utf8(number):
    raw(b'{"jsonrpc":"2.0","id":%d,"result":{"text":"\xff\xfe"}}\n' % number)


def deep(number):
    raw(b'{"jsonrpc":"2.0","id":%d,"result":%s%s}\n' % (number, b"[" * 20_000, b"]" * 20_000))


def deep_params(number):
    raw(b'{"jsonrpc":"2.0","method":"notifications/message","params":%s\n' % (b'{"a":' * 100_000))
    done(number)


def both(number):
    raw(b'{"jsonrpc":"2.0","id":%d,"result":{},"method":"ping"}\n' % number)
    done(number)


def duplicate_keys(number):
    raw(b'{"jsonrpc":"2.0","id":7,"id":%d,"result":{}}\n' % number)
    done(number)


def byte_by_byte(number):
    text = json.dumps({"jsonrpc": "2.0", "id": number, "result": {"content": [], "structuredContent": {"done": True}}})
    for byte in text.encode() + b"\r\n":
        os.write(1, bytes([byte]))


def garbage_flood(number):
    while True:
        raw(b"y\n" * 32_768)


def notification_flood(number):
    line = b'{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"%s"}}\n' % (b"x" * 900)
    while True:
        raw(line * 64)


def odd_flood(number):
    while True:
        raw(b'{"jsonrpc":"2.0","id":1,"result":\n' * 4096)


def request_flood(number):
    for count in range(20_000):
        say({"id": f"r{count}", "method": "sampling/createMessage", "params": {}})
    done(number)


def ping_flood(number):
    for count in range(20_000):
        say({"id": count, "method": "ping"})  # and never reads the answers
    done(number)


def stderr_flood(number):
    while True:
        os.write(2, b"oh no, oh no, oh no\n" * 4096)


def stderr_line(number):
    for _ in range(50):
        os.write(2, b"x" * PIECE)
    done(number)


def long_line(number):
    raw(b'{"jsonrpc":"2.0","id":%d,"result":{"text":"' % number)
    for _ in range(200):
        raw(b"x" * PIECE)
    raw(b'"}}\n')


def endless_line(number):
    raw(b'{"jsonrpc":"2.0","id":%d,"result":{"text":"' % number)
    while True:
        raw(b"x" * PIECE)


def closes_stdin(number):
    os.close(0)
    os.write(2, b"I hear nothing\n")
    forever()


def closes_stdout(number):
    os.write(2, b"I say nothing\n")
    os.close(1)
    forever()


def never_reads(number):
    forever()


def holds_pipes(number):
    fork(forever)
    os.write(2, b"my child stays\n")
    os._exit(1)


def child_floods(number):
    def flood():
        while True:
            os.write(1, b"y" * 999 + b"\n")

    fork(flood)
    time.sleep(0.05)
    os._exit(1)


def fork_storm(number):
    for _ in range(100):
        fork(forever)
        fork(lambda: (os.setsid(), forever()))
    os._exit(1)


def breeds(number):
    """Each child has the next one and ends; in a session of its own, so that no group holds them."""

    def child():
        os.setsid()
        for descriptor in (0, 1, 2):
            os.close(descriptor)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            if os.fork():
                os._exit(0)
            time.sleep(0.002)

    fork(child)
    os._exit(1)


def ignores(number):
    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(one, signal.SIG_IGN)
    done(number)
    forever()


def daemon(number):
    def child():
        os.setsid()
        for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(one, signal.SIG_IGN)
        fork(forever)
        forever()

    fork(child)
    done(number)


AT_START = (crash_at_start, exit_at_start)
IN_HELLO = (
    no_initialize, hang_initialize, initialize_garbage, initialize_no_version, initialize_error, stopped,
)  # fmt: skip

if __name__ == "__main__":
    kind = globals()[sys.argv[1]]
    if kind in AT_START:
        kind()
    for line in sys.stdin.buffer:
        message = json.loads(line)
        number = message.get("id")
        if message.get("method") == "initialize" and kind in IN_HELLO:
            kind(number)
        elif message.get("method") == "initialize":
            say({"id": number, "result": {"protocolVersion": "2025-11-25", "capabilities": {},
                 "serverInfo": {"name": sys.argv[1], "version": "1"}}})  # fmt: skip
        elif message.get("method") == "tools/call":
            kind(number)
