"""Subsampling: its rows, what is refused, and that it is recognised from rows alone."""

from __future__ import annotations

import dataclasses
from itertools import product

import numpy as np
import pytest

from sn.errors import NetError, SnError
from sn.lower.ir import Rows, Subsample, View
from sn.lower.recognise import lower
from sn.net import schemes
from sn.net.layer import Layer, Network
from sn.net.reference import Reference
from sn.net.schemes import Link, Window
from sn.net.table import ConnectionTable, freeze
from sn.session import Session
from tests.sample_nets import described, lms


def pooled(src: tuple[int, ...], dst: tuple[int, ...], window: Window) -> tuple[Network, Layer]:
    net = Network("some")
    below = net.add_layer("a", src)
    above = net.add_layer("b", dst)
    schemes.subsample(net, Link(below, above), window)
    return net, above


def seen(net: Network, layer: Layer, unit: int) -> tuple[list[int], list[int]]:
    """Upstream units of one unit, counted in the first layer, and the weights to them."""
    dst, src, wid, _ = net.rows()
    mine = dst == layer.first + unit
    return (src[mine] - net.layers[0].first).tolist(), wid[mine].tolist()


def test_windows_stand_side_by_side_and_share_one_weight_a_map() -> None:
    net, b = pooled((2, 4, 4), (2, 2, 2), Window((2, 2)))
    assert seen(net, b, 0) == ([0, 1, 4, 5], [0, 0, 0, 0])
    assert seen(net, b, 3) == ([10, 11, 14, 15], [0, 0, 0, 0])
    assert seen(net, b, 4) == ([16, 17, 20, 21], [1, 1, 1, 1])
    assert net.n_weights == 2
    assert [(p.name, p.wid.tolist()) for p in net.parameters] == [("b.weight", [0, 1])]


def test_a_stride_below_the_kernel_makes_windows_overlap() -> None:
    net, b = pooled((3, 5), (2, 2), Window((2, 3), (1, 2)))
    assert seen(net, b, 3) == ([7, 8, 9, 12, 13, 14], [0] * 6)


def test_what_no_further_window_fits_in_stays_unseen() -> None:
    net, b = pooled((2, 7), (2, 3), Window((2,)))
    assert seen(net, b, 5) == ([11, 12], [1, 1])


def test_a_quarter_is_the_plain_average() -> None:
    """The coefficient multiplies the sum of a window, and each of its rows counts as fan-in."""
    net = described(
        "(defnet average (layer in (4 4)) (layer out (2 2) (linear) (bias none))"
        " (connect in out (subsample (kernel 2 2))))"
    )
    table = freeze(net)
    picture = np.arange(16.0)
    _, state = Reference(table, lms(table)).forward(np.array([0.25]), picture)
    assert state[table.layers[1].units].tolist() == [[2.5, 4.5], [10.5, 12.5]]
    assert table.fan_in_of_weight.tolist() == [4]


@pytest.mark.parametrize(
    ("src", "dst", "window", "words"),
    [
        ((2, 4, 4), (3, 2, 2), Window((2, 2)), "they need equally many, found 3 and 2"),
        ((4, 4), (2, 2), Window((3, 3)), "1 windows of 3 with stride 3 fit in the 4 rows of a"),
        ((4, 4), (2, 1), Window((2, 2)), "2 windows of 2 with stride 2 fit in the 4 columns of a"),
        ((4, 4), (2, 2), Window((5, 2)), "0 windows of 5 with stride 5 fit in the 4 rows of a"),
        ((4, 4), (2, 2), Window((2, 2), (1, 2)), "3 windows of 2 with stride 1 fit"),
        ((2, 4, 4), (2, 2), Window((3,)), "needs layers of 1 or 2 dimensions"),
    ],
)
def test_windows_that_do_not_fit_are_refused(
    src: tuple[int, ...], dst: tuple[int, ...], window: Window, words: str
) -> None:
    with pytest.raises(NetError) as found:
        pooled(src, dst, window)
    assert words in found.value.message
    assert found.value.hint


