"""Put the counts of the campaigns into a document: `python -m tests.reliability.report FIGURES DOCUMENT`.

Each `<!-- figures: NAME -->` of the document is followed by a table, which is replaced.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

MARK = re.compile(r"(<!-- figures: ([\w -]+?) -->\n)(?:\|.*\n)*")
# What may be added up over the parts that share all other values.
HIDDEN = {"full"}


def rows(directory: Path) -> list[dict[str, Any]]:
    """The counts of one campaign: parts that agree in all words are added up."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for path in sorted(directory.glob("*.json")):
        one = {key: value for key, value in json.loads(path.read_text()).items() if key not in HIDDEN}
        words = tuple((key, value) for key, value in one.items() if isinstance(value, str))
        row = found.setdefault(words, dict.fromkeys(one, 0) | dict(words))
        for key, value in one.items():
            if not isinstance(value, str):
                row[key] += value
    return list(found.values())


def table(found: Sequence[dict[str, Any]]) -> str:
    """A Markdown table of rows."""
    if not found:
        return ""
    names = list(dict.fromkeys(name for row in found for name in row))
    lines = [[name.replace("_", " ") for name in names], ["---"] * len(names)]
    lines += [[str(row.get(name, "")) for name in names] for row in found]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def filled(text: str, figures: Path) -> str:
    """The document with its tables; one that has no figures now keeps what it had."""

    def replace(match: re.Match[str]) -> str:
        made = table(rows(figures / match[2]))
        return match[1] + made if made else match[0]

    return MARK.sub(replace, text)


def main(figures: str, document: str) -> None:
    path = Path(document)
    path.write_text(filled(path.read_text(encoding="utf-8"), Path(figures)), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
