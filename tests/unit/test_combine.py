"""A net whose connections do not add up products: the twin computes it, all others refuse it.

The other combine is the squared distance of weight and state, as in radial basis functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sn.emit.rooms import ROOMS
from sn.emit.schedule import schedule
from sn.errors import LowerError, NetError, SnInternalError
from sn.lower.expand import expand, verify
from sn.lower.ir import Bias, Full, Plan, Subsample, Window, n_rows
from sn.lower.recognise import lower
from sn.lower.report import check_report
from sn.net import schemes
from sn.net.combine import STATE, WEIGHT, WEIGHTED_SUM, Combine
from sn.net.differences import Squared
from sn.net.expr import call, power
from sn.net.layer import Network
from sn.net.reference import Reference
from sn.net.schemes import Link
from sn.net.table import ConnectionTable, freeze
from sn.net.tangent import Tangent
from sn.optim.first_order import Sgd
from sn.optim.rules import RuleSpec
from sn.train.failing import failing_formula
from sn.train.gradient_check import check_gradients, random_examples
from sn.train.historical import HistoricalEngine
from sn.train.identity import table_hash
from sn.trained.about import About
from sn.trained.writing import write_trained
from tests.sample_nets import FAMILIES, described, family, lms, presentation

DISTANCE = Combine("squared distance", power(STATE - WEIGHT, 2))
# its second derivatives, unlike those of a square, are no constants
WAVE = Combine("wave", call("sin", WEIGHT * 2.0) * power(STATE, 3))

NET = (
    "(defnet sample (layer in (3)) (layer h (4)) (layer out (2))"
    " (connect in h (full)) (connect h out (full)))"
)
CONV = (
    "(defnet sample (layer in (2 6 6) (border 0.5)) (layer h (2 6 6)) (layer h2 (2 3 3))"
    " (layer out (2)) (connect in h (conv (kernel 3 3))) (connect h h2 (subsample (kernel 2 2)))"
    " (connect h2 out (full)))"
)
LABELS = ("in -> h", "h -> out")


def combined(table: ConnectionTable, combine: Combine, *labels: str) -> ConnectionTable:
    """Return the table with another combine of the groups of some labels."""
    groups = [replace(g, combine=combine) if g.label in labels else g for g in table.groups]
    assert groups != list(table.groups)
    return replace(table, groups=tuple(groups))


def net(combine: Combine = DISTANCE, *labels: str) -> ConnectionTable:
    return combined(freeze(described(NET)), combine, *(labels or LABELS))


# --- derivatives ---


def test_the_derivatives_of_combines() -> None:
    assert (WEIGHTED_SUM.d_state, WEIGHTED_SUM.d_weight) == (WEIGHT, STATE)
    assert {str(WEIGHTED_SUM.dd_state), str(WEIGHTED_SUM.dd_weight)} == {"0"}
    table = net(DISTANCE, "in -> h")
    weights, state = np.full(table.n_weights, 0.25), np.full(table.n_units, 1.0)
    rows = slice(*np.searchsorted(table.dst, [table.layers[1].first, table.layers[2].first]))
    from_layer = table.src[rows] > 0
    for formula, value in (
        *(("term", 0.5625), ("d_state", 1.5), ("d_weight", -1.5)),
        *(("dd_state", 2.0), ("dd_weight", 2.0)),
    ):
        found = table.combined(formula, weights, state, rows)  # type: ignore[arg-type]
        assert found[from_layer].tolist() == [value] * 12


def test_totals_by_hand() -> None:
    """The bias adds, whatever group its rows are in, and constants of a border combine."""
    made = Network("hand")
    a, b = made.add_layer("a", (2,)), made.add_layer("b", (1,))
    schemes.full(made, Link(a, b))
    schemes.bias(made, b, shared=False)
    table = freeze(made)
    table = combined(table, DISTANCE, *(group.label for group in table.groups))
    total, _ = Reference(table, lms(table)).forward(np.array([0.5, -1, 3]), np.array([2.0, 4.0]))
    assert total[b.first] == 1.5**2 + 5.0**2 + 3


def test_connections_into_one_unit_may_differ() -> None:
    table = net(DISTANCE, "in -> h")
    shown = presentation(table)
    twin, sums = (Reference(one, lms(one)) for one in (table, freeze(described(NET))))
    found, state = twin.forward(shown.weights, shown.pattern)
    h, out = table.layers[1:]
    matrices = {p.name: shown.weights[p.wid] for p in table.parameters}
    totals = matrices["h.bias"] + ((matrices["h.weight"] - shown.pattern) ** 2).sum(axis=1)
    assert found[h.units] == pytest.approx(totals, rel=1e-14)
    totals = matrices["out.bias"] + matrices["out.weight"] @ state[h.units]
    assert found[out.units] == pytest.approx(totals, rel=1e-14)
    assert not np.allclose(found, sums.forward(shown.weights, shown.pattern)[0])


MIXTURES = {
    "distance": (DISTANCE, LABELS),
    "distance below": (DISTANCE, LABELS[:1]),
    "distance above": (DISTANCE, LABELS[1:]),
    "wave": (WAVE, LABELS),
}


@pytest.fixture(params=MIXTURES)
def mixture(request: pytest.FixtureRequest) -> ConnectionTable:
    combine, labels = MIXTURES[request.param]
    return net(combine, *labels)


def central(f: Callable[[float], np.ndarray], h: float) -> np.ndarray:
    return (f(h) - f(-h)) / (2 * h)


def test_gradients_are_differences(mixture: ConnectionTable) -> None:
    shown = presentation(mixture)
    twin = Reference(mixture, lms(mixture))
    found = twin.present(shown.weights, shown.pattern, shown.desired)
    for weight, direction in enumerate(np.eye(mixture.n_weights)):

        def cost(h: float, d: np.ndarray = direction) -> np.ndarray:
            some = twin.present(shown.weights + h * d, shown.pattern, shown.desired)
            return np.array(some.cost)

        assert -found.d_weight[weight] == pytest.approx(central(cost, 1e-5), rel=1e-7, abs=1e-9)


def test_curvatures_are_differences(mixture: ConnectionTable) -> None:
    """With one hidden layer the diagonal estimates are exact, the full one too."""
    shown = presentation(mixture)
    plain, bent = (Reference(mixture, lms(mixture), is_full) for is_full in (False, True))
    found = [twin.present(shown.weights, shown.pattern, shown.desired) for twin in (plain, bent)]
    assert np.all(found[0].curv_weight >= 0)
    assert not np.allclose(found[0].curv_weight, found[1].curv_weight)
    for weight, direction in enumerate(np.eye(mixture.n_weights)):

        def outputs(h: float, d: np.ndarray = direction) -> np.ndarray:
            _, state = plain.forward(shown.weights + h * d, shown.pattern)
            return state[mixture.output_units]

        def descent(h: float, d: np.ndarray = direction, w: int = weight) -> np.ndarray:
            some = plain.present(shown.weights + h * d, shown.pattern, shown.desired)
            return -some.d_weight[w]

        squares = np.sum(central(outputs, 1e-5) ** 2)
        assert found[0].curv_weight[weight] == pytest.approx(squares, rel=1e-7, abs=1e-9)
        bend = central(descent, 1e-5)
        assert found[1].curv_weight[weight] == pytest.approx(bend, rel=1e-7, abs=1e-9)


def test_the_curvature_along_a_line_is_a_difference(mixture: ConnectionTable) -> None:
    shown = presentation(mixture)
    direction = np.random.default_rng(1).uniform(-1, 1, mixture.n_weights)
    twin = Reference(mixture, lms(mixture))

    def outputs(h: float) -> np.ndarray:
        _, state = twin.forward(shown.weights + h * direction, shown.pattern)
        return state[mixture.output_units]

    found = twin.along(shown.weights, direction, shown.pattern, shown.desired)
    assert found == pytest.approx(np.sum(central(outputs, 1e-5) ** 2), rel=1e-7)


# --- plans ---


def plan_of(*labels: str) -> Plan:
    return lower(combined(freeze(described(CONV)), DISTANCE, *labels))


def test_nodes_carry_the_combine_of_their_rows() -> None:
    plan = plan_of("in -> h", "h2 -> out")
    of_node = {(type(node), node.label): node.combine for node in plan.nodes}
    assert of_node == {
        (Bias, "bias -> h"): WEIGHTED_SUM,
        (Window, "in -> h"): DISTANCE,
        (Bias, "bias -> h2"): WEIGHTED_SUM,
        (Subsample, "h -> h2"): WEIGHTED_SUM,
        (Bias, "bias -> out"): WEIGHTED_SUM,
        (Full, "h2 -> out"): DISTANCE,
    }
    lines = [line for line in str(plan).splitlines() if "combined by squared distance" in line]
    assert [line.split("  ")[0] for line in lines] == ["in -> h", "h2 -> out"]
    subsample = next(node for node in plan_of("h -> h2").nodes if isinstance(node, Subsample))
    assert str(subsample) == "subsample 2x2, 2 maps, combined by squared distance"
    report = check_report(plan, lms(plan.table), ())
    told = [one.label for one in report.connections if "squared distance" in one.plan]
    assert told == ["in -> h", "h2 -> out"]
    assert str(plan.table).count("weights, combined by squared distance") == 2


def mixed() -> ConnectionTable:
    """A table of a full connection, half of whose rows combine otherwise."""
    made = Network("mixed")
    a, b = made.add_layer("a", (2,)), made.add_layer("b", (2,))
    schemes.rows(made, Link(a, b), [(0, 0, None), (1, 1, None)], "rows")
    schemes.rows(made, Link(a, b), [(0, 1, None), (1, 0, None)], "others")
    table = freeze(made)
    assert any(isinstance(node, Full) for node in lower(table).nodes)
    return replace(table, groups=(table.groups[0], replace(table.groups[1], combine=DISTANCE)))


def test_rows_of_different_combines_are_not_joined() -> None:
    plan = lower(mixed())
    pairs = {
        node.combine: sorted(zip(*(column.tolist() for column in expand(node, plan)), strict=True))
        for node in plan.nodes
    }
    assert pairs == {WEIGHTED_SUM: [(3, 1, 0), (4, 2, 1)], DISTANCE: [(3, 2, 2), (4, 1, 3)]}


@pytest.mark.parametrize("name", FAMILIES)
def test_every_other_statement_combines_otherwise(name: str) -> None:
    """`lower` verifies its plan; the rows of the bias stay sums."""
    table = freeze(family(name))
    groups = [
        replace(group, combine=DISTANCE) if number % 2 else group
        for number, group in enumerate(table.groups)
    ]
    table = replace(table, groups=tuple(groups))
    found = sum(n_rows(node) for node in lower(table).nodes if node.combine == DISTANCE)
    assert found == np.count_nonzero((table.group % 2 == 1) & (table.src != 0))


def test_a_plan_that_combines_otherwise_than_its_table_is_found() -> None:
    plan = lower(mixed())
    swap = {WEIGHTED_SUM: DISTANCE, DISTANCE: WEIGHTED_SUM}
    nodes = [replace(n, combine=swap[n.combine]) for n in plan.nodes if not isinstance(n, Bias)]
    with pytest.raises(SnInternalError, match="does not expand to its table"):
        verify(replace(plan, nodes=tuple(nodes)))


# --- who refuses ---


def refusing(label: str, who: str) -> str:
    return "^" + re.escape(f"{label} combines by squared distance, which {who} does not compute")


@pytest.mark.parametrize("label", ["in -> h", "h -> h2", "h2 -> out"])
def test_the_compiler_refuses(label: str) -> None:
    plan = plan_of(label)
    message = f"^{label} combines by squared distance, which kernels do not compute"
    with pytest.raises(LowerError, match=message) as caught:
        schedule(plan, lms(plan.table), RuleSpec(), 8)
    span = next(group.span for group in plan.table.groups if group.label == label)
    assert span is not None
    assert caught.value.span == span


def test_no_room_computes_another_combine() -> None:
    for room in ROOMS.values():
        assert room.combines == (WEIGHTED_SUM,)


WALKERS: dict[str, Callable[[ConnectionTable, np.ndarray], object]] = {
    "the historical engine": lambda table, _: HistoricalEngine(
        table, lms(table), Sgd(learning_rate=0.1), {}, np.zeros((0, table.n_outputs), np.float32)
    ),
    "the curvature along a line": lambda table, _: Tangent(table, lms(table)),
    "the squared network": lambda table, w: Squared.at(
        table, lms(table), w, np.zeros(table.n_inputs), np.zeros(table.n_outputs)
    ),
    "the gradient check": lambda table, _: check_gradients(
        table, lms(table), pytest.fail, random_examples(table, 0)
    ),
}


@pytest.mark.parametrize("who", WALKERS)
def test_walkers_of_sums_refuse(who: str) -> None:
    table = net(DISTANCE, "h -> out")
    with pytest.raises(NetError, match=refusing("h -> out", who)) as caught:
        WALKERS[who](table, np.zeros(table.n_weights))
    assert caught.value.span == next(g.span for g in table.groups if g.label == "h -> out")


def test_no_file_is_written_of_it(tmp_path: Path) -> None:
    table, path = net(DISTANCE, "in -> h"), tmp_path / "net"
    with pytest.raises(NetError, match=refusing("in -> h", "the file of a trained net")):
        write_trained(path, table, np.zeros(table.n_weights), About(cost=lms(table)))
    assert not path.exists()


# --- who knows it ---


def test_a_failing_formula_is_looked_for_in_the_right_totals() -> None:
    text = "(defnet sample (layer in (2)) (layer out (1) (bias none) (nlf (lambda (x) (log x))))"
    table = freeze(described(f"{text} (connect in out (full)))"))
    other = combined(table, DISTANCE, "in -> out")
    weights, pattern, desired = np.array([0.5, 2.0]), np.array([0.5, 2.0]), np.zeros(1)
    assert failing_formula(table, lms(table), weights, pattern, desired, False) is None
    found = failing_formula(other, lms(other), weights, pattern, desired, False)
    assert found is not None
    assert found.arguments == {"x": 0.0}


def test_tables_that_combine_otherwise_are_others_to_a_checkpoint() -> None:
    tables = [freeze(described(NET)), net(DISTANCE), net(WAVE), net(DISTANCE, "in -> h")]
    assert len({table_hash(table) for table in tables}) == 4
