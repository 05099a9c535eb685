"""STYLE as tests: what every file of the project looks like."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.house.trees import nodes, tree

ROOT = Path(__file__).resolve().parents[2]
CODE = sorted((ROOT / "sn").rglob("*.py"))
PROGRAMS = sorted([*(ROOT / "bench").rglob("*.py"), *(ROOT / "scripts").rglob("*.py")])
TEXTS = sorted(
    path
    for folder in ("sn", "nets", "docs", "bench", "scripts", "tests")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".py", ".sn", ".lark", ".md"}
)
MAKES_CODE = {ROOT / "sn" / name for name in ("kernels.py", "machine_code.py")}
LONGEST_FILE = 450
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "misc", "common", "tools"}

# Written in halves, so that this file does not contain the words it looks for.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_laws_meet_files() -> None:
    assert MAKES_CODE < set(CODE)
    assert len(CODE) > 100 and len(PROGRAMS) > 10 and len(TEXTS) > len(CODE)


def test_a_module_says_what_it_is_for() -> None:
    found = [
        relative(path)
        for path in (*CODE, *PROGRAMS)
        if not ast.get_docstring(tree(path))
        and not (path.name == "__init__.py" and not path.read_text(encoding="utf-8"))
    ]
    assert not found, "no docstring:\n" + "\n".join(found)


def test_a_file_is_named_after_what_it_does() -> None:
    found = [relative(path) for path in (*CODE, *PROGRAMS) if path.stem in VAGUE_NAMES]
    assert not found, "\n".join(found)


def test_a_file_holds_one_idea() -> None:
    sizes = {
        path: len(path.read_text(encoding="utf-8").splitlines()) for path in (*CODE, *PROGRAMS)
    }
    found = [
        f"{relative(path)}: {size} lines" for path, size in sizes.items() if size > LONGEST_FILE
    ]
    assert not found, "which second idea can move out?\n" + "\n".join(found)


def test_text_is_executed_where_kernels_are_made_only() -> None:
    found = [
        f"{relative(path)}:{node.lineno}"
        for path, node in nodes(path for path in CODE if path not in MAKES_CODE)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"eval", "exec"}
    ]
    assert not found, "\n".join(found)


def test_no_function_rebinds_a_global() -> None:
    found = [
        f"{relative(path)}:{node.lineno}"
        for path, node in nodes(CODE)
        if isinstance(node, ast.Global)
    ]
    assert not found, "state is in the Session:\n" + "\n".join(found)


def test_open_work_is_not_written_in_the_tree() -> None:
    found = [
        f"{relative(path)}:{number}"
        for path in TEXTS
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert not found, "open work belongs in an issue"