@pytest.mark.parametrize(
    ("form", "words", "under"),
    [
        ("(subsample)", "(subsample ...) needs a kernel", "(subsample)"),
        (
            "(subsample (kernel 2 2) (maps '((0))))",
            "subsample has no option 'maps'",
            "maps",
        ),
        ("(subsample (kernel 2 0))", "the kernel", "0"),
        ("(subsample (kernel 3 3))", "fit in the 4 rows of a", "(connect"),
    ],
)
def test_an_error_points_at_the_form(form: str, words: str, under: str) -> None:
    text = f"(defnet x (layer a (4 4)) (layer b (2 2)) (connect a b {form}))"
    with pytest.raises(SnError) as found:
        Session().evaluate(text)
    span = found.value.span
    assert words in found.value.message
    assert span is not None
    assert text[span.column - 1 :].startswith(under)


# --- recognition ---

NETS = {
    "pairs of rows and columns": "(layer in (3 4 6)) (layer h (3 2 3)) (layer out (2))"
    " (connect in h (subsample (kernel 2 2))) (connect h out (full))",
    "windows that overlap": "(layer in (2 5 7)) (layer h (2 3 3)) (layer out (2))"
    " (connect in h (subsample (kernel 3 2) (stride 1 2))) (connect h out (full))",
    "lines": "(layer in (2 9)) (layer h (2 4)) (layer out (2))"
    " (connect in h (subsample (kernel 3) (stride 2))) (connect h out (full))",
    "one map": "(layer in (6 6)) (layer h (3 3)) (layer out (2))"
    " (connect in h (subsample (kernel 2 2))) (connect h out (full))",
    "whole maps": "(layer in (3 4 4)) (layer h (3 1 1)) (layer out (2))"
    " (connect in h (subsample (kernel 4 4))) (connect h out (full))",
    "gaps": "(layer in (2 8 8)) (layer h (2 3 3)) (layer out (2))"
    " (connect in h (subsample (kernel 2 2) (stride 3 3))) (connect h out (full))",
}


@pytest.mark.parametrize("name", NETS)
def test_the_scheme_is_recognised_whatever_the_order_of_rows(name: str) -> None:
    table = freeze(described(f"(defnet x {NETS[name]})"))
    node = lower(table).nodes[1]
    assert isinstance(node, Subsample)
    order = np.random.default_rng(0).permutation(table.n_rows)
    order = order[np.argsort(table.dst[order], kind="stable")]
    columns = {column: getattr(table, column)[order] for column in ("dst", "src", "wid", "group")}
    mixed = lower(dataclasses.replace(table, **columns)).nodes[1]
    assert isinstance(mixed, Subsample)
    assert (mixed.grid, mixed.field, mixed.kernel, mixed.stride) == (
        (node.grid, node.field, node.kernel, node.stride)
    )
    assert mixed.wid.tolist() == node.wid.tolist()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("pairs of rows and columns", "subsample 2x2, 3 maps"),
        ("windows that overlap", "subsample 3x2, stride 1x2, 2 maps"),
        ("lines", "subsample 3, stride 2, 2 maps"),
        ("one map", "subsample 2x2"),
        ("gaps", "subsample 2x2, stride 3, 2 maps"),
    ],
)
def test_a_node_says_what_it_is(name: str, shown: str) -> None:
    assert str(lower(freeze(described(f"(defnet x {NETS[name]})"))).nodes[1]) == shown


def changed(table: ConnectionTable, column: str, row: int, value: int) -> ConnectionTable:
    values = getattr(table, column).copy()
    values[row] = value
    return dataclasses.replace(table, **{column: values})


@pytest.mark.parametrize(("column", "to"), [("src", 1), ("wid", 0), ("wid", -1)])
def test_one_odd_row_makes_rows(column: str, to: int) -> None:
    """A site beside the window, a weight of another map, and the bias of another unit."""
    table = freeze(described(f"(defnet x {NETS['pairs of rows and columns']})"))
    h = table.layers[1]
    row = int(np.flatnonzero((table.dst == h.first + 17) & (table.src > 0))[0])
    weights = {0: table.wid[(table.dst == h.first) & (table.src > 0)][0], -1: table.wid[0]}
    value = table.src[row] + to if column == "src" else weights[to]
    node = lower(changed(table, column, row, int(value))).nodes
    assert not any(isinstance(one, Subsample) for one in node)
    assert any(isinstance(one, Rows) for one in node)


