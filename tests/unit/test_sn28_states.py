"""States given by patterns, disturbed by chance, searched for the largest."""

from __future__ import annotations

import numpy as np
import pytest

from sn.errors import SnError
from sn.lisp.random import SnRandom
from sn.live.net import VAL
from sn.session import Session

FIVE = "(setq l (newneurons 5)) "


def states(session: Session) -> list[float]:
    return session.world.live.units[VAL, 1:6].tolist()


def test_a_pattern_is_a_row_dealt_to_layers_in_turn() -> None:
    session = Session()
    session.evaluate(FIVE + "(get-pattern [[0 0 0][7 8 9]] 1 '(4 2) '(1 3))")
    assert states(session) == [9, 8, 0, 7, 0]


def test_a_pattern_of_planes_is_taken_row_after_row() -> None:
    session = Session()
    session.evaluate(FIVE + "(get-pattern [[[1 2][3 4]][[5 6][7 8]]] 1 l)")
    assert states(session) == [5, 6, 7, 8, 0]


def test_a_vector_has_patterns_of_one_element() -> None:
    session = Session()
    session.evaluate(FIVE + "(get-pattern [3 4] 1 l)")
    assert states(session) == [4, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("(get-pattern [[1 2]] 1 l)", "there is no pattern 1"),
        ("(get-pattern [[1 2]] -1 l)", "there is no pattern -1"),
        ("(get-pattern [@ 1] 0 l)", "there is no pattern 0"),
        ("(get-pattern [[1 2]] 0 '(1))", "2 elements for 1 unit"),
        ("(get-pattern [[1 2]] 0)", "needs layers behind the matrix"),
        ("(get-pattern-2 [[1][2]] '(1 2) '(3))", "none of them for the last layer"),
        ("(get-pattern-2 [1 1e60] l)", "too large for a float matrix"),
        ("(get-pattern-2 #[1 2#] l)", "expected a matrix of numbers"),
        ("(get-pattern-2 [1] '(9))", "there is no unit 9"),
        ("(find-loser '(9))", "there is no unit 9"),
        ("(gauss-state l 1e60)", "must fit 32 bits"),
        ("(flip-state l 'x)", "needs a number"),
    ],
)
def test_what_cannot_be_done_changes_nothing(form: str, message: str) -> None:
    session = Session()
    session.evaluate(FIVE)
    with pytest.raises(SnError) as caught:
        session.evaluate(form)
    assert message in caught.value.message
    assert caught.value.span is not None
    assert states(session) == [0] * 5


def test_noise_is_drawn_unit_by_unit_in_float32() -> None:
    session, random = Session(), SnRandom(3)
    session.evaluate(FIVE + "(seed 3) (gauss-state '(2 1) 0.3)")
    first, second = (np.float32(0.3) * np.float32(random.gauss()) for _ in range(2))
    assert states(session) == [float(second), float(first), 0, 0, 0]


def test_states_flip_below_their_probability() -> None:
    session, random = Session(), SnRandom(3)
    session.evaluate(FIVE + "(set-nfield l n-val 1) (seed 3) (flip-state l 0.5)")
    assert states(session) == [-1.0 if random.rand() < 0.5 else 1.0 for _ in range(5)]
    assert len(set(states(session))) == 2
    session.evaluate("(set-nfield l n-val 1) (flip-state l 0)")
    assert states(session) == [1] * 5


def test_the_first_of_equal_states_wins_or_loses() -> None:
    session = Session()
    session.evaluate(FIVE + "(get-pattern-2 [1 3 -2 3 -2] l)")
    assert session.evaluate("(find-winner l)") == 2
    assert session.evaluate("(find-winner '(5 4 2))") == 4
    assert session.evaluate("(find-loser l)") == 3
    assert session.evaluate("(list (find-winner ()) (find-loser ()))").car is None
    session.world.live.units[VAL, 1] = np.nan
    assert session.evaluate("(find-winner l)") == 2
