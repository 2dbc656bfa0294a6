"""Kinds of client files that nobody should have, one row each: what is in them, and what must be said about it.

`Refused`: exit code 4, with that sentence and, where there is one, that line and column. `Legal`: odd, but JSON that
clients read, so the entries go in and come out again, and every other byte stays. `Obstacle`: no file at all.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.reliability.figures import size
from tests.reliability.place import CLIENT_FILE

At = tuple[int, int] | int  # line and column, or a line alone
Content = bytes | Callable[[str], bytes]  # given the key of the project, where a row needs it

MB = 1_000_000
SWITCH = ("switch", "one")
LOCAL = (*SWITCH, "--scope", "local")
DESKTOP = (*SWITCH, "--client", "claude-code", "--client", "claude-desktop")


@dataclass(frozen=True)
class Refused:
    """`desktop`: it is Claude Desktop's file, and Claude Code's is a healthy one."""

    content: Content
    at: At
    says: str
    command: tuple[str, ...] = SWITCH
    desktop: bool = False


@dataclass(frozen=True)
class Legal:
    """`keeps`: an entry of ours was edited by hand there, so it is left alone, and said to be."""

    content: Content
    command: tuple[str, ...] = SWITCH
    keeps: bool = False


@dataclass(frozen=True)
class Obstacle:
    """What stands in the file's place."""

    make: Callable[[Path], object]
    says: str


def with_servers(servers: str) -> bytes:
    return f'{{"mcpServers": {servers}}}'.encode()


def key(text: str) -> Callable[[str], bytes]:
    """A text in which KEY stands for the project's."""
    return lambda project: text.replace("KEY", json.dumps(project)).encode()


def repeated(before: str, times: int, piece: Callable[[int], str], after: str) -> Callable[[str], bytes]:
    """Large ones are made when their turn comes."""
    return lambda _: (before + "".join(map(piece, range(times))) + after).encode()


def nested(opening: str, depth: int, closing: str) -> bytes:
    return f'{{"deep": {opening * depth}1{closing * depth}, "mcpServers": {{}}}}'.encode()


