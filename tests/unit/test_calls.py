"""Calls: what a Python signature promises about arguments and results."""

from __future__ import annotations

import pytest

from sn.builtins import new_interpreter
from sn.builtins.matrix import Matrix
from sn.errors import ArityError, EvalError, SnError, ValueKindError
from sn.interp import Interpreter
from sn.lisp.calls import Builtin, Special
from sn.lisp.forms import List, Pair, Symbol, Value
from sn.lisp.machine import Callee


def value_of(function: object, text: str) -> str:
    it = new_interpreter()
    it.define("f", Builtin("f", function, locked=True, dotted=False))  # type: ignore[arg-type]
    return it.show(it.run(text, "t.sn"))


def fault(function: object, text: str) -> SnError:
    with pytest.raises(SnError) as caught:
        value_of(function, text)
    return caught.value


def whole(n: int) -> int:
    return n


def truth(flag: bool) -> bool:
    return flag


def numbers(values: list[float]) -> list[float]:
    return [2 * value for value in values]


def rows(values: list[list[float]]) -> int:
    return sum(map(len, values))


def either(value: float | str) -> str:
    return type(value).__name__


def maybe(a: float, b: str | None = None) -> Value:
    return b


def three(a: float, b: float, c: float = 1.0) -> float:
    return a + b + c


def some(first: str, *others: float) -> int:
    return len(others)


def call(it: Interpreter, function: Callee) -> Value:
    return it.call(function, [])


def cell(pair: Pair) -> Value:
    return pair.car


def any_list(values: List) -> bool:
    return values is None


def size(matrix: Matrix) -> int:
    return matrix.data.size


def symbol(name: Symbol) -> str:
    return name.name


def nothing() -> None:
    return None


def huge() -> float:
    return float("inf")


@pytest.mark.parametrize(
    ("function", "text", "value"),
    [
        (whole, "(f 2.9)", "2"),
        (whole, "(f -2.9)", "-2"),
        (truth, "(f 0)", "t"),
        (truth, "(f ())", "()"),
        (numbers, "(f '(1 2))", "(2 4)"),
        (numbers, "(f ())", "()"),
        (rows, "(f '((1 2) (3)))", "3"),
        (either, "(f 1)", '"float"'),
        (either, '(f "a")', '"str"'),
        (maybe, "(f 1)", "()"),
        (maybe, '(f 1 "b")', '"b"'),
        (maybe, "(f 1 ())", "()"),
        (three, "(f 1 2)", "4"),
        (three, "(f 1 2 3)", "6"),
        (some, '(f "a")', "0"),
        (some, '(f "a" 1 2)', "2"),
        (call, "(f 'list)", "()"),
        (call, "(f list)", "()"),
        (cell, "(f '(1))", "1"),
        (any_list, "(f ())", "t"),
        (size, "(f [1 2])", "2"),
        (symbol, "(f 'x)", '"x"'),
        (nothing, "(f)", "()"),
    ],
)
def test_arguments_and_results_are_converted(function: object, text: str, value: str) -> None:
    assert value_of(function, text) == value


@pytest.mark.parametrize(
    ("function", "text", "kind", "message"),
    [
        (whole, '(f "a")', ValueKindError, 'f needs a number, found the string "a"'),
        (numbers, "(f '(1 a))", ValueKindError, "f needs a list of numbers, found the list (1 a)"),
        (numbers, "(f 1)", ValueKindError, "f needs a list of numbers, found the number 1"),
        (
            rows,
            "(f '(1))",
            ValueKindError,
            "f needs a list of lists of numbers, found the list (1)",
        ),
        (either, "(f 'a)", ValueKindError, "f needs a number or a string, found the symbol a"),
        (maybe, "(f 1 2)", ValueKindError, "f needs a string or () as argument 2 (b)"),
        (three, "(f 1)", ArityError, "f needs 2 or 3 arguments, found 1"),
        (three, "(f 1 2 3 4)", ArityError, "f needs 2 or 3 arguments, found 4"),
        (some, "(f)", ArityError, "f needs at least 1 argument, found 0"),
        (some, '(f "a" 1 "b")', ValueKindError, "f needs a number as argument 3 (others)"),
        (call, "(f 5)", ValueKindError, "f needs a function, found the number 5"),
        (cell, "(f ())", ValueKindError, "f needs a list that is not empty, found ()"),
        (any_list, "(f 1)", ValueKindError, "f needs a list, found the number 1"),
        (size, "(f '(1))", ValueKindError, "f needs a matrix, found the list (1)"),
        (nothing, "(f 1)", ArityError, "f needs no arguments, found 1"),
        (huge, "(f)", EvalError, "floating exception: the result of f is not finite"),
        (whole, "(f . 5)", EvalError, "f cannot take a dotted argument list"),
    ],
)
def test_wrong_arguments_are_told(
    function: object, text: str, kind: type[SnError], message: str
) -> None:
    error = fault(function, text)
    assert type(error) is kind
    assert message in error.message


def test_an_unknown_kind_of_argument_is_refused_when_it_is_defined() -> None:
    def strange(x: complex) -> None: ...

    with pytest.raises(TypeError, match="no kind of argument"):
        Builtin("strange", strange, locked=True, dotted=False)


@pytest.mark.parametrize(
    ("pattern", "least", "most"),
    [
        (". forms", 0, None),
        ("test yes . no", 2, None),
        ("name [n]", 1, 2),
        ("(var from to [step]) . body", 1, None),
        ("((name value)...) . body", 1, None),
        ("x", 1, 1),
        ("", 0, 0),
    ],
)
def test_a_pattern_says_how_many_arguments(pattern: str, least: int, most: int | None) -> None:
    form = Special("s", lambda it, form: None, pattern)
    assert (form.least, form.most) == (least, most)
