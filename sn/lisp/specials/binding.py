"""Special forms that give values to names."""

from __future__ import annotations

from sn.errors import ArityError, EvalError, ValueKindError
from sn.lisp.calls import special
from sn.lisp.forms import Pair, Symbol, Value, cells, describe, element_span, show
from sn.lisp.lambdas import Bindings, check_pattern, match
from sn.lisp.leads.names import found
from sn.lisp.machine import Machine
from sn.lisp.specials.objects import slot_of


@special("setq", pattern="target value . more")
def setq(it: Machine, form: Pair) -> Value:
    """(setq name value [name value]...)

    Evaluate all values, then assign them to the names; return the last value. A name is a
    symbol, :x for the global value of x, or :object:slot.

    (let ((a 1) (b 2)) (setq a b b a) (list a b))
    => (2 1)
    """
    target, rest = form.cdr, form.cdr.cdr
    if rest.cdr is None:
        value = rest.car
        kind = type(value)
        if kind is Pair:
            value = it.eval(value)
        elif kind is Symbol:
            value = value.value
        symbol = target.car
        if type(symbol) is Symbol and not symbol.locked:
            symbol.value = value
        else:
            _assign(it, target, value)
        return value
    targets, values = [], []
    while type(target) is Pair:
        if type(target.cdr) is not Pair:
            text = f"setq needs a value for each name, {describe(target.car)} has none"
            raise ArityError(text, span=element_span(target) or form.span)
        targets.append(target)
        values.append(it.eval(target.cdr.car))
        target = target.cdr.cdr
    for cell, value in zip(targets, values, strict=True):
        _assign(it, cell, value)
    return values[-1]


def _assign(it: Machine, cell: Pair, value: Value) -> None:
    """Assign to the target in `cell`: a symbol or (scope symbol)."""
    target = cell.car
    if type(target) is Symbol:
        it.assign(target, value)
    elif type(target) is Pair and target.car is it.intern("scope"):
        if _names_slots(target):
            owner, i = slot_of(it, target)
            owner.set(i, value)
            return
        symbol = scope_symbol(target)
        if symbol.locked:
            raise it.locked(symbol)
        symbol.set_global(value)
    else:
        text = f"setq assigns to a symbol or :symbol, found {describe(target)}"
        raise ValueKindError(text, span=element_span(cell))


def _names_slots(form: Pair) -> bool:
    """Whether a form is (scope object slot ...)."""
    return type(form.cdr) is Pair and form.cdr.cdr is not None


def scope_symbol(form: Pair) -> Symbol:
    """Return the symbol of (scope symbol).

    Raises: EvalError for another form.
    """
    rest = form.cdr
    if type(rest) is Pair and type(rest.car) is Symbol:
        symbol: Symbol = rest.car
        return symbol
    text = f"expected a symbol behind ':', found {show(form, limit=24)}"
    raise EvalError(text, span=form.span, hint=":x is the global value of x, :object:slot a slot")


@special("scope", pattern="symbol . slots")
def scope(it: Machine, form: Pair) -> Value:
    """(scope x slots...)

    Return the global value of x, below all bindings; written :x. With slots, written
    :object:slot:slot, return that of an object, and of the object in it, and so on: the object is
    evaluated.

    (let ((car 5)) (:car '(1 2)))
    => 1
    """
    if _names_slots(form):
        owner, i = slot_of(it, form)
        return owner.get(i)
    return scope_symbol(form).global_value


@special("incr", pattern="symbol [n]")
def incr(it: Machine, form: Pair) -> Value:
    """(incr symbol [n])

    Add n (1 unless given) to the number that the symbol holds; return the sum.

    (let ((i 5)) (incr i) (incr i 10))
    => 16
    """
    symbol, rest = form.cdr.car, form.cdr.cdr
    n = 1.0 if rest is None else it.eval(rest.car)
    if type(symbol) is not Symbol:
        text = f"incr needs a symbol, found {describe(symbol)}"
        raise ValueKindError(text, span=element_span(form.cdr))
    if type(n) is not float:
        text = f"incr adds a number, found {describe(n)}"
        raise ValueKindError(text, span=element_span(rest))
    if type(symbol.value) is not float:
        text = f"incr needs a symbol that holds a number, found {_held(symbol)}"
        raise ValueKindError(text, span=element_span(form.cdr))
    total = symbol.value + n
    if total - total != 0:
        raise EvalError("floating exception: the result of incr is not finite")
    it.assign(symbol, total)
    return total


def _held(symbol: Symbol) -> str:
    """Return what a symbol holds, for a message."""
    return found(symbol, None) if symbol.value is None else f"{show(symbol)} = {show(symbol.value)}"


@special("let", pattern="((name value)...) . body")
def let(it: Machine, form: Pair) -> Value:
    """(let ((name value)...) body...)

    Evaluate all values, bind them to the names, return the value of the body. A name may be a
    tree of names that takes the value, a list, apart. The bindings end with the form.

    (let ((x 1) ((a . b) '(2 3 4))) (list x a b))
    => (1 2 (3 4))
    """
    bindings: Bindings = []
    for cell in cells(form.cdr.car):
        pattern, value = _binding(cell, "let")
        value = it.eval(value)
        if type(pattern) is Symbol:
            bindings.append((pattern, value))
        else:
            check_pattern(pattern, cell.car)
            bindings += match(pattern, value)
    for symbol, value in bindings:
        symbol.saved.append(symbol.value)
        symbol.value = value
    try:
        return it.progn(form.cdr.cdr)
    finally:
        for symbol, _ in reversed(bindings):
            symbol.value = symbol.saved.pop()


@special("let*", pattern="((symbol value)...) . body")
def let_star(it: Machine, form: Pair) -> Value:
    """(let* ((symbol value)...) body...)

    Do as `let` does, but bind each symbol before the next value is evaluated.

    (let* ((a 2) (b (* a 10))) (list a b))
    => (2 20)
    """
    bound: list[Symbol] = []
    try:
        for cell in cells(form.cdr.car):
            symbol, value = _binding(cell, "let*")
            if type(symbol) is not Symbol:
                text = f"let* binds symbols only, found {describe(symbol)}"
                raise ValueKindError(text, span=element_span(cell.car))
            value = it.eval(value)
            symbol.saved.append(symbol.value)
            symbol.value = value
            bound.append(symbol)
        return it.progn(form.cdr.cdr)
    finally:
        for symbol in reversed(bound):
            symbol.value = symbol.saved.pop()


def _binding(cell: Pair, name: str) -> tuple[Value, Value]:
    pair = cell.car
    rest = pair.cdr if type(pair) is Pair else None
    if type(rest) is not Pair or rest.cdr is not None:
        text = f"{name} needs bindings of the form (name value), found {describe(pair)}"
        raise ValueKindError(text, span=element_span(cell))
    if type(pair.car) is not Symbol and type(pair.car) is not Pair:
        text = f"{name} binds a symbol or a list of symbols, found {describe(pair.car)}"
        raise ValueKindError(text, span=element_span(pair))
    return pair.car, rest.car
