"""Several inputs and outputs: kernels against the twin, the twin against central differences.

Random nets: input layers that share a pattern out or show parts of it again, two or three output
layers with a cost and a weight each, some of which feed the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sn.kernels import compile_net
from sn.lower.recognise import lower
from sn.net import expr, schemes
from sn.net.activations import Activation, linear, nlf_tanh, tanh
from sn.net.costs import Cost, cost
from sn.net.differences import Differences
from sn.net.layer import Network
from sn.net.loss import Costs
from sn.net.reference import Reference
from sn.net.schemes import Link
from sn.net.table import ConnectionTable, freeze
from sn.net.tangent import Tangent
from sn.optim.rules import Curvature, Hyper, RuleSpec
from sn.train.gradient_check import check_gradients, random_examples
from tests.sample_nets import presentation
from tests.unit.test_grids import flat

Floats = NDArray[np.float64]

A, Y, D = (expr.variable(name) for name in ("a", "y", "d"))
LOGISTIC = Activation("1 / (1 + exp -x)", 1 / (1 + expr.call("exp", -A)))


def cross_entropy(n_outputs: int) -> Cost:
    """A cost with poles where the output is 0 or 1, so that the joint formulas are needed."""
    shares = D * expr.call("log", Y) + (1 - D) * expr.call("log", 1 - Y)
    return Cost("lisp", -shares)


# what the units of an output layer compute, and a cost that goes with it
ENDS = (
    (nlf_tanh(), cost.get("lms")),
    (tanh(), cost.get("mean-square")),
    (linear(), cost.get("softmax")),
    (linear(), cost.get("logistic")),
    (LOGISTIC, cross_entropy),
)


@st.composite
def several(draw: st.DrawFn) -> tuple[ConnectionTable, Costs]:
    """Draw a net of several inputs and outputs with its costs."""
    net = Network("several")
    shape = draw(st.sampled_from(((12,), (4, 5), (2, 3, 4))))
    first = net.add_layer("in", shape, None, draw(st.sampled_from((None, -1.0))))
    sources = [first]
    for number in range(draw(st.integers(1, 2))):
        size = draw(st.integers(1, 9))
        if draw(st.booleans()):
            start = draw(st.integers(0, first.size - size))
            sources.append(net.add_layer(f"part{number}", (size,), start=start))
        else:
            start = max(layer.shown.stop for layer in net.layers if layer.start is not None)
            sources.append(net.add_layer(f"more{number}", (size,), start=start))
    hidden = net.add_layer("h", (2, draw(st.integers(2, 5))), tanh())
    schemes.bias(net, hidden, draw(st.booleans()))
    for source in sources[1:] if draw(st.booleans()) else sources:
        schemes.full(net, Link(source, hidden))
    below, costs, sizes = [hidden], [], []
    for number in range(draw(st.integers(2, 3))):
        activation, make = draw(st.sampled_from(ENDS))
        size = draw(st.integers(1, 11))
        out = net.add_layer(f"out{number}", (size,), activation, is_output=True)
        schemes.bias(net, out, False)
        for source in below:
            schemes.full(net, Link(source, out))
        if draw(st.booleans()):
            below.append(out)
        weight = draw(st.sampled_from((1.0, 0.25, 3.0)))
        costs.append(make(size).weighted(weight))
        sizes.append(size)
    return freeze(net), Costs(tuple(costs), tuple(sizes))


def shown_to(table: ConnectionTable, seed: int) -> tuple[Floats, Floats, Floats]:
    """Draw weights, a pattern, and desired values from 0 to 1, which every cost takes."""
    some = presentation(table, seed)
    return some.weights, some.pattern, np.abs(some.desired)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(several(), st.integers(0, 100))
def test_gradients_are_those_of_differences_of_the_loss(
    drawn: tuple[ConnectionTable, Costs], seed: int
) -> None:
    table, loss = drawn
    weights, pattern, desired = shown_to(table, seed)
    found = Reference(table, loss).present(weights, pattern, desired)
    moved = Differences(table, loss, weights, pattern, desired)
    rng = np.random.default_rng(seed)
    for direction in rng.standard_normal((4, table.n_weights)):
        direction /= np.linalg.norm(direction)
        expected = moved.slope(direction)
        assert expected is not None
        room = expected.noise + 1e-9
        assert -found.d_weight @ direction == pytest.approx(expected.value, rel=1e-7, abs=room)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(several(), st.integers(0, 100))
def test_the_loss_is_the_weighted_sum_of_the_costs(
    drawn: tuple[ConnectionTable, Costs], seed: int
) -> None:
    table, loss = drawn
    weights, pattern, desired = shown_to(table, seed)
    twin = Reference(table, loss)
    _, state = twin.forward(weights, pattern)
    expected, at = 0.0, 0
    for layer, one in zip(table.output_layers, loss.parts, strict=True):
        ends = one.ends(state[layer.units.ravel()], desired[at : at + layer.size])
        expected += float(np.sum(expr.evaluate(one.value, ends)))
        at += layer.size
    assert twin.present(weights, pattern, desired).cost == pytest.approx(expected, rel=1e-12)


@settings(derandomize=True, deadline=None, max_examples=25)
@given(several(), st.integers(0, 100))
def test_the_curvature_along_a_line_is_that_of_the_outputs(
    drawn: tuple[ConnectionTable, Costs], seed: int
) -> None:
    """Sum over outputs of E'' (dy/dv)^2, dy/dv by differences; patterns at once and one by one."""
    table, loss = drawn
    weights, pattern, desired = shown_to(table, seed)
    twin = Reference(table, loss)
    direction = np.random.default_rng(seed).standard_normal(table.n_weights)
    h = 2.0**-16
    _, ahead = twin.forward(weights + h * direction, pattern)
    _, behind = twin.forward(weights - h * direction, pattern)
    _, state = twin.forward(weights, pattern)
    expected, at = 0.0, 0
    for layer, one in zip(table.output_layers, loss.parts, strict=True):
        units = layer.units.ravel()
        ends = one.ends(state[units], desired[at : at + layer.size])
        expected += float(one.along(ends, (ahead - behind)[units] / (2 * h)))
        at += layer.size
    along = twin.along(weights, direction, pattern, desired)
    assert along == pytest.approx(expected, rel=1e-6, abs=1e-8)
    at_once = Tangent(table, loss).along(weights, direction, pattern[None], desired[None])
    assert at_once == pytest.approx(along, rel=1e-6)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of this module's own, empty at first."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SN_CACHE", str(folder))
        yield folder


def close(found: NDArray[np.floating], expected: Floats, room: float) -> None:
    scale = max(float(np.abs(expected).max(initial=0)), 1e-30)
    assert np.abs(found.astype(float) - expected).max(initial=0) <= room * scale


# a failing example is shown as drawn: to make it smaller would compile for minutes
@pytest.mark.kernels
@settings(derandomize=True, deadline=None, max_examples=12, phases=[Phase.generate])
@given(several(), st.integers(0, 100), st.sampled_from(Curvature))
def test_kernels_are_those_of_the_twin(
    drawn: tuple[ConnectionTable, Costs], seed: int, curvature: Curvature
) -> None:
    table, loss = drawn
    kernels = compile_net(lower(table), loss, RuleSpec(curvature=curvature, gather=True))
    twin = Reference(table, loss, is_full=curvature is Curvature.FULL)
    weights, _, _ = shown_to(table, seed)
    rng = np.random.default_rng(seed)
    patterns = rng.uniform(-1, 1, (21, table.n_inputs)).astype(np.float32)
    desired = rng.uniform(0, 1, (21, table.n_outputs)).astype(np.float32)
    slots = kernels.slots(weights, [0.0] * len(kernels.source.nodes), Hyper())
    kernels.train(slots, patterns, desired, np.arange(21, dtype=np.int32))
    walked = [
        twin.present(weights, one.astype(float), wanted.astype(float))
        for one, wanted in zip(patterns, desired, strict=True)
    ]
    close(kernels.unpack(slots["descents"]), sum(some.d_weight for some in walked), 3e-5)
    if curvature is not Curvature.NONE:
        expected = sum(some.curv_weight for some in walked)
        close(kernels.unpack(slots["curvatures"]), expected, 3e-5)
    outputs = kernels.evaluate(slots.weights, kernels.batches(patterns), 21)
    close(outputs, np.array([some.state[table.output_units] for some in walked]), 3e-6)


@pytest.mark.kernels
@settings(derandomize=True, deadline=None, max_examples=4, phases=[Phase.generate])
@given(several(), st.integers(0, 100))
def test_the_gradient_check_passes(drawn: tuple[ConnectionTable, Costs], seed: int) -> None:
    table, loss = drawn
    examples = random_examples(table, seed)
    examples.desired[:] = np.abs(examples.desired)
    report = check_gradients(
        table, loss, lambda rule: compile_net(lower(table), loss, rule), examples, seed
    )
    assert report.passes, report


@pytest.mark.kernels
def test_patterns_and_outputs_keep_the_numbers_of_the_program() -> None:
    """Two parts of a pattern that overlap and two outputs, each along a grid of its own."""
    net = Network("mixed")
    net.add_layer("all", (90,))
    low, high = net.add_layer("low", (7, 7), start=0), net.add_layer("high", (8, 7), start=34)
    a, b = net.add_layer("a", (5, 5), tanh()), net.add_layer("b", (6, 5), tanh())
    schemes.conv(net, Link(low, a), schemes.Window((3, 3)))
    schemes.conv(net, Link(high, b), schemes.Window((3, 3)))
    one = net.add_layer("one", (3, 3), is_output=True)
    two = net.add_layer("two", (4, 3), is_output=True)
    schemes.conv(net, Link(a, one), schemes.Window((3, 3)))
    schemes.conv(net, Link(b, two), schemes.Window((3, 3)))
    table = flat(freeze(net), 1, ("low", "high", "a", "b", "one", "two"))
    plan = lower(table)
    assert [str(node) for node in plan.nodes] == ["conv 3x3"] * 4
    assert plan.pattern.order is not None and plan.pattern.size == 49 + 56
    assert plan.outputs_order is not None
    loss = Costs((cost.get("lms")(9), cost.get("lms")(12)), (9, 12))
    twin, kernels = Reference(table, loss), compile_net(plan, loss, RuleSpec(gather=True))
    rng = np.random.default_rng(3)
    patterns = rng.uniform(-1, 1, (19, 90)).astype(np.float32)
    desired = rng.uniform(-1, 1, (19, 21)).astype(np.float32)
    weights = rng.uniform(-1, 1, table.n_weights)
    slots = kernels.slots(weights, [0.0] * 4, Hyper())
    kernels.train(slots, patterns, desired, np.arange(19, dtype=np.int32))
    walked = [
        twin.present(weights.astype(np.float32).astype(float), x.astype(float), d.astype(float))
        for x, d in zip(patterns, desired, strict=True)
    ]
    close(kernels.unpack(slots["descents"]), sum(some.d_weight for some in walked), 3e-5)
    outputs = kernels.evaluate(slots.weights, kernels.batches(patterns), 19)
    close(outputs, np.array([some.state[table.output_units] for some in walked]), 3e-6)
    seen = np.concatenate([layer.units.ravel() for layer in table.layers[1:]])
    close(kernels.unit_states()[seen], walked[-1].state[seen], 3e-6)
    assert np.array_equal(table.shown(kernels.unit_states()), patterns[-1])
