"""The published schema of devcontainer.json, and what in a file does not fit it."""

from __future__ import annotations

import json
import os
from functools import cache
from typing import Any

from mcpconf.dirs import shipped
from mcpconf.model import Json

NAME = os.path.join("schemas", "devcontainer")
FILE = "devContainer.base.schema.json"
LONG = 160  # characters of a fault: it may quote the whole file


def fault_of(data: Json) -> str | None:
    """The fault that tells most, with its place; None where the file fits."""
    from jsonschema.exceptions import best_match  # 60 ms, which only this command has to spend

    found = best_match(_validator().iter_errors(data))
    if found is None:
        return None
    said = " ".join(str(found.message).split())
    said = said if len(said) <= LONG else said[: LONG - 1] + "…"
    return f"{'.'.join(map(str, found.absolute_path)) or 'the file'}: {said}"


@cache
def _validator() -> Any:
    from jsonschema import Draft201909Validator

    with open(os.path.join(shipped(NAME), FILE), encoding="utf-8") as stream:
        return Draft201909Validator(json.load(stream))
