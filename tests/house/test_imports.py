"""STYLE, section 3 as tests: imports go one way, and each library has its place."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.house.trees import nodes, tree

SN = Path(__file__).resolve().parents[2] / "sn"
MODULES = sorted(SN.rglob("*.py"))

# A unit is a module or package directly below sn/. It imports units of lower rank only; units of
# equal rank do not know each other.
RANKS = {
    "codes": 0,
    "display": 0,
    "folding": 0,
    "interrupts": 0,
    "version": 0,
    "errors": 1,
    "svg": 1,
    "charts": 2,
    "diagnostics": 2,
    "memory": 2,
    "limits": 2,
    "paths": 2,
    "program_text": 3,
    "registry": 2,
    "shipped": 3,
    "cache": 2,
    "lisp": 3,
    "watchdog": 3,
    "workers": 3,
    "net": 3,
    "matrixfile": 3,
    "results": 3,
    "parser": 4,
    "codebooks": 4,
    "data": 4,
    "optim": 4,
    "lower": 4,
    "format": 5,
    "interp": 5,
    "emit": 5,
    "figure": 5,
    "machine_code": 5,
    "kernels": 6,
    "builtins": 6,
    "compiled": 7,
    "graphics": 7,
    "train": 7,
    "live": 6,
    "describe": 8,
    "sn28": 9,
    "jax_engine": 8,
    "trained": 8,
    "progress": 8,
    "experiment": 9,
    "export": 9,
    "networds": 9,
    "editors": 10,
    "session": 10,
    "lsp": 11,
    "facts": 10,
    "page": 10,
    "contest": 12,
    "diagnose": 11,
    "lint": 11,
    "notebook": 11,
    "opened": 11,
    "pool": 11,
    "repl": 11,
    "sweep": 12,
    "commands": 13,
    "front": 14,
    "__init__": 14,
    "__main__": 15,
}

# The two columns, which do not know each other; they meet in units that stand in neither.
LANGUAGE = ("lisp", "parser", "format", "interp", "builtins")
NUMERIC = ("net", "optim", "data", "lower", "emit", "kernels", "train", "live", "jax_engine")

# What a unit may import besides the standard library.
LIBRARIES = {
    "net": {"numpy"},
    "optim": {"numpy"},
    "data": {"numpy", "pooch", "platformdirs"},
    "results": {"numpy", "safetensors", "msgspec"},
    "parser": {"lark"},
    "matrixfile": {"numpy"},
    "codebooks": {"numpy"},
    "lower": {"numpy"},
    "emit": {"numpy", "llvmlite"},
    "figure": {"numpy"},
    "cache": {"platformdirs"},
    "machine_code": {"numpy", "numba", "llvmlite"},
    "kernels": {"numpy", "numba", "llvmlite"},
    "train": {"numpy"},
    "jax_engine": {"numpy", "jax"},
    "builtins": {"numpy"},
    "live": {"numpy"},
    "graphics": {"numpy"},
    "describe": {"numpy"},
    "sn28": {"numpy"},
    "trained": {"numpy", "msgspec"},
    "experiment": {"numpy"},
    "export": {"numpy", "msgspec"},
    "page": {"numpy", "msgspec"},
    "networds": {"numpy"},
    "lsp": {"msgspec", "lsprotocol", "pygls"},
    "facts": {"numpy"},
    "progress": {"numpy", "rich", "IPython"},
    "notebook": {"numpy", "IPython"},
    "commands": {"click", "rich"},
}

# Files that may import what the rest of their unit may not.
EXCEPTIONS = {
    "figure/picture.py": {"resvg_py"},
    "figure/raster.py": {"resvg_py"},
    "progress/events.py": {"tensorboardX"},
    "data/pictures.py": {"PIL"},
    "export/onnx.py": {"onnx"},
    "live/lanes.py": {"llvmlite", "numba"},
    "editors/pygments.py": {"pygments"},
    "repl/history.py": {"platformdirs"},
    "repl/terminal.py": {"prompt_toolkit"},
    "sweep/checking.py": {"optuna"},
    "sweep/evolution.py": {"optuna"},
    "sweep/journal.py": {"optuna"},
    "sweep/study.py": {"optuna"},
    "pool/cluster.py": {"distributed"},
    "results/frames.py": {"pandas"},
    "results/plots.py": {"matplotlib"},
}


def unit_of(path: Path) -> str:
    return path.relative_to(SN).parts[0].removesuffix(".py")


def place(path: Path, node: ast.stmt) -> str:
    return f"sn/{path.relative_to(SN).as_posix()}:{node.lineno}"


@cache
def import_statements() -> list[tuple[Path, ast.Import | ast.ImportFrom]]:
    found = nodes(MODULES)
    return [(path, node) for path, node in found if isinstance(node, ast.Import | ast.ImportFrom)]


def imports() -> Iterator[tuple[Path, ast.Import | ast.ImportFrom, str]]:
    """Yield each import of each file with the dotted name of what it imports."""
    for path, node in import_statements():
        for name in imported(node):
            yield path, node, name


def imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    """Dotted names of the modules that a statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if node.module != "sn":
        return [node.module or ""]
    return [f"sn.{alias.name}" for alias in node.names]


