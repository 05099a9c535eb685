"""Builtins that tell the class of a value: |NUMBER|, |STRING|, |MAT| and so on, as variables."""

from __future__ import annotations

from sn.builtins.codebook import Codebook
from sn.builtins.matrix import Matrix
from sn.lisp.calls import Builtin, Special, builtin
from sn.lisp.forms import Pair, Shown, Symbol, Value
from sn.lisp.lambdas import Lambda
from sn.lisp.machine import Machine
from sn.lisp.waiting import definition

# Source: Lush 1 and the SN 2.8 manual (MAT); DX and DY are functions and forms written in Python.
_NAMES = {float: "NUMBER", str: "STRING", Symbol: "SYMBOL", Pair: "LIST", Matrix: "MAT"}
_NAMES |= {Codebook: "CODEBOOK"}
_NAMES |= {Builtin: "DX", Special: "DY"}
_FUNCTIONS = ("DE", "DF", "DM", "DMD")


class LispClass(Shown):
    """A class of values; there is one object for each in a session."""

    noun = "class"

    def __init__(self, name: str) -> None:
        self.name = name

    def show(self, numbers: object) -> str:
        """Return the printed name."""
        return f"::CLASS:{self.name}"


def define_classes(it: Machine) -> None:
    """Give the symbols |NUMBER| and so on their classes."""
    for name in (*_NAMES.values(), *_FUNCTIONS, "CLASS"):
        it.define(name, LispClass(name), locked=True)


@builtin("classof")
def classof(it: Machine, x: Value) -> Value:
    """(classof x)

    Return the class of a value, () for (). Classes are the values of |NUMBER|, |STRING|,
    |SYMBOL|, |LIST|, |MAT|, |CODEBOOK|, |DE|, |DF|, |DM|, |DMD|, |DX|, |DY| and |CLASS|.

    (== (classof 3) |NUMBER|)
    => t
    """
    if x is None:
        return None
    if isinstance(x, LispClass):
        return it.get_global("CLASS")
    x = definition(it, x)
    name = x.kind if isinstance(x, Lambda) else _NAMES.get(type(x))
    name = name or getattr(type(x), "class_name", None)
    return it.get_global(name) if name else None


@builtin("is-of-class")
def is_of_class(it: Machine, x: Value, class_: LispClass) -> bool:
    """(is-of-class x class)

    Tell whether a value belongs to a class.

    (is-of-class "a" |STRING|)
    => t
    """
    return classof(it, x) is class_


@builtin("classp")
def classp(x: Value) -> Value:
    """(classp x)

    Return x if it is a class, else ().

    (classp 3)
    => ()
    """
    return x if isinstance(x, LispClass) else None
