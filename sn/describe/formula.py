"""Formulas: a Lisp function of numbers becomes an expression that kernels can compute.

The function's body is walked once with its parameters as variables, in the order in which the
interpreter would evaluate it. Names are bound as it binds them: for the duration of a call or a
`let`, seen by the functions called meanwhile. An assignment to such a name gives it another
expression from there on; where only one branch assigns, the name becomes a choice of two. What
has another effect, or no number as its value, is refused with a caret. The expression is then
compared with the function (formula_check.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sn.codes import Code
from sn.describe.formula_check import compare
from sn.describe.options import of_kind
from sn.describe.primitives import primitive
from sn.errors import ArityError, EvalError, SnError, Span, ValueKindError
from sn.lisp.calls import Builtin, Special
from sn.lisp.forms import Pair, Symbol, Value, cells, describe, element_span, show, to_list
from sn.lisp.lambdas import De, Dm, Dmd, match
from sn.lisp.leads.names import is_unset, unset
from sn.lisp.machine import Machine
from sn.net import expr
from sn.net.expr import Expr

_COMPARISONS = {"<": "lt", ">": "lt", "<=": "le", ">=": "le", "=": "eq", "<>": "eq"}
_KNOWN = (
    "+ - * / 1+ 1- 2* 2/ ** tanh exp log log10 sqrt sin cos tan cosh abs sgn min max if when cond "
    "and or not let let* setq incr progn prog1 < > <= >= = <>"
)
_DEPTH = 50
_NESTED = 150  # operations in one another; chosen here, as in formula_check.py
_SIZE = 20_000  # operations of a formula written out; chosen here: it takes a second to compile


@dataclass(frozen=True, slots=True)
class NoNumber:
    """A value that is no number: what it is, and which form gives it instead of a number."""

    words: str
    why: str = ""
    span: Span | None = None

    def refuse(self, span: Span | None) -> ValueKindError:
        """Return the error for using the value as a number at `span`."""
        text = self.why or f"a formula needs a number here, found {self.words}"
        return ValueKindError(
            text,
            span=self.span or span,
            hint="every way through a formula ends in a number: (if test yes no)",
        )


Found: TypeAlias = Expr | NoNumber
NOTHING = NoNumber("()")


@of_kind(Code.FORMULA)
def formula(it: Machine, function: Value, names: Sequence[str], cell: Pair | None = None) -> Expr:
    """Return `function` as an expression of the variables `names`, one per parameter.

    Raises: ValueKindError when it is not a function of that many numbers, EvalError for a body
    that uses what a kernel cannot compute, or whose formula gives other values.
    """
    if type(function) is not De or function.names is None or len(function.names) != len(names):
        wanted = "one number" if len(names) == 1 else f"{len(names)} numbers"
        raise ValueKindError(
            f"expected a function of {wanted}, found {describe(function)}",
            span=element_span(cell),
            hint=f"such as (lambda ({' '.join(names)}) ...)",
        )
    walker = Walker(it)
    scope = zip(function.names, map(expr.variable, names), strict=True)
    value = walker.bound(list(scope), lambda: walker.body(function.body))
    if isinstance(value, NoNumber):
        raise value.refuse(walker.last_span or function.span or element_span(cell))
    compare(it, function, names, value, element_span(cell))
    return value


class Walker:
    """The walk through one function: what its names mean, and how deep in calls it is."""

    def __init__(self, it: Machine) -> None:
        self.it = it
        self.scope: dict[Symbol, Found] = {}
        self.depth = 0
        self.last_span: Span | None = None  # of the last form of the body at hand

    def body(self, forms: Value) -> Found:
        """Return the value of the last form; those before it can assign to names."""
        value: Found = NOTHING
        for cell in cells(forms):
            is_last = cell.cdr is None
            if not is_last and type(cell.car) in (float, str):
                continue
            value = self.walk(cell.car, cell)
            self.last_span = element_span(cell)
        return value

    def bound(self, bindings: Sequence[tuple[Symbol, Found]], run: Callable[[], Found]) -> Found:
        """Return what `run` gives while names are bound."""
        outer = [(symbol, self.scope.get(symbol)) for symbol, _ in bindings]
        self.scope.update(bindings)
        value = run()
        for symbol, found in reversed(outer):
            if found is None:
                del self.scope[symbol]
            else:
                self.scope[symbol] = found
        return value

    def number(self, cell: Pair) -> Expr:
        """Return the expression of the form in `cell`, which must have a number as its value."""
        value = self.walk(cell.car, cell)
        if isinstance(value, NoNumber):
            raise value.refuse(element_span(cell))
        return value

    def value(self, cell: Pair) -> Found:
        """Return what a name may be bound to: a number, save in walks that know more."""
        return self.number(cell)

    def walk(self, form: Value, cell: Pair | None) -> Found:
        """Return the value of one form."""
        span = element_span(cell)
        if self.depth > _DEPTH:
            raise EvalError("a formula cannot call itself", span=span)
        if type(form) is float:
            return expr.const(form)
        if type(form) is Symbol:
            return self.symbol(form, span)
        if form is None:
            return NOTHING
        if type(form) is not Pair or type(form.car) is not Symbol:
            raise ValueKindError(f"a formula cannot hold {describe(form)}", span=span)
        value = self.call(form, form.span or span)
        if isinstance(value, Expr) and value.size > _SIZE:
            raise EvalError("this formula is too large for a kernel", span=form.span or span)
        if isinstance(value, Expr) and value.depth > _NESTED:
            text = f"this formula has more than {_NESTED} operations in one another"
            raise EvalError(text, span=form.span or span, hint="make it simpler")
        return value

    def symbol(self, name: Symbol, span: Span | None) -> Found:
        """Return what a name stands for: a local one, or the program's number at this time."""
        found = self.scope.get(name)
        if found is not None:
            return found
        if type(name.value) is float:
            return expr.const(name.value)
        if name.value is None and name.name == "nil":
            return NOTHING
        if name is self.it.t:
            return NoNumber("t")
        if is_unset(name):
            text = f"{show(name)} is not a number here: it has no value"
            raise ValueKindError(text, span=span, hint=unset(self.it, name, span))
        raise ValueKindError(
            f"{show(name)} is not a number here: its value is {describe(name.value)}", span=span
        )

    def call(self, form: Pair, span: Span | None) -> Found:
        """Return the value of a call: by what its head means, not by how it is spelt."""
        head = form.car
        callee = head.value
        if not hasattr(callee, "run"):
            try:
                callee = self.it.function_of(head, callee, form)
            except SnError as error:
                error.span = error.span or span
                raise
        if type(callee) is De:
            return self.expand(callee, form, span)
        if type(callee) is Special and callee.name in _FORMS:
            return _FORMS[callee.name](self, form)
        if type(callee) is Builtin:
            args = [self.number(cell) for cell in cells(form.cdr)]
            if callee.name in _COMPARISONS and len(args) == 2:
                return NoNumber("t or (), the value of a comparison")
            found = primitive(callee.name, args)
            if found is not None:
                return found
            what = f"{show(head)} of {len(args)} numbers"
        else:
            noun = "macro" if isinstance(callee, Dm | Dmd) else callee.noun
            what = f"the {noun} {show(head)}"
        raise EvalError(
            f"a kernel cannot compute {what}",
            span=span,
            hint=f"a formula may use {_KNOWN} and your own functions of these",
        )

    def expand(self, function: De, form: Pair, span: Span | None) -> Found:
        """Return the value of a call of a function of the program."""
        args: list[Any] = [self.value(cell) for cell in cells(form.cdr)]
        if function.names is not None:
            if len(args) != len(function.names):
                raise EvalError(
                    f"{show(form.car)} takes {len(function.names)} numbers, found {len(args)}",
                    span=span,
                )
            bindings = list(zip(function.names, args, strict=True))
        else:
            try:
                bindings = match(function.params, to_list(args))
            except (ArityError, ValueKindError) as error:
                raise function.refuse(error, form) from None
        self.depth += 1
        found = self.bound(
            [(symbol, _taken(value)) for symbol, value in bindings],
            lambda: self.body(function.body),
        )
        self.depth -= 1
        return found

    # --- deciding ---

    def decide(self, cell: Pair, yes: Callable[[], Found], no: Callable[[], Found]) -> Found:
        """Return what `yes` or `no` gives, by the test in `cell`."""
        form, span = cell.car, element_span(cell)
        if form is self.it.t:
            return yes()
        if form is None:
            return no()
        callee = form.car.value if type(form) is Pair and type(form.car) is Symbol else None
        name = callee.name if isinstance(callee, Builtin | Special) else ""
        parts = list(cells(form.cdr)) if type(form) is Pair else []
        if name == "and" and parts:
            return self._all(parts, yes, no)
        if name == "or" and parts:
            return self._all(parts, no, yes, is_or=True)
        if name in ("not", "null") and len(parts) == 1:
            return self.decide(parts[0], no, yes)
        if name not in _COMPARISONS:
            raise EvalError(
                "a test in a formula compares two numbers: < > <= >= = <>, and or not", span=span
            )
        if len(parts) != 2:
            raise EvalError(f"{name} compares two numbers here", span=span)
        a, b = (self.number(part) for part in parts)
        if name in (">", ">="):
            a, b = b, a
        test = expr.call(_COMPARISONS[name], a, b)
        return self.choose(test, no, yes) if name == "<>" else self.choose(test, yes, no)

    def _all(
        self,
        parts: Sequence[Pair],
        yes: Callable[[], Found],
        no: Callable[[], Found],
        is_or: bool = False,
    ) -> Found:
        """`yes` where every part holds; with `is_or`, where none does."""
        first, *rest = parts

        def others() -> Found:
            return self._all(rest, yes, no, is_or) if rest else yes()

        return self.decide(first, no, others) if is_or else self.decide(first, others, no)

    def choose(self, test: Expr, yes: Callable[[], Found], no: Callable[[], Found]) -> Found:
        """Walk both ways from here; names that they leave different become choices."""
        if test.op == "const":
            return yes() if test.value else no()
        before = dict(self.scope)
        one = yes()
        after, self.scope = self.scope, before
        other = no()
        for symbol, value in self.scope.items():
            self.scope[symbol] = _either(test, after[symbol], value)
        return _either(test, one, other)

    # --- special forms ---

    def if_(self, form: Pair) -> Found:
        """(if test yes no...)."""
        rest = _at_least(form, 2)
        others = rest.cdr.cdr
        none = NoNumber("()", "if needs a test and two values in a formula", form.span)
        return self.decide(
            rest,
            lambda: self.walk(rest.cdr.car, rest.cdr),
            lambda: none if others is None else self.body(others),
        )

    def when(self, form: Pair) -> Found:
        """(when test body...)."""
        rest = _at_least(form, 1)
        why = "when has no number as its value where the test fails: write (if test yes no)"
        none = NoNumber("()", why, form.span)
        return self.decide(rest, lambda: self.body(rest.cdr), lambda: none)

    def cond(self, form: Pair) -> Found:
        """(cond (test body...)...)."""
        return self._clauses(form, form.cdr)

    def _clauses(self, form: Pair, rest: Value) -> Found:
        if type(rest) is not Pair:
            why = "cond needs a last clause (t value) in a formula"
            return NoNumber("()", why, form.span)
        clause = rest.car
        if type(clause) is not Pair:
            raise ValueKindError(
                f"cond needs clauses of the form (test body...), found {describe(clause)}",
                span=element_span(rest),
            )
        return self.decide(
            clause, lambda: self.body(clause.cdr), lambda: self._clauses(form, rest.cdr)
        )

    def progn(self, form: Pair) -> Found:
        """(progn body...)."""
        return self.body(form.cdr)

    def prog1(self, form: Pair) -> Found:
        """(prog1 value body...)."""
        rest = _at_least(form, 1)
        value = self.walk(rest.car, rest)
        self.body(rest.cdr)
        return value

    def let(self, form: Pair) -> Found:
        """(let ((name value)...) body...)."""
        found = [(symbol, self.value(cell)) for symbol, cell in _bindings(form)]
        return self.bound(found, lambda: self.body(form.cdr.cdr))

    def let_star(self, form: Pair) -> Found:
        """(let* ((name value)...) body...)."""
        return self._in_turn(_bindings(form), form.cdr.cdr)

    def _in_turn(self, bindings: Sequence[tuple[Symbol, Pair]], body: Value) -> Found:
        if not bindings:
            return self.body(body)
        (symbol, cell), *rest = bindings
        return self.bound([(symbol, self.value(cell))], lambda: self._in_turn(rest, body))

    def setq(self, form: Pair) -> Found:
        """(setq name value [name value]...): all values first."""
        parts = list(cells(form.cdr))
        if not parts or len(parts) % 2:
            raise ArityError("setq needs a value for each name", span=form.span)
        values = [self.number(cell) for cell in parts[1::2]]
        for cell, value in zip(parts[::2], values, strict=True):
            self.assign(cell, value)
        return values[-1]

    def incr(self, form: Pair) -> Found:
        """(incr name [n])."""
        rest = _at_least(form, 1)
        by = self.number(rest.cdr) if type(rest.cdr) is Pair else expr.const(1)
        total = expr.add(self.number(rest), by)
        self.assign(rest, total)
        return total

    def assign(self, cell: Pair, value: Expr) -> None:
        """Give the local name in `cell` another value."""
        target = cell.car
        if type(target) is not Symbol or target not in self.scope:
            raise EvalError(
                f"a formula cannot assign to {show(target, limit=24)}, a variable of the program",
                span=element_span(cell),
                hint="it may assign to its parameters and to names that let has bound",
            )
        self.scope[target] = value

    def global_(self, form: Pair) -> Found:
        """:name, the program's value of a name."""
        name = form.cdr.car if type(form.cdr) is Pair else None
        if type(name) is not Symbol or type(name.global_value) is not float:
            raise ValueKindError(f"{show(form)} is not a number here", span=form.span)
        return expr.const(name.global_value)


