"""docs/notebooks: they are the sources in scripts/notebooks, executed, and small."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES = sorted(path.stem for path in (ROOT / "scripts" / "notebooks").glob("*.md"))
MOST = 300_000  # bytes of a notebook


def notebook(name: str) -> Any:
    return json.loads((ROOT / "docs" / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))


def text_of(cell: Any) -> str:
    return "".join(cell["source"])


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, encoding="utf-8"
    )


def test_there_is_one_for_each_source() -> None:
    assert NAMES == sorted(path.stem for path in (ROOT / "docs" / "notebooks").glob("*.ipynb"))
    assert len(NAMES) == 3


@pytest.mark.parametrize("name", NAMES)
def test_its_cells_are_those_of_the_source(name: str) -> None:
    code = (
        "import json, pathlib; from scripts.make_notebooks import cells_of;"
        f"text = pathlib.Path('scripts/notebooks/{name}.md').read_text(encoding='utf-8');"
        "print(json.dumps([[cell.cell_type, cell.source] for cell in cells_of(text)]))"
    )
    done = run("-c", code)
    assert done.returncode == 0, done.stderr
    kept = [[cell["cell_type"], text_of(cell)] for cell in notebook(name)["cells"]]
    assert kept == json.loads(done.stdout), "run scripts/make_notebooks.py"


@pytest.mark.parametrize("name", NAMES)
def test_it_is_executed_without_an_error_and_small(name: str) -> None:
    file = ROOT / "docs" / "notebooks" / f"{name}.ipynb"
    assert file.stat().st_size < MOST
    cells = [cell for cell in notebook(name)["cells"] if cell["cell_type"] == "code"]
    numbers = [cell["execution_count"] for cell in cells]
    assert numbers == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    kinds = {output["output_type"] for output in outputs}
    assert kinds <= {"stream", "display_data", "execute_result"}
    assert not [output for output in outputs if output.get("name") == "stderr"]


@pytest.mark.parametrize("name", NAMES)
def test_it_names_no_place_of_the_machine_that_made_it(name: str) -> None:
    told = json.dumps([cell.get("outputs") for cell in notebook(name)["cells"]])
    for place in ("/tmp", "/root", "/home", str(ROOT), "wall"):
        assert place not in told


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_its_source_runs(name: str) -> None:
    done = run("scripts/make_notebooks.py", "--check", name)
    assert done.returncode == 0, done.stderr[-3000:]
