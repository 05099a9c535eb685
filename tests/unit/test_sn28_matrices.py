"""Weights, changes and what is gathered as vectors, and back."""

from __future__ import annotations

import pytest

from sn.errors import SnError
from sn.session import Session

THREE = "(newneurons 4) (connect '(1 2) '(3 4)) (connect 0 4) "


@pytest.mark.parametrize("kernel", ["sn28", "sn28ite", "sn28new", "sn28itenew"])
def test_weights_stand_in_order_of_creation(kernel: str) -> None:
    session = Session()
    session.evaluate(f"(sn28-kernel '{kernel})" + THREE + "(matrix-to-weight [1 2 3 4 5])")
    found = [session.evaluate(f"(sval {i} {j})") for i, j in ((1, 3), (1, 4), (2, 3), (2, 4))]
    assert found == [1, 2, 3, 4]
    assert session.evaluate("(weight-to-matrix)").data.tolist() == [1, 2, 3, 4, 5]


def test_shared_weights_have_one_element() -> None:
    session = Session()
    session.evaluate("(newneurons 4) (connect 1 3 0.5) (dup-connection 1 3 2 4) (connect 1 4 2)")
    assert session.evaluate("(weight-to-matrix)").data.tolist() == [0.5, 2]


@pytest.mark.parametrize("kernel", ["sn28", "sn28itenew"])
def test_a_connection_that_was_cut_stays_zero(kernel: str) -> None:
    session = Session()
    session.evaluate(f"(sn28-kernel '{kernel})" + THREE + "(matrix-to-weight [1 2 3 4 5])")
    session.evaluate("(cut-connection 1 4)")
    assert session.evaluate("(weight-to-matrix)").data.tolist() == [1, 0, 3, 4, 5]
    session.evaluate("(matrix-to-weight [6 7 8 9 10])")
    assert session.evaluate("(weight-to-matrix)").data.tolist() == [6, 0, 8, 9, 10]


@pytest.mark.parametrize("name", ["delta", "acc", "hess"])
def test_what_is_kept_beside_weights_goes_and_comes(name: str) -> None:
    session = Session()
    session.evaluate(THREE + f"(matrix-to-{name} [1 2 3 4 5])")
    assert session.evaluate(f"(s{name} 2 3)") == 3
    assert session.evaluate("(sval 2 3)") == 0
    assert session.evaluate(f"(let ((m (matrix 5))) ({name}-to-matrix m) (m 4))") == 5


def test_a_vector_of_another_storage_is_written_into() -> None:
    session = Session()
    session.evaluate(THREE + "(matrix-to-weight [1.7 2 3 4 5])")
    assert session.evaluate("(weight-to-matrix (int-matrix 5))").data.tolist() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("(matrix-to-weight [1 2])", "5 weights, the matrix 2 elements"),
        ("(matrix-to-weight #[1 2 3 4 5#])", "needs a matrix of numbers"),
        ("(matrix-to-weight [1 2 3 4 1e60])", "too large for a float matrix"),
        ("(weight-to-matrix (matrix 4))", "5 weights, the matrix 4 elements"),
        ("(progn (clear-net) (weight-to-matrix))", "needs a net with connections"),
        ("(progn (sn28-kernel 'sn28) (acc-to-matrix))", "this one is sn28"),
        ("(progn (sn28-kernel 'sn28) (matrix-to-delta [1]))", "needs a kernel with shared"),
        ("(progn (sn28-kernel 'sn28ite) (hess-to-matrix))", "with second derivatives"),
    ],
)
def test_what_does_not_fit_is_refused(form: str, message: str) -> None:
    session = Session()
    session.evaluate(THREE)
    with pytest.raises(SnError) as caught:
        session.evaluate(form)
    assert message in caught.value.message
    assert caught.value.span is not None
