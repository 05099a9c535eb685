"""What the compiler sees in a table: kinds of node per scheme, frozen plans, reasons for rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sn.errors import SnInternalError
from sn.lower.expand import verify
from sn.lower.ir import Bias, Full, Plan, Rows, Window
from sn.lower.recognise import lower
from sn.lower.rules.windows import views
from sn.net import schemes
from sn.net.activations import tanh
from sn.net.layer import Layer, Network
from sn.net.schemes import Link
from sn.net.table import freeze
from sn.shipped import nets_folder
from tests.sample_nets import ALL_KINDS, FAMILIES, NETS, SCHEMES, described, facts, family, shipped

# what stands between the first two layers of each family
RECOGNISED = {
    "full": "full 9 x 5",
    "full without biases": "full 9 x 5",
    "full over maps": "full 8 x 18",
    "conv": "conv 3x3, 3 x 1 maps",
    "conv with a stride and a border": "conv 5x5, stride 2, 3 x 1 maps, border -1",
    "conv with an offset": "conv 3x3, stride 2, 2 x 1 maps, border 0.5",
    "conv with two strides": "conv 2x3, stride 1x3, 2 x 1 maps",
    "conv with gaps": "conv 2x2, stride 3, 2 x 1 maps",
    "conv with a table of maps": "conv 3x3, stride 2, 4 x 1 maps, border 0",
    "conv over bordered maps": "conv 4, stride 2, 2 x 4 maps, border -1",
    "conv over short runs of maps": "conv 3x3, stride 2, 25 of 48 pairs of maps",
    "conv that wraps": "conv 3x3, 2 x 1 maps, wrap",
    "conv that wraps along one axis": "conv 3x3, 2 x 1 maps, wrap rows",
    "conv that wraps within a border": "conv 5x5, stride 2, 3 x 1 maps, border -1, wrap rows",
    "conv in one dimension": "conv 5, stride 2, 3 x 1 maps, border 0",
    "conv in one dimension that wraps": "conv 4, stride 3, 2 x 2 maps, wrap",
    "conv with shared biases": "conv 3x3, 3 x 1 maps",
    "conv without biases": "conv 3x3, 3 x 1 maps",
    "local": "local 3x3, 2 x 1 maps",
    "local with a stride and a border": "local 3x3, stride 2, 2 x 1 maps, border -1",
    "local with a table of maps": "local 2x2, 3 x 1 maps",
    "local that wraps": "local 3x2, wrap",
    "local that wraps along one axis": "local 3x3, 2 x 1 maps, border -1, wrap rows",
    "local in one dimension": "local 4, stride 2, 2 x 1 maps",
    "conv with a dilation": "conv 3x3, dilation 2, 3 x 1 maps",
    "conv with a dilation, a stride and a border": "conv 3x3, stride 2, dilation 2x3, 3 x 1 maps,"
    " border -1",
    "conv with a dilation that wraps": "conv 3x3, dilation 2, 2 x 1 maps, wrap",
    "conv with a dilation in one dimension": "conv 4, stride 2, dilation 3, 3 x 2 maps",
    "local with a dilation": "local 3x3, dilation 2, 2 x 1 maps, border -1",
    "subsample": "subsample 2x2, 3 maps",
    "subsample after conv": "conv 3x3, 2 x 1 maps",
    "subsample with windows that overlap": "conv 3x3, 10 x 1 maps",
    "subsample beside full": "full 16 x 12",
    "full with shared biases": "full 6 x 5",
    "two sources": "conv 3x3, 2 x 1 maps",
    "slices of the input": "conv 3x3, stride 2, 3 x 1 maps, border -1",
    "several inputs": "local 3x3, stride 2, 2 x 1 maps, border 1",
    "scheme of own weights": "rows: windows would hold 27 of 59 connections only, less than half",
    "scheme of shared weights": "rows: windows of 1x9 reach over the edge, and no border"
    " units feed them there",
}


def node(plan: Plan, label: str) -> Any:
    """The one node with a label."""
    (found,) = [some for some in plan.nodes if some.label == label]
    return found


def lowered(text: str) -> Plan:
    """The plan of the net in a program."""
    return lower(freeze(described(text)))


def test_every_scheme_has_its_kind() -> None:
    assert set(RECOGNISED) == set(SCHEMES)


@pytest.mark.parametrize("name", RECOGNISED)
def test_the_kind_of_node_of_each_scheme(name: str) -> None:
    assert str(node(lower(freeze(family(name))), "in -> h")) == RECOGNISED[name]


def test_a_table_of_maps_is_read_off_the_rows() -> None:
    found = node(lower(freeze(family("conv with a table of maps"))), "h -> h2")
    assert isinstance(found, Window)
    assert found.pairs == ((0, 0), (0, 1), (0, 3), (1, 1), (1, 2), (2, 0), (2, 2), (2, 3))
    assert (found.kernel, found.stride, found.offset) == ((3, 3), (1, 1), (1, 1))
    assert str(found) == "conv 3x3, 8 of 12 pairs of maps, border 1"


@pytest.mark.parametrize("name", NETS)
def test_the_plan_of_every_net_is_frozen(name: str, golden: Callable[[str, str], None]) -> None:
    plan = shipped(name).plan
    # a span names the file as it was asked for; the golden holds the name alone
    golden(f"plans/{name}.txt", f"{plan}\n".replace(f"{nets_folder()}/", "nets/"))


# --- schemes written by a user ---

HAND_MADE = """
(de by-hand (from to)              ; an 8x8 layer, 3 maps of 6x6: a shared 3x3 kernel each
  (let ((rows ()))
    (for (m 0 2) (for (y 0 5) (for (x 0 5) (for (u 0 2) (for (v 0 2)
      (setq rows (cons (list (+ x (* 6 y) (* 36 m))
                             (+ x v (* 8 (+ y u)))
                             (+ v (* 3 u) (* 9 m)))
                       rows)))))))
    rows))
