"""Special forms: shapes that are refused, and what they leave behind when a body fails."""

from __future__ import annotations

import io

import pytest

from sn.builtins import new_interpreter
from sn.errors import EvalError, SnError
from sn.interp import Interpreter


@pytest.fixture
def it() -> Interpreter:
    return new_interpreter(out=io.StringIO())


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("(setq a 1 b)", "1:11", "setq needs a value for each name"),
        ('(setq "a" 1)', "1:7", "setq assigns to a symbol or :symbol"),
        ("(setq :a:b 1)", "1:7", "only objects have slots"),
        ("(incr (a))", "1:7", "incr needs a symbol, found the list (a)"),
        ("(incr a 'b)", "1:9", "incr adds a number, found the symbol b"),
        ("(incr incr . 5)", "1:1", "incr cannot take a dotted argument list"),
        ("(let (a) 1)", "1:7", "let needs bindings of the form (name value), found the symbol a"),
        ("(let ((5 1)) 1)", "1:8", "let binds a symbol or a list of symbols"),
        ("(let (((a 5) '(1 2))) 1)", "1:11", "expected a parameter"),
        ("(let (((a b) '(1))) a)", "1:1", "missing arguments: (b)"),
        ("(let* (((a) 1)) 1)", "1:9", "let* binds symbols only"),
        ("(cond (() 1) x)", "1:14", "cond needs clauses"),
        ("(selectq 1 x)", "1:12", "selectq needs clauses"),
        ("(for (i 1) i)", "1:6", "for needs (variable from to [step])"),
        ("(for x i)", "1:6", "for needs (variable from to [step])"),
        ("(for (i 1 'x) i)", "1:11", "for counts with numbers, found the symbol x"),
        ('(repeat "a" 1)', "1:9", "repeat needs a number that is not negative"),
        ("(each (x) 1)", "1:8", "each needs (name list), found the symbol x"),
        ("(all ((x '(1)) (y '(1 2))) x)", "1:19", "lists with different length: 1 and 2"),
        ("(de f)", "1:1", "de needs at least 2 arguments, found 1"),
        ("(de f (x &optional) x)", "1:10", "a parameter must follow &optional"),
        ("(de f (x &rest a b) x)", "1:18", "&rest takes one parameter"),
        ("(de f (&optional ((a) 1)) x)", "1:18", "expected an optional parameter"),
        ("(dmc foo 1)", "1:6", "dmc needs a character as |c|"),
        ("(lock-symbol 5)", "1:14", "lock-symbol needs symbols"),
        ("(unlock-symbol t)", "1:16", "t always stands for itself"),
        ("(dim 5 1)", "1:6", "dim needs a name"),
    ],
)
def test_wrong_shapes_are_told_at_their_place(
    it: Interpreter, text: str, place: str, message: str
) -> None:
    with pytest.raises(EvalError) as caught:
        it.run(text, "t.sn")
    assert message in caught.value.message
    assert str(caught.value.span) == f"t.sn:{place}"
    assert not any(symbol.saved for symbol in it.symbols)


def test_no_lists_and_names_that_stand_twice_are_taken(it: Interpreter) -> None:
    """Source: sn-language-errata.md, 17."""
    assert it.show(it.run("(list (each () 1) (all () 5))")) == "(() ())"
    it.run("(de f (x (y x)) (list x y))")
    assert it.show(it.run("(f 1 '(2 3))")) == "(3 2)"


@pytest.mark.parametrize(
    ("form", "at_the_error"),
    [
        ("(let ((a 1) ((b c) '(2 3))) (car 5))", "(1 2 3)"),
        ("(let* ((a 1) (b (car 5))) 1)", "(1 b c)"),
        ("(for (a 1 3) (car a))", "(1 b c)"),
        ("(mapfor (a 1 3) (car a))", "(1 b c)"),
        ("(each ((a '(1 2))) (car a))", "(1 b c)"),
        ("(all (((a b) '((1 2)))) (car a))", "(1 2 c)"),
        ("((lambda (a b) (car a)) 1 2)", "(1 2 c)"),
        ("((lambda ((a b)) (car a)) '(1 2))", "(1 2 c)"),
        ("((flambda (a) (car 5)) x)", "(x b c)"),
    ],
)
def test_bindings_end_when_the_body_fails(it: Interpreter, form: str, at_the_error: str) -> None:
    """What is done on an error sees the bindings at its place: sn-language-errata.md, 14."""
    it.run("(setq a 'a b 'b c 'c)")
    with pytest.raises(SnError):
        it.run(f"(on-error (setq seen (list a b c)) {form})")
    assert it.show(it.run("(list seen a b c)")) == f"({at_the_error} a b c)"


def test_an_expansion_replaces_the_call_once(it: Interpreter) -> None:
    it.run("(setq n 0) (dmd here (x) (incr n) (list 'quote x)) (de f () (here (a b)))")
    assert it.show(it.run("(list (f) (f) n)")) == "((a b) (a b) 1)"
    assert it.show(it.run("(car (cdr (f)))")) == "b"


def test_a_function_may_be_redefined_while_it_runs(it: Interpreter) -> None:
    it.run("(de f () (de f () 'second) 'first)")
    assert it.show(it.run("(list (f) (f))")) == "(first second)"
