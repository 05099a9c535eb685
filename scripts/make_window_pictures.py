"""Make the pictures of docs/graphics.md from the programs in it.

    python scripts/make_window_pictures.py

A test keeps the pictures as this script makes them.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sn.graphics.picture import pictures_of  # noqa: E402 - from this checkout, installed or not
from sn.session import Session  # noqa: E402

PAGE = ROOT / "docs" / "graphics.md"
IMAGES = ROOT / "docs" / "images"


def pictures() -> dict[Path, str]:
    """Return the text of each picture that the page shows, by its file."""
    page = PAGE.read_text(encoding="utf-8")
    shown = re.findall(r"\]\(images/window-([a-z]+)\.svg\)", page)
    session = Session()
    for program in re.findall(r"^```lisp\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        session.evaluate(program)
    found = pictures_of(session.screen)
    return {IMAGES / f"window-{name}.svg": found[name].svg for name in shown}


if __name__ == "__main__":
    for file, text in pictures().items():
        file.write_text(text, encoding="utf-8")
        print(file)