(defnet mine (layer in (8 8)) (layer h (3 6 6)) (layer out (2))
  (connect in h {scheme}) (connect h out (full)))
"""


def test_a_scheme_in_lisp_is_recognised_like_the_built_in_one() -> None:
    mine = lowered(HAND_MADE.format(scheme="(scheme by-hand)"))
    built_in = lowered(HAND_MADE.format(scheme="(conv (kernel 3 3))"))
    assert facts(mine) == facts(built_in)


def test_what_no_window_leaves_does_not_wrap() -> None:
    """Rows on a ring; nothing tells a torus, of which no window leaves the columns, from it."""
    text = HAND_MADE.format(scheme="(scheme by-hand)").replace("(y 0 5)", "(y 0 7)")
    text = text.replace("(* 36 m)", "(* 48 m)").replace("(3 6 6)", "(3 8 6)")
    found = node(lowered(text.replace("(+ y u)", "(mod (+ y u) 8)")), "in -> h")
    assert str(found) == "conv 3x3, 3 x 1 maps, wrap rows"
    assert found.wrap == (True, False)
    built_in = lowered(text.replace("(scheme by-hand)", "(conv (kernel 3 3) (wrap))"))
    assert str(node(built_in, "in -> h")) == str(found)


def test_equal_weight_numbers_do_not_make_a_convolution() -> None:
    """Sharing along one axis only: right windows, but weights serve taps of other rows."""
    text = HAND_MADE.format(scheme="(scheme by-hand)").replace("(+ v (* 3 u) (* 9 m))", "(+ v u)")
    assert str(node(lowered(text), "in -> h")) == (
        "rows: weights are shared by other taps than those of one kernel"
    )


# --- windows that the border cuts everywhere, and rounds ---

SMALL = {
    "two by two in a border": ("(4 4) (border -1)", "(3 2 2)", "(kernel 5 5) (stride 2 2)"),
    "all of the field, and more": ("(3 3) (border 0)", "(2 2 2)", "(kernel 5 5) (offset 2 2)"),
    "two in a row": ("(5) (border -1)", "(3 2)", "(kernel 7) (stride 3)"),
    "one row of a picture": ("(5 16)", "(3 1 12)", "(kernel 5 5)"),
    "one row in a border": ("(3 16) (border -1)", "(3 1 8)", "(kernel 5 5) (stride 2 2)"),
    "units that see the border alone": (
        "(2 4) (border -1)",
        "(3 4 4)",
        "(kernel 3 3) (stride 2 1)",
    ),
    "a round from within": ("(6 6)", "(2 3 3)", "(kernel 3 3) (stride 2 2) (offset 1 1) (wrap)"),
    "a kernel all round": ("(4 6)", "(2 4 3)", "(kernel 4 5) (stride 1 2) (wrap)"),
    "rows in a round, columns in a border": (
        "(6 8) (border -1)",
        "(2 3 4)",
        "(kernel 5 3) (stride 2 2) (offset 1 1) (wrap rows)",
    ),
    "rows all round, columns in a border": (
        "(4 6) (border 0)",
        "(2 4 6)",
        "(kernel 4 3) (stride 1 1) (wrap rows)",
    ),
    "columns in a round, two rows in a border": (
        "(4 8) (border -1)",
        "(2 2 8)",
        "(kernel 5 3) (stride 2 1) (wrap cols)",
    ),
    "columns in a round, all rows and more": (
        "(3 5) (border 0)",
        "(2 2 5)",
        "(kernel 5 2) (offset 2 0) (wrap cols)",
    ),
    "several times round, and no window parted": (
        "(9 6) (border -1)",
        "(2 5 4)",
        "(kernel 3 2) (stride 2 4) (offset 1 0) (wrap cols)",
    ),
    "one column of a round": ("(4 6)", "(2 4 1)", "(kernel 3 4) (stride 1 6) (wrap)"),
}


@pytest.mark.parametrize("kind", ["conv", "local"])
@pytest.mark.parametrize("name", SMALL)
def test_small_windows_are_seen_whole(name: str, kind: str) -> None:
    field, grid, options = SMALL[name]
    plan = lowered(
        f"(defnet small (layer in {field}) (layer h {grid} (bias none)) (layer out (2))"
        f" (connect in h ({kind} {options})) (connect h out (full)))"
    )
    found = node(plan, "in -> h")
    assert isinstance(found, Window)
    assert found.shared == (kind == "conv")
    if kind == "conv":
        # without shared weights a border may hide the stride: what is found is as good
        kernel, stride = (option.strip(" ()").split()[1:] for option in options.split(")")[:2])
        assert [str(size) for size in found.kernel[-len(kernel) :]] == kernel
        if "stride" in options and max(found.grid.rows, found.grid.cols) > 1:
            assert str(found.stride[-1]) == stride[-1] or found.grid.cols == 1


UNEVEN = "(layer in (7 7)) (layer h (2 4 4)) (layer out (2)) (connect h out (full))"


@pytest.mark.parametrize(
    "name", ["conv that wraps along one axis", "local that wraps along one axis"]
)
def test_the_other_axis_wraps(name: str) -> None:
    found = node(lower(freeze(family(name))), "h -> h2")
    assert isinstance(found, Window)
    assert found.wrap == (False, True)


def test_odd_connections_of_a_cylinder_cost_their_pairs_of_maps_only() -> None:
    table = freeze(family("conv that wraps within a border"))
    odd = np.flatnonzero(table.dst == table.layers[1].first + 5)[-2:]
    wid = table.wid.copy()
    wid[odd] = table.n_weights + np.arange(2)
    found = lower(dataclasses.replace(table, wid=wid, n_weights=table.n_weights + 2))
    assert [str(some) for some in found.nodes if some.label == "in -> h"] == [
        "conv 5x5, stride 2, 2 of 3 pairs of maps, border -1, wrap rows",
        "rows: the rest, which completes no window",
    ]


def test_local_windows_go_round_unevenly() -> None:
    plan = lowered(f"(defnet x {UNEVEN} (connect in h (local (kernel 3 3) (stride 2 2) (wrap))))")
    assert str(node(plan, "in -> h")) == "local 3x3, stride 2, 2 x 1 maps, wrap"


def test_shared_windows_go_round_unevenly() -> None:
    plan = lowered(f"(defnet x {UNEVEN} (connect in h (conv (kernel 3 3) (stride 2 2) (wrap))))")
    assert str(node(plan, "in -> h")) == "conv 3x3, stride 2, 2 x 1 maps, wrap"


# --- biases ---


def biased(shape: tuple[int, ...], pick: Callable[[Network, Layer], None]) -> Plan:
    net = Network("biased")
    a, b = net.add_layer("a", (2,)), net.add_layer("b", shape, tanh())
    pick(net, b)
    schemes.full(net, Link(a, b))
    return lower(freeze(net))


def some_units(net: Network, layer: Layer) -> None:
    units = layer.units.ravel()[1:]
    net.connect(net.add_group("bias", "bias"), units, 0 * units, net.add_weights(len(units)))


def halves(net: Network, layer: Layer) -> None:
    units = layer.units.ravel()
    wid = net.add_weights(2)[np.arange(len(units)) % 2]
    net.connect(net.add_group("bias", "bias"), units, 0 * units, wid)


@pytest.mark.parametrize(
    ("shape", "pick", "expected"),
    [
        ((6,), lambda net, layer: schemes.bias(net, layer, False), "bias per unit"),
        ((3, 2), lambda net, layer: schemes.bias(net, layer, True), "bias per map"),
        ((3, 2, 2), lambda net, layer: schemes.bias(net, layer, True), "bias per map"),
        ((6,), some_units, "rows: some units have a bias and some have none"),
        ((6,), halves, "rows: biases are shared by other units than the maps"),
    ],
)
def test_biases(
    shape: tuple[int, ...], pick: Callable[[Network, Layer], None], expected: str
) -> None:
    assert str(biased(shape, pick).nodes[0]) == expected


# --- weights that serve two connections ---


def test_a_weight_lives_in_one_node() -> None:
    """Two statements that share their weights (SN's dup-connection) become rows, both of them."""
    net = Network("tied")
    a, b, c = net.add_layer("a", (3,)), net.add_layer("b", (3,)), net.add_layer("c", (3,))
    schemes.full(net, Link(a, b))
    wid = net.parameters[0].wid
    group = net.add_group("b -> c", "dup")
    dst, src = np.meshgrid(c.units, b.units, indexing="ij")
    net.connect(group, dst.ravel(), src.ravel(), wid.ravel())
    plan = lower(freeze(net))
    assert [type(some) for some in plan.nodes] == [Rows, Rows]
    assert all(some.is_shared for some in plan.nodes if isinstance(some, Rows))
    assert {str(some) for some in plan.nodes} == {"rows: its weights also serve other connections"}


def test_constant_units_alone_make_rows() -> None:
    net = Network("fed")
    a, b = net.add_layer("a", (2,)), net.add_layer("b", (2,))
    schemes.full(net, Link(a, b))
    frame = net.padded(
        net.add_layer("c", (1, 1, 1), None, 0.5), np.array([[[0]]], np.int32), 0, 1, 0, 0
    )
    one = frame.ravel()[:1]
    net.connect(net.add_group("c -> b", "mine"), b.units[:1], one, net.add_weights(1))
    found = [some for some in lower(freeze(net)).nodes if isinstance(some, Rows)]
    assert len(found) == 1


# --- the check between the stages ---


@pytest.mark.parametrize("name", FAMILIES)
def test_verify_refuses_a_plan_with_two_weights_exchanged(name: str) -> None:
    plan = lower(freeze(family(name)))
    for index, some in enumerate(plan.nodes):
        wid = some.wid.copy()
        flat = wid.reshape(-1)
        others = np.flatnonzero(flat != flat[0])
        if not len(others):
            continue
        flat[0], flat[others[0]] = flat[others[0]], flat[0]
        damaged = dataclasses.replace(some, wid=wid)
        nodes = (*plan.nodes[:index], damaged, *plan.nodes[index + 1 :])
        with pytest.raises(SnInternalError, match="does not expand to its table"):
            verify(Plan(plan.table, nodes))


def test_verify_refuses_a_plan_that_lacks_a_node() -> None:
    plan = lower(freeze(family("conv")))
    with pytest.raises(SnInternalError):
        verify(Plan(plan.table, plan.nodes[1:]))


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("stride", (1, 2)),
        ("offset", (1, 2)),
        ("border", 0.0),
        ("border", None),
        ("wrap", (True, True)),
        ("wrap", (False, True)),
    ],
)
def test_verify_refuses_a_window_that_is_another(change: str, value: object) -> None:
    plan = lower(freeze(family("conv with a stride and a border")))
    nodes = [
        dataclasses.replace(some, **{change: value}) if isinstance(some, Window) else some
        for some in plan.nodes
    ]
    with pytest.raises(SnInternalError):
        verify(Plan(plan.table, tuple(nodes)))


