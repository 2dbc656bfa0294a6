"""What a tool gave: text as it is, everything else as a line that says what it is."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping

from mcpconf.model import Json
from mcpconf.record import dataclass

Result = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a result: its text; or `data`, bytes of the type `kind`."""

    text: str = ""
    data: bytes | None = None
    kind: str = ""


def parts(result: Result) -> tuple[Part, ...]:
    """The parts of a result, in their order; its structured content where there is nothing else."""
    content = result.get("content")
    listed = content if isinstance(content, list) else [content] if content is not None else []
    found = tuple(part for one in listed for part in _parts(one))
    structured = result.get("structuredContent")
    if not found and structured is not None:
        return (Part(_json(structured)),)
    return found


def text_of(found: tuple[Part, ...]) -> str:
    """All parts as text."""
    return "\n".join(_told(part) for part in found)


def _told(part: Part) -> str:
    if part.data is None:
        return part.text
    return f"[{part.kind or 'data'}, {len(part.data)} bytes; --output FILE writes it]"


def _parts(one: Json) -> Iterator[Part]:
    if not isinstance(one, dict):
        yield Part(_json(one))
        return
    kind, inner = one.get("type"), one.get("resource")
    if kind == "text":
        yield Part(str(one.get("text", "")))
    elif kind in ("image", "audio"):
        yield _data(one.get("data"), one)
    elif kind == "resource" and isinstance(inner, dict) and "blob" in inner:
        yield _data(inner["blob"], inner)
    elif kind == "resource" and isinstance(inner, dict) and "text" in inner:
        yield Part(str(inner["text"]))
    elif kind == "resource_link":
        words = (one.get("uri"), one.get("title") or one.get("name"), one.get("description"))
        yield Part("  ".join(str(word) for word in words if word))
    else:
        yield Part(_json(one))


def _data(text: Json, one: Result) -> Part:
    try:
        raw = base64.b64decode(str(text), validate=False)
    except (binascii.Error, ValueError):
        return Part(_json(one))
    return Part(data=raw, kind=str(one.get("mimeType") or one.get("type") or ""))


def _json(value: Json) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
