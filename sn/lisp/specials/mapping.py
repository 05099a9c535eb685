"""Special forms that walk lists in step."""

from __future__ import annotations

from sn.errors import EvalError, ValueKindError
from sn.lisp.calls import special
from sn.lisp.forms import Pair, Symbol, Value, cells, describe, element_span, elements, to_list
from sn.lisp.lambdas import check_pattern, match
from sn.lisp.machine import Machine


@special("each", pattern="((name list)...) . body")
def each(it: Machine, form: Pair) -> Value:
    """(each ((name list)...) body...)

    Evaluate the body with the names bound to the first elements of the lists, then to the second
    ones, and so on; return the last value. The lists are evaluated once and have equal lengths.
    A name may be a tree of names that takes the element apart.

    (let ((n 0)) (each ((x '(1 2 3)) (y '(10 20 30))) (incr n (* x y))))
    => 140
    """
    values = _walk(it, form, "each")
    return values[-1] if values else None


@special("all", pattern="((name list)...) . body")
def all_(it: Machine, form: Pair) -> Value:
    """(all ((name list)...) body...)

    Do as `each` does and return the list of the values of the body.

    (all ((x '(1 2 3))) (* x x))
    => (1 4 9)
    """
    return to_list(_walk(it, form, "all"))


def _walk(it: Machine, form: Pair, name: str) -> list[Value]:
    patterns, columns, place = [], [], None
    for cell in cells(form.cdr.car):
        pair = cell.car
        rest = pair.cdr if type(pair) is Pair else None
        if type(rest) is not Pair or rest.cdr is not None:
            text = f"{name} needs (name list), found {describe(pair)}"
            raise ValueKindError(text, span=element_span(cell))
        place = element_span(rest)
        value = it.eval(rest.car)
        if value is not None and type(value) is not Pair:
            text = f"{name} needs a list to walk, found {describe(value)}"
            raise ValueKindError(text, span=place)
        patterns.append(pair.car)
        columns.append(elements(value))
        if len(columns[-1]) != len(columns[0]):
            text = "lists with different length: "
            text += " and ".join(str(len(column)) for column in (columns[0], columns[-1]))
            raise EvalError(text, span=place)
    if not patterns:
        return []  # SN: nothing is walked
    body = form.cdr.cdr
    if len(patterns) == 1 and type(patterns[0]) is Symbol:
        return _walk_one(it, patterns[0], columns[0], body)
    symbols = [symbol for pattern in patterns for symbol in check_pattern(pattern)]
    for symbol in symbols:
        symbol.saved.append(symbol.value)
    results = []
    try:
        for row in zip(*columns, strict=True):
            for pattern, value in zip(patterns, row, strict=True):
                for symbol, part in match(pattern, value):
                    symbol.value = part
            results.append(it.progn(body))
    finally:
        for symbol in reversed(symbols):
            symbol.value = symbol.saved.pop()
    return results


def _walk_one(it: Machine, symbol: Symbol, column: list[Value], body: Value) -> list[Value]:
    evaluate = it.progn
    if type(body) is Pair and body.cdr is None:
        body, evaluate = body.car, it.eval
    results = []
    symbol.saved.append(symbol.value)
    try:
        for value in column:
            symbol.value = value
            results.append(evaluate(body))
    finally:
        symbol.value = symbol.saved.pop()
    return results
