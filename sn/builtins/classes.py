"""Builtins on classes and objects: the class of a value, new objects, messages and slots.

The classes of the language's own values are |NUMBER|, |STRING|, |MAT| and so on, as variables.
What defines classes is in `lisp/specials/objects.py`.
"""

from __future__ import annotations

from sn.builtins.codebook import Codebook
from sn.builtins.dates import Date
from sn.builtins.matrix import Matrix
from sn.errors import EvalError, ValueKindError
from sn.lisp.calls import Builtin, Special, builtin, builtins
from sn.lisp.forms import Pair, Symbol, Value, kind_noun
from sn.lisp.lambdas import Lambda
from sn.lisp.machine import Machine
from sn.lisp.objects import Instance, LispClass
from sn.lisp.ports import OutputPort
from sn.lisp.specials.objects import class_of, send
from sn.lisp.waiting import definition

# Source: Lush 1 and the SN 2.8 manual (MAT); DX and DY are functions and forms written in Python.
_NAMES = {float: "NUMBER", str: "STRING", Symbol: "SYMBOL", Pair: "LIST", Matrix: "MAT"}
_NAMES |= {
    Builtin: "DX",
    Special: "DY",
    Codebook: "CODEBOOK",
    OutputPort: "FILE-DESC",
    Date: "DATE",
}
_FUNCTIONS = ("DE", "DF", "DM", "DMD")
_FURTHER = ("CLASS", "WINDOW", "NLF")  # of values that are made elsewhere


def define_classes(it: Machine) -> None:
    """Give the symbols |NUMBER| and so on their classes, and `object` that above all objects."""
    for name in (*_NAMES.values(), *_FUNCTIONS, *_FURTHER):
        it.define(name, LispClass(name, is_object=False), locked=True)
    it.define("object", LispClass("object"))


@builtin("classof")
def classof(it: Machine, x: Value) -> Value:
    """(classof x)

    Return the class of a value, () for (). Classes are the values of |NUMBER|, |STRING|,
    |SYMBOL|, |LIST|, |MAT|, |CODEBOOK|, |WINDOW|, |NLF|, |DE|, |DF|, |DM|, |DMD|, |DX|, |DY| and
    |CLASS|, and those that `defclass` defines.

    (== (classof 3) |NUMBER|)
    => t
    """
    if x is None:
        return None
    if isinstance(x, Instance):
        return x.class_
    if isinstance(x, LispClass):
        return it.get_global("CLASS")
    x = definition(it, x)
    if isinstance(x, Lambda):
        return it.get_global("DE" if x.kind not in _FUNCTIONS else x.kind)
    kind = type(x)
    name = _NAMES.get(kind) or getattr(kind, "class_name", None) or kind_noun(kind).upper()
    known = it.get_global(name)
    return known if isinstance(known, LispClass) else None


@builtin("is-of-class")
def is_of_class(it: Machine, x: Value, class_: LispClass) -> bool:
    """(is-of-class x class)

    Tell whether a value belongs to a class, or to one below it.

    (is-of-class "a" |STRING|)
    => t
    """
    own = class_of(it, x)
    return own is not None and class_ in own.lineage()


@builtin("classp")
def classp(x: Value) -> Value:
    """(classp x)

    Return x if it is a class, else ().

    (classp 3)
    => ()
    """
    return x if isinstance(x, LispClass) else None


def _run_new(it: Machine, form: Pair) -> Value:
    """Make an object without a way through C, however many arguments there are: objects make
    objects that make objects.
    """
    values = it.eval_list(form.cdr)
    if values and isinstance(values[0], LispClass):
        return _made(it, values[0], values[1:])
    return builtins.get("new").apply(it, values, form)


@builtin("new", run=_run_new)
def new(it: Machine, class_: LispClass, *arguments: Value) -> Instance:
    """(new class arguments...)

    Return a new object of a class. Its slots have their defaults; then the method that is called
    as the class, where it has one, is called with the arguments.

    (progn (defclass point object (x 0)) (defmethod point point (a) (setq x a))
      (setq p (new point 3)) :p:x)
    => 3
    """
    return _made(it, class_, list(arguments))


def _made(it: Machine, class_: LispClass, arguments: list[Value]) -> Instance:
    if not class_.is_object:
        text = f"new makes objects of classes that defclass defines, found {class_.show(None)}"
        raise ValueKindError(text)
    made = Instance(class_)
    name = it.intern(class_.name)
    if class_.method(name) is not None:
        send(it, made, name, arguments)
    elif arguments:
        text = f"class {class_.name} takes no arguments, found {len(arguments)}"
        hint = f"(defmethod {class_.name} {class_.name} (...) ...) would take them"
        raise EvalError(text, hint=hint)
    return made


@builtin("send", locked=False)
def send_(it: Machine, object: Value, method: Symbol, *arguments: Value) -> Value:
    """(send object method arguments...)

    Do as ==> does for a method whose name is evaluated.

    (progn (defclass point object (x 7)) (defmethod point get () x) (send (new point) 'get))
    => 7
    """
    return send(it, object, method, list(arguments))


@builtin("superclass", locked=False)
def superclass(class_: LispClass) -> Value:
    """(superclass class)

    Return the class right above a class, () above the highest.

    (progn (defclass point object) (superclass point))
    => ::CLASS:object
    """
    return class_.above


@builtin("classname", locked=False)
def classname(it: Machine, class_: LispClass) -> Symbol:
    """(classname class)

    Return the name of a class, a symbol.

    (classname |NUMBER|)
    => |NUMBER|
    """
    return it.intern(class_.name)


@builtin("methods", locked=False)
def methods(class_: LispClass) -> list[Value]:
    """(methods class)

    Return the names of the methods that a class defines itself.

    (progn (defclass point object) (defmethod point draw () 'drawn) (methods point))
    => (draw)
    """
    return list(class_.methods)


@builtin("slots", locked=False)
def slots(class_: LispClass) -> list[Value]:
    """(slots class)

    Return the names of the slots that a class defines itself.

    (progn (defclass point object x y) (defclass dot point size) (slots dot))
    => (size)
    """
    return [slot.symbol for slot in class_.own]


@builtin("allslots", locked=False)
def allslots(class_: LispClass) -> list[Value]:
    """(allslots class)

    Return the names of all slots that objects of a class have.

    (progn (defclass point object x y) (defclass dot point size) (allslots dot))
    => (x y size)
    """
    return [slot.symbol for slot in class_.slots]


@builtin("deletep", locked=False)
def deletep(x: Value) -> bool:
    """(deletep x)

    Tell whether x is an object that was deleted.

    (progn (defclass point object) (setq p (new point)) (delete p) (deletep p))
    => t
    """
    return isinstance(x, Instance) and x.is_deleted
