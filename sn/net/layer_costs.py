"""Costs over the output layer, from their value: its derivatives by the chain rule.

A value is a formula of reductions, sums and maxima over the outputs of formulas of one output and
its desired value, which may name reductions before them. Differentiated by one output, each
reduction gives what that output adds to it, and what the reductions within it add, which are new
sums over all outputs: so the derivatives are formulas of one output and of reductions again.

Read next: costs.py for what a kernel reads, ../describe/layer_formula.py for who asks.
"""

from __future__ import annotations

from collections.abc import Sequence

from sn.net.costs import Cost, Derivatives, Reduction
from sn.net.expr import Expr, call, const, variable, variables_of
from sn.net.stable import derivative, stable

OF_UNITS = {"y", "d"}


class Reductions:
    """Sums and maxima over `count` outputs, each formula once, by names r1, r2, ..."""

    def __init__(self, count: int, kept: Sequence[Reduction] = ()) -> None:
        self.count = count
        self.all = list(kept)
        self._names = {(one.how, one.of): one.name for one in kept}

    def get(self, how: str, of: Expr) -> Expr:
        """Return the "sum" or the "max" of a formula over the outputs."""
        of = stable(of)
        if not variables_of(of) & OF_UNITS:
            return of if how == "max" else of * float(self.count)
        if (how, of) not in self._names:
            name = f"r{len(self.all) + 1}"
            self._names[how, of] = name
            self.all.append(Reduction(name, how, of))
        return variable(self._names[how, of])


def layer_cost(name: str, value: Expr, reductions: Reductions, written: str) -> Cost:
    """Return the cost of a whole pattern whose value is a formula of reductions."""
    slopes: dict[str, Expr] = {}

    def slope_of(e: Expr) -> Expr:
        """How a formula of one output changes with that output."""
        found = derivative(e, "y")
        for one in list(reductions.all):
            if one.name in variables_of(e):
                found = found + derivative(e, one.name) * slope_of_reduction(one)
        return stable(found)

    def slope_of_reduction(one: Reduction) -> Expr:
        """How a reduction changes with one output: by that output, and by those within it."""
        if one.name not in slopes:
            at_top = call("eq", one.of, variable(one.name)) if one.how == "max" else None

            def picked(e: Expr) -> Expr:
                return e if at_top is None else call("if", at_top, e, const(0))

            found = picked(derivative(one.of, "y"))
            for other in list(reductions.all):
                if other.name in variables_of(one.of):
                    every = reductions.get("sum", picked(derivative(one.of, other.name)))
                    found = found + every * slope_of_reduction(other)
            slopes[one.name] = stable(found)
        return slopes[one.name]

    slope = slope_of(value)
    bend = slope_of(slope)
    return Cost(
        name,
        value / float(reductions.count),
        written=written,
        is_mean=True,
        reductions=tuple(reductions.all),
        derivatives=Derivatives(slope, bend, None),
    )
