"""The kernel key: it covers all that shapes machine code, and nothing that only people read."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import sn.cache.key
from sn.cache.key import SN, keyed, shaping_files
from sn.emit.module import emit
from sn.lower.recognise import lower
from sn.net.table import freeze
from sn.optim.rules import RuleSpec
from sn.session import Session
from sn.shipped import nets_folder
from tests.sample_nets import family, lms

TOOLS = ("numba 1", "cpu")


def modules_of(name: str) -> list[Path]:
    """The files of a dotted name: itself and the packages it is in; none if it is no module."""
    parts = name.split(".")[1:]
    found = [SN.joinpath(*parts[:n], "__init__.py") for n in range(len(parts) + 1)]
    found.append(SN.joinpath(*parts).with_suffix(".py") if parts else SN / "__init__.py")
    return [path for path in found if path.is_file()]


def imported(path: Path) -> set[Path]:
    """All of SN that a file imports, at its top or inside a function."""
    found: set[Path] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            # what is imported from a package may be a module of it
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            if name == "sn" or name.startswith("sn."):
                found.update(modules_of(name))
    return found


@cache
def reached() -> set[Path]:
    """The emitter, the compiler, and all that they import, directly or not."""
    todo = [*(SN / "emit").rglob("*.py"), SN / "kernels.py", SN / "live" / "lanes.py"]
    found: set[Path] = set()
    while todo:
        path = todo.pop()
        # the package itself only names its public parts for users
        if path not in found and path != SN / "__init__.py":
            found.add(path)
            todo += imported(path)
    return found


def test_the_key_covers_every_file_that_is_reached() -> None:
    missing = reached() - set(shaping_files())
    assert not missing, f"add to SHAPING in sn/cache/key.py: {sorted(map(str, missing))}"
    assert SN / "net" / "expr.py" in reached()
    assert SN / "emit" / "vector.py" in reached()


def test_the_key_covers_every_file_that_is_loaded() -> None:
    """The same by running: what a process has loaded that imported every section."""
    program = (
        "import importlib, pkgutil, sys, sn.emit, sn.kernels\n"
        "for one in pkgutil.walk_packages(sn.emit.__path__, 'sn.emit.'):\n"
        "    importlib.import_module(one.name)\n"
        "print(*(m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'sn'), sep='\\n')"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = {Path(line) for line in done.stdout.splitlines()}
    assert SN / "emit" / "layers.py" in loaded
    assert not loaded - set(shaping_files())


def test_an_edited_file_changes_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in shaping_files():
        copy = tmp_path / file.relative_to(SN)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    monkeypatch.setattr(sn.cache.key, "SN", tmp_path)
    assert sn.cache.key._shaping_code() == sn.cache.key.SHAPING_CODE
    for name in ("net/expr.py", "emit/sparse/sections.py", "emit/vector.py", "kernels.py"):
        before = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(before + b"\n")
        assert sn.cache.key._shaping_code() != sn.cache.key.SHAPING_CODE
        (tmp_path / name).write_bytes(before)
    (tmp_path / "emit" / "below").mkdir()
    (tmp_path / "emit" / "below" / "new.py").write_text("")
    assert sn.cache.key._shaping_code() != sn.cache.key.SHAPING_CODE


def text_of(name: str) -> str:
    plan = lower(freeze(family(name)))
    return emit(plan, lms(plan.table), RuleSpec(), 8).text


def test_the_tools_are_part_of_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    text = text_of("full")
    keys = {keyed(text, TOOLS)[1], keyed(text, ("numba 2", "cpu"))[1]}
    monkeypatch.setattr(sn.cache.key, "SHAPING_CODE", b"edited")
    keys.add(keyed(text, TOOLS)[1])
    assert len(keys) == 3


def test_comments_docstrings_and_lines_are_not() -> None:
    text = text_of("conv with a table of maps")
    lines = text.split("\n")
    others = [
        "\n\n# a comment\n" + text,
        text.replace("Kernels of a net", "Kernels of\n\n\n a net"),
        "\n".join(line + "  # é" if line.startswith("COST") else line for line in lines),
        "\n".join(line for line in lines if not line.lstrip().startswith("#")),
        text.replace('"""Compute the outputs', '"""Find the outputs'),
    ]
    assert all(other != text for other in others)
    assert {keyed(other, TOOLS)[1] for other in others} == {keyed(text, TOOLS)[1]}


def test_everything_else_is() -> None:
    text = text_of("conv with a table of maps")
    tree = ast.parse(text)
    numbers = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and type(node.value) is int
    ]
    assert len(numbers) > 100
    keys = {keyed(text, TOOLS)[1]}
    for node in numbers[:100]:
        node.value = int(str(node.value)) + 12345
        keys.add(keyed(ast.unparse(ast.fix_missing_locations(tree)), TOOLS)[1])
    assert len(keys) == 101
    for a, b in (("0.0", "-0.0"), ("1", "1.0"), ("'a'", "b'a'"), ("x + y", "y + x")):
        assert keyed(f"z = {a}", TOOLS)[1] != keyed(f"z = {b}", TOOLS)[1]


def test_a_copy_under_another_file_name_and_other_comments_has_the_key(tmp_path: Path) -> None:
    text = (nets_folder() / "net-3.sn").read_text()
    keys = set()
    for name, comment in (("a.sn", ""), ("b c.sn", ";; another\n;; comment\n\n")):
        (tmp_path / name).write_text(comment + text)
        keys.add(keyed(Session().load(tmp_path / name).dump("source"), TOOLS)[1])
    assert len(keys) == 1


def test_the_key_is_that_of_every_process() -> None:
    program = (
        "from sn.cache.key import keyed\n"
        "print(keyed('def f(k, e):\\n  return k(0.5, 2, \"abc\", e, (1, 2))', ('t',))[1])"
    )
    found = set()
    for seed in ("1", "2"):
        command = [sys.executable, "-c", program]
        done = subprocess.run(
            command, env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        found.add(done.stdout)
    assert len(found) == 1
