"""The frozen table: order, checks, what it says of units and weights."""

from __future__ import annotations

import numpy as np
import pytest

from sn.errors import NetError, Span
from sn.net import schemes
from sn.net.layer import Network
from sn.net.schemes import Link
from sn.net.table import freeze
from tests.sample_nets import FAMILIES, family


def two_layers() -> Network:
    net = Network("pair")
    a, b = net.add_layer("a", (2,)), net.add_layer("b", (2,))
    schemes.bias(net, b, shared=False)
    schemes.full(net, Link(a, b))
    return net


def test_rows_are_ordered_by_downstream_unit_then_creation() -> None:
    table = freeze(two_layers())
    assert table.dst.tolist() == [3, 3, 3, 4, 4, 4]
    assert table.src.tolist() == [0, 1, 2, 0, 1, 2]
    assert table.wid.tolist() == [0, 2, 4, 1, 3, 5]
    assert table.group.tolist() == [0, 1, 1, 0, 1, 1]


def test_what_a_table_counts() -> None:
    table = freeze(two_layers())
    assert (table.n_units, table.counted_units, table.n_rows, table.n_weights) == (5, 4, 6, 6)
    assert table.fan_in.tolist() == [0, 0, 0, 3, 3]
    assert table.fan_in_of_weight.tolist() == [3] * 6
    assert table.layer_of.tolist() == [-1, 0, 0, 1, 1]
    assert table.constant[0] == 1
    assert np.isnan(table.constant[1:]).all()


@pytest.mark.parametrize("name", FAMILIES)
def test_every_weight_and_every_parameter_is_used_once(name: str) -> None:
    table = freeze(family(name))
    assert np.array_equal(np.unique(table.wid), np.arange(table.n_weights))
    named = np.concatenate([parameter.wid.ravel() for parameter in table.parameters])
    assert np.array_equal(np.sort(named), np.arange(table.n_weights))


def test_freezing_leaves_the_net_open() -> None:
    net = two_layers()
    before = freeze(net)
    c = net.add_layer("c", (1,))
    schemes.full(net, Link(net.layers[1], c))
    assert freeze(net).n_rows == before.n_rows + 2
    assert before.n_rows == 6


def test_two_connections_between_two_units_are_refused() -> None:
    net = two_layers()
    span = Span("x.sn", 3, 1, 3, 9)
    schemes.full(net, Link(net.layers[0], net.layers[1], span))
    with pytest.raises(NetError) as found:
        freeze(net)
    assert found.value.message == "unit 0 of a is already connected to unit 0 of b by a -> b"
    assert found.value.span == span


def test_connections_that_run_backwards_are_refused() -> None:
    net = two_layers()
    a, b = net.layers
    one = np.array([0], np.int32)
    net.connect(net.add_group("b -> a", "mine"), a.first + one, b.first + one, net.add_weights(1))
    with pytest.raises(NetError, match="b -> a runs backwards: unit 0 of b does not come before"):
        freeze(net)


def test_a_table_can_be_read() -> None:
    assert str(freeze(two_layers())).split("\n") == [
        "table pair: 4 units, 6 connections, 6 weights",
        "bias -> b  bias, 2 connections, 2 weights",
        "       3 <-      0  w0",
        "       4 <-      0  w1",
        "a -> b  full, 4 connections, 4 weights",
        "       3 <-      1  w2",
        "       3 <-      2  w4",
        "       4 <-      1  w3",
        "       4 <-      2  w5",
    ]


def test_a_table_is_shown_in_one_line_to_python() -> None:
    expected = "<table pair: 4 units, 6 connections, 6 weights; a 2, b 2>"
    assert repr(freeze(two_layers())) == expected


def test_long_groups_are_shown_by_their_ends() -> None:
    text = str(freeze(family("conv")))
    group = text[text.index("in -> h") : text.index("h -> out")].strip().split("\n")
    assert len(group) == 8
    assert group[4] == "   ..."
