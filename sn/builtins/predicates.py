"""Builtins that ask what a value is; most answer with the value itself."""

from __future__ import annotations

from sn.lisp.calls import builtin
from sn.lisp.forms import Pair, Symbol, Value
from sn.lisp.machine import Machine


@builtin("0=")
def is_zero(x: Value) -> Value:
    """(0= x)

    Return 0, which is true, if x is 0, else ().

    (0= 0)
    => 0
    """
    return x if type(x) is float and x == 0 else None


@builtin("0<>")
def is_not_zero(it: Machine, x: Value) -> Value:
    """(0<> x)

    Return x if it is anything but 0, else (); t for ().

    (0<> 3)
    => 3
    """
    if x is None:
        return it.t
    return None if type(x) is float and x == 0 else x


@builtin("numberp")
def is_number(x: Value) -> Value:
    """(numberp x)

    Return x if it is a number, else ().

    (numberp 3)
    => 3
    """
    return x if type(x) is float else None


@builtin("null", "not")
def null(x: Value) -> bool:
    """(null x)

    Tell whether x is (); written ~x.

    (null ())
    => t
    """
    return x is None


@builtin("atom", "atomp")
def atom(x: Value) -> bool:
    """(atom x)

    Tell whether x is anything but a list with elements.

    (atom 'a)
    => t
    """
    return type(x) is not Pair


@builtin("consp")
def consp(x: Value) -> Value:
    """(consp x)

    Return x if it is a list with elements, else ().

    (consp '(1))
    => (1)
    """
    return x if type(x) is Pair else None


@builtin("listp")
def listp(it: Machine, x: Value) -> Value:
    """(listp x)

    Return x if it is a list with elements, t for (), else ().

    (listp '(1 2))
    => (1 2)
    """
    return x if type(x) is Pair else it.t if x is None else None


@builtin("symbolp")
def symbolp(x: Value) -> Value:
    """(symbolp x)

    Return x if it is a symbol, else ().

    (symbolp 'a)
    => a
    """
    return x if type(x) is Symbol else None


@builtin("externp")
def externp(x: Value) -> bool:
    """(externp x)

    Tell whether x is anything but a list or a number: a symbol, a string, a function, a matrix.

    (externp "text")
    => t
    """
    return x is not None and type(x) is not Pair and type(x) is not float
