"""Counts become tables: added up over their parts, and a document without new counts keeps its old ones."""

from __future__ import annotations

import json
from pathlib import Path

from tests.reliability.report import main, table


def test_parts_that_agree_in_words_are_added_up(tmp_path: Path) -> None:
    (tmp_path / "figures/kills").mkdir(parents=True)
    for number, way in enumerate(("swap", "swap", "in place")):
        counts = {"full": True, "way": way, "kills": 10, "violations": number}
        (tmp_path / f"figures/kills/{number}.json").write_text(json.dumps(counts))
    document = tmp_path / "page.md"
    document.write_text("before\n<!-- figures: kills -->\n| old |\n|---|\n\n<!-- figures: none -->\n| kept |\nafter\n")
    main(str(tmp_path / "figures"), str(document))
    assert document.read_text() == (
        "before\n<!-- figures: kills -->\n| way | kills | violations |\n| --- | --- | --- |\n"
        "| swap | 20 | 1 |\n| in place | 10 | 2 |\n\n<!-- figures: none -->\n| kept |\nafter\n"
    )


def test_without_counts_there_is_no_table() -> None:
    assert table([]) == ""
