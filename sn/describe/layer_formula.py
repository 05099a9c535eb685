"""Layer formulas: a Lisp function of two lists, the outputs and what is desired, becomes a cost.

All outputs are treated alike, so a list is one formula of an output `y` and its desired value `d`;
`mapcar` makes another of it, and `sum`, `mean` or `(apply 'max ...)` a number of the whole layer.
The value of the function is a formula of such numbers, and is compared with the function at random
lists, as those of formula.py are.

Read next: ../net/layer_costs.py for the derivatives.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from sn.codes import Code
from sn.describe.formula import Found, NoNumber, Walker
from sn.describe.formula_check import check_for_kernels
from sn.describe.options import of_kind
from sn.describe.primitives import primitive
from sn.errors import EvalError, SnError, Span, ValueKindError
from sn.lisp.calls import Builtin
from sn.lisp.forms import Pair, Symbol, Value, cells, describe, element_span, show, to_list
from sn.lisp.lambdas import De
from sn.lisp.machine import Machine
from sn.net import expr
from sn.net.costs import Cost
from sn.net.expr import Expr, evaluate
from sn.net.layer_costs import Reductions, layer_cost

HINT = "such as (lambda (ys ds) (sum (mapcar (lambda (y d) (* (- y d) (- y d))) ys ds)))"
LISTS, CLOSE = 24, 1e-7  # how many are tried; how far a value may be from that of the function


@dataclass(frozen=True, slots=True)
class Row(NoNumber):
    """A list with a number for each output, as a formula of one."""

    of: Expr = expr.const(0)


@of_kind(Code.FORMULA)
def layer_formula(it: Machine, function: Value, count: int, cell: Pair) -> Cost:
    """Return the cost of `count` outputs that a function of two lists computes.

    Raises: ValueKindError when it is not a function of two, EvalError for a body that uses what
    kernels cannot compute of all outputs, or whose formula gives other values.
    """
    span = element_span(cell)
    if type(function) is not De or function.names is None or len(function.names) != 2:
        found = describe(function)
        text = f"expected a function of outputs and desired values, two lists, found {found}"
        raise ValueKindError(text, span=span, hint=HINT)
    walker = _LayerWalker(it, Reductions(count))
    lists = [_row(expr.variable(name)) for name in ("y", "d")]
    scope = list(zip(function.names, lists, strict=True))
    value = walker.bound(scope, lambda: walker.body(function.body))
    if isinstance(value, NoNumber):
        raise value.refuse(walker.last_span or function.span or span)
    cost = layer_cost("lisp", value, walker.reductions, _written(value, walker.reductions))
    assert cost.derivatives is not None
    formulas = (cost.value, cost.derivatives.slope, cost.derivatives.bend)
    check_for_kernels(lambda: (*formulas, *(one.of for one in cost.reductions)), span)
    _compare(it, function, cost, count, span)
    return cost


def _written(value: Expr, reductions: Reductions) -> str:
    """Return a formula with what its numbers of the layer are: `log(sum(exp(y)))`."""
    text = str(value)
    for one in reversed(reductions.all):
        whole = f"{one.how}({one.of})"
        text = whole.join(re.split(rf"\b{one.name}\b", text))
    return text


def _row(of: Expr) -> Row:
    return Row("a list with a number for each output", of=of)


class _LayerWalker(Walker):
    """The walk through a function of lists."""

    def __init__(self, it: Machine, reductions: Reductions) -> None:
        super().__init__(it)
        self.reductions = reductions

    def value(self, cell: Pair) -> Found:
        """Return a number or a list."""
        found = self.walk(cell.car, cell)
        if isinstance(found, NoNumber) and not isinstance(found, Row):
            raise found.refuse(element_span(cell))
        return found

    def call(self, form: Pair, span: Span | None) -> Found:
        """Return the value of a call, of those that take lists too."""
        callee = form.car.value
        if type(callee) is Builtin and callee.name in ("mapcar", "apply", "sum", "mean", "length"):
            parts = list(cells(form.cdr))
            if parts:
                return self._of_lists(callee.name, parts, form, span)
        found = super().call(form, span)
        return found

    def _of_lists(self, name: str, parts: list[Pair], form: Pair, span: Span | None) -> Found:
        if name in ("sum", "mean", "length") and len(parts) == 1:
            of = self._row(parts[0]).of
            size = float(self.reductions.count)
            if name == "length":
                return expr.const(size)
            total = self.reductions.get("sum", of)
            return total if name == "sum" else total / size
        if name == "apply" and len(parts) == 2:
            return self._applied(parts[0], self._row(parts[1]).of)
        if name == "mapcar" and len(parts) > 1:
            return _row(self._mapped(parts[0], [self._row(part).of for part in parts[1:]]))
        raise EvalError(f"{show(form.car)} needs other arguments here", span=span, hint=HINT)

    def _row(self, cell: Pair) -> Row:
        found = self.walk(cell.car, cell)
        if not isinstance(found, Row):
            words = found.words if isinstance(found, NoNumber) else "a number"
            text = f"expected a list with a number for each output, found {words}"
            raise ValueKindError(text, span=element_span(cell), hint=HINT)
        return found

    def _applied(self, cell: Pair, of: Expr) -> Expr:
        """(apply 'max list) and its like."""
        callee = self._function(cell)
        name = callee.name if type(callee) is Builtin else ""
        if name == "+":
            return self.reductions.get("sum", of)
        if name == "max":
            return self.reductions.get("max", of)
        if name == "min":
            return -self.reductions.get("max", -of)
        text = "only + max and min are applied to all outputs"
        raise EvalError(text, span=element_span(cell), hint="(apply 'max ys)")

    def _mapped(self, cell: Pair, rows: list[Expr]) -> Expr:
        """The formula of a function of one output, or of one of several lists."""
        callee, span = self._function(cell), element_span(cell)
        found: Found | None = None
        if type(callee) is De and callee.names is not None and len(callee.names) == len(rows):
            bindings = list(zip(callee.names, rows, strict=True))
            self.depth += 1
            found = self.bound(bindings, lambda: self.body(callee.body))
            self.depth -= 1
        elif type(callee) is Builtin:
            found = primitive(callee.name, rows)
        if isinstance(found, NoNumber):
            raise found.refuse(span)
        if found is None:
            many = f"{len(rows)} number{'s' if len(rows) > 1 else ''}"
            text = f"mapcar needs a function of {many} here that a kernel can compute"
            raise EvalError(text, span=span, hint=HINT)
        return found

    def _function(self, cell: Pair) -> Value:
        """The function that a form gives: a lambda, or a name, quoted or not."""
        form = cell.car
        value = self.it.eval(form)
        if type(value) is Symbol:
            return self.it.function_of(value, value.value, form)
        return value


def _compare(it: Machine, function: De, cost: Cost, count: int, span: Span | None) -> None:
    """Compare a cost with the function at random lists.

    Raises: EvalError where they differ, or where the function fails everywhere.
    """
    stream, failed, agreed = np.random.default_rng(0), None, 0
    for number in range(LISTS):
        outputs = stream.standard_normal(count) * (0.3, 1, 4)[number % 3]
        desired = stream.uniform(-1, 1, count)
        if number % 2:
            desired = np.eye(count)[number % count]
        try:
            expected = it.call(function, [to_list(outputs.tolist()), to_list(desired.tolist())])
        except SnError as error:
            failed = error
            continue
        if type(expected) is not float:
            text = f"a cost is a number; the function gives {describe(expected)}"
            raise ValueKindError(text, span=span)
        with np.errstate(all="ignore"):
            ends = cost.ends(outputs, desired)
            found = float(np.broadcast_to(evaluate(cost.value, ends), (count,)).sum())
        if not abs(found - expected) <= CLOSE * max(abs(expected), 1e-3):
            shown = ", ".join(f"{y:.4g}" for y in outputs[:4])
            raise EvalError(
                f"the formula differs from the function: at outputs {shown} ... the function gives "
                f"{expected:.9g}, the formula {found:.9g}",
                span=span,
                hint=f"the formula is {cost.written}",
            )
        agreed += 1
    if not agreed and failed is not None:
        text = f"the function fails at every list tried: {failed.message}"
        raise EvalError(text, span=failed.span or span)
