"""Tools, a line each; and one in full, with an example of its call."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping

from mcpconf.cli import console, terminal
from mcpconf.cli.render.table import columns, one_line, plain, symbol
from mcpconf.model import Json
from mcpconf.redact import redact
from mcpconf.use.arguments import types_of
from mcpconf.use.toolbox import Tool, Toolbox

WAYS = {"broker": "through the broker", "process": "started for this once", "http": "by its URL"}
WORDS = 60  # characters of the values that an argument may have


def toolbox_lines(found: Toolbox) -> list[str]:
    """A server and its tools; or why they are not known."""
    title = console.paint(one_line(found.server), "bold")
    if found.error is not None:
        first, *more = redact(console.visible(found.error)).split("\n")
        lines = [f"{symbol('error')} {title}  {first}", *(f"  {line}" for line in more)]
        return [*lines, console.hint(redact(one_line(found.hint)))] if found.hint else lines
    count = f"{len(found.tools)} tool{'' if len(found.tools) == 1 else 's'}"
    hidden = f", {len(found.denied)} more that the profile does not allow" if found.denied else ""
    rows = [[plain(tool.name, "cyan"), plain(signature(tool)), plain(_first_line(tool), "dim")] for tool in found.tools]
    return [f"{symbol('ok')} {title}  {count}{hidden}, {WAYS.get(found.way or '', '')}", *columns(rows)]


def signature(tool: Tool) -> str:
    """The names of a tool's arguments, those that may be left out in brackets."""
    return " ".join(arguments(tool))


def arguments(tool: Tool, fits: Callable[[str], bool] = bool) -> Iterator[str]:
    """The same, name by name; only names that `fits`."""
    required = _required(tool)
    return (name if name in required else f"[{name}]" for name in _properties(tool) if fits(name))


def tool_lines(found: Toolbox, tool: Tool) -> list[str]:
    """All that there is to know for calling a tool."""
    lines = [console.paint(one_line(f"{found.server} {tool.name}"), "bold")]
    for line in console.visible(tool.description).strip().splitlines():
        lines += terminal.wrapped(line.strip(), sys.stdout, "  ", "  ")
    rows = [
        [plain(name, "cyan"), plain(_type(one, tool)), plain(_need(name, one, tool)), plain(_described(one), "dim")]
        for name, one in _properties(tool).items()
    ]
    return [*lines, "", *(columns(rows) or ["  no arguments"]), "", f"  {example(found.server, tool)}"]


def example(server: str, tool: Tool) -> str:
    """A command line that calls a tool with what it requires."""
    properties = _properties(tool)
    words = [f"{name}={_sample(properties.get(name), tool)}" for name in _required(tool)]
    said = [word for one in words for word in ("--arg", shlex.quote(one_line(one)))]
    return " ".join(["mcpconf call", *map(shlex.quote, (one_line(server), one_line(tool.name))), *said])


def _properties(tool: Tool) -> Mapping[str, Json]:
    found = tool.input_schema.get("properties")
    return found if isinstance(found, dict) else {}


def _required(tool: Tool) -> tuple[str, ...]:
    found = tool.input_schema.get("required")
    return tuple(map(str, found)) if isinstance(found, list) else ()


def _first_line(tool: Tool) -> str:
    return next(iter((tool.description or tool.title or "").strip().splitlines()), "")


def _type(schema: Json, tool: Tool) -> str:
    values = schema.get("enum") if isinstance(schema, dict) else None
    if isinstance(values, list):
        return terminal.cut("|".join(map(_word, values)), WORDS)
    types = dict.fromkeys(types_of(schema, tool.input_schema))
    return "|".join(_with_items(one, schema, tool) for one in types) or "any"


def _with_items(name: str, schema: Json, tool: Tool) -> str:
    items = schema.get("items") if name == "array" and isinstance(schema, dict) else None
    return f"array of {_type(items, tool)}" if isinstance(items, dict) else name


def _need(name: str, schema: Json, tool: Tool) -> str:
    if name in _required(tool):
        return "required"
    if isinstance(schema, dict) and "default" in schema:
        return terminal.cut(f"default {_word(schema['default'])}", WORDS)
    return ""


def _described(schema: Json) -> str:
    return str(schema.get("description") or "") if isinstance(schema, dict) else ""


def _sample(schema: Json, tool: Tool) -> str:
    schema = schema if isinstance(schema, dict) else {}
    for value in _given(schema):
        return _word(value)
    samples = {"integer": "1", "number": "1", "boolean": "true", "null": "null", "array": "[]", "object": "{}"}
    return samples.get(next(iter(types_of(schema, tool.input_schema)), ""), "TEXT")


def _given(schema: Mapping[str, Json]) -> Iterator[Json]:
    """Values that the schema itself names."""
    for key in ("examples", "enum"):
        values = schema.get(key)
        yield from values[:1] if isinstance(values, list) else ()
    yield from [schema["default"]] if "default" in schema else []


def _word(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
