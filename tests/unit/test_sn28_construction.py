"""Units made one by one: what they make, and what they refuse with a place."""

from __future__ import annotations

import numpy as np
import pytest

from sn.errors import SnError
from sn.session import Session

UNITS = "(setq a (newneurons 3)) "


def test_connect_runs_through_the_upstream_units_first() -> None:
    session = Session()
    session.evaluate(UNITS + "(setq b (newneurons 2)) (connect a b)")
    net = session.world.live
    assert list(zip(net.src[:6], net.dst[:6], strict=True)) == [
        (1, 4), (1, 5), (2, 4), (2, 5), (3, 4), (3, 5),
    ]  # fmt: skip
    assert list(net.wid[:6]) == list(range(6))
    assert net.n_conns == 6


def test_a_duplicate_shares_the_weight() -> None:
    session = Session()
    session.evaluate(UNITS + "(connect 1 2) (dup-connection 1 2 2 3)")
    assert list(session.world.live.wid[:2]) == [0, 0]
    assert session.world.live.n_weights == 1


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("(connect 1 9)", "there is no unit 9; units 0 to 3 exist"),
        ("(connect 1 1.5)", "a unit is a whole number, found 1.5"),
        ("(progn (connect 1 2) (connect 1 2))", "unit 1 is already connected to unit 2"),
        ("(connect 1 2 1e60)", "a weight must fit 32 bits"),
        ("(dup-connection 1 2 2 3)", "unit 1 is not connected to unit 2"),
        ("(cut-connection 1 2)", "unit 1 is not connected to unit 2"),
        ("(progn (sn28-kernel 'sn28) (newneurons 4) (dup-connection 1 2 2 3))", "this one is sn28"),
        ("(dup-connection '(1 2) 3 1 3)", "walks M1 and N1 together, found 2 and 1 units"),
        ("(newneurons 1e12)", "a net has at most 2,147,483,647 units"),
        ("(nval 9)", "there is no unit 9"),
    ],
)
def test_what_cannot_be_made_is_refused(form: str, message: str) -> None:
    with pytest.raises(SnError) as caught:
        Session().evaluate(UNITS + form)
    assert message in caught.value.message
    assert caught.value.span is not None


def test_counts_are_told_without_an_allocation_and_not_locked() -> None:
    session = Session()
    session.evaluate(UNITS + "(connect 1 '(2 3)) (dup-connection 1 2 2 3)")
    assert [session.evaluate(name) for name in ("nnum", "snum", "wnum", "nmax")] == [4, 3, 2, None]
    session.evaluate("(setq nnum 7)")
    assert session.evaluate("nnum") == 7


def test_as_many_weights_are_made_as_were_allocated() -> None:
    session = Session()
    session.evaluate("(alloc-net 5 10 1) (newneurons 4) (connect 1 2) (dup-connection 1 2 2 3)")
    with pytest.raises(SnError, match="too many weights: 2, where 1 were allocated"):
        session.evaluate("(connect 3 4)")
    assert session.evaluate("(list snum wnum)").car == 2
    session.evaluate("(sn28-kernel 'sn28) (alloc-net 5 10 1) (newneurons 4) (connect 1 '(2 3 4))")
    assert session.evaluate("snum") == 3


def test_a_mean_is_added_up_in_float32() -> None:
    session = Session()
    session.evaluate("(newneurons 5) (connect '(1 2 3) 4) (connect '(1 2) 5)")
    # from the last connection on: 1, then 1e8 + 1 is 1e8 in float32
    session.evaluate("(matrix-to-weight [1e4 0 1 2 1])")
    assert session.evaluate("(mean-sqr-weight 4)") == float(np.float32(1e8) / np.float32(3))
    assert session.evaluate("(mean-sqr-weight '(5))") == 2.5
    assert session.evaluate("(mean-sqr-weight 1)") == 0
