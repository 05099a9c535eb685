"""Special forms that decide, order and repeat."""

from __future__ import annotations

from sn.errors import EvalError, ProgramExit, SnError, ValueKindError
from sn.lisp.calls import special
from sn.lisp.equality import equal
from sn.lisp.forms import (
    LONG,
    Pair,
    Symbol,
    Value,
    cells,
    describe,
    element_span,
    refuse_ring,
    to_list,
)
from sn.lisp.leads.names import found
from sn.lisp.machine import Machine
from sn.lisp.recovery import bound_again, historical_text
from sn.lisp.sizes import need_list, turns


@special("quote", pattern="form")
def quote(it: Machine, form: Pair) -> Value:
    """(quote x)

    Return x without evaluating it; written 'x.

    '(a b)
    => (a b)
    """
    return form.cdr.car


@special("progn")
def progn(it: Machine, form: Pair) -> Value:
    """(progn forms...)

    Evaluate the forms in order and return the value of the last.

    (progn 1 2 3)
    => 3
    """
    return it.progn(form.cdr)


@special("prog1", pattern="form . forms")
def prog1(it: Machine, form: Pair) -> Value:
    """(prog1 form forms...)

    Evaluate the forms in order and return the value of the first.

    (prog1 1 2 3)
    => 1
    """
    result = it.eval(form.cdr.car)
    it.progn(form.cdr.cdr)
    return result


@special("if", pattern="test yes . no")
def if_(it: Machine, form: Pair) -> Value:
    """(if test yes no...)

    Return the value of yes if the test is not (), else that of the last of the forms behind it.

    (if () 'yes 'no)
    => no
    """
    rest = form.cdr
    test = rest.car
    kind = type(test)
    if kind is Pair:
        test = it.eval(test)
    elif kind is Symbol:
        test = test.value
    if test is not None:
        return it.eval(rest.cdr.car)
    return it.progn(rest.cdr.cdr)


@special("when", pattern="test . body")
def when(it: Machine, form: Pair) -> Value:
    """(when test body...)

    Return the value of the body if the test is not (), else ().

    (when (> 2 1) 'a 'b)
    => b
    """
    return it.progn(form.cdr.cdr) if it.eval(form.cdr.car) is not None else None


@special("cond")
def cond(it: Machine, form: Pair) -> Value:
    """(cond (test body...)...)

    Return the value of the body of the first clause whose test is not (). A clause without a
    body gives (), not the value of its test.

    (cond (() 1) (t 2))
    => 2
    """
    rest = form.cdr
    n = 0
    while type(rest) is Pair:
        clause = rest.car
        if type(clause) is not Pair:
            text = f"cond needs clauses of the form (test body...), found {describe(clause)}"
            raise ValueKindError(text, span=element_span(rest))
        if it.eval(clause.car) is not None:
            return it.progn(clause.cdr)
        rest = rest.cdr
        n += 1
        if n == LONG:
            refuse_ring(rest)
    return None


@special("selectq", pattern="value . clauses")
def selectq(it: Machine, form: Pair) -> Value:
    """(selectq value (key body...)...)

    Return the value of the body of the first clause whose key is equal to the value, or is a
    list that contains it, or is the symbol t. Keys are not evaluated.

    (selectq 3 (1 'one) ((2 3) 'few) (t 'many))
    => few
    """
    value = it.eval(form.cdr.car)
    rest = form.cdr.cdr
    refuse_ring(rest)
    while type(rest) is Pair:
        clause = rest.car
        if type(clause) is not Pair:
            text = f"selectq needs clauses of the form (key body...), found {describe(clause)}"
            raise ValueKindError(text, span=element_span(rest))
        key = clause.car
        if key is it.t or equal(key, value) or _contains(key, value):
            return it.progn(clause.cdr)
        rest = rest.cdr
    return None


def _contains(keys: Value, value: Value) -> bool:
    return type(keys) is Pair and any(equal(cell.car, value) for cell in cells(keys))


@special("and")
def and_(it: Machine, form: Pair) -> Value:
    """(and forms...)

    Evaluate the forms up to the first () and return the last value; (and) is t.

    (and 1 2 3)
    => 3
    """
    result = it.t
    rest = form.cdr
    n = 0
    while type(rest) is Pair:
        result = it.eval(rest.car)
        if result is None:
            return None
        rest = rest.cdr
        n += 1
        if n == LONG:
            refuse_ring(rest)
    return result


@special("or")
def or_(it: Machine, form: Pair) -> Value:
    """(or forms...)

    Evaluate the forms up to the first that is not () and return its value; (or) is ().

    (or () 2 3)
    => 2
    """
    rest = form.cdr
    n = 0
    while type(rest) is Pair:
        result = it.eval(rest.car)
        if result is not None:
            return result
        rest = rest.cdr
        n += 1
        if n == LONG:
            refuse_ring(rest)
    return None


@special("while", pattern="test . body")
def while_(it: Machine, form: Pair) -> Value:
    """(while test body...)

    Evaluate the body as long as the test is not (); return the last value of the body.

    (let ((n 3)) (while (> n 0) (incr n -1)))
    => 0
    """
    test, body = form.cdr.car, form.cdr.cdr
    result = None
    while it.eval(test) is not None:
        result = it.progn(body)
    return result