_FORMS: dict[str, Callable[[Walker, Pair], Found]] = {
    "if": Walker.if_,
    "when": Walker.when,
    "cond": Walker.cond,
    "progn": Walker.progn,
    "prog1": Walker.prog1,
    "let": Walker.let,
    "let*": Walker.let_star,
    "setq": Walker.setq,
    "incr": Walker.incr,
    "scope": Walker.global_,
}


def _at_least(form: Pair, count: int) -> Pair:
    parts = list(cells(form.cdr))
    if len(parts) < count:
        raise ArityError(f"{show(form.car)} needs more than this in a formula", span=form.span)
    return parts[0]


def _bindings(form: Pair) -> list[tuple[Symbol, Pair]]:
    """Return the names of a let, each with the cell of its value."""
    found = []
    for cell in cells(_at_least(form, 1).car):
        parts = list(cells(cell.car)) if type(cell.car) is Pair else []
        if len(parts) != 2 or type(parts[0].car) is not Symbol:
            raise EvalError(
                f"let binds names to numbers in a formula, as in (name value), "
                f"found {describe(cell.car)}",
                span=element_span(cell),
            )
        found.append((parts[0].car, parts[1]))
    return found


def _taken(value: Value) -> Found:
    """Return what a parameter was bound to: an argument, or a default as it is written."""
    if isinstance(value, Expr | NoNumber):
        return value
    return expr.const(value) if type(value) is float else NoNumber(describe(value))


def _either(test: Expr, yes: Found, no: Found) -> Found:
    if isinstance(yes, NoNumber):
        return yes
    if isinstance(no, NoNumber):
        return no
    return yes if yes == no else expr.call("if", test, yes, no)