def mixed(depth: int) -> bytes:
    return nested('[{"a":', depth // 2, "}]")


OBJECT = "the top level is not an object"
CLOSE = "the file ends where ',' or '}' is expected"
VALUE = "expected a value"
NAME = "expected a name in double quotes"
COMMENT = "a comment is not allowed in this file"
TRAILING = "trailing comma"
CONTROL = "broken string: invalid control character"
QUOTES = "JSON strings stand in double quotes"
NO_OBJECT = '"mcpServers" is not an object'
UTF8 = "is not valid UTF-8"
THE_END = "expected the end of the file"

ENCODINGS: Mapping[str, Refused | Legal] = {
    "UTF-8 with a byte order mark": Legal(b"\xef\xbb\xbf" + CLIENT_FILE),
    "a byte order mark and nothing else": Legal(b"\xef\xbb\xbf"),
    "a byte order mark in the middle": Refused('{"a": \ufeff1}'.encode(), (1, 7), VALUE),
    "UTF-16, little-endian, marked": Refused(
        b"\xff\xfe" + CLIENT_FILE.decode().encode("utf-16-le"), (1, 1), "the file is UTF-16"
    ),
    "UTF-16, big-endian, marked": Refused(
        b"\xfe\xff" + CLIENT_FILE.decode().encode("utf-16-be"), (1, 1), "the file is UTF-16"
    ),
    "UTF-16, little-endian, not marked": Refused('{"a": 1}'.encode("utf-16-le"), (1, 2), NAME),
    "UTF-16, big-endian, not marked": Refused('{"a": 1}'.encode("utf-16-be"), (1, 1), VALUE),
    "UTF-32": Refused("{}".encode("utf-32"), (1, 1), "the file is UTF-32"),
    "invalid UTF-8 at the start": Refused(b"\xff{}", (1, 1), f"byte 0xff {UTF8}"),
    "invalid UTF-8 in the middle": Refused(b'{\n "\xc3\xa4": "\xc3\x28"}', (2, 8), f"byte 0xc3 {UTF8}"),
    "invalid UTF-8 at the end": Refused(b'{"a": 1}\n\x80', (2, 1), f"byte 0x80 {UTF8}"),
    "Latin-1": Refused('{"name": "Jürgen"}'.encode("latin-1"), (1, 12), f"byte 0xfc {UTF8}"),
    "a surrogate as bytes (CESU-8)": Refused(b'{"a": "\xed\xa0\xbd\xed\xb8\x80"}', (1, 8), f"byte 0xed {UTF8}"),
    "an overlong NUL": Refused(b'{"a": "\xc0\x80"}', (1, 8), f"byte 0xc0 {UTF8}"),
    "cut off inside a letter": Refused('{"a": "ü'.encode()[:-1], (1, 8), f"byte 0xc3 {UTF8}"),
    "lone surrogates as escapes": Legal(rb'{"a": "\ud800", "\udfff": ["\udc00\ud800"], "mcpServers": {"\ud800": {}}}'),
}
CHARACTERS: Mapping[str, Refused | Legal] = {
    "nothing but NUL bytes": Refused(bytes(4096), (1, 1), r"found '\x00'"),
    "NUL bytes behind the document": Refused(CLIENT_FILE + bytes(512), (10, 1), THE_END),
    "a NUL byte in a string": Refused(b'{"a": "x\0y"}', (1, 9), CONTROL),
    "an escaped NUL": Legal(rb'{"a\u0000": "\u0000", "mcpServers": {"\u0000": {}}}'),
    "a raw line end in a string": Refused(b'{"a": "x\ny"}', (1, 9), CONTROL),
    "a raw ESC in a string": Refused(b'{"a": "\x1b[31m"}', (1, 8), CONTROL),
    "a DEL and C1 controls in a string": Legal('{"a": "\x7f\x85\x9b31m"}'.encode()),
    "line separators of Unicode": Legal('{"a": "\u2028\u2029", "mcpServers": {"x\u2028": {}}}'.encode()),
    "a no-break space between tokens": Refused('{"a":\u00a01}'.encode(), (1, 6), VALUE),
    "typographic quotes": Refused("{\n  “a”: 1}".encode(), (2, 3), NAME),
    "line ends of CR alone": Legal(CLIENT_FILE.replace(b"\n", b"\r")),
    "line ends of CR and LF": Legal(CLIENT_FILE.replace(b"\n", b"\r\n")),
    "line ends of CR alone, and broken": Refused(b'{"a": 1,\r "b": }\r', (1, 16), VALUE),
    "a form feed between tokens": Refused(b'{"a": 1,\x0c"b": 2}', (1, 9), NAME),
}
SYNTAX: Mapping[str, Refused | Legal] = {
    "a line comment": Refused(b'{\n  // mine\n  "a": 1}', (2, 3), COMMENT),
    "a block comment": Refused(b'{"a": /* mine */ 1}', (1, 7), COMMENT),
    "a hash comment": Refused(b'{"a": 1 # mine\n}', (1, 9), COMMENT),
    "a trailing comma in an object": Refused(b'{\n  "a": 1,\n}', (2, 9), TRAILING),
    "a trailing comma in an array": Refused(b'{"a": [1,\n2,]}', (2, 2), TRAILING),
    "two commas": Refused(b'{"a": [1,,2]}', (1, 10), VALUE),
    "no comma": Refused(b'{"a": 1\n "b": 2}', (2, 2), "expected ',' or '}'"),
    "no colon": Refused(b'{"a" 1}', (1, 6), "expected ':'"),
    "single quotes": Refused(b"{'a': 1}", (1, 2), QUOTES),
    "names without quotes": Refused(b"{mcpServers: {}}", (1, 2), NAME),
    "a string without an end": Refused(b'{"a": "b\\"', (1, 7), "unterminated string"),
    "an object without an end": Refused(b'{"a": {"b": 1}\n', (2, 1), CLOSE),
    "an array without an end": Refused(b'{"a": [1, 2', (1, 12), "the file ends where ',' or ']' is expected"),
    "the wrong bracket": Refused(b'{"a": [1}}', (1, 9), "expected ',' or ']'"),
    "one bracket too many": Refused(b'{"a": 1}}', (1, 9), THE_END),
    "a client's file cut in the middle": Refused(
        CLIENT_FILE[: len(CLIENT_FILE) // 2], 7, "the file ends where a value is expected"
    ),
    "two documents": Refused(CLIENT_FILE + b'{"mcpServers": {}}\n', (10, 1), THE_END),
    "JSON lines": Refused(b'{"a": 1}\n{"a": 2}\n', (2, 1), THE_END),
    "an escape that is none": Refused(rb'{"a": "C:\Users"}', (1, 10), "broken string"),
    "a hexadecimal number": Refused(b'{"a": 0x10}', (1, 8), "expected ',' or '}'"),
    "a leading zero": Refused(b'{"a": 007}', (1, 8), "expected ',' or '}'"),
    "a plus sign": Refused(b'{"a": +1}', (1, 7), VALUE),
    "NaN": Refused(b'{"a": [NaN]}', (1, 8), "NaN is no JSON value"),
    "Infinity": Refused(b'{"a": -Infinity}', (1, 7), "-Infinity is no JSON value"),
    "undefined": Refused(b'{"a": undefined}', (1, 7), "undefined is no JSON value"),
    "Python's words": Refused(b'{"a": True}', (1, 7), VALUE),
}
OTHER_FORMATS: Mapping[str, Refused | Legal] = {
    "an empty file": Legal(b""),
    "nothing but white space": Legal(b" \n\t\r\n \n"),
    "git's conflict markers": Refused(
        b'{\n<<<<<<< HEAD\n  "a": 1\n=======\n  "a": 2\n>>>>>>> other\n}\n', (2, 1), "expected a name"
    ),
    "an HTML page": Refused(b"<!DOCTYPE html>\n<html><body>404</body></html>\n", (1, 1), VALUE),
    "XML": Refused(b'<?xml version="1.0"?>\n<plist/>\n', (1, 1), VALUE),
    "YAML": Refused(b"mcpServers:\n  a:\n    command: cat\n", (1, 1), VALUE),
    "TOML": Refused(b'[mcpServers.a]\ncommand = "cat"\n', (1, 2), VALUE),
    "a program (ELF)": Refused(b"\x7fELF\x02\x01\x01" + bytes(57), (1, 1), VALUE),
    "a compressed file (gzip)": Refused(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", (1, 2), UTF8),
    "base64": Refused(b"eyJhIjogMX0=\n", (1, 1), VALUE),
    "a lone number of 6,000 digits": Refused(b"7" * 6000, (1, 1), OBJECT),
}
SHAPES: Mapping[str, Refused | Legal] = {
    "top level: an array": Refused(b"\n [1]", (2, 2), OBJECT),
    "top level: a string": Refused(b'"{}"', (1, 1), OBJECT),
    "top level: a number": Refused(b"1e400", (1, 1), OBJECT),
    "top level: null": Refused(b"null\n", (1, 1), OBJECT),
    "top level: a broken array": Refused(b'[1, {"a": }]', (1, 11), VALUE),
    "mcpServers: an array": Refused(b'{\n "mcpServers": []}', (2, 16), NO_OBJECT),
    "mcpServers: a string": Refused(with_servers('"{}"'), (1, 16), NO_OBJECT),
    "mcpServers: a number": Refused(with_servers("0"), (1, 16), NO_OBJECT),
    "mcpServers: null": Refused(with_servers("null"), (1, 16), NO_OBJECT),
    "mcpServers: false": Refused(with_servers("false"), (1, 16), NO_OBJECT),
    "entries of every other type": Legal(with_servers('{"a": "x", "b": 1, "c": null, "d": [], "e": true, "f": {}}')),
    "somebody's string where ours would go": Refused(
        with_servers('\n{"gone": "x"}'), 2, "already has a 'gone' that mcpconf did not write"
    ),
    "an entry of ours is a string": Legal(with_servers('{"alpha": "x"}'), keeps=True),
    "projects: an array": Refused(b'{"projects": []}', (1, 14), '"projects" is not an object', LOCAL),
    "projects: null": Refused(b'{"projects":\nnull}', (2, 1), '"projects" is not an object', LOCAL),
    "a project: a string": Refused(key('{"projects": {\nKEY:\n"x"}}'), (3, 1), "is not an object", LOCAL),
    "a project's mcpServers: false": Refused(
        key('{"projects": {KEY: {\n"mcpServers": false}}}'), (2, 15), NO_OBJECT, LOCAL
    ),
    "a project twice": Refused(
        key('{"projects": {KEY: {},\nKEY: {}}}'), (2, 1), "stands twice, in lines 1 and 2", LOCAL
    ),
    "a project with odd neighbours": Legal(key('{"projects": {"x": [], "y": null, KEY: {"a": 1e400}}}'), LOCAL),
}
NAMES: Mapping[str, Refused | Legal] = {
    "mcpServers twice": Refused(
        b'{\n"mcpServers": {},\n"mcpServers": {}}', (3, 1), '"mcpServers" stands twice, in lines 2 and 3'
    ),
    "mcpServers twice, once escaped": Refused(
        b'{"mcpServers": {},\n "mcp\\u0053ervers": {}}', (2, 2), "stands twice, in lines 1 and 2"
    ),
    "mcpServers 1,000 times": Refused(
        repeated("{", 1000, lambda _: '"mcpServers": {},\n', '"mcpServers": {}}'), (2, 1), "stands 1001 times"
    ),
    "mcpServers, escaped": Legal(rb'{"mcp\u0053ervers": {"x": {}}, "mcpservers": 1, "McpServers": []}'),
    "a name of ours twice": Refused(
        with_servers('{\n"gone": {"command": "/bin/cat", "type": "stdio"},\n"gone": 2}'), 3, "gone"
    ),
    "other names twice": Legal(b'{"a": 1, "a": 2, "mcpServers": {"b": 1, "b": 2}, "a": {"c": 0, "c": 0}}'),
    "__proto__ and its kin": Legal(
        b'{"__proto__": {"mcpServers": 1}, "constructor": {"prototype": 0}, "hasOwnProperty": 1,'
        b' "mcpServers": {"__proto__": {"command": "x"}, "constructor": {}, "toString": null}}'
    ),
    "empty names": Legal(b'{"": {"": ""}, "mcpServers": {"": {}}}'),
    "names that a terminal would obey": Legal(
        with_servers(
            '{"a\\nb": {}, "\\u001b[2J\\u001b]0;x\\u0007": {"command": "x"}, "\u202egnp.exe": {}, "\x9b31m": 1}'
        )
    ),
    "a broken value under such a name": Refused(
        with_servers('{"\\u001b[2J\u202e": {"command": \x1b[31m}}'), (1, 43), r"found '\x1b'"
    ),
    "names like paths and patterns": Legal(
        with_servers('{"../../x": {}, "*": {}, "${HOME}": {}, "%n%s": {}, "-rf": {}}')
    ),
    "a name of a million letters": Legal(repeated('{"mcpServers": {"', MB, lambda _: "n", '": {}}}')),
}
NUMBERS: Mapping[str, Refused | Legal] = {
    "numbers that no parser holds": Legal(
        b'{"n": [1e400, -1e-400, -0, 0.1e-999, 12345678901234567890123], "mcpServers": {}}'
    ),
    "a number of 6,000 digits": Legal(b'{"n": ' + b"7" * 6000 + b', "mcpServers": {"x": ' + b"7" * 6000 + b"}}"),
    "an exponent of 6,000 digits": Legal(b'{"n": 1e' + b"7" * 6000 + b"}"),
}
DEPTHS: Mapping[str, Refused | Legal] = {
    **{
        f"{what} nested {depth:,} deep": Legal(content)
        for depth in (2_000, 100_000)
        for what, content in (
            ("arrays", nested("[", depth, "]")),
            ("objects", nested('{"a":', depth, "}")),
            ("both", mixed(depth)),
        )
    },
    "somebody's entry nested 2,000 deep": Legal(with_servers('{"x": ' + "[" * 2000 + "]" * 2000 + "}")),
    "an entry of ours nested 2,000 deep": Legal(
        with_servers('{"alpha": ' + '{"a":' * 2000 + "1" + "}" * 2000 + "}"), keeps=True
    ),
    "100,000 arrays without an end": Refused(b'{"a": ' + b"[" * 100_000, (1, 100_007), "the file ends where a value"),
    "100,000 objects without an end": Refused(
        b'{"a": ' + b'{"a":' * 100_000, (1, 500_007), "the file ends where a value"
    ),
    "100,000 arrays closed by the wrong bracket": Refused(
        b'{"a": ' + b"[" * 100_000 + b"}" * 100_000, (1, 100_007), f"{VALUE}, found '}}'"
    ),
}


MILLIONS = size(20)
MANY = size(200_000)
LINES = size(400_000)
LARGE = f"{MILLIONS} MB"


def history(end: str) -> Callable[[str], bytes]:
    """As a `~/.claude.json` grows: lines of 50 bytes, nearly all of it within `projects`."""
    head = '{"projects": {"/p": {"history": [\n'
    return repeated(head, LINES, lambda n: f'{{"display": "line {n:08} of it", "pasted": [[]]}},\n', end)


def letters(before: str, letter: str, after: str) -> Callable[[str], bytes]:
    return lambda _: (before + letter * (MILLIONS * MB // len(letter)) + after).encode()


ENDS = "the file ends where a value is expected"
SIZES: Mapping[str, Refused | Legal] = {
    f"{LARGE} of history": Legal(history("{}]}}}")),
    f"{LARGE} of history, broken at its end": Refused(history("{}]},}}"), (LINES + 2, 5), TRAILING),
    f"{LARGE} of history, cut off": Refused(history(""), (LINES + 2, 1), ENDS),
    f"{LARGE} of history with an emoji": Legal(history('"😀"]}}}')),
    f"{LARGE} in one string": Legal(letters('{"a": "', "x", '"}')),
    f"{LARGE} in one string without an end": Refused(letters('{"a": "', "x", ""), (1, 7), "unterminated string"),
    f"{LARGE} of numbers, cut off": Refused(letters('{"a": [', "17, ", ""), (1, MILLIONS * MB + 8), ENDS),
    f"{LARGE} of white space": Legal(letters("{", " ", "}")),
    f"{LARGE} of open brackets": Refused(letters('{"a":', "[", ""), (1, 200_006), "nested more than 200,000 levels"),
    f"{LARGE} in an entry of ours": Legal(letters('{"mcpServers": {"alpha": {"command": "', "x", '"}}}'), keeps=True),
    f"{MANY:,} names": Legal(repeated("{\n", MANY, lambda n: f'"n{n}": {{"a": {n}}},\n', '"mcpServers": {}}')),
    f"{MANY:,} servers": Legal(
        repeated('{"mcpServers": {\n', MANY, lambda n: f'"s{n}": {{"command": "x"}},\n', '"z": 1}}')
    ),
    f"{MANY:,} servers of one name": Legal(repeated('{"mcpServers": {\n', MANY, lambda _: '"s": {},\n', '"z": 1}}')),
    f"{MANY:,} projects": Legal(
        repeated('{"projects": {\n', MANY, lambda n: f'"/p{n}": {{"mcpServers": {{}}}},\n', '"z": 1}}'), LOCAL
    ),
    "a million line ends in front of a fault": Refused(repeated("{", MB, lambda _: "\n", "}}"), (MB + 1, 2), THE_END),
}
DESKTOPS: Mapping[str, Refused | Legal] = {
    f"Claude Desktop's: {name}": Refused(row.content, row.at, row.says, DESKTOP, desktop=True)
    for name, row in {
        "a line comment": SYNTAX["a line comment"],
        "an object without an end": SYNTAX["an object without an end"],
        "UTF-16": ENCODINGS["UTF-16, little-endian, marked"],
        "nothing but NUL bytes": CHARACTERS["nothing but NUL bytes"],
        "mcpServers: an array": SHAPES["mcpServers: an array"],
        "mcpServers twice": NAMES["mcpServers twice"],
        "an HTML page": OTHER_FORMATS["an HTML page"],
    }.items()
    if isinstance(row, Refused)
}
KINDS: Mapping[str, Refused | Legal] = {
    **ENCODINGS,
    **CHARACTERS,
    **SYNTAX,
    **OTHER_FORMATS,
    **SHAPES,
    **NAMES,
    **NUMBERS,
    **DEPTHS,
    **SIZES,
    **DESKTOPS,
}


def _socket(path: Path) -> None:
    os.chdir(path.parent)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path.name)


OBSTACLES: Mapping[str, Obstacle] = {
    "a directory": Obstacle(Path.mkdir, "is a directory, not a regular file"),
    "a FIFO": Obstacle(os.mkfifo, "is a FIFO, not a regular file"),
    "a socket": Obstacle(_socket, "is a device or socket, not a regular file"),
    "a device that never ends": Obstacle(lambda path: path.symlink_to("/dev/zero"), "is a device or socket"),
    "a link to itself": Obstacle(lambda path: path.symlink_to(path.name), "is a link that leads in a circle"),
    "a link to nothing": Obstacle(lambda path: path.symlink_to("nothing"), "which does not exist"),
    "a link through a file": Obstacle(
        lambda path: path.symlink_to(".config/mcpconf/profiles/one.toml/x"), "lies under something that is no directory"
    ),
}
