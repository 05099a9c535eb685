"""Formulas: a Lisp function of numbers becomes an expression that kernels can compute.

The function's body is walked once with its parameters as variables; calls of other functions of
the program are expanded. What the kernels cannot do gets a caret.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sn.errors import EvalError, ValueKindError
from sn.forms import Pair, Symbol, Value, cells, describe, element_span, show
from sn.lambdas import De
from sn.net import expr
from sn.net.expr import Expr

_DIRECT = {
    "tanh": "tanh",
    "exp": "exp",
    "log": "log",
    "sqrt": "sqrt",
    "sin": "sin",
    "cos": "cos",
    "abs": "abs",
}
_KNOWN = "+ - * / 1+ 1- 2* 2/ ** tanh exp log sqrt sin cos abs min max if cond let progn < > <= >="
_DEPTH = 50


def formula(it: Any, function: Value, names: Sequence[str], cell: Pair | None = None) -> Expr:
    """Return `function` as an expression of the variables `names`, one per parameter.

    Raises: ValueKindError when it is not a function of that many numbers, EvalError for a body
    that uses what a kernel cannot compute.
    """
    if type(function) is not De or function.names is None or len(function.names) != len(names):
        wanted = "one number" if len(names) == 1 else f"{len(names)} numbers"
        raise ValueKindError(
            f"expected a function of {wanted}, found {describe(function)}",
            span=element_span(cell),
            hint=f"such as (lambda ({' '.join(names)}) ...)",
        )
    scope = {
        symbol: expr.variable(name) for symbol, name in zip(function.names, names, strict=True)
    }
    return _Walker(it).body(function.body, scope, 0)


class _Walker:
    def __init__(self, it: Any) -> None:
        self.it = it

    def body(self, forms: Value, scope: dict[Symbol, Expr], depth: int) -> Expr:
        """Return the last form of a body; the others can have no effect in a formula."""
        last = None
        for cell in cells(forms):
            last = cell
        if last is None:
            raise EvalError("a formula needs a body")
        return self.walk(last.car, scope, last, depth)

    def walk(self, form: Value, scope: dict[Symbol, Expr], cell: Pair | None, depth: int) -> Expr:
        """Return the expression of one form."""
        span = element_span(cell)
        if depth > _DEPTH:
            raise EvalError("a formula cannot call itself", span=span)
        if type(form) is float:
            return expr.const(form)
        if type(form) is Symbol:
            if form in scope:
                return scope[form]
            if type(form.value) is float:
                return expr.const(form.value)
            raise ValueKindError(
                f"{show(form)} is not a number here: its value is {describe(form.value)}",
                span=span,
            )
        if type(form) is not Pair or type(form.car) is not Symbol:
            raise ValueKindError(f"a formula cannot hold {describe(form)}", span=span)
        head, name = form.car, form.car.name
        function = head.value
        if type(function) is De and function.names is not None:
            args = self.args(form, scope, depth)
            if len(args) != len(function.names):
                raise EvalError(
                    f"{name} takes {len(function.names)} numbers, found {len(args)}", span=form.span
                )
            inner = dict(zip(function.names, args, strict=True))
            return self.body(function.body, inner, depth + 1)
        match name:
            case "if":
                return self.choose(form, scope, depth)
            case "cond":
                return self.cond(form.cdr, scope, depth, form)
            case "progn":
                return self.body(form.cdr, scope, depth)
            case "let" | "let*":
                return self.let(form, scope, depth, name == "let*")
        args = self.args(form, scope, depth)
        found = _apply(name, args)
        if found is None:
            raise EvalError(
                f"a kernel cannot compute {name} of {len(args)} numbers",
                span=form.span or span,
                hint=f"a formula may use {_KNOWN} and your own functions of these",
            )
        return found

    def args(self, form: Pair, scope: dict[Symbol, Expr], depth: int) -> list[Expr]:
        """Return the expressions of a call's arguments."""
        return [self.walk(cell.car, scope, cell, depth) for cell in cells(form.cdr)]

    def test(self, form: Value, scope: dict[Symbol, Expr], cell: Pair, depth: int) -> Expr:
        """Return a comparison of two numbers."""
        head = form.car.name if type(form) is Pair and type(form.car) is Symbol else ""
        if head not in ("<", ">", "<=", ">=", "="):
            raise EvalError(
                "a test in a formula compares two numbers: < > <= >= =", span=element_span(cell)
            )
        args = self.args(form, scope, depth)
        if len(args) != 2:
            raise EvalError(f"{head} compares two numbers here", span=element_span(cell))
        a, b = args if head in ("<", "<=", "=") else args[::-1]
        return expr.call({"<": "lt", ">": "lt", "<=": "le", ">=": "le", "=": "eq"}[head], a, b)

    def choose(self, form: Pair, scope: dict[Symbol, Expr], depth: int) -> Expr:
        """(if test yes no)."""
        parts = list(cells(form.cdr))
        if len(parts) != 3:
            raise EvalError("if needs a test and two values in a formula", span=form.span)
        test = self.test(parts[0].car, scope, parts[0], depth)
        yes, no = (self.walk(part.car, scope, part, depth) for part in parts[1:])
        return expr.call("if", test, yes, no)

    def cond(self, rest: Value, scope: dict[Symbol, Expr], depth: int, form: Pair) -> Expr:
        """(cond (test value) ... (t value))."""
        if type(rest) is not Pair or type(rest.car) is not Pair:
            raise EvalError("cond needs a last clause (t value) in a formula", span=form.span)
        clause = rest.car
        value = self.body(clause.cdr, scope, depth)
        if clause.car is self.it.t:
            return value
        test = self.test(clause.car, scope, clause, depth)
        return expr.call("if", test, value, self.cond(rest.cdr, scope, depth, form))

    def let(self, form: Pair, scope: dict[Symbol, Expr], depth: int, in_turn: bool) -> Expr:
        """(let ((name value) ...) body)."""
        inner = dict(scope)
        bindings = form.cdr.car if type(form.cdr) is Pair else None
        for cell in cells(bindings):
            binding = cell.car
            if type(binding) is not Pair or type(binding.car) is not Symbol:
                raise EvalError("let binds one symbol a time in a formula", span=element_span(cell))
            inner[binding.car] = self.body(binding.cdr, inner if in_turn else scope, depth)
        return self.body(form.cdr.cdr, inner, depth)


def _apply(name: str, args: list[Expr]) -> Expr | None:
    """Return a primitive applied to expressions, or None when kernels lack it."""
    if name in _DIRECT and len(args) == 1:
        return expr.call(_DIRECT[name], args[0])
    match name, args:
        case "+", _:
            return _fold(expr.add, args, 0.0)
        case "*", _:
            return _fold(expr.mul, args, 1.0)
        case "-", [a]:
            return -a
        case "-", [a, b]:
            return a - b
        case "/", [a]:
            return 1.0 / a
        case "/", [a, b]:
            return a / b
        case "1+", [a]:
            return a + 1.0
        case "1-", [a]:
            return a - 1.0
        case "2*", [a]:
            return 2.0 * a
        case "2/", [a]:
            return a / 2.0
        case "min" | "max", [first, *rest]:
            for other in rest:
                first = expr.call(name, first, other)
            return first
        case "**", [a, b] if b.op == "const" and b.value == int(b.value) and abs(b.value) <= 64:
            return expr.power(a, int(b.value))
        case "**", [a, b]:
            return expr.call("exp", b * expr.call("log", a))
    return None


def _fold(step: Any, args: list[Expr], start: float) -> Expr:
    total = expr.const(start)
    for arg in args:
        total = step(total, arg)
    return total
