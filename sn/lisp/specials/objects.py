"""Special forms for objects: classes, methods, messages and slots."""

from __future__ import annotations

from sn.errors import EvalError, SnError, UnknownNameError, ValueKindError, did_you_mean
from sn.lisp.calls import special
from sn.lisp.forms import Pair, Symbol, Value, cells, describe, element_span, show, to_list
from sn.lisp.leads.names import found
from sn.lisp.machine import Machine
from sn.lisp.objects import Instance, LispClass, Method, Slot


@special("defclass", pattern="name super . slots")
def defclass(it: Machine, form: Pair) -> Value:
    """(defclass name super slots...)

    Define a class of objects, a subclass of `super`, which is evaluated: `object`, or a class that
    has slots and methods of its own. A slot is a symbol, or (symbol default); defaults are not
    evaluated. Return the name.

    (progn (defclass point object (x 0) (y 0)) (setq p (new point)) (setq :p:x 3) :p:x)
    => 3
    """
    name = form.cdr.car
    if type(name) is not Symbol:
        text = f"defclass needs a name to define, found {describe(name)}"
        raise ValueKindError(text, span=element_span(form.cdr))
    if name.locked and not name.saved:
        error = it.locked(name)
        error.span = element_span(form.cdr)
        raise error
    cell = form.cdr.cdr
    above = it.eval(cell.car)
    if above is None:
        above = it.get_global("object")
    if not isinstance(above, LispClass) or not above.is_object:
        text = f"defclass needs a class above {show(name)}, found {found(cell.car, above)}"
        hint = "object is the class above all; a class is defined before those below it"
        raise ValueKindError(text, span=element_span(cell), hint=hint)
    name.value = LispClass(name.name, above, tuple(_slots(it, cell.cdr)))
    return name


def _slots(it: Machine, rest: Value) -> list[Slot]:
    known: set[Symbol] = set()
    slots: list[Slot] = []
    for cell in cells(rest):
        symbol, default = cell.car, None
        if type(symbol) is Pair and type(symbol.cdr) is Pair and symbol.cdr.cdr is None:
            symbol, default = symbol.car, _default(it, symbol.cdr.car)
        if type(symbol) is not Symbol:
            text = f"a slot is a symbol or (symbol default), found {describe(cell.car)}"
            raise ValueKindError(text, span=element_span(cell))
        if symbol in known or symbol.name in ("this", "t", "nil"):
            why = "has this slot twice" if symbol in known else "cannot have a slot of this name"
            raise EvalError(f"the class {why}: {show(symbol)}", span=element_span(cell))
        known.add(symbol)
        slots.append(Slot(symbol, default))
    return slots


def _default(it: Machine, form: Value) -> Value:
    """Return a default as it stands; 'x is x, as one who takes it to be evaluated writes it."""
    is_quoted = type(form) is Pair and form.car is it.intern("quote") and type(form.cdr) is Pair
    return form.cdr.car if is_quoted else form


@special("defmethod", "demethod", pattern="class name parameters . body")
def defmethod(it: Machine, form: Pair) -> Value:
    """(defmethod class name (parameters...) body...)

    Define a method of a class, which (==> object name arguments...) calls. In its body `this` is
    the object, and the names of slots are their values, which setq changes. A method that is
    called as its class is called by `new`. Return the name.

    (progn (defclass counter object (n 0)) (defmethod counter add (k) (setq n (+ n k)))
      (setq c (new counter)) (==> c add 2) (==> c add 3) :c:n)
    => 5
    """
    class_ = it.eval(form.cdr.car)
    if not isinstance(class_, LispClass):
        text = f"defmethod needs a class, found {found(form.cdr.car, class_)}"
        hint = "(defclass name object slots...) defines one"
        raise ValueKindError(text, span=element_span(form.cdr), hint=hint)
    place = form.cdr.cdr
    name = place.car
    if type(name) is not Symbol:
        text = f"defmethod needs a name to define, found {describe(name)}"
        raise ValueKindError(text, span=element_span(place))
    cell = place.cdr
    class_.methods[name] = Method(name.name, cell.car, cell.cdr, element_span(place), cell)
    return name


@special("==>", pattern="object method . arguments")
def message(it: Machine, form: Pair) -> Value:
    """(==> object method arguments...)

    Call the method of an object's class, or of the nearest class above that has one. A method
    (Class . name) is that which objects of Class have, as a method that replaces it calls it.
    Where there is none, the method -unknown is called with the name and the list of arguments.

    (progn (defclass a object) (defmethod a name () "a") (defclass b a)
      (defmethod b name () (concat "b, " (==> this (a . name)))) (==> (new b) name))
    => "b, a"
    """
    target = it.eval(form.cdr.car)
    cell = form.cdr.cdr
    name, start = _method_name(it, cell, target)
    args = it.eval_list(cell.cdr)
    if target is None:
        text = f"==> needs an object, found {found(form.cdr.car, target)}"
        raise ValueKindError(text, span=element_span(form.cdr))
    return send(it, target, name, args, start, form)


