"""STYLE, section 3 as tests: imports go one way, and each library has its place."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SN = Path(__file__).resolve().parents[2] / "sn"
MODULES = sorted(SN.rglob("*.py"))

# A unit is a module or package directly below sn/. It imports units of lower rank only; units of
# equal rank do not know each other. Whole numbers are STYLE's ranks, a fraction is a step inside
# one, and errors stand below the rest of rank 0.
RANKS: dict[str, float] = {
    "folding": -2,
    "errors": -1,
    "limits": 0,
    "registry": 0,
    "shipped": 0,
    "interrupts": 0,
    "stream": 0.5,
    "ports": 0.5,
    "forms": 1,
    "random": 1,
    "net": 1,
    "optim": 1.5,
    "data": 1,
    "results": 1,
    "pieces": 1.5,
    "templates": 1.5,
    "calls": 1.5,
    "kinds": 1.25,
    "lambdas": 1.75,
    "matrix": 2,
    "parser": 2,
    "specials": 2,
    "lower": 2,
    "interp": 3,
    "emit": 3,
    "kernel_key": 3,
    "kernel_cache": 3,
    "kernels": 4,
    "train": 5,
    "builtins": 6,
    "settings": 6,
    "session": 7,
    "compare": 7.5,
    "commands": 8,
    "__init__": 9,
}

# What a unit may import besides the standard library.
LIBRARIES = {
    "net": {"numpy"},
    "optim": {"numpy"},
    "data": {"numpy", "pooch", "platformdirs"},
    "results": {"numpy", "safetensors", "msgspec"},
    "matrix": {"numpy"},
    "parser": {"lark"},
    "lower": {"numpy"},
    "emit": {"numpy", "llvmlite"},
    "kernel_cache": {"platformdirs"},
    "kernels": {"numpy", "numba", "llvmlite"},
    "train": {"numpy"},
    "builtins": {"numpy"},
    "session": {"numpy"},
    "compare": {"numpy"},
    "commands": {"click", "rich"},
}

# Files that may import what the rest of their unit may not.
EXCEPTIONS = {"results/plots.py": {"matplotlib"}}

# What everybody may ask the package itself for.
FREE_NAMES = {"__version__"}


def unit_of(path: Path) -> str:
    return path.relative_to(SN).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[ast.stmt, str]]:
    """Yield each import of a file with the dotted name of what it imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            if node.module != "sn":
                yield node, node.module or ""
            else:
                for alias in node.names:
                    if alias.name not in FREE_NAMES:
                        yield node, f"sn.{alias.name}"


def each_module() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SN)))


@each_module()
def test_imports_go_to_lower_ranks_only(path: Path) -> None:
    unit = unit_of(path)
    assert unit in RANKS, f"sn/{unit} has no rank: give it one in {Path(__file__).name}"
    for node, name in imports(path):
        if name != "sn" and not name.startswith("sn."):
            continue
        target = name.split(".")[1] if "." in name else "__init__"
        if target != unit:
            assert target in RANKS, f"{path}:{node.lineno}: sn.{target} does not exist"
            assert RANKS[target] < RANKS[unit], (
                f"{path}:{node.lineno}: {unit} (rank {RANKS[unit]}) "
                f"imports {target} (rank {RANKS[target]})"
            )


@each_module()
def test_libraries_are_used_in_their_place(path: Path) -> None:
    allowed = LIBRARIES.get(unit_of(path), set()) | EXCEPTIONS.get(
        path.relative_to(SN).as_posix(), set()
    )
    for node, name in imports(path):
        top = name.split(".")[0]
        if top != "sn" and top not in sys.stdlib_module_names:
            assert top in allowed, f"{path}:{node.lineno}: {top} may not be imported here"


@each_module()
def test_an_import_inside_a_function_gives_its_reason(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = text.split("\n")
    for function in ast.walk(ast.parse(text)):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                written = lines[node.lineno - 1 : node.end_lineno]
                assert any("#" in line for line in written), (
                    f"{path}:{node.lineno}: say on this line why the import is not at the top"
                )


@pytest.mark.parametrize(
    ("absent", "units"),
    [("numpy", ["forms", "parser", "specials", "interp"]), ("lark", ["net", "lower", "emit"])],
)
def test_a_column_works_without_the_library_of_the_other(absent: str, units: list[str]) -> None:
    here = {unit_of(path) for path in MODULES}
    lines = [f"import sys; sys.modules[{absent!r}] = None"]
    lines += [f"import sn.{unit}" for unit in units if unit in here]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_help_starts_without_the_heavy_libraries() -> None:
    program = (
        "import sys\n"
        "from sn.commands import main\n"
        "code = main(['--help'])\n"
        "print('loaded:', *sys.modules)\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split("loaded:")[1].split())
    heavy = {"numba", "llvmlite", "matplotlib", "numpy", "lark", "rich", "safetensors", "pooch"}
    assert not heavy & loaded
    assert not {"sn.session", "sn.interp"} & loaded
