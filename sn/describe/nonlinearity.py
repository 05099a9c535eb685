"""Non-linearities in a layer form: one of SN's by its name, or a function of the program.

A function becomes a formula, with its derivatives (`formula.py`).
"""

from __future__ import annotations

from typing import Any

from sn.describe.formula import formula
from sn.describe.formula_check import check_for_kernels
from sn.describe.leads import layers
from sn.describe.leads.words import elsewhere
from sn.describe.options import Clause, count, led, number
from sn.errors import UnknownNameError, did_you_mean
from sn.lisp.forms import Symbol
from sn.lisp.lambdas import De
from sn.lisp.machine import Machine
from sn.net import expr
from sn.net.activations import Activation, activation
from sn.registry import Registry

NLF = "(nlf FUNCTION)"


def call_forms(registry: Registry[Any]) -> dict[str, str]:
    """Return the call forms that open the docstrings of schemes or non-linearities, shortened."""
    forms = {}
    for entry in registry.describe():
        usage = entry.doc.split("\n")[0].partition("): ")[0]
        required, bracket, _ = usage.partition(" [")
        _, blank, rest = required.partition(" ")
        forms[entry.name] = f"({entry.name}{blank}{rest}" + (" ...)" if bracket else ")")
    return forms


def read_activation(it: Machine, found: Clause) -> Activation:
    """Read a non-linearity: (NAME X ...) or (nlf FUNCTION).

    Raises: SnError with the place of what is wrong, or of what kernels cannot compute.
    """
    if found.word == "nlf":
        count(found, 1, 1, NLF)
        function = it.eval(found.args[0].form)
        if type(found.args[0].form) is Symbol and function is None:
            title = found.args[0].form.name
            known = (symbol.name for symbol in it.symbols if type(symbol.value) is De)
            raise UnknownNameError(
                f"no function is called '{title}'",
                span=found.args[0].span,
                hint=f"write ({title}) in its place"
                if title in activation
                else elsewhere(title, {"nlf": NLF}, ())
                or did_you_mean(title, known)
                or f"(de {title} (a) ...) defines one",
            )
        with led(lambda: layers.builtin_as_formula(found.args[0].form, function, activation)):
            value = formula(it, function, ("a",), found.form.cdr)
        written = expr.show(expr.substitute(value, "a", expr.variable("x")))
        made = Activation(written, value, written=written)
        return _checked(made, found)
    make = activation.get(found.word)
    least, most = _arity(make)
    count(found, least, most, (make.__doc__ or "").split("\n")[0].partition("): ")[0] + ")")
    return _checked(
        make(*(number(it, arg, f"an argument of {found.word}") for arg in found.args)), found
    )


def _checked(made: Activation, found: Clause) -> Activation:
    """Return a non-linearity that kernels can compute; errors stand at its clause."""
    check_for_kernels(lambda: (made.value, made.slope, made.bend), found.span)
    return made


def _arity(make: Any) -> tuple[int, int]:
    most = make.__code__.co_argcount
    return most - len(make.__defaults__ or ()), most