def _method_name(it: Machine, cell: Pair, target: Value) -> tuple[Symbol, LispClass | None]:
    """Return the name of a method, and the class where it is looked for, () for the object's."""
    name = cell.car
    if type(name) is Symbol:
        return name, None
    if type(name) is Pair and type(name.cdr) is Symbol:
        start = it.eval(name.car)
        if not isinstance(start, LispClass):
            text = f"==> needs a class in (class . method), found {found(name.car, start)}"
            raise ValueKindError(text, span=element_span(cell))
        own = class_of(it, target)
        if own is None or start not in own.lineage():
            text = f"{describe(target)} is of no class below {start.name}"
            raise EvalError(text, span=element_span(cell))
        return name.cdr, start
    text = f"==> needs the name of a method or (class . method), found {describe(name)}"
    raise ValueKindError(text, span=element_span(cell))


def send(
    it: Machine,
    target: Value,
    name: Symbol,
    args: list[Value],
    start: LispClass | None = None,
    form: Pair | None = None,
) -> Value:
    """Return what a method of an object gives for evaluated arguments.

    Raises: UnknownNameError when there is no such method, EvalError for an object that was deleted.
    """
    class_ = start or class_of(it, target)
    if isinstance(target, Instance) and target.is_deleted:
        raise EvalError(f"{describe(target)} takes no messages any more")
    known = class_.method(name) if class_ is not None else None
    if known is None and class_ is not None:
        known = class_.method(it.intern("-unknown"))
        args = [name, to_list(args)]
    if known is None:
        raise _no_method(class_, target, name)
    method, owner = known
    if isinstance(target, Instance):
        target.settle(it.unwound)
        with target.opened(it.intern("this"), owner):
            return _called(it, method, args, form)
    with it.bound({"this": target}):
        return _called(it, method, args, form)


def _called(it: Machine, method: Method, args: list[Value], form: Pair | None) -> Value:
    if method.names is not None and len(method.names) == len(args):
        return method.enter(it, method.names, args, form)
    return method.call(it, to_list(args), form)


def _no_method(class_: LispClass | None, target: Value, name: Symbol) -> SnError:
    if class_ is None:
        error = UnknownNameError(f"{describe(target)} has no method '{show(name)}'")
        error.hint = "(new class ...) makes an object, which has the methods of its class"
    else:
        names = [method.name for method in class_.method_names()]
        own = show(Symbol(class_.name))
        known = f"it has {', '.join(names)}" if names else f"(defmethod {own} ...) adds one"
        hint = did_you_mean(name.name, names) or known
        text = f"class {class_.name} has no method '{show(name)}'"
        error = UnknownNameError(text, hint=hint)
    return error


def class_of(it: Machine, value: Value) -> LispClass | None:
    """Return the class of an object, or that which `classof` gives for other values."""
    if isinstance(value, Instance):
        return value.class_
    known: Value = it.call(it.get_global("classof"), (value,))
    return known if isinstance(known, LispClass) else None


def destroy(it: Machine, target: Instance) -> None:
    """Delete an object, after its method -destructor, where it has one."""
    if target.is_deleted:
        return
    if target.class_.method(it.intern("-destructor")) is not None:
        send(it, target, it.intern("-destructor"), [])
    target.forget()


@special("letslot", pattern="object . body")
def letslot(it: Machine, form: Pair) -> Value:
    """(letslot object body...)

    Evaluate the body as a method of the object would be: `this` is the object, and the names of
    its slots are their values.

    (progn (defclass point object (x 3) (y 4)) (letslot (new point) (sqrt (+ (* x x) (* y y)))))
    => 5
    """
    target = it.eval(form.cdr.car)
    if not isinstance(target, Instance):
        text = f"letslot needs an object, found {found(form.cdr.car, target)}"
        raise ValueKindError(text, span=element_span(form.cdr))
    if target.is_deleted:
        raise EvalError(f"{describe(target)} has no slots any more", span=element_span(form.cdr))
    target.settle(it.unwound)
    with target.opened(it.intern("this"), target.class_):
        return it.progn(form.cdr.cdr)


# --- slots from outside ---


def slot_of(it: Machine, form: Pair) -> tuple[Instance, int]:
    """Return the object and the place of the slot that (scope object slot slot...) stands for.

    Raises: EvalError, ValueKindError where there is no such object or slot.
    """
    cell = form.cdr
    target = it.eval(cell.car)
    while True:
        rest = cell.cdr
        name = rest.car if type(rest) is Pair else None
        if type(name) is not Symbol:
            raise ValueKindError(f"a slot is a symbol, found {describe(name)}", span=form.span)
        if not isinstance(target, Instance):
            hint = "(new class ...) makes an object; :x alone is the global value of x"
            text = f"only objects have slots, found {found(cell.car, target)}"
            raise ValueKindError(text, span=form.span, hint=hint)
        try:
            i = target.place(name)
        except EvalError as error:
            error.span = form.span
            raise
        target.settle(it.unwound)
        if rest.cdr is None:
            return target, i
        target, cell = target.get(i), rest
