"""Layout: places in the kernels' memory that do not overlap, pads included."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings

from sn.emit.memory import Arena, Layout, Tables, Weights, lay_out, whole_vectors
from sn.emit.vector import LANES, PARTIAL
from sn.lower.ir import Plan
from sn.lower.recognise import lower
from sn.net.table import ConnectionTable, freeze
from tests.sample_nets import FAMILIES, family, tables


def check(table: ConnectionTable, plan: Plan, second: bool = False) -> Layout:
    """Units of one layout have places of their own, clear of every other layer's pads."""
    lay = lay_out(plan, second, LANES)
    inner = np.isnan(table.constant)
    assert len(np.unique(lay.unit[inner])) == inner.sum()
    taken = np.zeros(lay.to_grad, np.int32)
    for layer, place in zip(table.layers, lay.layers, strict=True):
        assert place.pitch % LANES == 0
        assert place.maps * place.positions == layer.size
        fields = (place.grad, place.slope, place.curv, place.bend)
        assert [at - place.state for at in fields] == [lay.to_grad * i for i in range(1, 5)]
        assert lay.to_curv == place.curv - place.grad
        units = lay.unit[layer.units.ravel()]
        assert units.min() >= place.state
        assert units.max() < place.state + place.size
        taken[place.state : place.state + place.size] += 1
    assert taken.max() == 1
    constants = np.unique(lay.unit[~inner])
    assert not taken[constants].any()
    longest = max(place.pitch for place in lay.layers)
    assert not taken[lay.zero : lay.zero + longest].any()
    assert not set(range(lay.zero, lay.zero + longest)) & set(constants.tolist())
    memory = lay.arena.initial()
    assert len(memory) >= (5 if second else 3) * lay.to_grad
    assert np.array_equal(memory[lay.unit[~inner]], table.constant[~inner].astype(np.float32))
    assert not memory[lay.zero : lay.zero + longest].any()
    return lay


@pytest.mark.parametrize("second", [False, True])
@pytest.mark.parametrize("name", FAMILIES)
def test_places_do_not_overlap(name: str, second: bool) -> None:
    check(freeze(family(name)), plan_of(name), second)


@cache
def plan_of(name: str) -> Plan:
    return lower(freeze(family(name)))


@settings(derandomize=True, deadline=None, max_examples=60)
@given(tables())
def test_places_of_random_nets_do_not_overlap(table: ConnectionTable) -> None:
    check(table, lower(table))


def test_constants_of_one_value_share_a_place() -> None:
    name = "conv with a stride and a border"
    table = freeze(family(name))
    lay = check(table, plan_of(name))
    border = np.flatnonzero(table.constant == -1)
    assert len(border) > 1
    assert len(np.unique(lay.unit[border])) == 1


def test_a_layer_that_is_finished_at_once_keeps_slopes_where_gradients_will_be() -> None:
    plan = lower(freeze(family("conv with a stride and a border")))
    apart, finished = (lay_out(plan, False, LANES, 40, some) for some in ((), (1,)))
    assert apart.layers[1].slope != apart.layers[1].grad
    assert finished.layers[1].slope == finished.layers[1].grad
    assert finished.layers[0] == apart.layers[0]
    # the shared scratch is nobody else's
    assert finished.scratch >= 3 * finished.to_grad
    assert len(finished.arena.initial()) >= finished.scratch + 40


def test_an_arena_keeps_a_spare_vector_between_stretches() -> None:
    arena = Arena()
    first = arena.take(3, np.array([1, 2, 3], np.float32))
    second = arena.take(16)
    third = arena.take(1, np.array([9], np.float32))
    assert first == 0
    assert second - first >= 3 + PARTIAL
    assert third - second >= 16 + PARTIAL
    memory = arena.initial()
    assert memory[:3].tolist() == [1, 2, 3]
    assert memory[third] == 9
    assert memory.sum() == 15


def test_tables_lie_one_after_another() -> None:
    some = Tables()
    assert some.add(np.array([[1, 2], [3, 4]])) == 0
    assert some.add(np.array([5])) == 4
    assert some.array()[:5].tolist() == [1, 2, 3, 4, 5]
    assert some.array().dtype == np.int32


def test_packed_weights_start_on_cache_lines() -> None:
    some = Weights()
    starts = [some.add(np.arange(n, dtype=np.int32)) for n in (3, 8, 1)]
    assert all(start % PARTIAL == 0 for start in starts)
    slots = some.slots()
    assert slots[starts[1] : starts[1] + 8].tolist() == list(range(8))
    # a load of a whole vector past the last weight stays inside
    assert len(slots) >= starts[2] + 1 + LANES
    assert (slots[starts[0] + 3 : starts[1]] == -1).all()


@pytest.mark.parametrize(("n", "rounded"), [(0, 0), (1, 8), (8, 8), (9, 16), (64, 64)])
def test_whole_vectors(n: int, rounded: int) -> None:
    assert whole_vectors(n) == rounded
