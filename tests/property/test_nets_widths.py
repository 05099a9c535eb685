"""Vectors of 8 and of 16 lanes: the same bits, for every scheme and for random nets.

Both kernels run on this CPU, which needs no 16-lane registers for it: the compiler splits what
is too wide. What is checked is that no sum depends on how wide vectors are.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import sn.kernels
from sn.kernels import compile_net
from sn.lower.ir import Plan
from sn.lower.recognise import lower
from sn.net.table import ConnectionTable, freeze
from sn.optim.adaptive import adam_rule
from sn.optim.rules import Curvature, Decay, Hyper, RuleSpec, Step, UpdateRule
from sn.session import Session
from sn.shipped import nets_folder
from tests.sample_nets import (
    ALL_KINDS,
    FAMILIES,
    described,
    family,
    lms,
    presentation,
    tables,
)

pytestmark = pytest.mark.kernels

PATTERNS = 9
RULES: dict[str, UpdateRule] = {
    "plain": RuleSpec(),
    "momentum and decay": RuleSpec(momentum=True, decay=Decay.SCALED),
    "Newton": RuleSpec(step=Step.NEWTON, curvature=Curvature.GAUSS_NEWTON),
    "Adam": adam_rule(),
    "full Newton": RuleSpec(step=Step.NEWTON, curvature=Curvature.FULL),
}
HYPER = Hyper(momentum=0.5, decay=0.01, gamma=0.05, mu=0.1, beta1=0.9, beta2=0.99, eps=1e-6)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache of this module's own, empty at first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SN_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def trained(plan: Plan, rule: UpdateRule, lanes: int, seed: int) -> list[bytes]:
    """Train with vectors of `lanes` lanes; return the bytes of all weights and outputs."""
    table = plan.table
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sn.kernels, "lanes_of_cpu", lambda: lanes)
        kernels = compile_net(plan, lms(table), rule)
    assert kernels.source.lanes == lanes
    rng = np.random.default_rng(seed)
    sizes = (table.n_inputs, table.n_outputs)
    ends = [rng.uniform(-1, 1, (PATTERNS, size)) for size in sizes]
    inputs, desired = (end.astype(np.float32) for end in ends)
    slots = kernels.slots(
        presentation(table, seed).weights, [0.05] * len(kernels.source.nodes), HYPER
    )
    kernels.train(slots, inputs, desired, np.arange(PATTERNS, dtype=np.int32))
    outputs = kernels.evaluate(slots.weights, kernels.batches(inputs), PATTERNS)
    weights = kernels.unpack(slots.weights)
    if np.isfinite(weights).all():  # a logarithm may have met a number below 0
        assert not slots.weights[kernels.source.slots < 0].any()
    return [weights.tobytes(), outputs.tobytes()]


def check(table: ConnectionTable, rule: UpdateRule, seed: int = 0) -> None:
    plan = lower(table)
    assert trained(plan, rule, 8, seed) == trained(plan, rule, 16, seed)


@pytest.mark.parametrize("name", FAMILIES)
def test_every_scheme(name: str) -> None:
    rule = list(RULES.values())[sorted(FAMILIES).index(name) % len(RULES)]
    check(freeze(family(name)), rule)


@pytest.mark.parametrize("net", ["net-5", "zipcode-lenet"])
def test_nets_of_the_folder(net: str) -> None:
    program = Session().load(nets_folder() / f"{net}.sn")
    check(program.table, RULES["plain"])


def test_a_net_of_all_kinds_of_connections() -> None:
    check(freeze(described(ALL_KINDS)), RULES["full Newton"])


@settings(derandomize=True, deadline=None, max_examples=12, phases=[Phase.generate])
@given(tables(), st.sampled_from(sorted(RULES)), st.integers(0, 99))
def test_random_nets(table: ConnectionTable, rule: str, seed: int) -> None:
    check(table, RULES[rule], seed)
