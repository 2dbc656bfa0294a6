"""Bytes of a config file to text and back, without loss."""

from __future__ import annotations

from functools import lru_cache

from mcpconf.document.fault import Fault
from mcpconf.record import dataclass

BOM = b"\xef\xbb\xbf"
_FOREIGN = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text, and whether a byte order mark stood before it (which stays where it is)."""

    text: str
    bom: bool

    def encode(self, text: str) -> bytes:
        """The bytes of a new text under the same mark."""
        return (BOM if self.bom else b"") + text.encode("utf-8")


@lru_cache(maxsize=4)
def decode(raw: bytes) -> Decoded:
    """Read strict UTF-8. Raises `Fault` for anything else: Claude Code resets a file that it can't decode."""
    for mark, name in _FOREIGN:
        if raw.startswith(mark):
            raise Fault(f"the file is {name}, not UTF-8", 0, hint="save it again as UTF-8")
    bom = raw.startswith(BOM)
    body = raw[len(BOM) :] if bom else raw
    try:
        return Decoded(body.decode("utf-8"), bom)
    except UnicodeDecodeError as error:
        before = body[: error.start].decode("utf-8")
        raise Located8(before, body[error.start]) from None


class Located8(Fault):
    """Bytes that are no UTF-8. `before` is the text up to them, so that a line can be counted."""

    def __init__(self, before: str, byte: int) -> None:
        super().__init__(f"byte 0x{byte:02x} is not valid UTF-8", len(before), hint="save the file again as UTF-8")
        self.before = before
