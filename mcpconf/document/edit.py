"""Edit the members of one object, or the items of one array, named by a pointer, in a whole document.

`Trace` is what an inverse edit needs and the text alone can't tell: whether we made an object, and the white space
that stood in it while it was empty. It is kept in the ledger.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from mcpconf.document import splice
from mcpconf.document.fault import Fault, lines_of
from mcpconf.document.scan import COMMANDS, ITEMS, Member, Object, objects_along, only, repetition, scan_object, step_of
from mcpconf.document.style import Style, render, style_of
from mcpconf.document.walk import Dialect
from mcpconf.model import Json
from mcpconf.record import dataclass

Pointer = tuple[str, ...]
ROOT: Pointer = ()
MAIN = "main"  # what a command without a name is called, once another one joins it


@dataclass(frozen=True, slots=True)
class Put:
    """Set a member: to a JSON value, or to `raw` text exactly as it once stood there."""

    name: str
    value: Json = None
    raw: str | None = None


@dataclass(frozen=True, slots=True)
class Drop:
    """Remove a member; nothing happens where it is not there."""

    name: str


Operation = Put | Drop


@dataclass(frozen=True, slots=True)
class Trace:
    """How an object stood before us: whether we made it, and the white space in it while it was empty.

    `document` is the text of a file without any object (white space, comments, or nothing), where we made the root.
    `wrapped`: it was a command without a name, around which we made the object.
    """

    created: bool = False
    inner: str = ""
    document: str = ""
    wrapped: bool = False


@dataclass(frozen=True, slots=True)
class Edited:
    """The new text (None: nothing is left of a document that we had made) and the traces to keep."""

    text: str | None
    traces: Mapping[Pointer, Trace]


@dataclass(frozen=True, slots=True)
class Found:
    """A member as it stands in the file: its raw text, its value, the line of its name.

    `repeated` is what is wrong with editing it, where its name stands more than once.
    """

    raw: str
    value: Json
    line: int
    repeated: Fault | None = None


def read_members(text: str, pointer: Pointer, dialect: Dialect) -> Mapping[str, Found]:
    """The members of the object at `pointer`; empty where it is not there.

    Of members with one name the last counts, as it does for both clients. Raises `Fault` as `objects_along` does.
    """
    objects = objects_along(text, dialect, pointer)
    if len(objects) <= len(pointer):
        return {}
    members = objects[-1].members
    named: dict[str, list[tuple[Member, int]]] = {}
    for member, line in zip(members, lines_of(text, (member.start for member in members)), strict=True):
        named.setdefault(member.name, []).append((member, line))
    return {name: _found(text, placed, dialect) for name, placed in named.items()}


def _found(text: str, placed: Sequence[tuple[Member, int]], dialect: Dialect) -> Found:
    """`placed`: all members of one name, each with its line."""
    last, line = placed[-1]
    raw = text[last.value : last.end]
    repeated = None
    if len(placed) > 1:
        members, lines = zip(*placed, strict=True)
        repeated = repetition(members, lines)
    return Found(raw, _value(raw, dialect), line, repeated)


def _value(raw: str, dialect: Dialect) -> Json:
    """A value for comparison; a text that the C scanner can't read (comments, depth) stands for itself."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return {"": raw} if dialect.comments else {"": raw.strip()}


def edit(
    text: str,
    pointer: Pointer,
    operations: Sequence[Operation],
    dialect: Dialect,
    traces: Mapping[Pointer, Trace] | None = None,
) -> Edited:
    """Apply operations to the object at `pointer`, making the objects on the way there as needed.

    Of several operations on one name the last counts.

    Raises `Fault` where the text is not of the dialect, where an object on the way stands twice or is none, and
    where a member to be edited stands twice.
    """
    kept = dict(traces or {})
    operations = list({operation.name: operation for operation in operations}.values())
    objects = objects_along(text, dialect, pointer)
    puts = [operation for operation in operations if isinstance(operation, Put)]
    if puts and pointer and len(objects) == len(pointer) and step_of(pointer[-1])[1] == COMMANDS:
        text = _wrap(text, pointer, objects, kept)
        objects = objects_along(text, dialect, pointer)
    if not objects:
        return _new_document(text, pointer, puts, dialect, kept)
    style = style_of(text, objects[0])
    missing = pointer[len(objects) - 1 :]
    if missing:
        return _new_objects(text, pointer, objects, puts, style, dialect, kept)
    for operation in operations:
        only(text, objects[-1], operation.name)  # here, where its place is one of the whole text
    return _in_object(text, pointer, objects[-1], operations, style, dialect, kept)


def _wrap(text: str, pointer: Pointer, objects: tuple[Object, ...], traces: dict[Pointer, Trace]) -> str:
    """Put a command without a name into an object of named ones, each byte of it as it stands."""
    lone = only(text, objects[-1], step_of(pointer[-1])[0])
    if lone is None:
        return text
    layout, indent = splice.layout_in(text, objects[-1], style_of(text, objects[0]))
    before, _, after = render({MAIN: 0}, layout, indent).rpartition("0")
    traces[pointer] = Trace(wrapped=True)
    return splice.replace(text, lone, before + text[lone.value : lone.end] + after)


