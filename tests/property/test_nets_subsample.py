"""Random subsampling nets: a plan that holds, kernels like the twin, the same bits at any width."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from sn.lower.ir import Subsample
from sn.lower.recognise import lower
from sn.net import schemes
from sn.net.layer import Network
from sn.net.schemes import Link
from sn.net.table import ConnectionTable, freeze
from sn.optim.rules import Curvature, Hyper
from tests.property import test_nets_kernels as kernels
from tests.property import test_nets_widths as widths
from tests.property.test_nets_plans import rows_of_plan, rows_of_table
from tests.sample_nets import SMOOTH


@st.composite
def pooled(draw: st.DrawFn) -> Network:
    """Draw input -> windows -> subsampling -> output; now and then a link past the subsampling."""
    net = Network("random")
    dims = draw(st.sampled_from((1, 2, 2)))
    maps = draw(st.sampled_from((1, 2, 3, 9, 17)))
    field = tuple(draw(st.integers(2, 9)) for _ in range(dims))
    kernel = tuple(draw(st.integers(1, min(4, size))) for size in field)
    if max(kernel) == 1:
        kernel = (2,) * dims
    stride = draw(st.one_of(st.none(), st.tuples(*[st.integers(1, 4)] * dims)))
    grid = tuple(
        (size - taps) // step + 1
        for size, taps, step in zip(field, kernel, stride or kernel, strict=True)
    )
    activations = st.sampled_from(SMOOTH)
    below = net.add_layer("in", tuple(size + 1 for size in field))
    layers = [
        net.add_layer("h", (maps, *field), draw(activations)),
        net.add_layer("h2", (maps, *grid), draw(activations)),
        net.add_layer("out", (draw(st.integers(1, 5)),), draw(activations)),
    ]
    for layer in layers[:2]:
        bias = draw(st.sampled_from(("unit", "map", "none")))
        if bias != "none":
            schemes.bias(net, layer, bias == "map")
    conv = schemes.Window((2,) * dims)
    schemes.scheme.get(draw(st.sampled_from(("conv", "local"))))(net, Link(below, layers[0]), conv)
    schemes.subsample(net, Link(layers[0], layers[1]), schemes.Window(kernel, stride))
    schemes.full(net, Link(layers[1], layers[2]))
    if draw(st.booleans()):
        schemes.full(net, Link(layers[0], layers[2]))
    return net


TABLES = pooled().map(freeze)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(TABLES)
def test_subsampling_is_recognised_and_expands_to_its_rows(table: ConnectionTable) -> None:
    plan = lower(table)
    assert sum(isinstance(node, Subsample) for node in plan.nodes) == 1
    assert np.array_equal(rows_of_plan(plan), rows_of_table(table))


@pytest.mark.kernels
@settings(derandomize=True, deadline=None, max_examples=8, phases=[Phase.generate])
@given(TABLES, st.sampled_from(Curvature), st.integers(0, 99))
def test_subsampling_presents_like_the_twin(
    table: ConnectionTable, curvature: Curvature, seed: int
) -> None:
    kernels.check_like_the_twin(table, curvature, seed)


@pytest.mark.kernels
@pytest.mark.parametrize("rule", kernels.RULES)
def test_every_rule_moves_coefficients_like_the_twin(rule: str) -> None:
    plan = lower(freeze(kernels.family("subsample after conv")))
    rate = 0.01 if kernels.RULES[rule].second else 0.05
    shown = kernels.some_patterns(plan.table, 2, 25)
    hyper: Hyper = kernels.HYPER
    kernels.check_training(plan, shown, kernels.RULES[rule], hyper, rate)


@pytest.mark.kernels
@settings(derandomize=True, deadline=None, max_examples=6, phases=[Phase.generate])
@given(TABLES, st.sampled_from(sorted(widths.RULES)), st.integers(0, 99))
def test_subsampling_has_the_same_bits_at_any_width(
    table: ConnectionTable, rule: str, seed: int
) -> None:
    widths.check(table, widths.RULES[rule], seed)
