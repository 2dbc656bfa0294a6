"""The list of all set-ups as a page: `python -m tests.doctor.setups_page` writes docs/doctor/setups.md."""

from __future__ import annotations

from pathlib import Path

from tests.doctor.test_setups import BROKEN, HEALTHY

PAGE = Path(__file__).resolve().parents[2] / "docs/doctor/setups.md"
HEAD = """\
# Broken and healthy set-ups

Each of these homes is made by a test (`tests/doctor/*_setups.py`) and looked at with the whole command. A broken one
has to raise its check first, with no other error or warning beside it; a healthy one none at all. The tests keep this
page.

"""


def page() -> str:
    """The page, as it has to be."""
    lines = [HEAD + f"## Broken: {len(BROKEN)}", "| set-up | raises |", "|---|---|"]
    lines += [f"| {one.id} | [{one.values[1]}]({one.values[1]}.md) |" for one in BROKEN]
    lines += ["", f"## Healthy: {len(HEALTHY)}", *(f"- {one.id}" for one in HEALTHY), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page())
