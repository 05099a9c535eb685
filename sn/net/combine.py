"""Combine: how a unit makes its total input of the weights and states of its connections.

Each connection gives a term, a formula of its weight w and of the state x that it sees; the total
is the sum of the terms, so that connections of one unit may combine in different ways. (A product
of terms would be another reduction, beside the sum.) Derivatives follow from the formula. The bias
always adds its weight.

Read next: table.py for the rows that combine, reference.py for who computes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from sn.display import brief
from sn.net.expr import Expr, derivative, mul, variable

WEIGHT, STATE = variable("w"), variable("x")

# names of the formulas of a `Combine`
Formula = Literal["term", "d_state", "d_weight", "dd_state", "dd_weight"]


@dataclass(frozen=True)
class Combine:
    """What one connection adds to a total input: `term` is a formula of w and x."""

    name: str
    term: Expr

    @cached_property
    def d_state(self) -> Expr:
        """The derivative of the term with respect to the state."""
        return derivative(self.term, "x")

    @cached_property
    def d_weight(self) -> Expr:
        """The derivative of the term with respect to the weight."""
        return derivative(self.term, "w")

    @cached_property
    def dd_state(self) -> Expr:
        """The second derivative of the term with respect to the state."""
        return derivative(self.d_state, "x")

    @cached_property
    def dd_weight(self) -> Expr:
        """The second derivative of the term with respect to the weight."""
        return derivative(self.d_weight, "w")

    @property
    def suffix(self) -> str:
        """What is said of it behind other words: nothing of the weighted sum."""
        return "" if self == WEIGHTED_SUM else f", combined by {self.name}"

    def __repr__(self) -> str:
        return brief(f"combine: {self.name}")


WEIGHTED_SUM = Combine("weighted sum", mul(WEIGHT, STATE))
