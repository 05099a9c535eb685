"""Whose border row is this: the layer that a constant unit stands at the edge of."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import sn
from sn.net.upstream import BIAS, CONSTANTS, upstream_layers

# unit 0 is the bias; layer 0 is units 1 to 3, layer 1 units 4 and 5, layer 2 units 6 and 7;
# unit 8 is a constant
LAYER_OF = np.array([-1, 0, 0, 0, 1, 1, 2, 2, -1], np.int32)


def owners(rows: list[tuple[int, int, int]], statements: list[int] | None = None) -> list[int]:
    """The owners of rows (dst, src, weight) into layer 2."""
    dst, src, wid = np.array(rows, np.int32).T
    group = None if statements is None else np.array(statements, np.int16)
    return upstream_layers(LAYER_OF, dst, src, wid, group).tolist()


def test_rows_are_of_the_layer_they_come_from() -> None:
    assert owners([(6, 0, 0), (6, 1, 1), (7, 5, 2)]) == [BIAS, 0, 1]


def test_a_border_row_is_of_the_layer_that_shares_its_weight() -> None:
    rows = [(6, 1, 0), (6, 4, 1), (7, 8, 1), (7, 2, 2)]
    assert owners(rows) == [0, 1, 1, 0]
    # the weight says more than the statement
    assert owners(rows, [0, 1, 0, 0]) == [0, 1, 1, 0]


def test_else_of_the_layer_that_its_statement_connects() -> None:
    rows = [(6, 1, 0), (6, 4, 1), (7, 8, 2), (7, 5, 3)]
    assert owners(rows, [0, 1, 1, 1]) == [0, 1, 1, 1]


def test_else_of_the_layer_whose_windows_it_completes() -> None:
    # units 6 and 7 see one site each of layer 1, two and one of layer 0
    assert owners([(6, 1, 0), (6, 2, 1), (6, 4, 2), (7, 8, 3), (7, 3, 4), (7, 5, 5)])[3] == 0
    # where it completes none, it is nobody's
    assert owners([(6, 1, 0), (7, 2, 1), (7, 8, 2)])[2] == CONSTANTS


def test_a_raw_net_calls_border_rows_what_the_compiler_calls_them(tmp_path: Path) -> None:
    """Windows of two, each connection by a weight of its own; a constant beyond either end."""
    source = """
    (setq sites (newneurons 6))
    (setq ends (newneurons 2))
    (setq hidden (newneurons 7))
    (setq out (newneurons 2))
    (setq row (append (list (car ends)) sites (cdr ends)))
    (for (i 0 6) (for (u 0 1) (connect (nth (+ i u) row) (nth i hidden))))
    (connect hidden out)
    (defnet edges (layer input (units sites)) (layer h (units hidden)) (layer out (units out)))
    """
    (tmp_path / "edges.sn").write_text(source, encoding="utf-8")
    program = sn.load(tmp_path / "edges.sn")
    told = {part.label: (part.connections, part.plan) for part in program.check().connections}
    assert told["input -> h"] == (14, "local 2, border 0")
    assert "constants -> h" not in told
