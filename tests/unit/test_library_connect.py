"""connect.sn: which units its functions connect, in which order, and which weights they share."""

from __future__ import annotations

import io

import pytest

from sn.lisp.forms import Value, show
from sn.session import Session

LAYERS = "(sn28-kernel 'sn28ite) (alloc-net 400 4000 4000)"


def shown(text: str) -> str:
    return show(value(text))


def value(text: str) -> Value:
    return Session().evaluate(f"{LAYERS} {text}")


def test_windows_in_one_dimension_are_shifted_back() -> None:
    # 6 units, 3 windows of 3, 2 apart: the last would end at 7
    text = """
    (setq a (newneurons 6) b (newneurons 3))
    (local-1d-connect a 6 b 3 2 3)
    (all ((j b)) (amont j))
    """
    assert shown(text) == "((1 2 3) (3 4 5) (4 5 6))"


def warnings_of(text: str) -> str:
    session = Session()
    out = io.StringIO()
    session.interpreter.stdout.file = out
    session.evaluate(f"{LAYERS} {text}")
    return out.getvalue()


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("(local-1d-connect a 25 b 12 2 3)", ""),
        ("(local-1d-connect a 25 b 11 2 3)", "local-1d-connect"),
        ("(local-2d-connect a 5 5 b 3 3 1 1 3 3)", ""),
        ("(mask-2d-connect a 5 5 b 3 3 2 1 3 3)", "mask-2d-connect"),
        ("(equal-mask-1d-connect a 24 b 12 2 3)", "equal-mask-1d-connect"),
        ("(mask-toric-connect a 5 5 b 5 5 1 1 3 3)", ""),
        ("(local-toric-connect a 5 5 b 2 2 2 2 3 3)", "local-toric-connect"),
        ("(mask-2d-reverse b 3 3 a 5 5 1 1 3 3)", ""),
        ("(mask-2d-reverse b 2 2 a 5 5 1 1 3 3)", "mask-2d-reverse"),
        ("(tdnn-connect a 5 5 b 3 4 1 3)", ""),
        ("(tdnn-connect a 5 5 b 2 4 1 3)", "tdnn-connect"),
    ],
)
def test_sizes_that_do_not_fit_are_told(call: str, name: str) -> None:
    told = warnings_of(f"(setq a (newneurons 25) b (newneurons 25)) {call}")
    assert told == (f"{name}:[warning]:inexact layer size.\n" if name else "")


def test_windows_in_two_dimensions_go_along_rows() -> None:
    # x before y: 2 apart along columns, 1 along rows, 2 wide and 3 high
    text = """
    (setq a (newneurons 20) b (newneurons 4))
    (local-2d-connect a 4 5 b 2 2 3 1 2 3)
    (all ((j b)) (amont j))
    """
    rows = "((1 2 6 7 11 12) (4 5 9 10 14 15) (6 7 11 12 16 17) (9 10 14 15 19 20))"
    assert shown(text) == rows


def test_toric_windows_go_on_at_the_other_edge() -> None:
    text = """
    (setq a (newneurons 16) b (newneurons 4))
    (local-toric-connect a 4 4 b 2 2 2 2 3 3)
    (amont (last b))
    """
    assert shown(text) == "(11 12 9 15 16 13 3 4 1)"


def test_a_mask_shares_the_weights_of_the_first_window() -> None:
    text = """
    (setq a (newneurons 9) b (newneurons 4))
    (mask-2d-connect a 3 3 b 2 2 1 1 2 2)
    (mask-2d-connect a 3 3 (newneurons 4) 2 2 1 1 2 2)
    (list snum wnum (all ((i (amont 13))) (sindex i 13)) (all ((i (amont 13))) i) (scounter 1 10))
    """
    assert shown(text) == "(32 8 (0 1 2 3) (5 6 8 9) 4)"


def test_an_equal_mask_has_one_weight() -> None:
    text = """
    (setq a (newneurons 16) b (newneurons 4))
    (equal-mask-2d-connect a 4 4 b 2 2 2 2 2 2)
    (list snum wnum (scounter 1 17) (amont 20))
    """
    assert shown(text) == "(16 1 16 (11 12 15 16))"


def test_a_reverse_mask_spreads_each_unit_over_a_window() -> None:
    text = """
    (setq up (newneurons 4) down (newneurons 9))
    (mask-2d-reverse up 2 2 down 3 3 1 1 2 2)
    (list wnum (aval 4) (all ((j (aval 4))) (sindex 4 j)) (amont 9))
    """
    assert shown(text) == "(4 (9 10 12 13) (0 1 2 3) (1 2 3 4))"


def test_frames_share_weights_and_biases() -> None:
    text = """
    (setq a (newneurons 8) b (newneurons 6))
    (tdnn-bias-connect b 3 2)
    (tdnn-connect a 4 2 b 3 2 1 2)
    (list wnum snum (amont 14) (all ((i (amont 14))) (sindex i 14)) (all ((j b)) (sindex 0 j)))
    """
    # traits go first by the unit upstream: the weights into the second trait are every second one
    assert shown(text) == "(10 30 (0 5 6 7 8) (1 3 5 7 9) (0 1 0 1 0 1))"


def test_biases() -> None:
    text = """
    (setq a (newneurons 3) b (newneurons 3))
    (bias-connect a)
    (shared-bias-connect b)
    (list wnum (all ((j (append a b))) (sindex 0 j)))
    """
    assert shown(text) == "(4 (0 1 2 3 3 3))"


def test_the_last_connection_says_how_often_a_weight_is_shared() -> None:
    text = """
    (setq a (newneurons 9) b (newneurons 4) c (newneurons 1))
    (mask-2d-connect a 3 3 b 2 2 1 1 2 2)
    (connect b c)
    (mask-epsi 1)
    (list (nepsilon 10) (nepsilon 14) (nepsilon 1))
    """
    assert shown(text) == "(0.25 0.5 0)"  # 1 / (sqrt 4 sqrt 4), 1 / (sqrt 4 sqrt 1)


def test_units_that_are_left_over_are_not_connected() -> None:
    text = """
    (setq a (newneurons 9) b (newneurons 6))
    (mask-2d-connect a 3 3 b 2 2 1 1 2 2)
    (list snum (amont (last b)))
    """
    assert shown(text) == "(16 ())"


def test_the_next_range() -> None:
    assert shown("(list (local-next '(0 2) 2 9) (local-next '(0 2) 2 3))") == "((2 4) (1 3))"
