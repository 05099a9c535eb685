"""Newcomers' slips one by one: what the message says, where its caret stands, what its hint shows.

A program in another language's habits, word for word as people type it. The slips that need a
whole program and its golden answer are in test_slips.py, whole files in tests/corpus/slips.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from sn.errors import SnError, render
from sn.session import Session

NET = """(defnet n
  (layer input (16 16) (border -1))
  (layer h1 (4 8 8))
  (layer h2 (2 4 4))
  (layer output (10))
  (connect input h1 (conv (kernel 5 5) (stride 2 2)))
  (connect h1 h2 (conv (kernel 2 2) (stride 2 2) (maps '((0 1) (1 2 3)))))
  (connect h2 output (full)))
"""
EXPERIMENT = f"""{NET}(setq rate 0.003)
(experiment n
  (data (first-available "zipcode" "mnist-1989"))
  (optimizer sgd (sgd (learning-rate rate)))
  (passes 5))
"""


@dataclass(frozen=True)
class Slip:
    """A program, the place of its fault, and pieces of the message and of the hint."""

    program: str
    place: str
    message: str
    hint: str


def slip(program: str, place: str, message: str, hint: str) -> Slip:
    """A slip in a program of its own."""
    return Slip(program, place, message, hint)


def net(old: str, new: str, place: str, message: str, hint: str, base: str = NET) -> Slip:
    """A slip that is one change to the net."""
    assert old in base, f"the net no longer has {old}"
    return Slip(base.replace(old, new, 1), place, message, hint)


def experiment(old: str, new: str, place: str, message: str, hint: str) -> Slip:
    """A slip that is one change to the experiment."""
    return net(old, new, place, message, hint, EXPERIMENT)


DEFINITIONS = {
    "define-variable": slip(
        "(define x 5)", "1:1", "no function is called 'define'", "value: (setq x 5)"
    ),
    "define-function": slip(
        "(define (f x) (* x x))", "1:1", "'define'", "de defines a function: (de f (x) (* x x))"
    ),
    "define-lambda": slip(
        "(define f (lambda (x) (* x x)))", "1:1", "'define'", ": (de f (x) (* x x))"
    ),
    "defun": slip("(defun f (x) (* x x))", "1:1", "'defun'", ": (de f (x) (* x x))"),
    "defvar": slip("(defvar rate 0.003)", "1:1", "'defvar'", ": (setq rate 0.003)"),
    "set!": slip("(set! x 5)", "1:1", "'set!'", ": (setq x 5)"),
    "set-unquoted": slip("(set x 5)", "1:6", "found x, which has no value", ": (setq x 5)"),
    "fn": slip("(setq f (fn (x) (* x x)))", "1:9", "'fn'", ": (lambda (x) (* x x))"),
    "de-with-a-list": slip(
        "(de (f x) (* x x))", "1:5", "found the list (f x)", "(de f (x) (* x x))"
    ),
    "let-of-one-pair": slip("(let (x 5) x)", "1:7", "found the symbol x", "(let ((x 5)) x)"),
    "for-in": slip(
        "(for i in (range 0 3) (print i))", "1:6", "found the symbol i", "(each ((i (range 0 3))) "
    ),
    "for-of-a-list": slip(
        "(for (i (range 0 3)) (print i))", "1:6", "for needs", "(each ((i (range 0 3))) (print i))"
    ),
    "dotimes": slip("(dotimes (i 3) (print i))", "1:1", "'dotimes'", "(for (i 0 2) (print i))"),
    "dolist": slip("(dolist (i l) (print i))", "1:1", "'dolist'", "(each ((i l)) (print i))"),
    "begin": slip("(begin (print 1))", "1:1", "'begin'", "SN says progn: (progn (print 1))"),
    "unless": slip("(unless t 1)", "1:1", "'unless'", "write (when (not t) 1)"),
    "return": slip("(de f (x) (return x))\n(f 1)", "1:11", "'return'", "write x alone"),
    "first": slip("(first '(1 2))", "1:1", "'first'", "SN says car: (car '(1 2))"),
    "elt": slip("(elt '(1 2) 0)", "1:1", "'elt'", "counted from 0: (nth 0 '(1 2))"),
    "map": slip("(map sqrt '(1 2))", "1:1", "'map'", "(mapcar sqrt '(1 2))"),
    "len": slip("(len '(1 2))", "1:6", "found the list (1 2)", "(length list)"),
    "push": slip("(push 1 l)", "1:1", "'push'", "(setq l (cons 1 l))"),
    "not-equal": slip("(if (!= 1 3) 2)", "1:5", "'!='", "SN says <>: (<> 1 3)"),
}

INFIX = {
    "times": slip(
        "(setq rate 0.003)\n(setq faster (rate * 10))",
        "2:14",
        "rate is not a function: its value is the number 0.003",
        "the function comes first: write (* rate 10)",
    ),
    "number-first": slip("(print (10 * 3))", "1:8", "the number 10 is not", "write (* 10 3)"),
    "if": slip("(setq x 3)\n(if (x > 2) (print x))", "2:5", "x is not a function", "(> x 2)"),
    "names": slip("(setq a 1)\n(setq b 2)\n(print (a + b))", "3:8", "a is not", "(+ a b)"),
    "three": slip("(setq a 1)\n(print (a + 2 + 3))", "2:8", "a is not", "(+ a 2 3)"),
    "precedence": slip("(setq a 1)\n(print (a + 2 * a))", "2:8", "a is not", "(+ a (* 2 a))"),
    "inner": slip("(setq a 1)\n(print (a * (a - 1)))", "2:8", "a is not", "(* a (- a 1))"),
    "equals": slip("(setq a 1)\n(if (a == 1) 2)", "2:5", "a is not a function", "(= a 1)"),
    "and": slip("(setq a 1)\n(if (a and t) 2)", "2:5", "a is not a function", "(and a t)"),
    "of-no-value": slip("(print (eta * 2))", "1:8", "'eta'", "write (* eta 2)"),
    "tight": slip("(setq a 1)\n(print (a+1))", "2:8", "'a+1'", "write (+ a 1)"),
    "remainder": slip("(print (7 % 2))", "1:8", "the number 7 is not", "write (mod 7 2)"),
    "assignment": slip("(rate = 0.003)", "1:1", "'rate'", "(setq rate 0.003) gives it a value"),
    "assignment-again": slip(
        "(setq rate 1)\n(rate = 0.03)", "2:1", "rate is not", "(= rate 0.03) compares"
    ),
    "assignment-of-a-sum": slip(
        "(setq a 1)\n(a += 1)", "2:1", "a is not a function", "(setq a (+ a 1))"
    ),
    "in-an-option": experiment(
        "(learning-rate rate)", "(learning-rate (rate * 10))", "12:38", "rate is not", "(* rate 10)"
    ),
    "in-a-formula": net(
        "(4 8 8)",
        "(4 8 8) (nlf (lambda (x) (x / (1 + x))))",
        "3:38",
        "'x'",
        "write (/ x (+ 1 x))",
    ),
    "call-of-python": slip("(print sqrt(2))", "1:12", "the number 2 is not", "function: (sqrt 2)"),
    "no-sum-but-a-misspelt-word": slip(
        "(mapcra + '(1 2))", "1:1", "'mapcra'", "did you mean 'mapcar'"
    ),
}

UNSET = {
    "number": slip(
        "(setq eta 3)\n(+ 1 etta)", "2:6", "found etta, which has no value", "did you mean 'eta'?"
    ),
    "no-near-name": slip("(+ 1 slope)", "1:6", "slope, which has no value", "(setq slope ...)"),
    "second-of-two": slip("(setq l '(1 2))\n(nth k l)", "2:6", "nth needs", "(setq k ...) gives"),
    "format": slip('(sprintf "%d" n)', "1:15", "sprintf needs a number", "(setq n ...) gives"),
    "comparison": slip("(if (> n 3) 1)", "1:8", "> compares two numbers", "(setq n ...) gives"),
    "loop": slip("(for (i 1 n) i)", "1:11", "found n, which has no value", "(setq n ...) gives"),
    "incr": slip("(incr n)", "1:7", "found n, which has no value", "(setq n ...) gives"),
    "function": slip(
        "(mapcar sqare '(1 2))", "1:9", "found sqare, which has no value", "did you mean 'sqrt'?"
    ),
    "parameter": slip("(de f (x) (+ x 1))\n(f ())", "1:14", "found x, which is ()", "call form"),
}

SCOPE = {
    "returned": slip(
        "(de adder (n) (lambda (x) (+ x n)))\n(setq add-two (adder 2))\n(add-two 3)",
        "1:32",
        "found n, which has no value",
        "n had its value while adder ran: scope is dynamic",
    ),
    "of-let": slip(
        "(setq f (let ((k 3)) (lambda (x) (+ x k))))\n(f 1)",
        "1:39",
        "found k, which has no value",
        "k had its value while let ran: scope is dynamic",
    ),
    "mapped": slip(
        "(de scaler (factor) (lambda (x) (* x factor)))\n(mapcar (scaler 2) '(1 2))",
        "1:38",
        "found factor, which has no value",
        "factor had its value while scaler ran",
    ),
    "in-a-formula": slip(
        "(de steep (slope) (lambda (x) (tanh (* slope x))))\n"
        + NET.replace("(4 8 8)", "(4 8 8) (nlf (steep 2))"),
        "1:40",
        "slope is not a number here: it has no value",
        "slope had its value while steep ran",
    ),
    "not-of-a-maker": slip(
        "(de f (n) (* n n))\n(de g (x) (+ x n))\n(g 1)", "2:16", "found n", "(setq n ...) gives"
    ),
}

DATA = {
    "list": slip("(setq l (1 2 3))", "1:9", "the number 1 is not a function", "quote: '(1 2 3)"),
    "table": slip(
        "(setq table ((0 1) (1 2 3)))", "1:13", "the number 0 is not", "quote: '((0 1) (1 2 3))"
    ),
    "table-in-place": net(
        "'((0 1)", "((0 1)", "7:56", "the number 0 is not a function", "quote: '((0 1) (1 2 3))"
    ),
}

SLIPS = {
    f"{kind}-{name}": found
    for kind, table in {
        "definition": DEFINITIONS,
        "infix": INFIX,
        "unset": UNSET,
        "scope": SCOPE,
        "data": DATA,
    }.items()
    for name, found in table.items()
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_gets_its_place_and_a_right_lead(name: str) -> None:
    found = SLIPS[name]
    with pytest.raises(SnError) as caught:
        Session().evaluate(found.program, "n.sn")
    error = caught.value
    shown = render(error, lambda file: found.program)
    assert str(error.span) == f"n.sn:{found.place}", shown
    assert found.message in error.message, shown
    assert found.hint in (error.hint or ""), shown
    assert len(shown) < 2000
