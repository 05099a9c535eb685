"""Builtins on the names of a program: all of them, their properties, and what functions are."""

from __future__ import annotations

from sn.lisp.calls import builtin
from sn.lisp.forms import List, Symbol, Value, to_list
from sn.lisp.lambdas import Lambda
from sn.lisp.machine import Callee, Machine
from sn.lisp.sizes import need_list
from sn.lisp.waiting import definition


@builtin("oblist")
def oblist(it: Machine) -> list[Symbol]:
    """(oblist)

    Return the list of all symbols that there are.

    (car (member 'oblist (oblist)))
    => oblist
    """
    symbols = list(it.symbols)
    need_list(len(symbols))
    return symbols


@builtin("putp")
def putp(it: Machine, symbol: Symbol, property: Symbol, value: Value) -> Value:
    """(putp symbol property value)

    Give a symbol a property with a value, for `getp`; return the value. () takes it away.

    (putp 'zip 'digits 5)
    => 5
    """
    properties = it.symbols.properties.setdefault(symbol, {})
    properties[property] = value
    if value is None:
        del properties[property]
    return value


@builtin("getp")
def getp(it: Machine, symbol: Symbol, property: Symbol) -> Value:
    """(getp symbol property)

    Return the value of a property that `putp` gave to a symbol, () where there is none.

    (progn (putp 'zip 'digits 5) (getp 'zip 'digits))
    => 5
    """
    return it.symbols.properties.get(symbol, {}).get(property)


_HEADS = {"DE": "lambda", "DF": "flambda", "DM": "mlambda", "DMD": "mlambda"}


@builtin("funcdef")
def funcdef(it: Machine, function: Callee) -> List:
    """(funcdef function)

    Return the list (lambda parameters . body) that a function of the program is made of, with
    flambda or mlambda for those of df and dm; () for what is built in.

    (progn (de twice (x) (+ x x)) (funcdef twice))
    => (lambda (x) (+ x x))
    """
    found = it.function_of(function, function) if isinstance(function, Symbol) else function
    found = definition(it, found)
    if not isinstance(found, Lambda):
        return None
    made: List = to_list([it.intern(_HEADS[found.kind]), found.params], found.body)
    return made