def by_rows(
    src: tuple[int, ...], dst: tuple[int, ...], rows: list[tuple[int, int, float]]
) -> ConnectionTable:
    """Two layers and their connections: places above and below, and what shares a weight."""
    net = Network("rows")
    link = Link(net.add_layer("in", src), net.add_layer("h", dst))
    schemes.rows(net, link, rows, "rows")
    return freeze(net)


def test_maps_one_below_the_other_are_told_by_their_weights() -> None:
    """One picture of 4x4, of which each half is pooled by a coefficient of its own."""
    rows = [
        (2 * half + x, 4 * (2 * half + u) + 2 * x + v, half)
        for half, x, u, v in product(range(2), repeat=4)
    ]
    (node,) = lower(by_rows((4, 4), (2, 2), rows)).nodes
    assert isinstance(node, Subsample)
    assert (node.grid, node.field) == (View(2, 1, 2), View(2, 2, 4))
    assert (node.kernel, node.stride, len(node.wid)) == ((2, 2), (2, 2), 2)


@pytest.mark.parametrize("unit", [0, 1])
def test_units_that_see_nothing_are_not_pooled(unit: int) -> None:
    """As many connections as two windows of four have, but all of them into one unit."""
    (node,) = lower(by_rows((8,), (2,), [(unit, site, 0) for site in range(8)])).nodes
    assert isinstance(node, Rows)
    assert set(node.dst_unit.tolist()) == {9 + unit}


def test_a_kernel_of_one_unit_is_a_convolution() -> None:
    table = freeze(
        described(
            "(defnet x (layer in (2 3 3)) (layer h (2 3 3)) (layer out (2))"
            " (connect in h (subsample (kernel 1 1))) (connect h out (full)))"
        )
    )
    assert str(lower(table).nodes[1]) == "conv 1x1, 2 of 4 pairs of maps"


BY_HAND = """
(setq pixels (newneurons 100))
(setq hidden (newneurons 128))
(setq half (newneurons 32))
(setq out (newneurons 3))
(de hid (map row col) (nth (+ (* 64 map) (* 8 row) col) hidden))
(de low (map row col) (nth (+ (* 16 map) (* 4 row) col) half))
(for (map 0 1) (for (i 0 7) (for (j 0 7)
  (for (u 0 2) (for (v 0 2)
    (let ((from (nth (+ (* 10 (+ i u)) j v) pixels)))
      (if (and (= i 0) (= j 0))
          (connect from (hid map 0 0))
        (dup-connection (nth (+ (* 10 u) v) pixels) (hid map 0 0) from (hid map i j)))))))))
(for (map 0 1) (for (i 0 3) (for (j 0 3)
  (if (and (= i 0) (= j 0))
      (connect 0 (low map 0 0))
    (dup-connection 0 (low map 0 0) 0 (low map i j)))
  (for (u 0 1) (for (v 0 1)
    (let ((from (hid map (+ (* 2 i) u) (+ (* 2 j) v))))
      (if (= 0 (+ i j u v))
          (connect from (low map 0 0))
        (dup-connection (hid map 0 0) (low map 0 0) from (low map i j)))))))))
(connect half out)
(defnet by-hand
  (layer input (units pixels))
  (layer h (units hidden))
  (layer h2 (units half))
  (layer output (units out)))
"""


def test_units_connected_one_by_one_are_recognised() -> None:
    plan = lower(freeze(described(BY_HAND)))
    assert [str(node) for node in plan.nodes] == [
        "conv 3x3, 2 x 1 maps",
        "bias per map",
        "subsample 2x2, 2 maps",
        "full 3 x 32",
    ]
