"""Make docs/diagnostics.md: how SN tells what is wrong, and every kind of error and warning.

    python scripts/make_diagnostics_page.py

It is what `sn explain` prints, as a page; a test keeps it as this script makes it.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "diagnostics.md"


def page() -> str:
    """Return the text of the page."""
    return (ROOT / "sn" / "codes" / "explanations.md").read_text(encoding="utf-8")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
