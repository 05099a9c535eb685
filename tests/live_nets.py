"""Small live nets of every kind at random, and what presents patterns to them step by step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sn.live import arithmetic, loops
from sn.live.functions import Function, difference, of_kind
from sn.live.net import ACC, BACK_CURV, CONN_STEP, GRAD, HESS, STEP, VAL, WEIGHT, Ints, LiveNet
from sn.live.presenter import Moves, Recipe
from sn.live.variants import Variant
from sn.live.walk import Numbers, Op, Walk

Floats32 = NDArray[np.float32]

TANH = of_kind("tanh", arithmetic.TANH, 1.5, 0.7, 0.1, 0.05)
FUNCTIONS: dict[str, tuple[Function, Function, Function]] = {
    "tanh": (TANH, of_kind("slope", arithmetic.DTANH, *TANH.numbers), difference("bend", TANH, 2)),
    "tanh by differences": (TANH, difference("slope", TANH, 1), difference("bend", TANH, 2)),
    "linear": (
        of_kind("line", arithmetic.LINEAR, 0.5, 0.4, 0.1, 0.2),
        of_kind("slope", arithmetic.LINEAR, 0.0, 0.0, 0.0, 0.3),
        of_kind("bend", arithmetic.ZERO),
    ),
    "threshold": (
        of_kind("threshold", arithmetic.THRESHOLD, 1.0, 0.7, 0.0, 0.0),
        of_kind("slope", arithmetic.DTANH, 1.0, 0.7, 0.0, 0.0),
        difference("bend", of_kind("x", arithmetic.TANH, 1.0, 0.7), 2),
    ),
}
_PIECEWISE = of_kind("piecewise", arithmetic.PIECEWISE, 1.0, 0.8, 0.1, 0.0)
FUNCTIONS["piecewise"] = (
    _PIECEWISE,
    difference("slope", _PIECEWISE, 1),
    of_kind("bend", arithmetic.ZERO),
)


@dataclass(frozen=True)
class Sample:
    """A net with its layers: inputs first, outputs last, and the units of the desired outputs."""

    net: LiveNet
    layers: tuple[Ints, ...]
    desired: Ints

    def recipe(
        self,
        moves: Moves,
        *,
        curved: str = "",
        functions: str = "tanh",
        is_one_sided: bool = False,
    ) -> Recipe:
        """Return a recipe; `curved` is "", "lm" or "newton"."""
        f, df, ddf = FUNCTIONS[functions]
        bend = ddf if curved == "newton" else None
        computed = self.layers[1:]
        return Recipe(
            self.layers[0],
            self.layers[-1],
            self.desired,
            [(units, f) for units in computed],
            df,
            moves,
            [(units, df) for units in reversed(computed[:-1])],
            [(units, df, bend) for units in reversed(computed)] if curved else (),
            is_one_sided,
        )


def sample(seed: int, variant: Variant, sizes: tuple[int, ...], rates: str = "unit") -> Sample:
    """Make a net: units in no order, shared weights, self-connections, loops, some cut away.

    `rates`: "unit", "connection" (where the variant has such) or "same".
    """
    rng = np.random.default_rng(seed)
    net = LiveNet(variant=variant)
    net.add_units(sum(sizes) + sizes[-1] + 3)
    numbers = rng.permutation(np.arange(1, net.n_units)).astype(np.int32)
    ends = np.cumsum([0, *sizes, sizes[-1]])
    groups = [numbers[a:b] for a, b in zip(ends, ends[1:], strict=False)]
    layers, desired = groups[:-1], groups[-1]
    for level, units in enumerate(layers[1:], start=1):
        below = np.concatenate([[0], *layers[:level]])
        _connect(rng, net, below, units, 0.6)
    inside = np.concatenate(layers[1:])
    _connect(rng, net, inside, inside, 0.05)  # loops, and units that feed themselves
    for conn in rng.permutation(net.n_conns)[: net.n_conns // 10].tolist():
        net.cut(conn)
    net.weights[WEIGHT, : net.n_weights] *= np.float32(0.2)
    _set_rates(rng, net, rates)
    return Sample(net, tuple(layers), desired)


def _connect(
    rng: np.random.Generator, net: LiveNet, below: Ints, units: Ints, share: float
) -> None:
    pairs = [(i, j) for i in below.tolist() for j in units.tolist() if rng.random() < share]
    made: list[int] = []
    for k in rng.permutation(len(pairs)).tolist():
        src, dst = pairs[k]
        if net.connection(src, dst) is not None:
            continue
        if net.variant.has_table and made and rng.random() < 0.5:
            net.duplicate(made[int(rng.integers(len(made)))], src, dst, None, 0.0)
        else:
            made.append(net.connect(src, dst, float(rng.normal())))


def _set_rates(rng: np.random.Generator, net: LiveNet, rates: str) -> None:
    of_units = rng.uniform(0.001, 0.01, net.n_units).astype(np.float32)
    if rates == "same":
        of_units[:] = 0.005
    if not net.variant.has_steps:
        net.units[STEP, : net.n_units] = of_units
        return
    net.conns[CONN_STEP, : net.n_conns] = of_units[net.dst[: net.n_conns]]
    if rates == "connection":
        net.conns[CONN_STEP, : net.n_conns] = rng.uniform(0.001, 0.01, net.n_conns)


def walked(
    net: LiveNet,
    recipe: Recipe,
    order: Ints,
    patterns: Floats32,
    targets: Floats32,
    numbers: Numbers,
) -> tuple[Floats32, Floats32]:
    """Present patterns by single operations, as the words of SN do; return errors and outputs."""
    walk, errors, outputs = Walk(net), [], []
    for number in order:
        net.units[VAL, recipe.inputs] = patterns[number]
        net.units[VAL, recipe.desired] = targets[number]
        for units, f in recipe.forward:
            walk.run([Op(loops.SUMS, units), Op(loops.VALUES, units, f)])
        if recipe.moves is Moves.ALONG:
            net.units[GRAD, recipe.inputs] = 0
            slopes = [*(df for _, df in reversed(recipe.backward)), recipe.slope]
            for (units, _), df in zip(recipe.forward, slopes, strict=True):
                walk.run([Op(loops.TANGENTS, units, df)])
            errors.append(0.0)
            outputs.append(net.units[GRAD, recipe.outputs].copy())
            continue
        cost = Op(loops.LMS, recipe.outputs, other=recipe.desired, flag=int(recipe.is_one_sided))
        errors.append(walk.run([cost], numbers))
        if net.variant.has_curvature:
            net.units[BACK_CURV, recipe.outputs] = 1
        walk.run([Op(loops.SLOPES, recipe.outputs, recipe.slope)])
        if recipe.moves is not Moves.NOT:
            walk.run(_backward(net, recipe), numbers)
        outputs.append(net.units[VAL, recipe.outputs].copy())
    return np.array(errors, np.float32), np.array(outputs, np.float32)


def _backward(net: LiveNet, recipe: Recipe) -> list[Op]:
    every = np.arange(net.n_units, dtype=np.int32)
    ops: list[Op] = []
    for units, df in recipe.backward:
        ops += [Op(loops.BACK_SUMS, units), Op(loops.SLOPES, units, df)]
    for units, df, ddf in recipe.curvature:
        ops += [Op(loops.BACK_CURVATURES, units), Op(loops.CURVATURES, units, df, ddf)]
    second = bool(recipe.curvature)
    if second:
        ops.append(Op(loops.AVERAGES, every))
    if not net.variant.has_table:
        return [*ops, Op(loops.STEP, every, flag=int(second))]
    if recipe.moves is Moves.STEP:
        ops += [Op(loops.CLEAR, flag=ACC), *[Op(loops.CLEAR, flag=HESS)] * second]
    ops += [Op(loops.GATHER, every), *[Op(loops.GATHER_CURVATURE, every)] * second]
    if recipe.moves is Moves.STEP:
        ops += [*[Op(loops.SCALE)] * second, Op(loops.CHANGE), Op(loops.MOVE)]
    return ops
