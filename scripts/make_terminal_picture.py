"""Make docs/images/terminal.svg: what a terminal shows of `sn run zipcode`, text as text.

python scripts/make_terminal_picture.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "images" / "terminal.svg"
COMMAND, WIDTH = "sn run zipcode", 98
LEFT_OUT = 4, 20  # passes that the picture does not show: lines of the output
PAPER = TerminalTheme((250, 250, 250), (40, 40, 40), [(0, 0, 0)] * 8)
# rich's own has the addresses of two fonts; nothing of a picture is to be fetched
FORMAT = """<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace;
font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g>
</g>
</svg>
"""


def main() -> None:
    """Run the command and draw what it prints."""
    environment = {**os.environ, "COLUMNS": str(WIDTH), "SN_DATA": "", "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", *COMMAND.split()]
        done = subprocess.run(
            words, cwd=folder, env=environment, capture_output=True, text=True, check=True
        )
    lines = done.stdout.rstrip("\n").split("\n")
    first, last = LEFT_OUT
    lines = [f"$ {COMMAND}", *lines[:first], "...", *lines[last:]]
    console = Console(record=True, width=WIDTH, file=open(os.devnull, "w", encoding="utf-8"))
    console.print(Text("\n".join(lines)))
    drawn = console.export_svg(title="SN", theme=PAPER, code_format=FORMAT, unique_id="sn")
    PICTURE.write_text(drawn, encoding="utf-8")
    print(f"{PICTURE.relative_to(ROOT)}: {len(drawn):,} bytes")


if __name__ == "__main__":
    main()
