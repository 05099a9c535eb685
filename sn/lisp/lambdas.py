"""Lambdas: the functions a program defines (de, df, dm, dmd) and how arguments meet parameters.

A call pushes the parameters' values on their symbols and pops them at its end, error or not:
scope is dynamic, there are no closures. Read next: `specials/`, `sn/interp.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from sn.errors import ArityError, EvalError, Label, SnError, Span, ValueKindError
from sn.lisp.forms import (
    LONG,
    Pair,
    Shown,
    Symbol,
    Value,
    cells,
    describe,
    refuse_ring,
    show,
    to_list,
)
from sn.lisp.leads.names import trace_argument
from sn.lisp.library import call_forms, is_of_library, tell_outside
from sn.lisp.machine import Machine

Bindings: TypeAlias = list[tuple[Symbol, Value]]


def match(pattern: Value, value: Value) -> Bindings:
    """Return the bindings that a parameter tree, checked before, makes of a value.

    A symbol takes the whole value, a list of trees the elements of a list, a dotted tail the
    rest. `&optional s (s2 constant)` may be absent, `&rest s` takes what is left. Defaults are
    not evaluated (SN 2.8).
    Raises: ArityError for too few or too many elements, ValueKindError for an atom.
    """
    bindings: Bindings = []
    _match(pattern, value, bindings)
    return bindings


def _match(pattern: Value, value: Value, bindings: Bindings) -> None:
    optional = False
    whole = value
    refuse_ring(pattern)  # it was checked, but lists can be changed
    while type(pattern) is Pair:
        want = pattern.car
        if type(want) is Symbol and want.name in ("&optional", "&rest"):
            if want.name == "&rest":
                pattern = pattern.cdr.car
                break
            optional = True
            pattern = pattern.cdr
            continue
        if type(value) is Pair:
            target = want.car if optional and type(want) is Pair else want
            _bind(target, value.car, bindings)
            value = value.cdr
        elif value is not None:
            raise ValueKindError(f"{show(pattern, limit=24)} needs a list, found {describe(whole)}")
        elif not optional:
            raise ArityError(f"missing arguments: {show(_required(pattern))}")
        elif type(want) is Pair:
            default = want.cdr
            bindings.append((want.car, default.car if type(default) is Pair else None))
        elif want is not None:
            bindings.append((want, None))
        pattern = pattern.cdr
    if pattern is None:
        if value is not None:
            raise ArityError(f"too many arguments: {show(value, limit=24)}")
    else:
        _bind(pattern, value, bindings)


def _bind(pattern: Value, value: Value, bindings: Bindings) -> None:
    if type(pattern) is Symbol:
        bindings.append((pattern, value))
    else:
        _match(pattern, value, bindings)


def _required(pattern: Value) -> Value:
    """Return the part of a pattern before its first &optional or &rest."""
    names = []
    while type(pattern) is Pair:
        if type(pattern.car) is Symbol and pattern.car.name in ("&optional", "&rest"):
            break
        names.append(pattern.car)
        pattern = pattern.cdr
    return to_list(names)


def check_pattern(pattern: Value, cell: Pair | None = None) -> list[Symbol]:
    """Return the symbols of a parameter tree in order; `cell` holds the tree, for its place.

    A symbol may stand there twice; its last place counts (SN).
    Raises: EvalError for anything but symbols in it.
    """
    found: list[Symbol] = []
    lists: set[int] = set()  # by id
    todo = [(pattern, cell)]
    while todo:
        tree, cell = todo.pop()
        span = (cell.car_span or cell.span) if cell is not None else None
        if type(tree) is Symbol:
            if tree.name in ("&optional", "&rest"):
                raise EvalError(f"a parameter must follow {tree.name}", span=span)
            found.append(tree)
        elif type(tree) is Pair:
            refuse_ring(tree)
            if id(tree) in lists:
                text = f"parameters stand here twice, in {describe(tree)}"
                raise EvalError(text, span=span)
            lists.add(id(tree))
            todo += reversed(_parts(tree))
        elif tree is not None:
            text = f"expected a parameter, that is a symbol, found {describe(tree)}"
            raise EvalError(text, span=span)
    return found


def _parts(tree: Pair) -> list[tuple[Value, Pair | None]]:
    """Return the trees that the elements of a parameter list bind, each with its cell."""
    parts: list[tuple[Value, Pair | None]] = []
    optional = False
    cell: Value = tree
    while type(cell) is Pair:
        want, rest = cell.car, cell.cdr
        name = want.name if type(want) is Symbol else ""
        if name == "&optional" and type(rest) is Pair:
            optional = True
        elif name == "&rest" and type(rest) is Pair:
            if rest.cdr is not None:
                span = rest.cdr.car_span if type(rest.cdr) is Pair else None
                raise EvalError("&rest takes one parameter, the last one", span=span)
        elif optional and type(want) is Pair:
            if type(want.car) is not Symbol:
                text = f"expected an optional parameter (symbol default), found {describe(want)}"
                raise EvalError(text, span=cell.car_span)
            parts.append((want.car, want))
        else:
            parts.append((want, cell))
        cell = rest
    if cell is not None:
        parts.append((cell, None))
    return parts


class Lambda(Shown):
    """A function of the program: parameters and body. The base of the four kinds."""

    kind = "DE"
    noun = "function"
    __slots__ = ("body", "name", "names", "params", "span")

    def __init__(
        self, name: str, params: Value, body: Value, span: Span | None, cell: Pair | None = None
    ) -> None:
        self.name = name
        self.params = params
        self.body = body
        self.span = span
        symbols = check_pattern(params, cell)
        simple = all(type(c.car) is Symbol and c.car.name[:1] != "&" for c in _cells(params))
        # the plain case: a proper list of symbols, one per argument
        self.names = symbols if simple and _is_proper(params) else None

    def show(self, numbers: object) -> str:
        """Return the printed name."""
        return f"::{self.kind}:{self.name}"

    def call(self, it: Machine, values: Value, form: Pair | None) -> Value:
        """Return the body's value with the parameters bound to the list `values`."""
        try:
            bindings = match(self.params, values)
        except (ArityError, ValueKindError) as error:
            raise self.refuse(error, form) from None
        names = [symbol for symbol, _ in bindings]
        return self.enter(it, names, [value for _, value in bindings], form)

    def refuse(self, error: SnError, form: Pair | None) -> SnError:
        """Return `error` with the names and places of this function and its call."""
        error.message = f"{self.name}: {error.message}"
        if error.span is None and form is not None:
            error.span = form.span
        manual = call_forms().get(self.name) if is_of_library(self.span) else None
        error.hint = f"the call form is {manual or show(Pair(self.symbol_text(), self.params))}"
        if manual is not None:  # whose names are those that a person knows
            before, words, _ = error.message.partition("missing arguments")
            error.message = before + words
        elif self.span is not None:
            error.labels = (Label(self.span, f"{self.name} is defined here"),)
        return error

    def symbol_text(self) -> Symbol:
        """Return a symbol with the function's name, for messages."""
        return Symbol(self.name)

    def enter(
        self, it: Machine, names: Sequence[Symbol], values: Sequence[Value], form: Pair | None
    ) -> Value:
        """Return the body's value with `names` bound to `values` for its duration.

        Raises: EvalError when calls are nested too deeply.
        """
        if it.depth >= it.horizon:
            return self._enter_further(it, names, values, form)
        it.depth += 1
        for name, value in zip(names, values, strict=True):
            name.saved.append(name.value)
            name.value = value
        try:
            result = None
            body = self.body
            n = 0
            while type(body) is Pair:
                result = body.car
                kind = type(result)
                if kind is Pair:
                    result = it.eval(result)
                elif kind is Symbol:
                    result = result.value
                body = body.cdr
                if body is None:
                    break
                n += 1
                if n == LONG:
                    refuse_ring(body)
            return result
        except SnError as error:
            error.frames.append(_frame(self.name, form))
            if form is not None:
                tell_outside(error, form.span)
            if error.lost in names and form is not None:
                trace_argument(it, error, names, form)
            raise
        finally:
            for name in reversed(names):
                name.value = name.saved.pop()
            it.depth -= 1

    def _enter_further(
        self, it: Machine, names: Sequence[Symbol], values: Sequence[Value], form: Pair | None
    ) -> Value:
        # not in `enter`: a function inside it would make all its variables slow
        return it.further(lambda: self.enter(it, names, values, form))


