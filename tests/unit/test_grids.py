"""Flat layers get their grid back, from the rows alone, and only kernels know of it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import sn
from sn.kernels import compile_net
from sn.lower.ir import Plan, Rows, Window
from sn.lower.recognise import lower
from sn.net.activations import tanh
from sn.net.costs import lms
from sn.net.layer import Network
from sn.net.reference import Reference
from sn.net.schemes import Link, bias, conv, full, local
from sn.net.schemes import Window as Windows
from sn.net.table import ConnectionTable, freeze
from sn.optim.rules import Hyper
from sn.session import Session
from tests.sample_nets import SCHEMES, family

# A 4x4 kernel with stride 2 over a picture whose units were made column by column.
BY_HAND = """
(setq columns (newneurons 256))
(setq hidden (newneurons 49))
(setq out (newneurons 10))
(connect 0 hidden)
(connect 0 out)
(de pixel (row col) (nth (+ (* 16 col) row) columns))
(for (i 0 6) (for (j 0 6) (for (u 0 3) (for (v 0 3)
  (let ((to (nth (+ (* 7 i) j) hidden)) (from (pixel (+ (* 2 i) u) (+ (* 2 j) v))))
    (if (and (= i 0) (= j 0))
        (connect from to)
      (dup-connection (pixel u v) (car hidden) from to)))))))
(connect hidden out)
(defnet by-hand
  (layer input (units columns))
  (layer h (units hidden))
  (layer output (units out)))
(experiment by-hand (data "mnist-1989") (optimizer sgd (sgd (learning-rate 0.003))))
"""


# The same with a 5x5 kernel, made of pixels and hidden units in no order at all, with a border.
SHUFFLED = """
(setq pixels (newneurons 256))
(setq frame (newneurons 361))
(setq hidden (newneurons 64))
(setq out (newneurons 10))
(for (i 0 360) (nval (nth i frame) -1))
(connect 0 hidden)
(connect 0 out)
(de site (row col)
  (if (and (<= 0 row) (<= 0 col) (< row 16) (< col 16))
      (nth (mod (* 77 (+ (* 16 row) col)) 256) pixels)
    (nth (+ (* 19 (+ row 2)) col 2) frame)))
(de unit (row col) (nth (mod (* 27 (+ (* 8 row) col)) 64) hidden))
(for (u 0 4) (for (v 0 4) (for (i 7 0 -1) (for (j 0 7)
  (let ((to (unit i j)) (from (site (+ (* 2 i) u -2) (+ (* 2 j) v -2))))
    (if (and (= i 7) (= j 0))
        (connect from to)
      (dup-connection (site (+ 12 u) (- v 2)) (unit 7 0) from to)))))))
(connect hidden out)
(defnet shuffled
  (layer input (units pixels))
  (layer h (units hidden))
  (layer output (units out)))
(experiment shuffled (data "mnist-1989") (optimizer sgd (sgd (learning-rate 0.003))))
"""


# Two maps of unshared 3x3 windows, each connection by a `connect` of its own, in no order.
UNSHARED = """
(setq pixels (newneurons 256))
(setq frame (newneurons 324))
(setq hidden (newneurons 512))
(setq out (newneurons 10))
(for (i 0 323) (nval (nth i frame) -1))
(connect 0 hidden)
(connect 0 out)
(de site (row col)
  (if (and (<= 0 row) (<= 0 col) (< row 16) (< col 16))
      (nth (mod (* 77 (+ (* 16 row) col)) 256) pixels)
    (nth (+ (* 18 (+ row 1)) col 1) frame)))
(de unit (map row col) (nth (mod (* 63 (+ (* 256 map) (* 16 row) col)) 512) hidden))
(for (m 0 1) (for (i 0 15) (for (j 0 15) (for (u 0 2) (for (v 0 2)
  (connect (site (+ i u -1) (+ j v -1)) (unit m i j)))))))
(connect hidden out)
(defnet unshared
  (layer input (units pixels))
  (layer h (units hidden))
  (layer output (units out)))
