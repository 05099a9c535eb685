"""Special forms that define functions, macros and macro-characters, and lock names."""

from __future__ import annotations

from sn.errors import EvalError, ValueKindError
from sn.lisp.calls import special
from sn.lisp.forms import Pair, Symbol, Value, cells, describe, element_span, show
from sn.lisp.lambdas import De, Df, Dm, Dmd, Lambda
from sn.lisp.machine import Machine


@special("de", pattern="name parameters . body")
def de(it: Machine, form: Pair) -> Value:
    """(de name (parameters...) body...)

    Define a function that takes its arguments evaluated; return its name.

    (progn (de twice (x) (+ x x)) (twice 4))
    => 8
    """
    return _define(it, form, De)


@special("df", pattern="name parameters . body")
def df(it: Machine, form: Pair) -> Value:
    """(df name (parameters...) body...)

    Define a function that takes its arguments as they are written; return its name.

    (progn (df first-word (x . rest) x) (first-word hello world))
    => hello
    """
    return _define(it, form, Df)


@special("dm", pattern="name parameters . body")
def dm(it: Machine, form: Pair) -> Value:
    """(dm name (parameters...) body...)

    Define a macro: it takes the whole call, its name included, and its value is evaluated in the
    place of the call. Return its name.

    (progn (dm plus (head . args) (cons '+ args)) (plus 1 2 3))
    => 6
    """
    return _define(it, form, Dm)


@special("dmd", pattern="name parameters . body")
def dmd(it: Machine, form: Pair) -> Value:
    """(dmd name (parameters...) body...)

    Define a macro whose expansion replaces the call when it is first evaluated. The parameters
    take the arguments without the name. Return its name.

    (progn (dmd double (x) (list '* 2 x)) (double 21))
    => 42
    """
    return _define(it, form, Dmd)


@special("lambda", pattern="parameters . body")
def lambda_(it: Machine, form: Pair) -> Value:
    """(lambda (parameters...) body...)

    Return a function that takes its arguments evaluated.

    ((lambda (x) (* x x)) 5)
    => 25
    """
    return _make(form.cdr, De, "lambda", form)


@special("flambda", pattern="parameters . body")
def flambda(it: Machine, form: Pair) -> Value:
    """(flambda (parameters...) body...)

    Return a function that takes its arguments as they are written.

    ((flambda (x) x) (a b))
    => (a b)
    """
    return _make(form.cdr, Df, "flambda", form)


@special("mlambda", pattern="parameters . body")
def mlambda(it: Machine, form: Pair) -> Value:
    """(mlambda (parameters...) body...)

    Return a macro, which takes the whole call.

    ((mlambda (head x) (list '+ x 1)) 5)
    => 6
    """
    return _make(form.cdr, Dm, "mlambda", form)


def _define(it: Machine, form: Pair, kind: type[Lambda]) -> Symbol:
    symbol = form.cdr.car
    if type(symbol) is not Symbol:
        text = f"{show(form.car)} needs a name to define, found {describe(symbol)}"
        raise ValueKindError(text, span=element_span(form.cdr))
    if symbol.locked and not symbol.saved:
        error = it.locked(symbol)
        error.span = element_span(form.cdr)
        raise error
    symbol.value = _make(form.cdr.cdr, kind, symbol.name, form.cdr)
    return symbol


def _make(cell: Pair, kind: type[Lambda], name: str, place: Pair) -> Lambda:
    """Return the function whose parameters and body are the list `cell`."""
    return kind(name, cell.car, cell.cdr, element_span(place), cell)


@special("dmc", pattern="name . body")
def dmc(it: Machine, form: Pair) -> Value:
    r"""(dmc |c| body...)

    Define a macro-character, c, ^c or #c: where the reader meets it, the value of the body
    replaces it, which may take more of the text (read, read-string). A #c puts the elements of
    its value, a list, into the text.

    (progn (dmc |#z| (list 1 2)) 'done)
    => done
    """
    symbol = form.cdr.car
    name = symbol.name if type(symbol) is Symbol else ""
    if len(name) != 1 and not (len(name) == 2 and name[0] in "^#"):
        text = f"dmc needs a character as |c|, |^c| or |#c|, found {describe(symbol)}"
        raise ValueKindError(text, span=element_span(form.cdr))
    function = De(name, None, form.cdr.cdr, element_span(form.cdr))
    symbol.value = function
    it.define_macro(name.upper() if name[0] == "^" and len(name) == 2 else name, function)
    return symbol


@special("lock-symbol", pattern="symbol . symbols")
def lock_symbol(it: Machine, form: Pair) -> Value:
    """(lock-symbol symbols...)

    Protect the global values of symbols, not evaluated, against assignment.

    (progn (setq pi 3.14159) (lock-symbol pi) pi)
    => 3.14159
    """
    _lock(form, True)
    return None


@special("unlock-symbol", pattern="symbol . symbols")
def unlock_symbol(it: Machine, form: Pair) -> Value:
    """(unlock-symbol symbols...)

    Allow the assignment of symbols that are locked.

    (progn (unlock-symbol beep) (setq beep 3))
    => 3
    """
    _lock(form, False)
    return None


def _lock(form: Pair, locked: bool) -> None:
    for cell in cells(form.cdr):
        if type(cell.car) is not Symbol:
            text = f"{show(form.car)} needs symbols, found {describe(cell.car)}"
            raise ValueKindError(text, span=element_span(cell))
        if cell.car.name == "t":
            raise EvalError("t always stands for itself", span=element_span(cell))
        cell.car.locked = locked