class De(Lambda):
    """A function that takes its arguments evaluated."""

    __slots__ = ()

    def run(self, it: Machine, form: Pair) -> Value:
        """Return the value of the call `form`."""
        values = []
        rest = form.cdr
        names = self.names
        if names is not None:
            for _ in names:
                if type(rest) is not Pair:
                    break
                arg = rest.car
                kind = type(arg)
                if kind is Pair:
                    arg = it.eval(arg)
                elif kind is Symbol:
                    arg = arg.value
                values.append(arg)
                rest = rest.cdr
            else:
                if rest is None:
                    return self.enter(it, names, values, form)
        refuse_ring(rest)
        while type(rest) is Pair:
            values.append(it.eval(rest.car))
            rest = rest.cdr
        if rest is not None:
            values += it.tail_values(rest)
        if names is not None and len(names) == len(values):
            return self.enter(it, names, values, form)
        return self.call(it, to_list(values), form)

    def apply(self, it: Machine, args: Sequence[Value]) -> Value:
        """Return the value for these arguments."""
        names = self.names
        if names is not None and len(names) == len(args):
            return self.enter(it, names, args, None)
        return self.call(it, to_list(args), None)


class Df(Lambda):
    """A function that takes its arguments as they stand in the call."""

    kind = "DF"
    __slots__ = ()

    def run(self, it: Machine, form: Pair) -> Value:
        """Return the value of the call `form`."""
        return self.call(it, form.cdr, form)

    def apply(self, it: Machine, args: Sequence[Value]) -> Value:
        """Return the value for these arguments."""
        return self.call(it, to_list(args), None)


