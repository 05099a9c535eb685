"""The frozen table: order, checks, what it says of units and weights."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

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


def one_row(net: Network, label: str, dst: int, src: int) -> None:
    """Connect two units, whatever they are, by a weight of their own."""
    pair = np.array([[dst], [src]], np.int32)
    net.connect(net.add_group(label, "mine"), pair[0], pair[1], net.add_weights(1))


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


def test_of_many_pairs_connected_twice_the_first_is_told() -> None:
    net = two_layers()
    one_row(net, "last", 4, 0)
    one_row(net, "first", 3, 2)
    with pytest.raises(NetError) as found:
        freeze(net)
    assert found.value.message == "unit 1 of a is already connected to unit 0 of b by a -> b"


def test_a_table_never_changes() -> None:
    with pytest.raises(FrozenInstanceError):
        freeze(two_layers()).n_units = 6  # type: ignore[misc]


def test_connections_that_run_backwards_are_refused() -> None:
    net = two_layers()
    a, b = net.layers
    one = np.array([0], np.int32)
    net.connect(net.add_group("b -> a", "mine"), a.first + one, b.first + one, net.add_weights(1))
    with pytest.raises(NetError, match="b -> a runs backwards: unit 0 of b does not come before"):
        freeze(net)


def test_two_connections_from_a_constant_are_refused_by_what_it_is() -> None:
    net = two_layers()
    one_row(net, "again", 4, 0)
    with pytest.raises(NetError) as found:
        freeze(net)
    assert found.value.message == "the bias is already connected to unit 1 of b by bias -> b"
    net = Network("bordered")
    a, b = net.add_layer("a", (1, 1), border=-1.0), net.add_layer("b", (2,))
    padded = net.padded(a, a.units.reshape(1, 1, 1), 0, 0, 0, 1)
    corner = int(padded[0, 0, 1])
    assert corner == 4, "the bias and three units of layers come first"
    for label in ("once", "twice"):
        one_row(net, label, b.first + 1, corner)
    with pytest.raises(NetError) as found:
        freeze(net)
    assert found.value.message == "constant unit 4 is already connected to unit 1 of b by once"


@pytest.mark.parametrize("unit", [0, 1])
def test_an_input_that_is_not_the_first_layer_cannot_be_fed(unit: int) -> None:
    net = two_layers()
    c = net.add_layer("c", (2,), start=0)
    assert freeze(net).inputs == (0, 2)
    one_row(net, "up", c.first + unit, 3)
    with pytest.raises(NetError) as found:
        freeze(net)
    assert found.value.message == (
        f"unit {unit} of c shows a number of the pattern: nothing can feed it"
    )
    assert found.value.hint == "connect it to layers after it"


def test_a_constant_cannot_be_fed() -> None:
    net = two_layers()
    net.constants[net.n_units] = -1.0
    net.n_units += 1
    one_row(net, "up", 5, 0)
    with pytest.raises(NetError) as found:
        freeze(net)
    assert found.value.message == "constant unit 5 has a state of its own: nothing can feed it"
    net = two_layers()
    one_row(net, "down", 0, 3)
    with pytest.raises(NetError, match="down runs backwards: unit 0 of b does not come before the"):
        freeze(net)


def three_inputs() -> Network:
    """A pattern of six numbers; 2 and 3 are shown twice, nobody sees the layer of 4 and 5."""
    net = Network("parts")
    a, b = net.add_layer("a", (2, 2)), net.add_layer("b", (2,), start=2)
    net.add_layer("unseen", (2,), start=4)
    out = net.add_layer("out", (1,))
    schemes.full(net, Link(a, out))
    schemes.full(net, Link(b, out))
    return net


def test_states_of_inputs_tell_the_pattern_that_they_show() -> None:
    table = freeze(three_inputs())
    assert (table.inputs, table.seen_inputs, table.computed) == ((0, 1, 2), (0, 1), (3,))
    pattern = np.array([0.5, -0.25, 1.0, 2.0, 3.0, 4.0])
    state = np.full(table.n_units, 9.0)
    table.show(state, pattern)
    assert state.tolist() == [9, 0.5, -0.25, 1, 2, 1, 2, 3, 4, 9]
    assert table.shown(state).tolist() == [0.5, -0.25, 1, 2, 0, 0]
    alone = freeze(two_layers())
    assert alone.shown(np.array([1.0, 7.0, 8.0, 9.0, 9.0])).tolist() == [7, 8]


def test_one_input_alone_is_shown_even_if_it_feeds_nothing() -> None:
    net = Network("deaf")
    net.add_layer("a", (2,))
    schemes.bias(net, net.add_layer("b", (1,)), shared=False)
    assert freeze(net).seen_inputs == (0,)


def test_an_input_that_shows_all_is_the_input_and_others_are_told_by_their_numbers() -> None:
    table = freeze(three_inputs())
    assert [table.input_text(layer) for layer in table.input_layers] == [
        "input 0 to 3",
        "input 2 to 3",
        "input 4 to 5",
    ]
    assert (table.n_inputs, table.pattern_shape) == (6, (6,))
    image = freeze(family("conv"))
    assert [image.input_text(layer) for layer in image.input_layers] == ["input"]
    assert (image.n_inputs, image.pattern_shape) == (49, (7, 7))


def test_groups_count_a_shared_weight_once() -> None:
    """Three kernels of 3x3 over 5x5 places, 75 biases, then 75 units to 4, and 4 biases."""
    table = freeze(family("conv"))
    labels = [group.label for group in table.groups]
    connections, weights = (dict(zip(labels, x.tolist(), strict=True)) for x in table.group_counts)
    assert connections == {
        "bias -> h": 75,
        "in -> h": 9 * 75,
        "bias -> out": 4,
        "h -> out": 300,
    }
    assert weights == {"bias -> h": 75, "in -> h": 27, "bias -> out": 4, "h -> out": 300}


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


def test_six_connections_are_shown_in_full() -> None:
    net = Network("six")
    schemes.full(net, Link(net.add_layer("a", (3,)), net.add_layer("b", (2,))))
    assert str(freeze(net)).split("\n") == [
        "table six: 5 units, 6 connections, 6 weights",
        "a -> b  full, 6 connections, 6 weights",
        *("       4 <-      1  w0", "       4 <-      2  w2", "       4 <-      3  w4"),
        *("       5 <-      1  w1", "       5 <-      2  w3", "       5 <-      3  w5"),
    ]


def test_of_seven_connections_the_fourth_is_left_out() -> None:
    net = Network("seven")
    schemes.full(net, Link(net.add_layer("a", (7,)), net.add_layer("b", (1,))))
    assert str(freeze(net)).split("\n")[2:] == [
        *("       8 <-      1  w0", "       8 <-      2  w1", "       8 <-      3  w2"),
        "   ...",
        *("       8 <-      5  w4", "       8 <-      6  w5", "       8 <-      7  w6"),
    ]


def test_long_groups_are_shown_by_their_ends() -> None:
    text = str(freeze(family("conv")))
    group = text[text.index("in -> h") : text.index("h -> out")].strip().split("\n")
    assert len(group) == 8
    assert group[4] == "   ..."
