"""Calls: what a builtin or special form is, and the one place that checks its arguments.

A builtin is a plain Python function; its signature says how many arguments of which kinds it
takes, its docstring opens with the call form. So "car needs a list, found 5" is said here, with
the place of the argument, and nowhere else. Read next: `lambdas.py` (functions of the program).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, get_type_hints

from sn.errors import ArityError, EvalError, Span, ValueKindError
from sn.lisp.forms import (
    LONG,
    Pair,
    Shown,
    Symbol,
    Value,
    element_span,
    refuse_ring,
    to_list,
)
from sn.lisp.kinds import WRONG, Kind, Run, finish_of, kind_of
from sn.lisp.leads.names import found
from sn.lisp.machine import Machine
from sn.registry import Registry

Function = TypeVar("Function", bound=Callable[..., Any])


class Builtin(Shown):
    """A function written in Python. Calls it with checked arguments."""

    noun = "function"

    def __init__(self, name: str, function: Callable[..., Any], locked: bool, dotted: bool) -> None:
        self.name = name
        self.function = function
        self.locked = locked
        self.dotted = dotted
        self.__doc__ = function.__doc__
        self.__wrapped__ = function
        hints = get_type_hints(function)
        parameters = list(inspect.signature(function).parameters.values())
        self.takes_it = bool(parameters) and parameters[0].name == "it"
        if self.takes_it:
            del parameters[0]
        rest = [p for p in parameters if p.kind is p.VAR_POSITIONAL]
        fixed = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        self.least = sum(p.default is p.empty for p in fixed)
        self.most = None if rest else len(fixed)
        self.kinds = [kind_of(hints.get(p.name, Any)) for p in fixed]
        self.rest_kind = kind_of(hints.get(rest[0].name, Any)) if rest else None
        self.labels = [p.name.rstrip("_").replace("_", "-") for p in (*fixed, *rest)]
        self.finish = finish_of(hints.get("return"), name)
        # the type to compare with where that is the whole check, so that most calls check fast
        self.exact = [kind.exact if kind else None for kind in self.kinds]
        self.run = self._make_run()

    def __call__(self, *args: Any) -> Any:
        """Call the Python function itself."""
        return self.function(*args)

    @property
    def usage(self) -> str:
        """The call form, from the docstring."""
        return usage(self.__doc__)

    def show(self, numbers: object) -> str:
        """Return the printed name."""
        return f"::DX:{self.name}"

    def apply(self, it: Machine, args: Sequence[Value], form: Pair | None = None) -> Value:
        """Return the value for evaluated arguments; `form` is the call they come from.

        Raises: ArityError, ValueKindError.
        """
        n = len(args)
        if n < self.least or (self.most is not None and n > self.most):
            raise wrong_count(self, n, form)
        taken = list(args)
        for i, kind in enumerate(self.kinds[:n]):
            if kind is not None and type(taken[i]) is not self.exact[i]:
                taken[i] = self.take(kind, taken[i], i, form)
        if self.rest_kind is not None:
            for i in range(len(self.kinds), n):
                taken[i] = self.take(self.rest_kind, taken[i], i, form)
        result = _spread(it, self.function, taken) if self.takes_it else self.function(*taken)
        return result if self.finish is None else self.finish(it, result)

    def take(self, kind: Kind, value: Value, i: int, form: Pair | None) -> Value:
        """Return argument `i` as the Python function wants it.

        Raises: ValueKindError at the argument.
        """
        taken = kind.take(value)
        if taken is not WRONG:
            return taken
        place = ""
        if self.most is None or self.most > 1:
            place = f" as argument {i + 1} ({self.labels[min(i, len(self.labels) - 1)]})"
        text = f"{self.name} needs {kind.words}{place}, found {found(argument(form, i), value)}"
        raise ValueKindError(text, span=argument_span(form, i), hint=self.usage)

    def _run(self, it: Machine, form: Pair) -> Value:
        """Return the value of the call `form`."""
        args = []
        n = 0
        rest = form.cdr
        while type(rest) is Pair:
            arg = rest.car
            kind = type(arg)
            if kind is Pair:
                arg = it.eval(arg)
            elif kind is Symbol:
                arg = arg.value
            args.append(arg)
            rest = rest.cdr
            n += 1
            if n == LONG:
                refuse_ring(rest)
        if rest is not None:
            args += self._tail(it, rest)
        return self.apply(it, args, form)

    def _tail(self, it: Machine, tail: Value) -> list[Value]:
        if self.dotted:
            return list(it.tail_values(tail))
        raise EvalError(
            f"{self.name} cannot take a dotted argument list",
            hint=f"write (apply {self.name} list)",
        )

    def _make_run(self) -> Run:
        """Return the way to call: a direct one for the commonest shapes of arguments.

        Measured (fib 20 in Lisp): 0.15 s with the general way alone, 0.08 s with these.
        """
        n = len(self.kinds)
        is_direct = all(kind is None or kind.exact is not None for kind in self.kinds)
        if self.dotted or not is_direct:
            return self._run
        if self.most is None:
            rest = self.rest_kind
            return _run_rest(self) if n == 0 and rest is not None and rest.exact else self._run
        if n == 1 == self.least:
            return _run_one(self)
        return _run_two(self) if n >= 2 >= self.least else self._run


def _spread(it: Machine, function: Callable[..., Any], args: list[Value]) -> Any:
    """Return function(it, *args), which may evaluate.

    Written out because Python 3.11 takes C stack for f(*args), and for no other call.
    """
    match args:
        case []:
            return function(it)
        case [a]:
            return function(it, a)
        case [a, b]:
            return function(it, a, b)
        case [a, b, c]:
            return function(it, a, b, c)
        case [a, b, c, d]:
            return function(it, a, b, c, d)
    return _reenter(it, function, args)


def _reenter(it: Machine, function: Callable[..., Any], args: list[Value]) -> Any:
    return it.reenter(lambda: function(it, *args))


def _run_one(builtin: Builtin) -> Run:
    """Return the direct way to call a function of one argument; all else goes the general way."""
    function, finish, exact = builtin.function, builtin.finish, builtin.exact[0]
    slow, takes_it = builtin._run, builtin.takes_it

    def run(it: Machine, form: Pair) -> Value:
        rest = form.cdr
        if type(rest) is not Pair or rest.cdr is not None:
            return slow(it, form)
        arg = rest.car
        kind = type(arg)
        if kind is Pair:
            arg = it.eval(arg)
        elif kind is Symbol:
            arg = arg.value
        if exact is not None and type(arg) is not exact:
            return builtin.apply(it, [arg], form)
        result = function(it, arg) if takes_it else function(arg)
        return result if finish is None else finish(it, result)

    return run


def _run_two(builtin: Builtin) -> Run:
    """Return the direct way to call with two arguments; all else goes the general way."""
    function, finish, exact = builtin.function, builtin.finish, builtin.exact
    exact_a, exact_b = exact[0], exact[1]
    slow, takes_it = builtin._run, builtin.takes_it

    def run(it: Machine, form: Pair) -> Value:
        first = form.cdr
        if type(first) is not Pair:
            return slow(it, form)
        second = first.cdr
        if type(second) is not Pair or second.cdr is not None:
            return slow(it, form)
        a, b = first.car, second.car
        kind = type(a)
        if kind is Pair:
            a = it.eval(a)
        elif kind is Symbol:
            a = a.value
        kind = type(b)
        if kind is Pair:
            b = it.eval(b)
        elif kind is Symbol:
            b = b.value
        if (exact_a is not None and type(a) is not exact_a) or (
            exact_b is not None and type(b) is not exact_b
        ):
            return builtin.apply(it, [a, b], form)
        result = function(it, a, b) if takes_it else function(a, b)
        return result if finish is None else finish(it, result)

    return run


def _run_rest(builtin: Builtin) -> Run:
    """Return the direct way to call a function of any number of arguments of one type."""
    function, finish, takes_it = builtin.function, builtin.finish, builtin.takes_it
    exact = builtin.rest_kind.exact if builtin.rest_kind is not None else None

    def run(it: Machine, form: Pair) -> Value:
        args = []
        n = 0
        rest = form.cdr
        while type(rest) is Pair:
            arg = rest.car
            kind = type(arg)
            if kind is Pair:
                arg = it.eval(arg)
            elif kind is Symbol:
                arg = arg.value
            args.append(arg)
            rest = rest.cdr
            if rest is None:
                break
            n += 1
            if n == LONG:
                refuse_ring(rest)
        if rest is not None:
            args += builtin._tail(it, rest)
        for arg in args:
            if type(arg) is not exact:
                return builtin.apply(it, args, form)
        result = function(it, *args) if takes_it else function(*args)
        return result if finish is None else finish(it, result)

    return run


builtins: Registry[Builtin] = Registry("function")


def builtin(
    *names: str, locked: bool = True, dotted: bool = False, run: Run | None = None
) -> Callable[[Function], Function]:
    """Register a Python function as a Lisp function under each of `names`.

    A parameter called `it` in front receives the interpreter. The types of the others say which
    kinds of value they take: float, int (a number, truncated), str, Symbol, Pair, List, bool
    (anything, as a truth value), list[float] and so on (a Python list), Callee, a class with a
    `noun`, unions of these, Value (anything). The type of the result turns bool into t or (), int
    into a number, a Python list into a Lisp list, and refuses a float that is not finite.
    `dotted` lets a call end in a dotted list of further arguments; a program cannot redefine a
    `locked` name, and what SN 2.8 had not is free. `run(it, form)` evaluates a call where its
    effects and those of its arguments take turns.
    """

    def register(function: Function) -> Function:
        for name in names:
            made = Builtin(name, function, locked, dotted)
            made.run = run or made.run
            builtins.add(name, made)
        return function

    return register


# --- special forms ---


# a word of a special form's pattern: a list counts as one
_PATTERN_WORD = re.compile(r"\((?:[^()]|\([^()]*\))*\)\S*|\S+")


class Special(Shown):
    """A form whose arguments are not evaluated before it sees them."""

    noun = "special form"

    def __init__(self, name: str, function: Run, pattern: str, locked: bool = True) -> None:
        self.name = name
        self.function = function
        self.pattern = pattern
        self.__doc__ = function.__doc__
        self.__wrapped__ = function
        words = _PATTERN_WORD.findall(pattern)
        rest = "." in words
        fixed = words[: words.index(".")] if rest else words
        self.least = sum(not word.startswith("[") for word in fixed)
        self.most = None if rest else len(fixed)
        self.locked = locked
        self.run = self._make_run()

    def __call__(self, it: Machine, form: Pair) -> Value:
        """Call the Python function itself."""
        return self.function(it, form)

    @property
    def usage(self) -> str:
        """The call form, from the docstring."""
        return usage(self.__doc__)

    def show(self, numbers: object) -> str:
        """Return the printed name."""
        return f"::DY:{self.name}"

    def apply(self, it: Machine, args: Sequence[Value]) -> Value:
        """Return the value of the form with these arguments, which it may evaluate."""
        return self.run(it, Pair(self, to_list(args)))

    def _make_run(self) -> Run:
        function, least, most = self.function, self.least, self.most
        if least == 0 and most is None:
            return function

        def run_one(it: Machine, form: Pair) -> Value:
            if type(form.cdr) is not Pair:
                raise wrong_count(self, 0, form)
            return function(it, form)

        def run_any(it: Machine, form: Pair) -> Value:
            n, rest = 0, form.cdr
            while type(rest) is Pair:
                n, rest = n + 1, rest.cdr
                if n == LONG:
                    refuse_ring(rest)
            if n < least or (most is not None and n > most):
                raise wrong_count(self, n, form)
            if most is not None and rest is not None:
                raise EvalError(f"{self.name} cannot take a dotted argument list")
            return function(it, form)

        return run_one if least == 1 and most is None else run_any


special_forms: Registry[Special] = Registry("special form")


def special(*names: str, pattern: str = ". forms", locked: bool = True) -> Callable[[Run], Run]:
    """Register a Python function `f(it, form)` as a special form under each of `names`.

    `form` is the whole call. `pattern` names its arguments, as in "test yes . no" or "name [n]",
    and says how many there must be. A program cannot redefine a `locked` name: what SN 2.8 had not
    is free, so that its programs may call their own things so.
    """

    def register(function: Run) -> Run:
        for name in names:
            special_forms.add(name, Special(name, function, pattern, locked))
        return function

    return register


# --- messages ---


def usage(doc: str | None) -> str:
    """Return a hint with the call form that opens a docstring, "" when there is none."""
    first = (doc or "").strip().split("\n")[0].strip()
    return f"the call form is {first}" if first.startswith("(") else ""


def argument(form: Pair | None, i: int) -> Value:
    """Return argument `i` of a call as it stands there, () where there is none."""
    cell = form.cdr if form is not None else None
    while type(cell) is Pair and i:
        cell, i = cell.cdr, i - 1
    return cell.car if type(cell) is Pair else None


def argument_span(form: Pair | None, i: int) -> Span | None:
    """Return the place of argument `i` of a call, or that of the call."""
    cell = form.cdr if form is not None else None
    while type(cell) is Pair and i:  # a call with argument i was evaluated: it has an end
        cell, i = cell.cdr, i - 1
    return element_span(cell) or (form.span if form is not None else None)


def wrong_count(callee: Builtin | Special, found: int, form: Pair | None) -> ArityError:
    """Return the error for a call with `found` arguments."""
    least, most = callee.least, callee.most
    if most is None:
        need = f"at least {least}"
    elif least == most:
        need = str(least) if least else "no"
    else:
        need = f"{least} or {most}" if most == least + 1 else f"{least} to {most}"
    noun = "argument" if need.rsplit(" ", 1)[-1] == "1" else "arguments"
    too_many = most is not None and found > most
    span = argument_span(form, most) if too_many and most is not None else None
    text = f"{callee.name} needs {need} {noun}, found {found}"
    return ArityError(text, span=span or (form.span if form else None), hint=callee.usage)
