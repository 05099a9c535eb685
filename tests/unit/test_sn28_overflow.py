"""Numbers beyond float32 in the words of SN 2.8: refused where a program writes them, infinite
where they are computed, as in C, and a floating exception where a program asks for them. NumPy's
warnings, which are errors here, reach nobody.
"""

from __future__ import annotations

import pytest

from sn.errors import EvalError, SnError
from sn.session import Session

NET = """
(setq theta 0) (alloc-net 30 100) (setq i (newneurons 2)) (setq h (newneurons 3))
(setq o (newneurons 1)) (connect i h 3e38 1e38) (connect h o 3e38 1) (connect 0 o 1)
(setq l (list h o)) (nval 1 3e38) (nval 2 3e38) (nval 3 1e30)
(setq nlf (nlf-f-tanh 1 1 0 0)) (setq dnlf (nlf-df-all nlf)) (setq ddnlf (nlf-ddf-all nlf))
(setq alpha 0.1) (setq decay 0) (setq gamma 0) (setq mu 1)
"""
REFUSED = {
    "(update-weight 1e39 0 l)": "alpha must fit 32 bits",
    "(progn (setq alpha 1e39) (update-weight))": "alpha must fit 32 bits",
    "(update-weight 0.5 1e39 l)": "decay must fit 32 bits",
    "(update-w-newton 1 1 1e39)": "mu must fit 32 bits",
    "(update-delta 1e300)": "alpha must fit 32 bits",
    "(update-wghtonly 1e39)": "decay must fit 32 bits",
    "(hessian-scale 1e39)": "mu must fit 32 bits",
    "(update-state 1e300 nlf l)": "theta must fit 32 bits",
    "(update-ggradient dnlf ddnlf 1e39 l)": "gamma must fit 32 bits",
    "(init-grad-thlms dnlf o o 1e39)": "threshold of init-grad-thlms must fit 32 bits",
    "(update-nn-ggradient dnlf ddnlf 1e39 h)": "gamma must fit 32 bits",
    "(nlf-f-spline '(0 1e39) '(0 1))": "numbers of a spline must fit 32 bits",
    "(nlf-f-spline '(0 1) '(0 -1e39))": "numbers of a spline must fit 32 bits",
}
INFINITE = (
    "((nlf-f-lisp (lambda (x) 1e300)) 1)",
    "((nlf-f-lisp (lambda (x) x)) 1e300)",
    "((nlf-df-all (nlf-f-lisp (lambda (x) (if (> x 0) 1e300 0)))) 0)",
    "((nlf-ddf-all (nlf-f-lisp (lambda (x) (* 1e38 x x)))) 1e30)",
    "((nlf-f-spline '(0 1 2) '(0 3e38 -3e38)) 1.5)",
    "(progn (update-state (lambda (x) 1e300) o) (nval 6))",
    "(progn (update-weighted-sum h) (nsum 3))",
)
COMPUTED = (
    "(update-gradient (lambda (x) 1e300) l)",
    "(update-state 3e38 nlf l)",
    "(dup-connection 1 3 1 6 3e38)",
)


def evaluated(program: str) -> object:
    session = Session()
    session.evaluate(NET, "net.sn")
    return session.evaluate(program, "n.sn")


@pytest.mark.parametrize("program", REFUSED)
def test_a_number_that_does_not_fit_is_refused(program: str) -> None:
    with pytest.raises(SnError, match=REFUSED[program]):
        evaluated(program)


@pytest.mark.parametrize("program", INFINITE)
def test_a_result_that_is_infinite_is_a_floating_exception(program: str) -> None:
    with pytest.raises(EvalError, match="floating exception"):
        evaluated(program)


@pytest.mark.parametrize("program", COMPUTED)
def test_words_that_return_no_number_go_on_with_infinite_ones(program: str) -> None:
    evaluated(program)
