"""Windows of very many rows: right as any others, and hardly more code than those of some."""

from __future__ import annotations

from pathlib import Path

import pytest

from sn.emit.vector import PARTIAL
from sn.emit.windows.packed import WRITTEN_OUT
from sn.session import Session

NET = (
    "(defnet tall (layer in (3 9 5) (border -1)) (layer h (8 5)) (layer out (2))"
    " (connect in h (conv (kernel {} 1))) (connect h out (full)))"
)

pytestmark = pytest.mark.kernels


def code_lines(folder: Path, rows: int) -> int:
    """How many lines the code of a presentation has."""
    file = folder / f"{rows}.sn"
    file.write_text(NET.format(rows))
    text = Session().dump(file, "llvm")
    return len(text.split("\n"))


def test_code_does_not_grow_with_the_rows_of_a_window(tmp_path: Path) -> None:
    """Of 16 blocks all are written out, of 60 none, forward and where weights move."""
    some, many = code_lines(tmp_path, WRITTEN_OUT * PARTIAL), code_lines(tmp_path, 960)
    assert many < some, (some, many)


def test_rows_that_fill_no_block_cost_a_tile_of_code(tmp_path: Path) -> None:
    whole, rest = code_lines(tmp_path, 960), code_lines(tmp_path, 1000)
    assert rest < 2 * whole, (whole, rest)


@pytest.mark.parametrize("rows", [WRITTEN_OUT * PARTIAL + 24, 1000])
def test_tall_windows_are_right(rows: int, tmp_path: Path) -> None:
    file = tmp_path / "tall.sn"
    file.write_text(NET.format(rows))
    assert Session().check_gradients(file).passes
