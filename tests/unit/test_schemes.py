"""Connection schemes: which rows they make, in which order, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from sn.errors import NetError
from sn.lower.expand import constant_class
from sn.net import schemes
from sn.net.layer import Layer, Network
from sn.net.schemes import Link, Window
from sn.net.table import ConnectionTable, freeze
from tests.replication.original import columns
from tests.sample_nets import shipped


def linked(
    src: tuple[int, ...],
    dst: tuple[int, ...],
    name: str,
    window: Window | None = None,
    **border: float,
) -> tuple[Network, Layer, Layer]:
    net = Network("some")
    a = net.add_layer("a", src, **border)
    b = net.add_layer("b", dst)
    schemes.scheme.get(name)(net, Link(a, b), window)
    return net, a, b


def sources(net: Network, layer: Layer, unit: int) -> list[int]:
    """Upstream units of one unit, numbered from 0 in the first layer; borders are negative."""
    dst, src, _, _ = net.rows()
    mine = src[dst == layer.first + unit]
    first = net.layers[0]
    return [int(i) - first.first if i < first.first + first.size else -1 for i in mine]


def test_full_connects_every_pair_by_a_weight_of_its_own() -> None:
    net, _, b = linked((3,), (2,), "full")
    dst, src, wid, _ = net.rows()
    assert (dst - b.first).tolist() == [0, 1, 0, 1, 0, 1]  # upstream-major, as SN makes them
    assert (src - 1).tolist() == [0, 0, 1, 1, 2, 2]
    assert wid.tolist() == [0, 1, 2, 3, 4, 5]
    assert net.parameters[0].name == "b.weight"
    assert net.parameters[0].wid.tolist() == [[0, 2, 4], [1, 3, 5]]


def test_conv_moves_one_kernel_over_the_map() -> None:
    net, _, b = linked((4, 4), (2, 2), "conv", Window((3, 3)))
    assert sources(net, b, 0) == [0, 1, 2, 4, 5, 6, 8, 9, 10]
    assert sources(net, b, 3) == [5, 6, 7, 9, 10, 11, 13, 14, 15]
    _, _, wid, _ = net.rows()
    assert wid.reshape(4, 9).tolist() == [list(range(9))] * 4
    assert net.parameters[0].wid.shape == (1, 1, 3, 3)


def test_local_has_a_weight_for_every_connection() -> None:
    net, _, b = linked((4, 4), (2, 2), "local", Window((3, 3)))
    assert sources(net, b, 3) == [5, 6, 7, 9, 10, 11, 13, 14, 15]
    assert net.n_weights == 36
    assert net.parameters[0].wid.shape == (1, 1, 2, 2, 3, 3)


def test_a_stride_steps_over_units() -> None:
    net, _, b = linked((5, 7), (2, 3), "conv", Window((3, 1), (2, 3)))
    assert sources(net, b, 0) == [0, 7, 14]
    assert sources(net, b, 2) == [6, 13, 20]
    assert sources(net, b, 5) == [20, 27, 34]


def test_a_border_is_split_evenly_with_the_odd_unit_before() -> None:
    """Source: the 1989 net, 16 units and 8 windows of 5 with stride 2: two before, one after."""
    net, _, b = linked((16,), (8,), "conv", Window((5,), (2,)), border=-1.0)
    assert sources(net, b, 0) == [-1, -1, 0, 1, 2]
    assert sources(net, b, 7) == [12, 13, 14, 15, -1]
    assert sorted(net.constants.values()) == [-1, -1, -1, 1]


def test_an_offset_says_where_the_first_window_starts() -> None:
    net, _, b = linked((6,), (3,), "conv", Window((3,), (2,), (0,)), border=0.0)
    assert sources(net, b, 0) == [0, 1, 2]
    assert sources(net, b, 2) == [4, 5, -1]


def test_each_site_of_a_border_is_one_unit() -> None:
    """SN refuses two connections between one pair of units, so sites are not merged."""
    net, a, b = linked((3, 3), (3, 3), "conv", Window((3, 3)), border=0.0)
    assert len(net.constants) - 1 == 5 * 5 - 3 * 3
    table = freeze(net)
    assert len({*zip(table.dst.tolist(), table.src.tolist(), strict=True)}) == table.n_rows == 81
    # a second connection from the same layer meets the same border units
    c = net.add_layer("c", (3, 3))
    schemes.conv(net, Link(a, c), Window((3, 3)))
    assert len(net.constants) - 1 == 16
    assert b.size == c.size


def test_wrapped_windows_come_back_on_the_other_side() -> None:
    net, _, b = linked((4, 4), (2, 2), "conv", Window((3, 3), (2, 2), wrap=(True, True)))
    assert sources(net, b, 0) == [0, 1, 2, 4, 5, 6, 8, 9, 10]
    assert sources(net, b, 3) == [10, 11, 8, 14, 15, 12, 2, 3, 0]


def test_windows_that_wrap_along_one_axis_reach_the_border_along_the_other() -> None:
    down = Window((3, 3), (2, 2), wrap=(True, False))
    net, _, b = linked((4, 4), (2, 2), "conv", down, border=0.0)
    assert sources(net, b, 0) == [-1, 0, 1, -1, 4, 5, -1, 8, 9]
    assert sources(net, b, 3) == [9, 10, 11, 13, 14, 15, 1, 2, 3]
    assert len(net.constants) - 1 == 4
    right = Window((3, 3), (2, 2), wrap=(False, True))
    net, _, b = linked((4, 4), (2, 2), "conv", right, border=0.0)
    assert sources(net, b, 0) == [-1, -1, -1, 0, 1, 2, 4, 5, 6]
    assert sources(net, b, 3) == [6, 7, 4, 10, 11, 8, 14, 15, 12]


def test_a_table_says_which_maps_are_seen() -> None:
    net, _, b = linked((3, 2, 2), (2, 1, 1), "conv", Window((2, 2), maps=((0, 2), (1,))))
    assert sources(net, b, 0) == [0, 1, 2, 3, 8, 9, 10, 11]
    assert sources(net, b, 1) == [4, 5, 6, 7]
    assert [p.name for p in net.parameters] == ["b.weight.0", "b.weight.1"]
    assert [p.wid.shape for p in net.parameters] == [(2, 2, 2), (1, 2, 2)]


def test_maps_in_one_dimension() -> None:
    net, _, b = linked((2, 6), (3, 4), "conv", Window((3,)))
    assert sources(net, b, 5) == [1, 2, 3, 7, 8, 9]
    assert net.parameters[0].wid.shape == (3, 2, 3)


def test_rows_with_one_key_share_a_weight() -> None:
    net = Network("some")
    a, b = net.add_layer("a", (3,)), net.add_layer("b", (2,))
    schemes.rows(net, Link(a, b), [(0, 1, 5.0), (1, 0, None), (1, 2, 5.0), (0, 0, -1.0)], "mine")
    dst, src, wid, _ = net.rows()
    assert (dst - b.first).tolist() == [0, 1, 1, 0]
    assert (src - a.first).tolist() == [1, 0, 2, 0]
    assert wid.tolist() == [0, 1, 0, 2]


def test_biases_per_unit_and_per_map() -> None:
    net = Network("some")
    layer = net.add_layer("b", (2, 2, 2))
    schemes.bias(net, layer, shared=False)
    schemes.bias(net, net.add_layer("c", (2, 2, 2)), shared=True)
    _, src, wid, _ = net.rows()
    assert not src.any()
    assert wid.tolist() == [*range(8), 8, 8, 8, 8, 9, 9, 9, 9]
    assert [p.wid.shape for p in net.parameters] == [(2, 2, 2), (2,)]


def test_a_second_link_to_a_layer_names_its_source() -> None:
    net, a, b = linked((3,), (2,), "full")
    c = net.add_layer("c", (2,))
    schemes.full(net, Link(a, c))
    schemes.full(net, Link(b, c))
    schemes.full(net, Link(b, c))
    assert [p.name for p in net.parameters] == [
        "b.weight",
        "c.weight",
        "c.weight.b",
        "c.weight.b.2",
    ]


def test_a_dilation_spreads_the_window_out() -> None:
    net, _, b = linked((5, 6), (1, 3), "conv", Window((3, 2), dilation=(2, 3)))
    assert sources(net, b, 0) == [0, 3, 12, 15, 24, 27]
    assert sources(net, b, 2) == [2, 5, 14, 17, 26, 29]


def test_a_dilated_window_meets_border_and_far_side_at_its_taps() -> None:
    net, _, b = linked((5,), (5,), "conv", Window((3,), dilation=(2,)), border=0.0)
    assert [sources(net, b, unit) for unit in (0, 1, 4)] == [[-1, 0, 2], [-1, 1, 3], [2, 4, -1]]
    net, _, b = linked((5,), (5,), "local", Window((3,), dilation=(2,), wrap=(True, True)))
    assert sources(net, b, 2) == [2, 4, 1]


@pytest.mark.parametrize(
    ("src", "dst", "window", "words"),
    [
        ((9, 9), (6, 5), Window((3, 3), dilation=(2, 2)), "reach outside a, which has no border"),
        ((9, 9), (5, 4), Window((3, 3), dilation=(2, 2)), "leave 1 of the 9 columns of a unseen"),
        ((16, 16), (9, 9), Window((5, 5), (2, 2)), "reach outside a, which has no border"),
        ((16, 16), (8, 8), Window((5, 5), (2, 2), wrap=(True, False)), "reach outside a, which"),
        ((16, 16), (8, 5), Window((5, 5), (2, 2), wrap=(True, False)), "leave 3 of the 16 columns"),
        ((16, 16), (5, 5), Window((5, 5), (2, 2)), "leave 3 of the 16 rows of a unseen"),
        ((16,), (6,), Window((5, 5)), "needs layers of 2 or 3 dimensions, a has shape (16)"),
        ((2, 4, 4), (2, 2), Window((3,)), "needs layers of 1 or 2 dimensions"),
    ],
)
def test_windows_that_do_not_fit_are_refused(
    src: tuple[int, ...], dst: tuple[int, ...], window: Window, words: str
) -> None:
    with pytest.raises(NetError) as found:
        linked(src, dst, "conv", window)
    assert words in found.value.message
    assert found.value.hint


# --- the net of the original program ---


def zipcode() -> ConnectionTable:
    return freeze(shipped("zipcode").network)


def test_zipcode_is_the_original_programs_net() -> None:
    """Every connection and every sharing of the 1989 net as SN 2.8 built it; names may differ.

    test_original_lisp.py holds the columns to the original.
    """
    pre, post, widx = (columns("lecun89")[name].astype(int) for name in ("pre", "post", "widx"))
    table = zipcode()
    assert len(pre) == table.n_rows
    # their units 1..1256 are ours; all their border units have state -1
    theirs = np.where((pre > 0) & (pre <= 1256), pre, np.where(pre == 0, -2, -1))
    ours = constant_class(table)[table.src]
    assert set(ours[ours < 0].tolist()) == {-1, -2}  # class 0 is state -1, class 1 the bias
    key = [
        np.lexsort((wid, src, dst))
        for dst, src, wid in ((post, theirs, widx), (table.dst, ours, table.wid))
    ]
    assert np.array_equal(post[key[0]], table.dst[key[1]])
    assert np.array_equal(theirs[key[0]], ours[key[1]])
    inside = theirs[key[0]] > 0
    pairs = {*zip(widx[key[0]][inside].tolist(), table.wid[key[1]][inside].tolist(), strict=True)}
    # the weights correspond one to one, so they are shared by the same connections
    assert len({a for a, _ in pairs}) == len({b for _, b in pairs}) == len(pairs)
