"""Make docs/notebooks/*.ipynb: execute the sources in scripts/notebooks/, a notebook each.

    python scripts/make_notebooks.py [--check] [NAME...]

A source is Markdown: its ```sn blocks are `%%sn` cells with the options that follow the word, its
```python blocks are cells of Python, all else is text. Cells run in a folder of their own, on the
stand-in digits, so that everybody gets the same; times of presentations are left out. With --check
nothing is written: it is enough that all cells run. A test keeps cells as the sources have them.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
SOURCES, PAGES = ROOT / "scripts" / "notebooks", ROOT / "docs" / "notebooks"
BLOCK = re.compile(r"^```(sn|python)([^\n]*)\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
TIMES = re.compile(r"<div>[\d.,]+ µs per presentation</div>")
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
SECONDS = 600  # that a cell may take


def cells_of(source: str) -> list[Any]:
    """Return the cells of a source, not executed."""
    found = []
    for number, (kind, text) in enumerate(_parts(source), 1):
        make = nbformat.v4.new_markdown_cell if kind == "text" else nbformat.v4.new_code_cell
        cell = make(text)
        cell["id"] = f"cell-{number}"
        found.append(cell)
    return found


def _parts(source: str) -> Iterator[tuple[str, str]]:
    at = 0
    for block in BLOCK.finditer(source):
        if text := source[at : block.start()].strip():
            yield "text", text
        kind, options, code = block.groups()
        yield "code", code if kind == "python" else f"%%sn{options}\n{code}"
        at = block.end()
    if text := source[at:].strip():
        yield "text", text


def executed(source: str) -> Any:
    """Return the notebook of a source with what its cells gave.

    Raises: nbclient.exceptions.CellExecutionError with what went wrong in which cell.
    """
    notebook = nbformat.v4.new_notebook(cells=cells_of(source), metadata={"kernelspec": KERNEL})
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "SN_DATA": ""}
        client = NotebookClient(
            notebook,
            timeout=SECONDS,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
        )
        client.execute(env=environment)
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs = [_kept(one) for one in cell.outputs if not _is_blank(one)]
    notebook.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    return notebook


def _is_blank(output: Any) -> bool:
    """Whether nothing is left of an output, as of the figure that trains."""
    return not any(output.get("data", {"": "?"}).values())


def _kept(output: Any) -> Any:
    """Return an output without the times, which are of the machine it ran on."""
    data = output.get("data", {})
    if "text/html" in data:
        data["text/html"] = TIMES.sub("", data["text/html"])
    output.get("metadata", {}).clear()
    output.pop("transient", None)
    return output


def main(names: Sequence[str]) -> None:
    """Execute the sources of these names, or all."""
    is_check = "--check" in names
    names = [name for name in names if name != "--check"]
    PAGES.mkdir(parents=True, exist_ok=True)
    for source in sorted(SOURCES.glob("*.md")):
        if names and source.stem not in names:
            continue
        page = PAGES / f"{source.stem}.ipynb"
        text = nbformat.writes(executed(source.read_text(encoding="utf-8")))
        if not is_check:
            page.write_text(text + "\n", encoding="utf-8")
        print(f"{page.relative_to(ROOT)}: {len(text) / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
