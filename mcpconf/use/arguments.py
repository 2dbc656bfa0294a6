"""A tool's arguments as a person types them: words of a command line, given the types of the tool's input schema. Pure.

`name=text` takes its type from the schema, `name:=json` brings its own; `@FILE` in the place of either reads a file.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from mcpconf.errors import UsageError
from mcpconf.model import Json
from mcpconf.record import dataclass

Schema = Mapping[str, Json]
ReadFile = Callable[[str], str]  # raises UsageError for what can't be read

UNSENT = "; nothing was sent"
DEPTH = 16  # of references that are followed
SHOWN = 60  # characters of a value in a message


@dataclass(frozen=True, slots=True)
class Word:
    """One `--arg`: its name, its text, and whether that is JSON by its own word."""

    name: str
    text: str
    is_json: bool


def parse_word(word: str, read: ReadFile) -> Word:
    """Read one `--arg`. Raises `UsageError` for what is none."""
    name, equals, text = word.partition("=")
    is_json = name.endswith(":")
    name = name.removesuffix(":")
    if not equals or not name:
        raise UsageError(f"--arg {word!r} is not NAME=VALUE{UNSENT}", hint="--arg path=/tmp, --arg limit:=5")
    if text.startswith("@"):
        try:
            text = read(text[1:])
        except UsageError as error:
            quoted = shlex.quote(f"{name}:={json.dumps(text, ensure_ascii=False)}")
            raise UsageError(str(error), hint=f"--arg {quoted} for a text that begins with @") from None
    return Word(name, text, is_json)


def refuse_loose(words: Sequence[str], server: str, tool: str) -> None:
    """Raise `UsageError` where arguments stand without the option that takes them, as `mcp-SERVER --call` has them."""
    if not words:
        return
    first = words[0]
    hint = f"mcpconf tools {server} {tool}"
    if first.lstrip().startswith("{"):
        hint = f"--input {shlex.quote(first)}"
    elif "=" in first.strip("="):
        hint = " ".join(f"--arg {shlex.quote(word)}" for word in words)
    raise UsageError(f"{_cut(first)!r} stands there without --arg or --input{UNSENT}", hint=hint)


def parse_input(text: str) -> dict[str, Json]:
    """Read `--input`. Raises `UsageError` for what is no JSON object."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--input is not JSON: {error}{UNSENT}", hint='--input \'{"name": "value"}\'') from None
    if not isinstance(found, dict):
        raise UsageError(f"--input is {_kind(found)}, not a JSON object{UNSENT}", hint='--input \'{"name": "value"}\'')
    return found


def assemble(words: Sequence[Word], given: Mapping[str, Json], schema: Schema) -> dict[str, Json]:
    """The arguments of a call: what `--input` gave, and over it the words. Raises `UsageError`."""
    properties = schema.get("properties")
    known = properties if isinstance(properties, dict) else {}
    found: dict[str, Json] = {}
    for word in words:
        if word.name in found:
            raise UsageError(f"--arg {word.name} is given twice{UNSENT}", hint=f"--arg {word.name}:='[...]' for a list")
        if word.name not in known and _is_closed(schema):
            told = f"there is no argument {word.name!r}{_near(word.name, known)}{UNSENT}"
            raise UsageError(f"{told}\n{_listed(known)}")
        found[word.name] = _value(word, known.get(word.name, {}), schema)
    return {**given, **found}


def _is_closed(schema: Schema) -> bool:
    """Whether a name that the schema doesn't have is a mistake: unless it says that it takes others, it is."""
    others = schema.get("additionalProperties")
    takes = others is True or isinstance(others, dict) or bool(schema.get("patternProperties"))
    return not takes and isinstance(schema.get("properties"), dict)


def _near(name: str, known: Iterable[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, list(known), 2, 0.5)
    return f" (did you mean {' or '.join(map(repr, near))}?)" if near else ""


def _listed(known: Iterable[str]) -> str:
    names = ", ".join(known)
    return f"it takes: {names}" if names else "it takes no arguments"


def _value(word: Word, schema: Json, root: Schema) -> Json:
    types = set(types_of(schema, root))
    if word.is_json or (types and "string" not in types):
        return _as_json(word, types)
    return word.text


def _as_json(word: Word, types: Iterable[str]) -> Json:
    try:
        return json.loads(word.text)
    except (ValueError, RecursionError):
        wanted = "JSON" if word.is_json else " or ".join(_article(one) for one in sorted(types))
        hint = {
            "array": f'--arg {word.name}=\'["one", "two"]\'',
            "object": f"--arg {word.name}='{{\"a\": 1}}'",
            "boolean": f"--arg {word.name}=true",
            "integer": f"--arg {word.name}=5",
            "number": f"--arg {word.name}=5",
        }
        raise UsageError(
            f"--arg {word.name}: expected {wanted}, not {_cut(word.text)!r}{UNSENT}",
            hint=next((hint[one] for one in sorted(types) if one in hint), None),
        ) from None


def types_of(schema: Json, root: Schema, depth: int = 0) -> Iterator[str]:
    """The types that a value may have by a schema, in its words; nothing where it does not say."""
    if not isinstance(schema, dict) or depth > DEPTH:
        return
    said = schema.get("type")
    if said is not None:
        yield from map(str, said if isinstance(said, list) else (said,))
        return
    named = schema.get("enum")
    values = [*(named if isinstance(named, list) else ()), *([schema["const"]] if "const" in schema else [])]
    yield from map(_type, values)
    for branch in (*_branches(schema), _referred(schema, root)):
        yield from types_of(branch, root, depth + 1)


def _branches(schema: Schema) -> Iterator[Json]:
    for key in ("anyOf", "oneOf", "allOf"):
        branches = schema.get(key)
        yield from branches if isinstance(branches, list) else ()


def _referred(schema: Schema, root: Schema) -> Json:
    """What a reference within the schema itself leads to. Nothing else is ever fetched."""
    reference = schema.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return None
    found: Json = root
    for part in reference[2:].split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _type(value: Json) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    names = {str: "string", int: "integer", float: "number", list: "array", dict: "object"}
    return names.get(type(value), "string")


def _kind(value: Json) -> str:
    return _article(_type(value))


def _article(type_name: str) -> str:
    named = {"boolean": "true or false", "null": "null", "integer": "an integer"}
    return named.get(type_name, f"{'an' if type_name[:1] in 'aeo' else 'a'} {type_name}")


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."
