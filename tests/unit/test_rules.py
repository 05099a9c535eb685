"""Update rules: what one update does to a weight, by the formulas of SN's manual."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sn.optim.rules import Curvature, Decay, Hyper, Memory, RuleSpec, Step, advance, damped

STEPS = np.array([0.1, 0.2, 0.4])
WEIGHTS = np.array([1.0, -2.0, 0.5])
DESCENT = np.array([0.5, 1.0, -1.0])
CURVATURE = np.array([2.0, -0.3, 0.0])
HYPER = Hyper(momentum=0.9, decay=0.05, gamma=0.25, mu=0.5, limit=0.8)


def once(rule: RuleSpec, memory: Memory | None = None, hyper: Hyper = HYPER) -> np.ndarray:
    some = memory or Memory.empty(3)
    return advance(rule, hyper, STEPS, WEIGHTS, some, DESCENT, CURVATURE)


def test_a_plain_step() -> None:
    assert once(RuleSpec()) == pytest.approx(WEIGHTS + STEPS * DESCENT)


def test_momentum_weighs_the_new_gradient_by_one_minus_alpha() -> None:
    """delta = alpha delta + (1 - alpha) epsilon x g, SN's convention."""
    memory = Memory.empty(3)
    first = once(RuleSpec(momentum=True), memory)
    assert memory["velocity"] == pytest.approx(0.1 * STEPS * DESCENT)
    assert first == pytest.approx(WEIGHTS + memory["velocity"])
    once(RuleSpec(momentum=True), memory)
    assert memory["velocity"] == pytest.approx((0.9 * 0.1 + 0.1) * STEPS * DESCENT)


def test_decay_in_both_conventions() -> None:
    """(1 - decay) w in the iterative kernels, (1 - epsilon decay) w in the others."""
    delta = STEPS * DESCENT
    assert once(RuleSpec(decay=Decay.PLAIN)) == pytest.approx(0.95 * WEIGHTS + delta)
    scaled = (1 - 0.05 * STEPS) * WEIGHTS + delta
    assert once(RuleSpec(decay=Decay.SCALED)) == pytest.approx(scaled)


def test_newton_divides_by_mu_plus_the_running_curvature() -> None:
    rule = RuleSpec(Step.NEWTON, curvature=Curvature.FULL)
    memory = Memory.empty(3)
    found = once(rule, memory)
    assert memory["curvature"] == pytest.approx(0.25 * CURVATURE)
    divisor = 0.5 + np.abs(0.25 * CURVATURE)
    assert found == pytest.approx(WEIGHTS + STEPS * DESCENT / divisor)
    once(rule, memory)
    assert memory["curvature"] == pytest.approx((0.75 * 0.25 + 0.25) * CURVATURE)


def test_newton_scales_decay_by_the_damped_step() -> None:
    rule = RuleSpec(Step.NEWTON, decay=Decay.SCALED, curvature=Curvature.GAUSS_NEWTON)
    step = STEPS / (0.5 + np.abs(0.25 * CURVATURE))
    expected = (1 - 0.05 * step) * WEIGHTS + step * DESCENT
    assert once(rule) == pytest.approx(expected)


def test_clipping_keeps_the_curvature_between_mu_and_the_limit() -> None:
    rule = RuleSpec(Step.CLIP, curvature=Curvature.GAUSS_NEWTON)
    hyper = replace(HYPER, gamma=1.0)
    divisor = np.array([0.8, 0.5, 0.5])
    assert once(rule, hyper=hyper) == pytest.approx(WEIGHTS + STEPS * DESCENT / divisor)
    assert damped(Step.CLIP, STEPS, HYPER, CURVATURE) == pytest.approx(STEPS / divisor)


@pytest.mark.parametrize("momentum", [False, True])
@pytest.mark.parametrize("decay", list(Decay))
@pytest.mark.parametrize("step", [Step.NODE, Step.WEIGHT, Step.NEWTON, Step.CLIP])
def test_every_rule_lowers_a_convex_cost(step: Step, decay: Decay, momentum: bool) -> None:
    """E = sum k w^2 / 2, whose bottom is 0."""
    k = np.array([1.0, 0.5, 3.0])
    second = step in (Step.NEWTON, Step.CLIP)
    rule = RuleSpec(step, momentum, decay, Curvature.FULL if second else Curvature.NONE)
    weights, memory, costs = WEIGHTS, Memory.empty(3), []
    for _ in range(60):
        weights = advance(rule, HYPER, STEPS, weights, memory, -k * weights, k)
        costs.append(float(np.sum(k * weights**2)))
    assert costs[-1] < 0.01 * costs[0]
