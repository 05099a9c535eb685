"""Flat layers get their grid back, from the rows alone, and patterns follow."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import sn
from sn.lower.arrange import arrange
from sn.lower.ir import Rows, Window
from sn.lower.recognise import lower
from sn.net.costs import lms
from sn.net.layer import Network
from sn.net.reference import Reference
from sn.net.schemes import Link, bias, conv, full
from sn.net.schemes import Window as Windows
from sn.net.table import ConnectionTable, freeze

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


@pytest.mark.parametrize("moved", [(), ("h",), ("h", "h2")])
def test_shuffled_layers_get_the_plan_of_the_schemes(
    table: ConnectionTable, moved: tuple[str, ...]
) -> None:
    kinds = [str(node) for node in lower(table).nodes]
    found = lower(arrange(flat(table, 1, moved)).table)
    assert [str(node) for node in found.nodes] == kinds


def test_odd_connections_cost_their_pair_of_maps_only(table: ConnectionTable) -> None:
    one = flat(table, 2, ())
    h, first = one.layers[1], one.layers[0]
    lost = int(np.flatnonzero((one.dst == h.first + 31) & (one.src > 0))[0])
    dst, src = one.dst.copy(), one.src.copy()
    free = set(range(first.first, first.first + first.size)) - set(src[dst == dst[lost]].tolist())
    src[lost] = max(free)  # one connection of map 1 leads elsewhere
    nodes = lower(arrange(dataclasses.replace(one, dst=dst, src=src)).table).nodes
    windows = [node for node in nodes if isinstance(node, Window) and node.dst == 1]
    rest = [node for node in nodes if isinstance(node, Rows)]
    assert [sorted(out for out, _ in node.pairs) for node in windows] == [[0, 2]]
    assert sum(len(node.wid) for node in rest) == 25 * 25


def test_a_net_made_by_hand_is_laid_out_and_its_patterns_follow(tmp_path: Path) -> None:
    path = tmp_path / "by-hand.sn"
    path.write_text(BY_HAND, encoding="utf-8")
    program = sn.load(path)
    plans = {part.label: part.plan for part in program.check().connections}
    assert plans["input -> h"] == "conv 4x4, stride 2"
    experiment = program.experiment()
    plain = freeze(experiment.network)
    assert not experiment.arrangement.is_identity
    rng = np.random.default_rng(0)
    weights = rng.uniform(-1, 1, plain.n_weights)
    patterns = rng.uniform(-1, 1, (3, 256)).astype(np.float32)
    last = slice(plain.layers[-1].first, plain.layers[-1].first + 10)
    for pattern, laid in zip(patterns, experiment._arranged(patterns), strict=True):
        before = Reference(plain, lms(10)).forward(weights, pattern.astype(float))[1][last]
        after = Reference(experiment.table, lms(10)).forward(weights, laid.astype(float))[1][last]
        np.testing.assert_allclose(after, before, rtol=1e-12)
