"""Fields of many units and connections at once: float32, one after the other, and refusals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from sn.errors import SnError
from sn.live import net as rows
from sn.session import Session

F = np.float32
THREE = "(setq l (newneurons 3)) (connect '(1 2) 3) (connect 0 3) "


def units(session: Session, row: int) -> list[float]:
    net = session.world.live
    return net.units[row, 1 : net.n_units].tolist()


def with_states(states: Sequence[float]) -> Session:
    session = Session()
    session.evaluate(f"(newneurons {len(states)})")
    session.world.live.units[rows.VAL, 1 : len(states) + 1] = states
    return session


# --- units ---


def test_products_are_rounded_and_summed_one_by_one() -> None:
    states = np.random.default_rng(1).normal(size=300).astype(F)
    session = with_states(states)
    total = session.evaluate("(mul-nfield (range 1 300) n-spare2 n-val n-val)")
    expected = F(0)
    for x in states:
        expected = F(expected + F(x * x))
    assert total == float(expected)
    assert units(session, rows.SPARE + 1) == [float(F(x * x)) for x in states]


def test_a_sum_begins_with_the_first_unit_of_the_list() -> None:
    # 1e8 + 1 is 1e8 in float32: the order of the list decides what is left
    session = with_states([1e8, -1e8, 1])
    session.evaluate("(set-nfield '(1 2 3) n-spare 1)")
    assert session.evaluate("(mul-nfield '(1 2 3) n-sum n-val n-spare)") == 1
    assert session.evaluate("(mul-nfield '(1 3 2) n-sum n-val n-spare)") == 0


def test_an_operation_rounds_both_products() -> None:
    states = np.random.default_rng(2).normal(size=50).astype(F)
    session = with_states(states)
    session.evaluate("(op-nfield (range 1 50) n-sum n-val 0.3 n-val 0.1)")
    assert units(session, rows.SUM) == [float(F(F(0.3) * x) + F(F(0.1) * x)) for x in states]


def test_a_unit_that_is_listed_twice_is_changed_twice() -> None:
    session = with_states([1, 2])
    session.evaluate("(op-nfield '(1 2 1) n-val n-val 3 n-spare 0)")
    assert units(session, rows.VAL) == [9, 6]


def test_a_copy_within_one_field_goes_unit_by_unit() -> None:
    session = with_states([1, 2, 3, 4])
    session.evaluate("(copy-nfield '(2 3 4) n-val '(1 2 3) n-val)")
    assert units(session, rows.VAL) == [1, 1, 1, 1]
    session = with_states([1, 2, 3, 4])
    session.evaluate("(copy-nfield '(1 2 3) n-val '(2 3 4) n-val)")
    assert units(session, rows.VAL) == [2, 3, 4, 4]


def test_quotients_are_summed() -> None:
    session = with_states([3, 7])
    total = session.evaluate("(invert-nfield '(1 2) n-spare3 n-val 2)")
    assert total == float(F(F(2) / F(3)) + F(F(2) / F(7)))
    assert units(session, rows.SPARE + 2) == [float(F(2) / F(3)), float(F(2) / F(7))]


def test_layers_may_be_nested_and_empty() -> None:
    session = with_states([1, 2, 3])
    assert session.evaluate("(set-nfield '((1) () (2 (3))) n-val 7)") == 7
    assert session.evaluate("(mul-nfield () n-val n-val n-val)") == 0
    assert units(session, rows.VAL) == [7, 7, 7]


# --- connections ---


def test_connections_into_a_unit_come_the_last_made_first() -> None:
    session = Session()
    session.evaluate(THREE + "(sval 1 3 1) (sval 2 3 -1e8) (sval 0 3 1e8) (set-sfield l s-delta 1)")
    # from the last made: 1e8 - 1e8 + 1
    assert session.evaluate("(mul-sfield l s-acc s-val s-delta)") == 1
    session.evaluate("(sval 1 3 1e8) (sval 0 3 1)")
    # from the last made: 1 - 1e8 + 1e8
    assert session.evaluate("(mul-sfield l s-acc s-val s-delta)") == 0


def test_a_shared_weight_is_changed_by_every_connection() -> None:
    session = Session()
    session.evaluate("(newneurons 4) (connect 1 3 2) (dup-connection 1 3 2 4)")
    session.evaluate("(op-sfield '(3 4) s-val s-val 3 s-delta 0)")
    assert session.evaluate("(sval 1 3)") == 18


def test_fields_of_connections_are_not_shared() -> None:
    session = Session()
    session.evaluate("(newneurons 4) (connect 1 3 2) (dup-connection 1 3 2 4)")
    session.evaluate("(set-sfield '(3) s-epsilon 0.5) (set-sfield '(4) s-epsilon 0.25)")
    assert session.evaluate("(list (sepsilon 1 3) (sepsilon 2 4))").car == 0.5
    assert session.evaluate("(sepsilon 2 4)") == 0.25
    session.evaluate("(copy-sfield '(3 4) s-val s-epsilon)")
    assert session.evaluate("(sval 1 3)") == 0.25


def test_weights_take_over_what_units_hold() -> None:
    session = Session()
    session.evaluate(THREE + "(nval 1 0.25) (nval 2 0.5) (set-swn 3 s-val n-val)")
    assert session.evaluate("(mapcar (lambda (i) (sval i 3)) '(0 1 2))").car == 1
    session.evaluate("(acc-swn '(3) s-val n-val)")
    found = [session.evaluate(f"(sval {i} 3)") for i in range(3)]
    assert found == [2, 0.5, 1]


# --- refusals ---

WORDS = [
    ("(set-nfield '(1 9) n-val 1)", "there is no unit 9"),
    ("(set-nfield '(1) 7 1)", "illegal Nfield number 7"),
    ("(set-nfield '(1) n-epsilon 1)", "illegal Nfield number 5 in the kernel sn28itenew"),
    ("(set-nfield '(1) n-sigma 1)", "illegal Nfield number 10"),
    ("(set-nfield '(1) n-val 1e60)", "must fit 32 bits"),
    ("(set-nfield '(1.5) n-val 1)", "a unit is a whole number"),
    ("(set-nfield '(1) 1e300 1)", "illegal Nfield number 1.00e+300"),
    ("(copy-nfield '(1) n-val)", "needs 3 or 4 arguments, found 2"),
    ("(copy-nfield '(1) n-val '(1 2) n-sum)", "found 1 and 2 units"),
    ("(copy-nfield '(1) n-val 'x)", "a field is a number such as n-val"),
    ("(invert-nfield '(1) n-val n-spare 1)", "divides by a field that is 0"),
    ("(mul-nfield '(1) n-val n-val)", "needs 4 arguments"),
    ("(set-sfield '(3) 7 1)", "illegal Sfield number 7"),
    ("(set-swn 9 s-val n-val)", "there is no unit 9"),
    ("(acc-swn 3 s-val n-sigma)", "illegal Nfield number 10"),
    ("(set-sfield '(3) s-val 1e60)", "must fit 32 bits"),
    ("(invert-sfield '(3) s-delta s-val 1)", "divides by a field that is 0"),
]


@pytest.mark.parametrize(("form", "message"), WORDS, ids=[form for form, _ in WORDS])
def test_what_cannot_be_done_is_refused(form: str, message: str) -> None:
    session = Session()
    session.evaluate(THREE)
    with pytest.raises(SnError) as caught:
        session.evaluate(form)
    assert message in caught.value.message
    assert caught.value.span is not None


@pytest.mark.parametrize(
    ("kernel", "fields"),
    [
        ("sn28", "n-epsilon"),
        ("sn28ite", "n-epsilon s-acc"),
        ("sn28new", "n-ggrad n-sqbacksum s-epsilon s-sigma"),
        ("sn28itenew", "n-ggrad n-sqbacksum s-acc s-epsilon s-sigma s-hess"),
    ],
)
def test_every_kernel_has_its_own_fields(kernel: str, fields: str) -> None:
    session = Session()
    session.evaluate(f"(sn28-kernel '{kernel})" + THREE)
    always = "n-val n-sum n-grad n-backsum n-spare1 n-spare2 n-spare3 s-val s-delta"
    for name in [*always.split(), *fields.split()]:
        session.evaluate(f"(set-{name[0]}field '(3) {name} 1)")
    others = "n-epsilon n-ggrad n-sqbacksum n-sigma s-acc s-epsilon s-sigma s-hess".split()
    for name in set(others) - set(fields.split()):
        with pytest.raises(SnError, match="illegal .field number"):
            session.evaluate(f"(set-{name[0]}field '(3) {name} 1)")