def test_imports_are_absolute() -> None:
    found = [
        f"{place(path, node)} is relative"
        for path, node in import_statements()
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert not found, "\n".join(found)


def test_each_unit_has_a_rank_and_each_rank_a_unit() -> None:
    units = {unit_of(path) for path in MODULES}
    assert not units - RANKS.keys(), f"give them a rank in {Path(__file__).name}"
    assert not RANKS.keys() - units, "they have a rank, and are not there"


def test_imports_go_to_lower_ranks_only() -> None:
    found = []
    for path, node, name in imports():
        if name.split(".")[0] != "sn":
            continue
        unit, target = unit_of(path), name.split(".")[1] if "." in name else "__init__"
        if target == unit:
            continue
        if target not in RANKS:
            found.append(f"{place(path, node)}: sn.{target} does not exist")
        elif RANKS[target] >= RANKS[unit]:
            found.append(
                f"{place(path, node)}: {unit} (rank {RANKS[unit]}) "
                f"imports {target} (rank {RANKS[target]})"
            )
    assert not found, "\n".join(found)


def test_libraries_are_used_in_their_place() -> None:
    found = []
    for path, node, name in imports():
        top, file = name.split(".")[0], path.relative_to(SN).as_posix()
        allowed = LIBRARIES.get(unit_of(path), set()) | EXCEPTIONS.get(file, set())
        if top != "sn" and top not in sys.stdlib_module_names and top not in allowed:
            found.append(f"{place(path, node)}: {top} may not be imported here")
    assert not found, "\n".join(found)


def test_an_import_inside_a_function_gives_its_reason() -> None:
    found = []
    for path, function in nodes(MODULES):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                lines = path.read_text(encoding="utf-8").split("\n")
                written = lines[node.lineno - 1 : node.end_lineno]
                if not any("#" in line for line in written):
                    found.append(place(path, node))
    assert not found, "say on this line why the import is not at the top:\n" + "\n".join(found)


def test_numba_waits_until_something_is_compiled() -> None:
    """It takes as long to start as all else: `sn check` and a twin do without."""
    found = [
        place(path, node)
        for path in MODULES
        for node in tree(path).body
        if isinstance(node, ast.Import | ast.ImportFrom) and "sn.kernels" in imported(node)
    ]
    assert not found, "\n".join(found)
    assert "sn.kernels" in {name for _, _, name in imports()}


def test_the_columns_do_not_know_each_other() -> None:
    found = []
    for path, node, name in imports():
        unit = unit_of(path)
        other = NUMERIC if unit in LANGUAGE else LANGUAGE if unit in NUMERIC else ()
        if name.startswith("sn.") and name.split(".")[1] in other:
            found.append(f"{place(path, node)}: {name} is of the other column")
    assert not found, "\n".join(found)


def test_no_module_imports_itself_by_way_of_others() -> None:
    def dotted(path: Path) -> str:
        return ".".join(path.relative_to(SN.parent).with_suffix("").parts)

    graph: dict[str, set[str]] = {dotted(path): set() for path in MODULES}
    for path, node, name in imports():
        # what is imported from a package may be a module of it
        names = {name, *(f"{name}.{alias.name}" for alias in node.names)}
        graph[dotted(path)] |= names & graph.keys()
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the modules


# Builtins work with matrices, which are NumPy's.
@pytest.mark.parametrize(
    ("absent", "units"), [("numpy", LANGUAGE[:4]), ("lark", NUMERIC)], ids=["numpy", "lark"]
)
def test_a_column_works_without_the_library_of_the_other(
    absent: str, units: tuple[str, ...]
) -> None:
    """Every module of the column is imported, not only what its packages open with."""
    of_units = [path for path in MODULES if unit_of(path) in units]
    assert {unit_of(path) for path in of_units} == {*units}
    lines = [f"import sys; sys.modules[{absent!r}] = None"]
    for path in of_units:
        parts = path.relative_to(SN.parent).with_suffix("").parts
        lines.append(f"import {'.'.join(parts).removesuffix('.__init__')}")
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
