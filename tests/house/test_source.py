"""STYLE as tests: what every file of the project looks like."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = sorted((ROOT / "sn").rglob("*.py"))
PROGRAMS = sorted([*(ROOT / "bench").rglob("*.py"), *(ROOT / "scripts").rglob("*.py")])
TEXTS = sorted(
    path
    for folder in ("sn", "nets", "docs", "bench", "scripts", "tests")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".py", ".sn", ".lark", ".md"}
)
LONGEST_FILE = 450
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "misc", "common", "tools"}

# Written in halves, so that this file does not contain the words it looks for.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [*CODE, *PROGRAMS], ids=relative)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    is_marker = path.name == "__init__.py" and not text
    assert is_marker or ast.get_docstring(ast.parse(text)), f"{path} has no docstring"


@pytest.mark.parametrize("path", [*CODE, *PROGRAMS], ids=relative)
def test_a_file_holds_one_idea(path: Path) -> None:
    assert path.stem not in VAGUE_NAMES, "name the file after what it does"
    n_lines = len(path.read_text(encoding="utf-8").splitlines())
    assert n_lines <= LONGEST_FILE, f"{n_lines} lines: which second idea can move out?"


@pytest.mark.parametrize("path", CODE, ids=relative)
def test_text_is_executed_in_the_kernels_module_only(path: Path) -> None:
    if path == ROOT / "sn" / "kernels.py":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"eval", "exec"}, f"{path}:{node.lineno}"


@pytest.mark.parametrize("path", CODE, ids=relative)
def test_no_function_rebinds_a_global(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        assert not isinstance(node, ast.Global), f"{path}:{node.lineno}: state is in the Session"


def test_open_work_is_not_written_in_the_tree() -> None:
    found = [
        f"{relative(path)}:{number}"
        for path in TEXTS
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if UNFINISHED.search(line)
    ]
    assert not found, "open work belongs in an issue"
