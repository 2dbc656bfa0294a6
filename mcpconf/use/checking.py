"""Whether arguments are what a tool's input schema asks for: found out here, before anything is sent."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from mcpconf.model import Json
from mcpconf.record import dataclass

MOST = 5  # faults that are told
SHOWN = 160  # characters of one of them


@dataclass(frozen=True, slots=True)
class Checked:
    """What is wrong with the arguments, one line each; `unchecked` says why they could not be checked."""

    faults: tuple[str, ...] = ()
    unchecked: str | None = None


def check(arguments: Mapping[str, Json], schema: Mapping[str, Json]) -> Checked:
    """Check arguments. A schema that is none, or that refers to other documents, checks nothing: none is fetched."""
    if not schema:
        return Checked()
    # A tenth of a second, which only a call is to take.
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import validator_for
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a `$schema` that nobody knows
            kind = validator_for(schema, default=Draft202012Validator)
        schema = dict(schema)
        kind.check_schema(schema)
        # A registry of its own keeps it from fetching what a reference names.
        errors = list(kind(schema, registry=Registry()).iter_errors(arguments))
    except SchemaError as error:
        return Checked(unchecked=f"its input schema is wrong: {_cut(error.message)}")
    except Unresolvable as error:
        return Checked(unchecked=f"its input schema refers to {_cut(str(error.ref))}, which is not in it")
    except RecursionError:
        return Checked(unchecked="its input schema refers to itself without end")
    except Exception as error:  # a pattern that is none, a type that is no word: what else a stranger's schema can hold
        return Checked(unchecked=f"its input schema can't be used: {_cut(str(error))}")
    return Checked(faults=tuple(dict.fromkeys(fault for error in errors for fault in _told(error)))[:MOST])


def _told(error: Any) -> Iterator[str]:
    """A fault in words: which argument, and what was expected."""
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path).lstrip(".")
    if error.validator == "required" and isinstance(error.instance, dict):
        for name in error.validator_value:
            if name not in error.instance:
                yield f"{place + '.' if place else ''}{name}: is missing"
        return
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = error.schema.get("properties", {})
        for name in error.instance:
            if name not in known:
                yield f"{place + '.' if place else ''}{name}: there is no such argument"
        return
    if error.validator == "type":
        wanted = error.validator_value
        wanted = " or ".join(wanted) if isinstance(wanted, list) else wanted
        yield f"{place or 'the arguments'}: expected {wanted}, not {_cut(_json(error.instance))}"
        return
    yield f"{place or 'the arguments'}: {_cut(error.message)}"


def _json(value: Json) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."
