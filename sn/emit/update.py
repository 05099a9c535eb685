"""Update rules: how one vector of weights moves, as vector code.

A rule is handed the descent direction of a weight (the sum of x_i g_j over its connections)
and writes the new weight. `scale` lets a section fold what is common to a row of weights into
the gradient once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sn.simd import Builder, Index, Memory, Vec


class UpdateRule(Protocol):
    """How one vector of weights moves."""

    def scale(self, k: Builder, grad: Vec) -> Vec:
        """Return a gradient as `move` wants it."""
        ...

    def move(self, k: Builder, w: Vec, scaled: Vec, x: Vec) -> Vec:
        """Return the new weights for descent = gradient * x, the gradient being scaled."""
        ...

    def apply(self, k: Builder, at: Index | int, descent: Vec) -> None:
        """Move the weights at `at` along a finished descent direction."""
        ...


@dataclass(frozen=True, slots=True)
class Sgd:
    """w += step * descent, the step being that of the section's node.

    Source: SN 2.8, update-weight with alpha = decay = 0.
    """

    w: Memory
    step: Vec

    def scale(self, k: Builder, grad: Vec) -> Vec:
        """Return the gradient as `move` wants it."""
        return grad * self.step

    def move(self, k: Builder, w: Vec, scaled: Vec, x: Vec) -> Vec:
        """Return the new weights for descent = gradient * x, the gradient being scaled."""
        return k.fma(scaled, x, w)

    def apply(self, k: Builder, at: Index | int, descent: Vec) -> None:
        """Move the weights at `at` along a finished descent direction."""
        k.store(k.fma(self.step, descent, k.load(self.w, at)), self.w, at)
