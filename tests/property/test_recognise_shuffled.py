"""Laws of shuffled nets: neither units, rows nor weight numbers need an order to give windows.

The nets have a flat input layer and a flat hidden layer, their units, rows and weights numbered at
random. Every connection finds its window, unless windows see the whole layer along an axis. Of
14,807 other draws two stayed rows: windows with disjoint lists of maps that leave gaps, or that
all but fill rings.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sn.lower.grids import find_grids
from sn.lower.ir import Plan, Rows, Window, n_rows
from sn.lower.recognise import lower
from sn.net import schemes
from sn.net.layer import Network
from sn.net.schemes import Link
from sn.net.schemes import Window as Windows
from sn.net.table import ConnectionTable, freeze
from tests.sample_nets import WRAPS, equal, tables
from tests.unit.test_grids import flat

LAWS = settings(derandomize=True, deadline=None, max_examples=60)


@dataclasses.dataclass(frozen=True)
class Drawn:
    """A net of one windowed connection between flat layers, and what it is made of."""

    table: ConnectionTable
    kernel: tuple[int, ...]
    field: tuple[int, ...]


@st.composite
def shuffled(draw: st.DrawFn, name: str = "conv") -> Drawn:
    """Draw windows of any kind, and number units, rows and weights at random."""
    wrap = draw(st.sampled_from(WRAPS))
    border = None if all(wrap) else draw(st.sampled_from((None, -1.0)))
    stride = tuple(draw(st.integers(1, 3)) for _ in range(2))
    kernel = tuple(draw(st.integers(1, 5)) for _ in range(2))
    grid = tuple(draw(st.integers(2, 6)) for _ in range(2))
    # on a ring a window sees no site twice
    kernel = tuple(
        min(taps, n * step) if wraps else taps
        for taps, n, step, wraps in zip(kernel, grid, stride, wrap, strict=True)
    )
    field = tuple(
        n * step
        if wraps
        else max(1, (n - 1) * step + taps - (draw(st.integers(0, taps - 1)) if border else 0))
        for taps, n, step, wraps in zip(kernel, grid, stride, wrap, strict=True)
    )
    maps, sources = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    table = None
    if draw(st.booleans()):
        lists = st.lists(st.integers(0, sources - 1), min_size=1, unique=True)
        table = tuple(tuple(draw(lists)) for _ in range(maps))
    net = Network("shuffled")
    src = net.add_layer("in", (sources, *field), None, border)
    dst, out = net.add_layer("h", (maps, *grid)), net.add_layer("out", (3,))
    schemes.bias(net, dst, False)
    window = Windows(kernel, stride, None, table, wrap)
    schemes.scheme.get(name)(net, Link(src, dst), window)
    schemes.full(net, Link(dst, out))
    number = draw(st.integers(0, 2**16))
    return Drawn(flat(freeze(net), number, ("in", "h")), kernel, field)


def hidden(plan: Plan) -> list[Window | Rows]:
    """The nodes between the input and the hidden layer."""
    return [node for node in plan.nodes if isinstance(node, Window | Rows)]


@LAWS
@pytest.mark.parametrize("name", ["conv", "local"])
@given(data=st.data())
def test_every_connection_of_a_shuffled_net_finds_its_window(
    data: st.DataObject, name: str
) -> None:
    drawn = data.draw(shuffled(name))
    # else nothing tells where along that axis a window lies
    assume(all(taps < size for taps, size in zip(drawn.kernel, drawn.field, strict=True)))
    (node,) = hidden(lower(drawn.table))
    assert isinstance(node, Window)
    assert node.shared == (name == "conv")
    # a table of maps may leave whole maps unseen, never connections
    assert n_rows(node) == np.count_nonzero(
        drawn.table.dst <= drawn.table.layers[1].units.max()
    ) - (drawn.table.layers[1].size)


@LAWS
@given(shuffled())
def test_a_table_on_its_grids_is_the_same_net(drawn: Drawn) -> None:
    table, plan = drawn.table, Plan(drawn.table, (), find_grids(drawn.table))
    assert np.array_equal(np.sort(plan.order), np.arange(table.n_units))
    back = np.stack([plan.order[plan.table.dst], plan.order[plan.table.src], plan.table.wid])
    rows = np.stack([table.dst, table.src, table.wid])
    assert np.array_equal(back[:, np.lexsort(back)], rows[:, np.lexsort(rows)])
    lower(plan.table)  # verifies


@settings(LAWS, max_examples=30)  # each is recognised twice
@given(shuffled())
def test_the_same_table_gives_the_same_plan(drawn: Drawn) -> None:
    assert equal(lower(drawn.table), lower(drawn.table))


# --- a net of several layers, partly regular ---

KINDS = ("conv 5x5, stride 2, 6 x 1 maps, border -1", "conv 3x3, stride 2, 15 of 30 pairs of maps")


def whole(seed: int) -> ConnectionTable:
    """16x16 inputs, 6 maps of 8x8, 5 of 4x4 that see three of these each."""
    net = Network("whole")
    layers = [
        net.add_layer("in", (16, 16), None, -1.0),
        net.add_layer("h", (6, 8, 8), None, 0.0),
        net.add_layer("h2", (5, 4, 4)),
        net.add_layer("out", (3,)),
    ]
    for layer in layers[1:]:
        schemes.bias(net, layer, False)
    schemes.conv(net, Link(layers[0], layers[1]), Windows((5, 5), (2, 2)))
    lists = ((0, 1, 2), (1, 2, 3), (3, 4, 5), (0, 2, 4), (1, 3, 5))
    schemes.conv(net, Link(layers[1], layers[2]), Windows((3, 3), (2, 2), maps=lists))
    schemes.full(net, Link(layers[2], layers[3]))
    return freeze(net)


def strings(table: ConnectionTable, seed: int) -> dict[str, list[str]]:
    """What connections with windows or rows become once the net is shuffled."""
    found: dict[str, list[str]] = {}
    for node in hidden(lower(flat(table, seed, ("in", "h", "h2")))):
        found.setdefault(node.label, []).append(str(node))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_a_chain_of_shuffled_layers_gets_the_plan_of_the_schemes(seed: int) -> None:
    found = strings(whole(seed), seed)
    assert found == {"in -> h": [KINDS[0]], "h -> h2": [KINDS[1] + ", border 0"]}


def some_rows(table: ConnectionTable, seed: int, count: int) -> np.ndarray:
    """Draw rows from the input to maps 0 and 1 of h."""
    into = table.layers[1].units[:2].ravel()
    mine = np.flatnonzero(np.isin(table.dst, into) & (table.layer_of[table.src] == 0))
    return np.random.default_rng(seed).choice(mine, count, replace=False)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("change", ["lead elsewhere", "share no weight", "are missing"])
def test_a_few_odd_connections_cost_their_pairs_of_maps_only(change: str, seed: int) -> None:
    table = whole(seed)
    odd = some_rows(table, seed, 4)
    if change == "are missing":
        kept = np.setdiff1d(np.arange(table.n_rows), odd)
        columns = {name: getattr(table, name)[kept] for name in ("dst", "src", "wid", "group")}
        table = dataclasses.replace(table, **columns)
    elif change == "share no weight":
        wid = table.wid.copy()
        wid[odd] = table.n_weights + np.arange(4)
        table = dataclasses.replace(table, wid=wid, n_weights=table.n_weights + 4)
    else:
        src = table.src.copy()
        for row in odd:
            taken = src[table.dst == table.dst[row]]
            src[row] = np.setdiff1d(table.layers[0].units, taken)[seed]
        table = dataclasses.replace(table, src=src)
    found = strings(table, seed)
    assert found["h -> h2"] == [KINDS[1] + ", border 0"]
    assert found["in -> h"][0].startswith("conv 5x5, stride 2, ")
    maps = int(found["in -> h"][0].split(", ")[2].split()[0])
    assert maps >= 4
    assert found["in -> h"][1:] == ["rows: the rest, which completes no window"]


@pytest.mark.parametrize("seed", range(4))
def test_connections_beside_the_windows_are_the_rest(seed: int) -> None:
    table = whole(seed)
    dst = table.layers[1].units.ravel()[seed::60]
    src = np.array(
        [np.setdiff1d(table.layers[0].units, table.src[table.dst == unit])[seed] for unit in dst]
    )
    number = table.group[np.searchsorted(table.dst, dst, side="right") - 1]
    columns = {
        "dst": np.concatenate([table.dst, dst]),
        "src": np.concatenate([table.src, src]).astype(np.int32),
        "wid": np.concatenate([table.wid, table.n_weights + np.arange(len(dst))]).astype(np.int32),
        "group": np.concatenate([table.group, number]),
    }
    order = np.argsort(columns["dst"], kind="stable")
    columns = {name: column[order] for name, column in columns.items()}
    found = strings(
        dataclasses.replace(table, **columns, n_weights=table.n_weights + len(dst)), seed
    )
    assert found["in -> h"] == [KINDS[0], "rows: the rest, which completes no window"]


@settings(derandomize=True, deadline=None, max_examples=80)
@given(tables(), st.integers(0, 1000))
def test_any_shuffled_net_keeps_its_rows(table: ConnectionTable, seed: int) -> None:
    """Whatever is seen in nets of all kinds, recognised or not, the plan stands for the table."""
    names = tuple(layer.name for layer in table.layers[:-1])
    plan = lower(flat(table, seed, names))  # verifies
    assert sum(n_rows(node) for node in plan.nodes) == table.n_rows