def _unwrapped(text: str, start: int, dialect: Dialect) -> str | None:
    """The text with the command that is alone in the object at `start` without its name again.

    None where it is not alone, or somebody put a comment beside it.
    """
    obj = scan_object(text, start, dialect)
    if [member.name for member in obj.members] != [MAIN]:
        return None
    lone = obj.members[0]
    beside = text[obj.start + 1 : lone.start] + text[lone.key_end : lone.value] + text[lone.end : obj.end - 1]
    if beside.strip(" \t\r\n,:"):
        return None
    return text[: obj.start] + text[lone.value : lone.end] + text[obj.end :]


def _new_document(
    text: str, pointer: Pointer, puts: Sequence[Put], dialect: Dialect, traces: dict[Pointer, Trace]
) -> Edited:
    if not puts:
        return Edited(text, traces)
    style = style_of(text, None)
    newline = style.newline or ""
    traces[ROOT] = Trace(created=True, document=text)
    body = "{}" + newline
    if text.strip():  # comments, which stay
        body = text + ("" if text.endswith("\n") else newline) + body
    root = objects_along(body, dialect, ())[0]
    if pointer:
        return _new_objects(body, pointer, (root,), puts, style, dialect, traces)
    return _in_object(body, pointer, root, puts, style, dialect, traces)


def _new_objects(
    text: str,
    pointer: Pointer,
    objects: tuple[Object, ...],
    puts: Sequence[Put],
    style: Style,
    dialect: Dialect,
    traces: dict[Pointer, Trace],
) -> Edited:
    """Make the objects of `pointer` that are missing, empty, then fill the innermost."""
    if not puts:
        return Edited(text, traces)
    at = len(objects) - 1
    _remember_empty(text, pointer[:at], objects[-1], traces)
    layout, indent = splice.layout_in(text, objects[-1], style)
    nested: Json = [] if step_of(pointer[-1])[1] == ITEMS else {}
    for step in reversed(pointer[at + 1 :]):
        nested = {step_of(step)[0]: nested}
    rendered = f"{json.dumps(step_of(pointer[at])[0])}{style.colon}{render(nested, layout, indent)}"
    text = splice.insert(text, objects[-1], rendered, layout, dialect)
    for depth in range(at + 1, len(pointer) + 1):
        traces[pointer[:depth]] = Trace(created=True)
    return _in_object(text, pointer, objects_along(text, dialect, pointer)[-1], puts, layout, dialect, traces)


def _remember_empty(text: str, pointer: Pointer, obj: Object, traces: dict[Pointer, Trace]) -> None:
    """Keep the white space of an empty object that is about to get its first member."""
    if not obj.members and not (pointer in traces and traces[pointer].created):
        traces[pointer] = Trace(inner=text[obj.start + 1 : obj.end - 1])


def _in_object(
    text: str,
    pointer: Pointer,
    obj: Object,
    operations: Sequence[Operation],
    style: Style,
    dialect: Dialect,
    traces: dict[Pointer, Trace],
) -> Edited:
    """Edit an object that is there. Works on its own line start and span only, so a large file costs one scan."""
    start = text.rfind("\n", 0, obj.start) + 1
    head, end = obj.start - start, obj.end
    region = text[start:end]
    for operation in operations:
        # The newest span, since each edit moves what comes after it.
        current = scan_object(region, head, dialect)
        _remember_empty(region, pointer, current, traces)
        region = _apply(region, current, operation, style, dialect, _inner(traces, pointer))
    text = text[:start] + region + text[end:]
    if scan_object(region, head, dialect).members:
        alone = _unwrapped(text, obj.start, dialect) if traces.get(pointer, Trace()).wrapped else None
        if alone is not None:
            del traces[pointer]
        return Edited(text if alone is None else alone, traces)
    return _drop_created(text, pointer, dialect, traces)


def _inner(traces: Mapping[Pointer, Trace], pointer: Pointer) -> str:
    trace = traces.get(pointer)
    return trace.inner if trace is not None else ""


def _apply(text: str, obj: Object, operation: Operation, style: Style, dialect: Dialect, inner: str) -> str:
    there = only(text, obj, operation.name)
    if isinstance(operation, Drop):
        return splice.remove(text, obj, obj.members.index(there), inner) if there else text
    layout, indent = splice.layout_in(text, obj, style)
    value = operation.raw if operation.raw is not None else render(operation.value, layout, indent)
    if there:
        return splice.replace(text, there, value)
    name = "" if text[obj.start] == "[" else f"{json.dumps(operation.name, ensure_ascii=False)}{layout.colon}"
    member = name + value
    return splice.insert(text, obj, member, layout, dialect)


def _drop_created(text: str, pointer: Pointer, dialect: Dialect, traces: dict[Pointer, Trace]) -> Edited:
    """Take away the empty objects that we had made, innermost first."""
    while traces.get(pointer, Trace()).created:
        trace = traces.pop(pointer)
        if pointer == ROOT:
            alone = text.removeprefix(trace.document).strip() == "{}"
            return Edited((trace.document or None) if alone else text, traces)
        parent = objects_along(text, dialect, pointer)[-2]
        index = next(i for i, member in enumerate(parent.members) if member.name == step_of(pointer[-1])[0])
        pointer = pointer[:-1]
        text = splice.remove(text, parent, index, _inner(traces, pointer))
        if len(parent.members) > 1:
            return Edited(text, traces)
    traces.pop(pointer, None)
    return Edited(text, traces)