@special("do-while", pattern="test . body")
def do_while(it: Machine, form: Pair) -> Value:
    """(do-while test body...)

    Evaluate the body, and again as long as the test is not (); return the last value.

    (let ((n 3)) (do-while (> n 0) (incr n -1)))
    => 0
    """
    test, body = form.cdr.car, form.cdr.cdr
    while True:
        result = it.progn(body)
        if it.eval(test) is None:
            return result


@special("repeat", pattern="n . body")
def repeat(it: Machine, form: Pair) -> Value:
    """(repeat n body...)

    Evaluate the body n times, n being truncated to a whole number; return the last value.

    (let ((x 1)) (repeat 2.7 (setq x (* x 10))))
    => 100
    """
    n = it.eval(form.cdr.car)
    if type(n) is not float or not 0 <= n < 2**63:
        text = f"repeat needs a number that is not negative, found {found(form.cdr.car, n)}"
        raise ValueKindError(text, span=element_span(form.cdr))
    result, body, evaluate = None, form.cdr.cdr, it.progn
    for _ in range(int(n)):
        result = evaluate(body)
    return result


@special("for", pattern="(var from to [step]) . body")
def for_(it: Machine, form: Pair) -> Value:
    """(for (var from to [step]) body...)

    Evaluate the body with var counting from `from` to `to`, both included; return the last value.
    Nothing is done when the step (1 unless given) leads away from `to`.

    (let ((l ())) (for (i 1 3) (setq l (cons i l))) l)
    => (3 2 1)
    """
    symbol, i, stop, step = loop_bounds(it, form, "for")
    body = form.cdr.cdr
    evaluate = it.progn
    if type(body) is Pair and body.cdr is None:
        body, evaluate = body.car, it.eval
    result = None
    symbol.saved.append(symbol.value)
    try:
        if step > 0:
            while i <= stop:
                symbol.value = i
                result = evaluate(body)
                i += step
        else:
            while i >= stop:
                symbol.value = i
                result = evaluate(body)
                i += step
    finally:
        symbol.value = symbol.saved.pop()
    return result


@special("mapfor", pattern="(var from to [step]) . body")
def mapfor(it: Machine, form: Pair) -> Value:
    """(mapfor (var from to [step]) body...)

    Do as `for` does and return the list of the values of the body.

    (mapfor (i 1 3) (* i i))
    => (1 4 9)
    """
    symbol, i, stop, step = loop_bounds(it, form, "mapfor", is_list=True)
    body = form.cdr.cdr
    values = []
    symbol.saved.append(symbol.value)
    try:
        while i <= stop if step > 0 else i >= stop:
            symbol.value = i
            values.append(it.progn(body))
            i += step
    finally:
        symbol.value = symbol.saved.pop()
    return to_list(values)


def loop_bounds(
    it: Machine, form: Pair, name: str, is_list: bool = False
) -> tuple[Symbol, float, float, float]:
    """Return the variable, start, end and step of a counting loop, which has an end.

    `is_list`: the loop makes a list with an element for each turn, which fits the memory.
    """
    head = form.cdr.car
    span = element_span(form.cdr)
    counted = list(cells(head)) if type(head) is Pair else []
    if len(counted) not in (3, 4) or type(head.car) is not Symbol:
        text = f"{name} needs (variable from to [step]), found {describe(head)}"
        raise ValueKindError(text, span=span)
    values = [it.eval(cell.car) for cell in counted[1:]]
    for value, cell in zip(values, counted[1:], strict=True):
        if type(value) is not float:
            text = f"{name} counts with numbers, found {found(cell.car, value)}"
            raise ValueKindError(text, span=element_span(cell) or span)
    start, stop, step = (*values, 1.0)[:3]
    if step == 0:
        raise EvalError(f"{name} needs a step that is not 0", span=span)
    count = turns(name, start, stop, step, span)
    if is_list:
        need_list(count, 0)
    return head.car, start, stop, step


@special("mapwhile", pattern="test . body")
def mapwhile(it: Machine, form: Pair) -> Value:
    """(mapwhile test body...)

    Do as `while` does and return the list of the values of the body.

    (let ((n 3)) (mapwhile (> n 0) (incr n -1)))
    => (2 1 0)
    """
    test, body = form.cdr.car, form.cdr.cdr
    values = []
    while it.eval(test) is not None:
        values.append(it.progn(body))
    return to_list(values)


@special("on-error", pattern="recovery . body")
def on_error(it: Machine, form: Pair) -> Value:
    """(on-error recovery body...)

    Return the value of the body. If it fails, evaluate `recovery`, which sees what was bound where
    the error arose, and what it is by (errname), and let the error go on.

    (on-error (print 'lost) (+ 1 2))
    => 3
    """
    it.recoveries += 1
    try:
        return it.progn(form.cdr.cdr)
    except ProgramExit:
        raise
    except (SnError, RecursionError) as error:
        seen = error if isinstance(error, SnError) else it.too_deep()
        it.last_error = historical_text(seen)
        with bound_again(error):
            it.eval(form.cdr.car)
        raise
    finally:
        it.recoveries -= 1