(experiment unshared (data "mnist-1989") (optimizer sgd (sgd (learning-rate 0.003))))
"""


@pytest.fixture(scope="module")
def table() -> ConnectionTable:
    net = Network("sample")
    layers = [
        net.add_layer("in", (10, 10), None, -1.0),
        net.add_layer("h", (3, 5, 5), None, 0.0),
        net.add_layer("h2", (4, 3, 3)),
        net.add_layer("out", (5,)),
    ]
    for layer in layers[1:]:
        bias(net, layer, False)
    conv(net, Link(layers[0], layers[1]), Windows((5, 5), (2, 2)))
    pairs = ((0, 1), (1, 2), (0, 2), (0, 1, 2))
    conv(net, Link(layers[1], layers[2]), Windows((3, 3), (2, 2), None, pairs))
    full(net, Link(layers[2], layers[3]))
    return freeze(net)


def flat(table: ConnectionTable, seed: int, moved: tuple[str, ...]) -> ConnectionTable:
    """Forget shapes; shuffle rows, weight numbers and the units of the layers `moved`."""
    rng = np.random.default_rng(seed)
    number = np.arange(table.n_units, dtype=np.int32)
    for layer in table.layers:
        if layer.name in moved:
            inside = rng.permutation(layer.size).astype(np.int32)
            number[layer.first : layer.first + layer.size] = layer.first + inside
    weight = rng.permutation(table.n_weights).astype(np.int32)
    rows = rng.permutation(table.n_rows)
    dst, src = number[table.dst[rows]], number[table.src[rows]]
    order = np.argsort(dst, kind="stable")
    layers = tuple(dataclasses.replace(layer, shape=(layer.size,)) for layer in table.layers)
    return dataclasses.replace(
        table,
        layers=layers,
        dst=dst[order],
        src=src[order],
        wid=weight[table.wid[rows]][order],
        group=table.group[rows][order],
    )


@pytest.mark.parametrize("moved", [(), ("h",), ("h", "h2"), ("in",), ("in", "h", "h2")])
def test_shuffled_layers_get_the_plan_of_the_schemes(
    table: ConnectionTable, moved: tuple[str, ...]
) -> None:
    kinds = [str(node) for node in lower(table).nodes]
    found = lower(flat(table, 1, moved))
    assert [str(node) for node in found.nodes] == kinds


# what the numbers of units alone do not tell: gaps that go round or meet a border, and windows as
# wide as their map
UNTOLD = {
    "conv with a dilation, a stride and a border",
    "conv with a dilation that wraps",
    "local with a dilation",
    "subsample beside full",
}


@pytest.mark.parametrize("name", sorted(SCHEMES.keys() - UNTOLD))
def test_units_made_in_order_get_the_plan_of_the_schemes(name: str) -> None:
    """Whatever weights and overlaps might say of small layers: the order comes first."""

    def kinds(plan: Plan) -> list[str]:
        # which biases are those of maps is told by the declared shape alone
        return [f"{node.label} {node}" for node in plan.nodes if "bias" not in node.label]

    table = freeze(family(name))
    assert kinds(lower(flat(table, 1, ()))) == kinds(lower(table))


def test_odd_connections_cost_their_pair_of_maps_only(table: ConnectionTable) -> None:
    one = flat(table, 2, ())
    h, first = one.layers[1], one.layers[0]
    lost = int(np.flatnonzero((one.dst == h.first + 31) & (one.src > 0))[0])
    dst, src = one.dst.copy(), one.src.copy()
    free = set(range(first.first, first.first + first.size)) - set(src[dst == dst[lost]].tolist())
    src[lost] = max(free)  # one connection of map 1 leads elsewhere
    nodes = lower(dataclasses.replace(one, dst=dst, src=src)).nodes
    windows = [node for node in nodes if isinstance(node, Window) and node.dst == 1]
    rest = [node for node in nodes if isinstance(node, Rows)]
    assert [sorted(out for out, _ in node.pairs) for node in windows] == [[0, 2]]
    assert sum(len(node.wid) for node in rest) == 25 * 25


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (BY_HAND, "conv 4x4, stride 2"),
        (SHUFFLED, "conv 5x5, stride 2, border -1"),
        (UNSHARED, "local 3x3, 2 x 1 maps, border -1"),
        (
            BY_HAND.replace("(+ (* 16 col) row)", "(mod (* 77 (+ (* 16 row) col)) 256)"),
            "conv 4x4, stride 2",
        ),
    ],
    ids=["column by column", "in no order", "unshared", "a stride that divides the kernel"],
)
def test_a_net_made_by_hand_is_laid_out_and_its_patterns_follow(
    source: str, kind: str, tmp_path: Path
) -> None:
    path = tmp_path / "by-hand.sn"
    path.write_text(source, encoding="utf-8")
    program = sn.load(path)
    plans = {part.label: part.plan for part in program.check().connections}
    assert plans["input -> h"] == kind
    assert plans.get("constants -> h", "with input -> h") == "with input -> h"
    plain = freeze(program.network)
    plan = program.experiment().plan
    assert np.array_equal(program.table.src, plain.src)  # what users see is not renumbered
    assert not np.array_equal(plan.order, np.arange(plain.n_units))
    rng = np.random.default_rng(0)
    weights = rng.uniform(-1, 1, plain.n_weights)
    pattern = rng.uniform(-1, 1, 256)
    before = Reference(plain, lms(10)).forward(weights, pattern)[1]
    laid = pattern[plan.grids[0].order]
    after = Reference(plan.table, lms(10)).forward(weights, laid)[1]
    np.testing.assert_allclose(after, before[plan.order], rtol=1e-12)


def kinds(net: Network, moved: tuple[str, ...]) -> list[str]:
    """What the connections of a net become when it is shuffled, biases and the last left out."""
    nodes = lower(flat(freeze(net), 3, moved)).nodes
    return [str(node) for node in nodes if isinstance(node, Window | Rows)]


def windowed(
    src: tuple[int, ...], dst: tuple[int, ...], window: Windows, border: float | None = None
) -> Network:
    """A net of three layers, windows between the first two."""
    net = Network("windowed")
    layers = [net.add_layer("in", src, None, border), net.add_layer("h", dst)]
    conv(net, Link(*layers), window)
    full(net, Link(layers[1], net.add_layer("out", (2,))))
    return net


def test_two_inputs_share_the_grid_of_the_layer_above() -> None:
    """The second input layer, in no order either, is placed by where the units above lie."""
    net = Network("two")
    a, b = net.add_layer("a", (9, 9)), net.add_layer("b", (2, 8, 8), None, 0.0)
    h = net.add_layer("h", (3, 7, 7))
    conv(net, Link(a, h), Windows((3, 3)))
    conv(net, Link(b, h), Windows((5, 5), offset=(2, 2)))
    full(net, Link(h, net.add_layer("out", (2,))))
    assert kinds(net, ("a", "b", "h")) == [
        "conv 3x3, 3 x 1 maps",
        "conv 5x5, 3 x 2 maps, border 0",
    ]


def test_the_layer_above_tells_what_windows_that_do_not_meet_cannot() -> None:
    net = Network("apart")
    a, h, h2 = (
        net.add_layer("in", (12, 12)),
        net.add_layer("h", (6, 6)),
        net.add_layer("h2", (2, 4, 4)),
    )
    conv(net, Link(a, h), Windows((2, 2), (2, 2)))
    conv(net, Link(h, h2), Windows((3, 3)))
    full(net, Link(h2, net.add_layer("out", (2,))))
    assert kinds(net, ("in", "h", "h2")) == ["conv 2x2, stride 2", "conv 3x3, 2 x 1 maps"]


@pytest.mark.kernels
def test_kernels_take_and_give_the_numbers_of_the_program() -> None:
    """Patterns, desired outputs, outputs and states, though all layers lie in another order."""
    net = Network("last")
    below, h = net.add_layer("in", (8, 7)), net.add_layer("h", (6, 5), tanh())
    conv(net, Link(below, h), Windows((3, 3)))
    conv(net, Link(h, net.add_layer("out", (4, 3))), Windows((3, 3)))
    table = flat(freeze(net), 1, ("in", "h", "out"))
    plan = lower(table)
    assert [str(node) for node in plan.nodes] == ["conv 3x3", "conv 3x3"]
    assert not any(grid.is_plain for grid in plan.grids)
    twin, kernels = Reference(table, lms(12)), compile_net(plan, lms(12))
    rng = np.random.default_rng(3)
    patterns, desired = (rng.uniform(-1, 1, (3, n)).astype(np.float32) for n in (56, 12))
    weights = rng.uniform(-1, 1, table.n_weights).astype(np.float32)
    slots = kernels.slots(weights, [0.1, 0.1], Hyper())
    kernels.train(slots, patterns, desired, np.array([2, 0], np.int32))
    expected = weights.astype(float)
    for number in (2, 0):
        shown = patterns[number].astype(float), desired[number].astype(float)
        found = twin.present(expected, *shown)
        expected = expected + 0.1 * found.d_weight
    np.testing.assert_allclose(kernels.unpack(slots.weights), expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(kernels.unit_states()[1:], found.state[1:], rtol=1e-4, atol=1e-6)
    outputs = kernels.evaluate(slots.weights, kernels.batches(patterns), 3)
    last = table.layers[-1].units.ravel()
    for pattern, output in zip(patterns, outputs, strict=True):
        states = twin.forward(expected, pattern.astype(float))[1]
        np.testing.assert_allclose(output, states[last], rtol=1e-4, atol=1e-6)


# --- what shuffled nets do not show ---


def test_maps_that_could_be_residues_make_one_picture_if_they_can() -> None:
    """Four maps under 3x3 windows are, row for row, one picture under 6x6 with stride 2."""
    net = windowed((4, 6, 6), (2, 4, 4), Windows((3, 3)))
    assert kinds(net, ("in", "h")) == ["conv 6x6, stride 2, 2 x 1 maps"]


def unshared(
    src: tuple[int, ...], dst: tuple[int, ...], window: Windows, border: float | None
) -> Network:
    """A net of three layers, windows without shared weights between the first two."""
    net = Network("local")
    layers = net.add_layer("in", src, None, border), net.add_layer("h", dst)
    local(net, Link(*layers), window)
    full(net, Link(layers[1], net.add_layer("out", (2,))))
    return net


LISTS = ((0, 1), (1, 2), (0, 2), (0, 1), (1, 2), (0, 2))
# the same rows, seen otherwise where nothing tells the two apart
AS_WELL = {
    "local 3x2, stride 1x2": "local 1x3, 1 x 2 maps",
    "local 3x3, border -1, wrap cols": "local 3x3, border -1, wrap rows",
}
APART = ((0, 1), (2,), (0, 1), (2,))


@pytest.mark.parametrize(
    ("src", "dst", "window", "border", "kind"),
    [
        ((9, 9), (7, 7), Windows((3, 3)), None, "local 3x3"),
        ((11, 9), (5, 8), Windows((3, 2), (2, 1)), None, "local 3x2, stride 2x1"),
        ((8, 8), (8, 8), Windows((5, 5)), -1.0, "local 5x5, border -1"),
        ((9, 9), (3, 7, 7), Windows((3, 3)), None, "local 3x3, 3 x 1 maps"),
        ((7, 8), (7, 8), Windows((3, 3), wrap=(True, True)), None, "local 3x3, wrap"),
        (
            (7, 8),
            (7, 8),
            Windows((3, 3), wrap=(False, True)),
            -1.0,
            "local 3x3, border -1, wrap cols",
        ),
        (
            (3, 9, 9),
            (6, 7, 7),
            Windows((3, 3), maps=LISTS),
            None,
            "local 3x3, 12 of 18 pairs of maps",
        ),
        (
            (3, 9, 9),
            (4, 7, 7),
            Windows((3, 3), maps=APART),
            None,
            "local 3x3, 6 of 12 pairs of maps",
        ),
        # these overlap along one axis
        ((11, 12), (9, 6), Windows((3, 2), (1, 2)), None, "local 3x2, stride 1x2"),
        (
            (11, 11),
            (9, 6),
            Windows((3, 2), (1, 2), (0, 1)),
            -1.0,
            "local 3x2, stride 1x2, border -1",
        ),
        # and these not at all
        ((12, 12), (6, 6), Windows((2, 2), (2, 2)), None, "local 2x2, stride 2"),
        (
            (11, 11),
            (2, 6, 6),
            Windows((2, 2), (2, 2), (1, 1)),
            -1.0,
            "local 2x2, stride 2, 2 x 1 maps, border -1",
        ),
        ((16, 16), (6, 6), Windows((2, 2), (3, 3), (1, 1)), -1.0, "local 2x2, stride 3, border -1"),
    ],
)
def test_unshared_windows_are_found_in_any_order(
    src: tuple[int, ...],
    dst: tuple[int, ...],
    window: Windows,
    border: float | None,
    kind: str,
) -> None:
    net = unshared(src, dst, window, border)
    assert kinds(net, ("h",)) == [kind]
    assert kinds(net, ("in", "h")) == [AS_WELL.get(kind, kind)]


@pytest.mark.parametrize(
    ("window", "sites", "border", "kind"),
    [
        (Windows((2, 2), (2, 2)), (12, 12), None, "conv 2, stride 2, 3 x 2 maps"),
        (
            Windows((2, 2), (2, 2), (1, 1)),
            (11, 11),
            -1.0,
            "conv 2x2, stride 2, 3 x 1 maps, border -1",
        ),
        (
            Windows((3, 3), (3, 3), (1, 1)),
            (17, 16),
            -1.0,
            "conv 3x3, stride 3, 3 x 1 maps, border -1",
        ),
        (
            Windows((1, 2), (1, 2), (0, 1)),
            (6, 11),
            -1.0,
            "conv 1x2, stride 1x2, 3 x 1 maps, border -1",
        ),
    ],
)
def test_shared_windows_that_do_not_meet_are_told_by_the_border(
    window: Windows, sites: tuple[int, int], border: float | None, kind: str
) -> None:
    """Without a border any order is as good: these make a line."""
    assert kinds(windowed(sites, (3, 6, 6), window, border), ("in", "h")) == [kind]


def test_a_chain_of_unshared_windows_is_found_in_any_order() -> None:
    net = Network("chain")
    layers = [
        net.add_layer("in", (12, 12), None, -1.0),
        net.add_layer("h", (2, 12, 12), None, 0.0),
        net.add_layer("h2", (3, 6, 6)),
        net.add_layer("out", (2,)),
    ]
    local(net, Link(*layers[:2]), Windows((3, 3)))
    local(net, Link(*layers[1:3]), Windows((5, 5), (2, 2)))
    full(net, Link(*layers[2:]))
    assert kinds(net, ("in", "h", "h2")) == [
        "local 3x3, 2 x 1 maps, border -1",
        "local 5x5, stride 2, 3 x 2 maps, border 0",
    ]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("change", ["lead elsewhere", "are missing", "are more"])
def test_a_few_odd_connections_do_not_hide_unshared_windows(change: str, seed: int) -> None:
    table = freeze(unshared((16, 16), (4, 8, 8), Windows((5, 5), (2, 2)), -1.0))
    rng = np.random.default_rng(seed)
    into = table.layers[1].units[:2].ravel()
    inner = np.flatnonzero(np.isin(table.dst, into) & (table.layer_of[table.src] == 0))
    odd = rng.choice(inner, 4, replace=False)
    free = [
        int(np.setdiff1d(table.layers[0].units, table.src[table.dst == table.dst[row]])[9 * seed])
        for row in odd
    ]
    columns = {name: getattr(table, name).copy() for name in ("dst", "src", "wid", "group")}
    n_weights = table.n_weights
    if change == "lead elsewhere":
        columns["src"][odd] = free
    elif change == "are missing":
        columns = {name: np.delete(column, odd) for name, column in columns.items()}
    else:
        more = {**{name: column[odd] for name, column in columns.items()}, "src": free}
        more["wid"] = n_weights + np.arange(4)
        columns = {name: np.insert(columns[name], odd, more[name]) for name in columns}
        n_weights += 4
    changed = dataclasses.replace(table, **columns, n_weights=n_weights)
    nodes = lower(flat(changed, seed, ("in", "h"))).nodes
    held, rest = (node for node in nodes if isinstance(node, Window | Rows))
    assert isinstance(held, Window)
    assert isinstance(rest, Rows)
    assert len(rest.wid) <= {"are more": 4}.get(change, 0.2 * table.n_rows)
    if change == "are more":
        assert str(held) == "local 5x5, stride 2, 4 x 1 maps, border -1"


# A 3x3 kernel that sees every second pixel; units made row by row.
DILATED = """
(setq pixels (newneurons 144))
(setq hidden (newneurons 64))
(setq out (newneurons 10))
(de pixel (row col) (nth (+ (* 12 row) col) pixels))
(for (i 0 7) (for (j 0 7) (for (u 0 2) (for (v 0 2)
  (let ((to (nth (+ (* 8 i) j) hidden)) (from (pixel (+ i (* 2 u)) (+ j (* 2 v)))))
    (if (and (= i 0) (= j 0))
        (connect from to)
      (dup-connection (pixel (* 2 u) (* 2 v)) (car hidden) from to)))))))
(connect hidden out)
(defnet dilated
  (layer input (units pixels))
  (layer h (units hidden))
  (layer output (units out)))
"""


def test_windows_with_regular_gaps_are_found_among_flat_units() -> None:
    session = Session()
    session.evaluate(DILATED)
    table = freeze(session.world.networks["dilated"])
    plan = lower(table)
    assert str(plan.nodes[0]) == "conv 3x3, dilation 2"
