"""The counts of LeNet-1, transcribed a second time, apart from what nets/lenet-1.sn expects.

Source: LeCun et al. 1990, "Handwritten Digit Recognition with a Back-Propagation Network": 4,635
units, 98,442 connections and 2,578 independent parameters. The units are those of the layers and
the one that feeds the biases.
"""

from __future__ import annotations

import numpy as np
import pytest

import sn
from sn.lower.ir import Subsample
from sn.net.table import ConnectionTable
from sn.shipped import nets_folder

# units, connections, weights, biases of each layer
PAPER = {
    "input": (28 * 28, 0, 0, 0),
    # "a 5x5 neighbourhood ... 26 weights": four maps of 24 by 24
    "h1": (2304, 2304 * 26, 4 * 25, 4),
    # each unit averages 2x2 units: "a trainable coefficient" and a bias for each map
    "h2": (576, 576 * 5, 4, 4),
    # twelve maps of 8 by 8 that take one or two maps: 20 kernels
    "h3": (768, 20 * 64 * 25 + 768, 20 * 25, 12),
    "h4": (192, 192 * 5, 12, 12),
    "output": (10, 10 * 193, 10 * 192, 10),
}
# table 1 of the paper, maps counted from 1
TABLE = {
    1: {1}, 2: {1, 2}, 3: {1, 2}, 4: {2}, 5: {1, 2}, 6: {1, 2},
    7: {3}, 8: {3, 4}, 9: {3, 4}, 10: {4}, 11: {3, 4}, 12: {3, 4},
}  # fmt: skip


@pytest.fixture(scope="module")
def table() -> ConnectionTable:
    return sn.load(nets_folder() / "lenet-1.sn").table


def test_the_transcription_adds_up() -> None:
    units, connections, weights, biases = (
        sum(column) for column in zip(*PAPER.values(), strict=True)
    )
    assert (units + 1, connections, weights + biases) == (4_635, 98_442, 2_578)
    assert sum(map(len, TABLE.values())) == 20


@pytest.mark.parametrize("name", PAPER)
def test_a_layer_has_the_papers_counts(name: str, table: ConnectionTable) -> None:
    number = [layer.name for layer in table.layers].index(name)
    into = np.flatnonzero(table.layer_of[table.dst] == number)
    bias = table.src[into] == 0
    assert PAPER[name] == (
        table.layers[number].size,
        len(into),
        len(np.unique(table.wid[into[~bias]])),
        len(np.unique(table.wid[into[bias]])),
    )


def test_the_net_has_the_papers_totals(table: ConnectionTable) -> None:
    assert (table.counted_units + 1, table.n_rows, table.n_weights) == (4_635, 98_442, 2_578)


def test_maps_of_h3_see_those_of_the_papers_table(table: ConnectionTable) -> None:
    h2, h3 = table.layers[2:4]
    for number, plane in enumerate(h3.units, 1):
        below = table.src[np.isin(table.dst, plane) & (table.src > 0)] - h2.first
        assert {int(source) // 144 + 1 for source in below} == TABLE[number]


@pytest.mark.parametrize(("above", "below", "side"), [(2, 1, 12), (4, 3, 4)])
def test_subsampled_maps_read_two_by_two_of_their_own(
    above: int, below: int, side: int, table: ConnectionTable
) -> None:
    layer, source = table.layers[above], table.layers[below]
    assert layer.shape == (len(source.units), side, side)
    for plane, sites in zip(layer.units, source.units, strict=True):
        for row, col in ((0, 0), (side - 1, 1), (1, side - 1)):
            seen = table.src[(table.dst == plane[row, col]) & (table.src > 0)]
            wanted = sites[2 * row : 2 * row + 2, 2 * col : 2 * col + 2]
            assert sorted(seen) == sorted(wanted.flat)


def test_both_are_recognised() -> None:
    plan = sn.load(nets_folder() / "lenet-1.sn").plan
    kinds = [str(node) for node in plan.nodes if isinstance(node, Subsample)]
    assert kinds == ["subsample 2x2, 4 maps", "subsample 2x2, 12 maps"]
