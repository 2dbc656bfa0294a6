"""Draw docs/picture.svg from a real run of mcpconf in an empty home: `python docs/picture.py`.

The picture shows what the commands print, nothing is typed by hand; only the home's path is shortened.
"""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
COMMANDS = (["init", "--yes"], ["switch", "essentials"], ["status"], ["switch", "-"])
COLORS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "34": "#79c0ff", "36": "#76e3ea", "2": "#8b949e"}
LINE, CHARACTER, MARGIN = 20, 8.4, 24
ESCAPE = re.compile(r"\033\[([0-9;]*)m")


def run(home: str) -> list[str]:
    """The commands and all they print, with colours."""
    env = {"HOME": home, "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "FORCE_COLOR": "1"}
    lines: list[str] = []
    for command in COMMANDS:
        lines.append(f"\033[2m$\033[0m \033[1mmcpconf {' '.join(command)}\033[0m")
        done = subprocess.run(
            [sys.executable, "-m", "mcpconf", *command],
            env=env,
            cwd=home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=True,
        )
        lines += done.stdout.decode().replace(home, "~").splitlines()
        lines.append("")
    return lines[:-1]


def spans(line: str) -> str:
    """One line's text as coloured spans."""
    out, style = [], ""
    for i, piece in enumerate(ESCAPE.split(line)):
        if i % 2:
            codes = piece.split(";")
            color = next((COLORS[code] for code in codes if code in COLORS), "")
            style = (f' fill="{color}"' if color else "") + (' font-weight="bold"' if "1" in codes else "")
        elif piece:
            out.append(f"<tspan{style}>{html.escape(piece)}</tspan>")
    return "".join(out)


def draw(lines: list[str]) -> str:
    """The whole picture."""
    width = round(max(len(ESCAPE.sub("", line)) for line in lines) * CHARACTER) + 2 * MARGIN
    height = LINE * len(lines) + 2 * MARGIN
    rows = "\n".join(
        f'<text x="{MARGIN}" y="{MARGIN + LINE * i + 14}" xml:space="preserve">{spans(line)}</text>'
        for i, line in enumerate(lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        ' role="img" aria-label="mcpconf in a terminal">\n'
        '<rect width="100%" height="100%" rx="10" fill="#0d1117"/>\n'
        '<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" fill="#e6edf3">\n'
        f"{rows}\n</g>\n</svg>\n"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        (HERE / "picture.svg").write_text(draw(run(home)), encoding="utf-8")
