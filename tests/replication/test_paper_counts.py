"""The counts of the 1989 paper, transcribed a second time, apart from what nets/*.sn expect.

Source: LeCun et al. 1989, section 3.3 and its summary: 1,256 units, 64,660 connections and 9,760
independent parameters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from sn.net.table import ConnectionTable
from tests.sample_nets import shipped


@dataclass(frozen=True)
class Counts:
    """One layer of the paper: its units, the connections into it, shared weights and biases."""

    units: int
    connections: int
    weights: int
    biases: int


PAPER = {
    "input": Counts(256, 0, 0, 0),
    # "There are 768 units, 19,968 connections (768 times 26), but only 1,068 free parameters
    # (768 biases plus 25 times 12 feature kernels)"
    "h1": Counts(768, 768 * 26, 25 * 12, 768),
    # "192 units, 38,592 connections (192 times 201), 2,592 free parameters (192 biases plus 12
    # times 200)": 5x5 windows on 8 of the 12 maps
    "h2": Counts(192, 192 * 201, 200 * 12, 192),
    # "H3 has 30 units, fully connected to H2: 5,790 connections (30 times 192 plus 30 biases)"
    "h3": Counts(30, 5_790, 30 * 192, 30),
    # "the output layer has 10 units, fully connected to H3, adding another 310 weights"
    "output": Counts(10, 310, 300, 10),
}


@pytest.fixture(scope="module", params=["zipcode", "ladder/0-1989"])
def table(request: pytest.FixtureRequest) -> ConnectionTable:
    return shipped(request.param).table


def test_the_transcription_adds_up() -> None:
    assert sum(layer.units for layer in PAPER.values()) == 1_256
    assert sum(layer.connections for layer in PAPER.values()) == 64_660
    assert sum(layer.weights + layer.biases for layer in PAPER.values()) == 9_760
    assert PAPER["h1"].connections == 19_968
    assert PAPER["h2"].connections == 38_592
    assert PAPER["h1"].weights + PAPER["h1"].biases == 1_068
    assert PAPER["h2"].weights + PAPER["h2"].biases == 2_592


@pytest.mark.parametrize("name", PAPER)
def test_a_layer_has_the_papers_counts(name: str, table: ConnectionTable) -> None:
    number = [layer.name for layer in table.layers].index(name)
    into = np.flatnonzero(table.layer_of[table.dst] == number)
    bias = table.src[into] == 0
    assert PAPER[name] == Counts(
        units=table.layers[number].size,
        connections=len(into),
        weights=len(np.unique(table.wid[into[~bias]])),
        biases=len(np.unique(table.wid[into[bias]])),
    )


def test_the_net_has_the_papers_totals(table: ConnectionTable) -> None:
    assert (table.counted_units, table.n_rows, table.n_weights) == (1_256, 64_660, 9_760)


def test_every_unit_has_the_papers_fan_in(table: ConnectionTable) -> None:
    fan_ins = [set(table.fan_in[layer.units.ravel()].tolist()) for layer in table.layers]
    assert fan_ins == [{0}, {26}, {201}, {193}, {31}]


def test_a_feature_map_detects_one_feature_everywhere(table: ConnectionTable) -> None:
    """The 64 units of a map of h1 share their 25 weights, and nothing but the biases differs."""
    h1 = table.layers[1]
    for plane in h1.units:
        kernels = {
            tuple(sorted(table.wid[(table.dst == unit) & (table.src != 0)])) for unit in plane.flat
        }
        assert len(kernels) == 1
        assert len(set(next(iter(kernels)))) == 25


def test_each_map_of_h2_sees_eight_of_the_twelve_maps(table: ConnectionTable) -> None:
    h1, h2 = table.layers[1:3]
    for plane in h2.units:
        rows = np.isin(table.dst, plane)
        inner = table.src[rows]
        inner = inner[(inner >= h1.first) & (inner < h1.first + h1.size)]
        assert len(set(((inner - h1.first) // 64).tolist())) == 8
