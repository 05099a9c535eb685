"""The net as a function of JAX: gradients and curvatures are those of the twin, for every kind."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import numpy as np
import pytest

from sn.jax_engine import load_jax
from sn.lower.recognise import lower
from sn.net.activations import gelu, nlf_tanh, tanh
from sn.net.combine import STATE, WEIGHT, Combine
from sn.net.costs import Cost, cost
from sn.net.expr import OPERATIONS, Expr, const, power, variable
from sn.net.expr import call as called
from sn.net.expr import evaluate as evaluated
from sn.net.loss import Costs, Loss
from sn.net.reference import Reference
from sn.net.table import ConnectionTable, freeze
from tests.sample_nets import FAMILIES, described, family, lms, presentation

jax = pytest.importorskip("jax", reason="jax is an extra, sn[jax]")
load_jax()

from sn.jax_engine import formulas  # noqa: E402 - after JAX is ready
from sn.jax_engine.function import NetFunction  # noqa: E402
from sn.jax_engine.gather import added_up, picked  # noqa: E402
from sn.jax_engine.programs import in_turn  # noqa: E402

# every node of a plan, borders, wraps, tables of maps, slices of the input
TEN = (
    "full over maps",
    "conv with a table of maps",
    "conv over short runs of maps",
    "conv that wraps within a border",
    "conv with a dilation, a stride and a border",
    "local with a table of maps",
    "local that wraps along one axis",
    "subsample after conv",
    "several inputs",
    "scheme of shared weights",
)
ROOM = 2e-6  # of the largest number; float32 keeps about 1e-7


def worst(
    table: ConnectionTable, loss: Loss, seed: int = 0, is_share: bool = False
) -> dict[str, float]:
    """How far JAX is from the twin, relative to the largest number of each kind."""
    shown, function = presentation(table, seed), NetFunction(lower(table), loss)
    if is_share:
        shown = replace(shown, desired=np.abs(shown.desired))
    weights = function.pack(shown.weights)
    ends = shown.pattern.astype(np.float32), shown.desired.astype(np.float32)
    twin = Reference(table, loss).present(shown.weights, shown.pattern, shown.desired)
    full = Reference(table, loss, is_full=True).present(shown.weights, shown.pattern, shown.desired)

    def everything(weights: object, pattern: object, desired: object) -> tuple[object, ...]:
        every = weights, pattern, desired
        return (
            function.cost(*every),
            function.descent(*every),
            function.curvatures(*every),
            function.curvatures(*every, is_full=True),
            function.states(weights, pattern),
        )

    value, descent, newton, other, states = jax.jit(everything)(weights, *ends)
    seen = np.isin(np.arange(table.n_units), np.concatenate([table.src, table.output_units]))
    pairs = {
        "cost": (np.array([value]), np.array([twin.cost])),
        "descent": (function.unpack(descent), twin.d_weight),
        "gauss-newton": (function.unpack(newton), twin.curv_weight),
        "full": (function.unpack(other), full.curv_weight),
        "states": (np.asarray(states)[seen], twin.state[seen]),
    }
    return {
        name: float(np.abs(found - wanted).max() / max(np.abs(wanted).max(), 1e-6))
        for name, (found, wanted) in pairs.items()
    }


@pytest.mark.parametrize("name", TEN)
def test_derivatives_are_those_of_the_twin(name: str) -> None:
    table = freeze(family(name))
    found = worst(table, lms(table))
    assert max(found.values()) < ROOM, found


def test_a_table_of_few_pairs_is_a_matrix_for_each_set_of_maps() -> None:
    table = freeze(
        described(
            "(defnet sample (layer in (6 4 4)) (layer h (4 2 2)) (layer out (3))"
            " (connect in h (conv (kernel 3 3) (maps '((0 1) (3 5) (0 1) (4)))))"
            " (connect h out (full)))"
        )
    )
    found = worst(table, lms(table))
    assert max(found.values()) < ROOM, found


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in FAMILIES if name not in TEN])
def test_derivatives_of_all_other_nets_too(name: str) -> None:
    table = freeze(family(name))
    found = worst(table, lms(table), seed=1)
    assert max(found.values()) < ROOM, found


DISTANCE = Combine("squared distance", power(STATE - WEIGHT, 2))
WAVE = Combine("wave", called("sin", WEIGHT * 2.0) * power(STATE, 3))


@pytest.mark.parametrize("combine", [DISTANCE, WAVE], ids=["distance", "wave"])
def test_terms_that_are_no_products(combine: Combine) -> None:
    """What kernels refuse: JAX adds it up row by row."""
    table = freeze(
        described(
            "(defnet sample (layer in (2 6 6) (border 0.5)) (layer h (2 6 6)) (layer out (2))"
            " (connect in h (conv (kernel 3 3))) (connect h out (full)))"
        )
    )
    table = replace(table, groups=tuple(replace(one, combine=combine) for one in table.groups))
    found = worst(table, lms(table))
    assert max(found.values()) < ROOM, found


COSTS: dict[str, tuple[str, Cost]] = {
    "mean-square": ("(nlf-tanh 0.66666666 0)", cost.get("mean-square")(3)),
    "huber": ("(linear)", cost.get("huber")(3, delta=0.3)),
    "logistic": ("(linear)", cost.get("logistic")(3, label_smoothing=0.1)),
    "softmax": ("(linear)", cost.get("softmax")(3)),
    "a logarithm": (
        "(nlf (lambda (x) (/ 1 (+ 1 (exp (- x))))))",
        Cost(
            "entropy",
            -(variable("d") * called("log", variable("y")))
            - (1 - variable("d")) * called("log", 1 - variable("y")),
        ),
    ),
}


@pytest.mark.parametrize("name", COSTS)
def test_costs(name: str) -> None:
    form, one = COSTS[name]
    table = freeze(
        described(
            f"(defnet sample (layer in (4)) (layer h (5)) (layer out (3) {form})"
            " (connect in h (full)) (connect h out (full)))"
        )
    )
    found = worst(table, one, is_share=True)
    assert max(found.values()) < ROOM, found


def test_several_output_layers_one_of_which_feeds_the_other() -> None:
    table = freeze(
        described(
            "(defnet sample (layer in (4)) (layer h (3) (output))"
            " (layer out (2) (output))"
            " (connect in h (full)) (connect h out (full)) (connect in out (full)))"
        )
    )
    parts = cost.get("lms")(3), cost.get("mean-square")(2).weighted(0.5)
    assert [layer.name for layer in table.output_layers] == ["h", "out"]
    found = worst(table, Costs(parts, (3, 2)))
    assert max(found.values()) < ROOM, found


def test_every_operation_of_a_formula_is_one_of_jax() -> None:
    assert set(formulas.OPERATIONS) == set(OPERATIONS)
    some = np.linspace(0.1, 2.5, 40, dtype=np.float32)
    for name in OPERATIONS:
        count = {"if": 3, "fma": 3}.get(name)
        pair = ("add", "sub", "mul", "div", "over", "min", "max", "lt", "le", "eq")
        count = count or (2 if name in pair else 1)
        names = [variable(letter) for letter in "abc"[:count]]
        if name == "if":
            names[0] = called("lt", variable("a"), const(1))
        e = Expr(name, tuple(names))
        known = {letter: some[:: 1 if letter != "b" else -1] for letter in "abc"}
        wide = {letter: values.astype(float) for letter, values in known.items()}
        found, wanted = formulas.computed(e, known), evaluated(e, wide)
        assert np.asarray(found, float) == pytest.approx(np.asarray(wanted, float), rel=3e-6), name


@pytest.mark.parametrize("activation", [gelu(), tanh(), nlf_tanh(0.66666666, 0.05)])
def test_a_non_linearity_has_the_derivative_of_its_formula(activation: object) -> None:
    some = np.linspace(-4, 4, 33, dtype=np.float32)
    f = formulas.non_linearity(activation)  # type: ignore[arg-type]
    slopes = jax.vmap(jax.grad(f))(some)
    wanted = evaluated(activation.slope, {"a": some.astype(float)})  # type: ignore[attr-defined]
    assert np.asarray(slopes) == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("index", [[3, 0, -1, 3, 1, 2], [0, 0, 0, 0, 0, 0], [[4, 2], [-1, 4]]])
def test_a_gather_and_its_derivative(index: list[int] | list[list[int]]) -> None:
    places = np.array(index, np.int32)
    x = np.arange(10, dtype=np.float32).reshape(2, 5) + 1
    value, back = jax.vjp(picked(places, 5), x)
    assert np.array_equal(value, np.where(places >= 0, x[:, places], 0))
    weights = np.arange(2 * places.size, dtype=np.float32).reshape(2, *places.shape)
    wanted = np.zeros_like(x)
    rows = chain(*np.atleast_2d(index).tolist())
    for place, number in enumerate(rows):
        if number >= 0:
            wanted[:, number] += weights.reshape(2, -1)[:, place]
    assert np.array_equal(back(weights)[0], wanted)


@pytest.mark.parametrize("count", [3, 100])
def test_sums_and_their_derivative(count: int) -> None:
    x = np.random.default_rng(0).integers(-9, 9, (2, count, 5)).astype(np.float32)
    value, back = jax.vjp(added_up, x)
    assert np.array_equal(value, x.sum(1))
    weights = np.arange(10, dtype=np.float32).reshape(2, 5)
    assert np.array_equal(back(weights)[0], np.broadcast_to(weights[:, None], x.shape))


@pytest.mark.parametrize("most", [1, 4, 100])
def test_nets_in_turn_are_nets_at_once(most: int) -> None:
    seen = []

    def work(own: dict[str, np.ndarray], shared: np.ndarray, other: np.ndarray) -> object:
        seen.append(own["w"].shape[0])
        return {"sum": own["w"] @ shared + other}

    rng = np.random.default_rng(0)
    own, shared = rng.integers(0, 9, (6, 3)).astype(float), np.arange(3.0)
    other = rng.integers(0, 9, 6).astype(float)
    found = in_turn(work, (True, False, True), most)({"w": own}, shared, other)
    assert np.array_equal(found["sum"], own @ shared + other)
    assert seen == [{1: 1, 4: 3, 100: 6}[most]]