@pytest.mark.parametrize("column", ["dst", "src", "wid"])
def test_verify_holds_columns_together_where_rows_are_no_single_numbers(column: str) -> None:
    """So many weights that unit, unit and weight do not fit into 63 bits."""
    plan = lower(freeze(family("conv")))
    large = dataclasses.replace(plan.table, n_weights=2**60)
    verify(Plan(large, plan.nodes))
    values = getattr(large, column).copy()
    values[[0, -1]] = values[[-1, 0]]
    assert values[0] != values[-1]
    with pytest.raises(SnInternalError, match="does not expand to its table"):
        verify(Plan(dataclasses.replace(large, **{column: values}), plan.nodes))


def test_windows_that_lack_more_than_a_border_are_not_said_to_lack_one() -> None:
    """Of windows of three over a line without a border, the fourth lacks its middle."""
    net = Network("holes")
    a, b = net.add_layer("a", (8,)), net.add_layer("b", (8,))
    near = [(j, i, None) for j in range(8) for i in (j - 1, j, j + 1) if 0 <= i < 8]
    schemes.rows(net, Link(a, b), [row for row in near if row != (3, 3, None)], "rows")
    assert str(lower(freeze(net)).nodes[0]) == "rows: every window of 1x3 lacks connections"
    net = Network("edges")
    a, b = net.add_layer("a", (8,)), net.add_layer("b", (8,))
    schemes.rows(net, Link(a, b), near, "rows")
    assert str(lower(freeze(net)).nodes[0]) == (
        "rows: windows of 1x3 reach over the edge, and no border units feed them there"
    )


def test_a_plan_can_be_read() -> None:
    text = str(lowered("(defnet tiny (layer a (2)) (layer b (3)) (connect a b (full)))"))
    assert text.split("\n") == [
        "plan tiny: 2 nodes",
        "bias -> b  bias per unit, 3 connections  (<text>:1:28)",
        "a -> b  full 3 x 2, 6 connections  (<text>:1:42)",
    ]


def test_the_ways_to_see_a_layer() -> None:
    def of(*shape: int) -> list[tuple[int, int, int]]:
        layer = Layer("x", shape, 1, tanh())
        return [(view.maps, view.rows, view.cols) for view in views(layer)]

    assert of(6) == [(1, 1, 6), (6, 1, 1)]
    assert of(3, 4) == [(1, 3, 4), (3, 1, 4)]
    assert of(2, 3, 4) == [(2, 3, 4)]


def test_one_net_has_every_kind_of_node() -> None:
    plan = lowered(ALL_KINDS)
    assert {type(some) for some in plan.nodes} == {Bias, Full, Window, Rows}
    assert {some.shared for some in plan.nodes if isinstance(some, Bias | Window)} == {True, False}
    assert {some.is_shared for some in plan.nodes if isinstance(some, Rows)} == {True, False}