class Dm(Lambda):
    """A macro: takes the whole call, and its result is evaluated in the caller."""

    kind = "DM"
    __slots__ = ()

    def run(self, it: Machine, form: Pair) -> Value:
        """Return the value of the expansion of the call `form`."""
        return it.eval(self.call(it, form, form))

    def apply(self, it: Machine, args: Sequence[Value]) -> Value:
        """Return the value of the expansion for these arguments."""
        return self.run(it, Pair(self, to_list(args)))


class Dmd(Lambda):
    """A macro without the head of the call; its expansion takes the place of the call."""

    kind = "DMD"
    __slots__ = ()

    def run(self, it: Machine, form: Pair) -> Value:
        """Replace the call `form` by its expansion and return the value of that."""
        expansion = self.call(it, form.cdr, form)
        if type(expansion) is Pair:
            form.car, form.cdr = expansion.car, expansion.cdr
            form.car_span = expansion.car_span
        else:
            form.car, form.cdr = it.intern("progn"), Pair(expansion, None)
        return it.eval(form)

    def apply(self, it: Machine, args: Sequence[Value]) -> Value:
        """Return the value of the expansion for these arguments."""
        return self.run(it, Pair(self, to_list(args)))


def _frame(name: str, form: Pair | None) -> str:
    place = f" at {form.span}" if form is not None and form.span is not None else ""
    return f"({name} ...){place}"


def _cells(params: Value) -> list[Pair]:
    return list(cells(params)) if _is_proper(params) else []


def _is_proper(params: Value) -> bool:
    while type(params) is Pair:
        params = params.cdr
    return params is None
