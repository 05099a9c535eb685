"""Kernels against the twin: every scheme, every non-linearity, random nets, every rule.

Differences are measured per layer and relative to the layer's largest value, so that a small
number beside a large one may be as wrong as rounding makes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sn.kernels import Kernels, compile_net
from sn.lower.expand import verify
from sn.lower.ir import Plan, Rows
from sn.lower.recognise import lower
from sn.net.reference import Reference, States
from sn.net.table import ConnectionTable, freeze
from sn.optim.adaptive import adagrad_rule, adam_rule, rmsprop_rule
from sn.optim.first_order import nesterov_rule
from sn.optim.rules import Curvature, Decay, Hyper, Memory, RuleSpec, Step, UpdateRule, advance
from sn.session import Session
from sn.shipped import nets_folder
from tests.sample_nets import (
    ALL_KINDS,
    CORNER,
    FAMILIES,
    Presentation,
    corner_margin,
    described,
    family,
    lms,
    presentation,
    tables,
)

pytestmark = pytest.mark.kernels


@dataclass(frozen=True)
class Tolerance:
    """How far a kernel may be from the twin, relative to the largest value of its layer."""

    relative: float
    why: str


# u = 6e-8 is the rounding unit of float32; what is written wrong is wrong by 1e-2 and more
TOLERANCES = {
    "states": Tolerance(2e-6, "sums of up to 100 terms and a tanh wrong by 4 u, three times over"),
    "gradients": Tolerance(2e-5, "sums over several outputs cancel, and so do slopes 1 - t t"),
    "curvatures": Tolerance(2e-5, "squares of weights and slopes; with f'' two parts cancel"),
    "descents": Tolerance(2e-5, "gradients times states, summed over up to 50 positions"),
    "weight curvatures": Tolerance(2e-5, "curvatures times squares of states"),
    "outputs": Tolerance(2e-6, "states, in another order of summation"),
    "trained weights": Tolerance(5e-6, "25 updates, each rounded to the weight's own precision"),
    "damped weights": Tolerance(2e-4, "steps divided by a curvature of 1e-2 magnify its error"),
}


def compare(quantity: str, found: NDArray[np.floating], expected: NDArray[np.floating]) -> None:
    """Demand that two arrays of one layer agree."""
    if not found.size:
        return
    scale = max(float(np.abs(expected).max()), 1e-30)
    distance = float(np.abs(found.astype(np.float64) - expected).max()) / scale
    tolerance = TOLERANCES[quantity]
    assert distance <= tolerance.relative, (
        f"{quantity}: {distance:.1e}; allowed for {tolerance.why}"
    )


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of this module's own, empty at first."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SN_CACHE", str(folder))
        yield folder


@dataclass(frozen=True)
class Patterns:
    """Weights to start from, patterns and desired outputs, exact in float32."""

    weights: NDArray[np.float64]
    inputs: NDArray[np.float64]
    desired: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.inputs)


def some_patterns(table: ConnectionTable, seed: int, count: int) -> Patterns:
    """Draw weights and patterns; a total must not lie on a corner, where rounding decides."""
    first = presentation(table, seed)
    inputs, desired = [first.pattern], [first.desired]
    rng = np.random.default_rng(seed)
    while len(inputs) < count:
        ends = [rng.uniform(-1, 1, n) for n in (table.n_inputs, table.n_outputs)]
        pattern, wanted = (end.astype(np.float32).astype(np.float64) for end in ends)
        if corner_margin(table, Presentation(first.weights, pattern, wanted)) > 1e-5:
            inputs.append(pattern)
            desired.append(wanted)
    return Patterns(first.weights, np.array(inputs), np.array(desired))


def train(kernels: Kernels, shown: Patterns, rates: float, hyper: Hyper) -> NDArray[np.float32]:
    """Train on all patterns once and return the weights."""
    slots = kernels.slots(shown.weights, [rates] * len(kernels.source.nodes), hyper)
    if kernels.source.rule.has_steps:
        slots["steps"][:] = kernels.pack(np.full(len(shown.weights), rates))
    inputs, desired = shown.inputs.astype(np.float32), shown.desired.astype(np.float32)
    kernels.train(slots, inputs, desired, np.arange(len(shown), dtype=np.int32))
    return kernels.unpack(slots.weights)


def check_presentations(plan: Plan, shown: Patterns, curvature: Curvature) -> None:
    """Present patterns without moving the weights; compare all that a presentation computes."""
    table = plan.original
    kernels = compile_net(plan, lms(table), RuleSpec(curvature=curvature, gather=True))
    twin = Reference(table, lms(table), is_full=curvature is Curvature.FULL)
    slots = kernels.slots(shown.weights, [0.0] * len(kernels.source.nodes), Hyper())
    inputs, desired = shown.inputs.astype(np.float32), shown.desired.astype(np.float32)
    kernels.train(slots, inputs, desired, np.arange(len(shown), dtype=np.int32))
    assert np.array_equal(slots.weights, kernels.pack(shown.weights))
    all_found = [
        twin.present(shown.weights, pattern, wanted)
        for pattern, wanted in zip(shown.inputs, shown.desired, strict=True)
    ]
    compare_units(kernels, table, all_found[-1])
    for quantity, packed, expected in (
        ("descents", slots["descents"], sum(found.d_weight for found in all_found)),
        ("weight curvatures", slots["curvatures"], sum(found.curv_weight for found in all_found)),
    ):
        for parameter in table.parameters:
            compare(quantity, kernels.unpack(packed)[parameter.wid], expected[parameter.wid])
    outputs = kernels.evaluate(slots.weights, kernels.batches(inputs), len(inputs))
    expected_outputs = np.array([found.state[table.output_units] for found in all_found])
    compare("outputs", outputs, expected_outputs)


def compare_units(kernels: Kernels, table: ConnectionTable, expected: States) -> None:
    """Compare states, gradients and curvatures of every layer after one presentation."""
    lay, position = kernels.source.layout, np.argsort(kernels.plan.order)
    for number, layer in enumerate(table.layers):
        if layer.start is not None and number not in table.seen_inputs:
            continue  # nothing reads its states, so nothing writes them
        units = layer.units.ravel()
        at = lay.unit[position[units]]
        compare("states", kernels.states[at], expected.state[units])
        if layer.start is None:
            compare("gradients", kernels.states[at + lay.to_grad], expected.grad[units])
            curvatures = kernels.states[at + lay.to_grad + lay.to_curv]
            compare("curvatures", curvatures, expected.curv[units])


def check_like_the_twin(table: ConnectionTable, curvature: Curvature, seed: int) -> None:
    """Train on some patterns, or with curvatures present them, and compare."""
    plan, shown = lower(table), some_patterns(table, seed, 10)
    if curvature is Curvature.NONE:
        check_training(plan, shown, RuleSpec(), Hyper(), 0.05)
    else:
        check_presentations(plan, shown, curvature)


def check_training(
    plan: Plan, shown: Patterns, rule: UpdateRule, hyper: Hyper, rate: float
) -> None:
    """Train on all patterns; compare what the weights have moved."""
    table = plan.original
    kernels = compile_net(plan, lms(table), rule)
    twin = Reference(table, lms(table), is_full=rule.curvature is Curvature.FULL)
    weights, memory = shown.weights, Memory.empty(table.n_weights)
    for pattern, wanted in zip(shown.inputs, shown.desired, strict=True):
        found = twin.present(weights, pattern, wanted)
        steps = np.full(table.n_weights, rate)
        weights = advance(rule, hyper, steps, weights, memory, found.d_weight, found.curv_weight)
    moved = train(kernels, shown, rate, hyper)
    assert np.abs(weights - shown.weights).max() > 0.01
    compare("damped weights" if rule.second else "trained weights", moved, weights)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_presentation_is_that_of_the_twin(name: str) -> None:
    plan = lower(freeze(family(name)))
    check_presentations(plan, some_patterns(plan.table, 0, 19), Curvature.GAUSS_NEWTON)


@pytest.mark.parametrize("name", FAMILIES)
def test_training_is_that_of_the_twin(name: str) -> None:
    plan = lower(freeze(family(name)))
    rate = 0.001 if name == "a Lisp expression of all functions" else 0.05
    check_training(plan, some_patterns(plan.table, 1, 25), RuleSpec(), Hyper(), rate)


RULES: dict[str, UpdateRule] = {
    "a step per weight": RuleSpec(Step.WEIGHT),
    "momentum": RuleSpec(momentum=True),
    "plain decay": RuleSpec(decay=Decay.PLAIN),
    "scaled decay": RuleSpec(Step.WEIGHT, decay=Decay.SCALED),
    "Newton": RuleSpec(Step.NEWTON, curvature=Curvature.GAUSS_NEWTON),
    "Newton with f''": RuleSpec(Step.NEWTON, curvature=Curvature.FULL),
    "Nesterov": nesterov_rule(),
    "Nesterov, a step per weight": nesterov_rule(has_steps=True),
    "Adam": adam_rule(),
    "Adam, a step per weight": adam_rule(has_steps=True),
    "AdamW, a step per weight": adam_rule(has_steps=True, decay=True),
    "Adagrad": adagrad_rule(),
    "RMSprop": rmsprop_rule(),
    "RMSprop with momentum, a step per weight": rmsprop_rule(momentum=True, has_steps=True),
    "clipped, all options": RuleSpec(Step.CLIP, True, Decay.SCALED, Curvature.GAUSS_NEWTON),
}
# the rate is large, so Adam's small number is too: its steps are near those of momentum
HYPER = Hyper(0.8, 0.01, 0.1, 0.05, 2.0, beta1=0.8, beta2=0.9, eps=1.0)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_that_of_the_twin(rule: str) -> None:
    plan = lower(freeze(described(ALL_KINDS)))
    rate = 0.01 if RULES[rule].second else 0.05
    check_training(plan, some_patterns(plan.table, 2, 25), RULES[rule], HYPER, rate)


@pytest.mark.parametrize("curvature", [Curvature.GAUSS_NEWTON, Curvature.FULL])
def test_every_kind_of_node_presents_like_the_twin(curvature: Curvature) -> None:
    plan = lower(freeze(described(ALL_KINDS)))
    check_presentations(plan, some_patterns(plan.table, 3, 9), curvature)


@pytest.mark.parametrize("name", ["zipcode", "zipcode-full", "zipcode-random", "net-5"])
def test_the_nets_that_come_with_sn_train_like_the_twin(name: str) -> None:
    plan = Session().load(nets_folder() / f"{name}.sn").plan
    check_training(plan, some_patterns(plan.table, 5, 25), RuleSpec(), Hyper(), 0.01)


def as_rows(plan: Plan) -> Plan:
    """The same net with nothing recognised: one list of rows per layer."""
    table = plan.table
    nodes = []
    for number, layer in enumerate(table.layers[1:], 1):
        mine = np.flatnonzero(table.layer_of[table.dst] == number)
        wid = table.wid[mine]
        is_shared = len(np.unique(wid)) < len(wid)
        columns = table.dst[mine], table.src[mine], wid
        nodes.append(Rows(number, *columns, is_shared, f"-> {layer.name}", "forced", None))
    return Plan(table, tuple(nodes))


@pytest.mark.parametrize(
    "name",
    ["full", "conv with a table of maps", "conv that wraps", "local with a stride and a border"],
)
def test_what_is_recognised_computes_what_plain_rows_compute(name: str) -> None:
    plan = lower(freeze(family(name)))
    plain = as_rows(plan)
    verify(plain)
    shown = some_patterns(plan.table, 4, 25)
    nested, listed = (compile_net(some, lms(plan.table)) for some in (plan, plain))
    after = [train(kernels, shown, 0.05, Hyper()) for kernels in (nested, listed)]
    compare("trained weights", after[0], after[1])
    inputs = shown.inputs.astype(np.float32)
    outputs = [
        kernels.evaluate(kernels.pack(after[0]), kernels.batches(inputs), len(inputs))
        for kernels in (nested, listed)
    ]
    compare("outputs", outputs[0], outputs[1])


# a failing example is shown as drawn: to make it smaller would compile for minutes
@settings(derandomize=True, deadline=None, max_examples=15, phases=[Phase.generate])
@given(tables(), st.integers(0, 100), st.sampled_from(Curvature))
def test_random_nets_present_like_the_twin(
    table: ConnectionTable, seed: int, curvature: Curvature
) -> None:
    assume(corner_margin(table, presentation(table, seed)) > CORNER)
    check_like_the_twin(table, curvature, seed)
