"""Conjugate gradient: one step per pass, along a direction that remembers the ones before.

The length of a step comes from the curvature of the cost along the direction, one more forward
pass over the training set; there is no learning rate to choose.

Source: SN 2.8, learn-batch-cg (sn-network, 6.8).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sn.errors import TrainError
from sn.limits import NOT_NEGATIVE, RATE, setting
from sn.optim.base import Along, Floats, Optimizer, Phases, Scale, optimizer
from sn.optim.rules import Memory, RuleSpec


@optimizer("conjugate-gradient")
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ConjugateGradient(Optimizer):
    """(conjugate-gradient [(mu M)] [(learning-rate R)]): a line step per pass.

    With G the descent summed over all patterns and G' that of the pass before, the direction
    is D = G + b D, b = (G - G').G / D.G' (self-restarting, Hestenes and Stiefel), and the
    weights move R (G.D) / (C + M) along D; C is the Gauss-Newton curvature along D. R is 1
    unless said otherwise. M, 0 unless said otherwise, keeps steps short where the cost is flat;
    SN's safe-cg adds its mu, 0.05.
    """

    learning_rate: float = setting(RATE, 1.0)
    mu: float = setting(NOT_NEGATIVE, 0.0)

    def __post_init__(self) -> None:
        Optimizer.__post_init__(self)
        if self.layers or self.scale is not Scale.NONE:
            raise TrainError(
                "conjugate-gradient finds the length of its steps for all weights together",
                hint="leave out (scale ...) and (layer ...); (learning-rate R) shortens every step",
            )

    @property
    def rule(self) -> RuleSpec:
        """Descents only; `finish_pass` moves the weights."""
        return RuleSpec(gather=True)

    @property
    def phases(self) -> Phases:
        """One step, along the sum of the descents."""
        return Phases(self.rule, has_step=True)

    @property
    def remembered(self) -> tuple[str, ...]:
        """The last direction and the descent of the pass before."""
        return "velocity", "previous"

    def finish_pass(
        self,
        steps: Floats,
        weights: Floats,
        memory: Memory,
        descent: Floats,
        curvature: Floats,
        along: Along,
        decays: Floats | None = None,
    ) -> Floats:
        """Move along the new direction; `memory` keeps it as its velocity.

        Where the cost does not change along the direction, the weights stay and the next pass
        starts again with the plain descent.
        """
        old = _dot(memory["velocity"], memory["previous"])
        ratio = _dot(descent - memory["previous"], descent) / old if old else 0.0
        direction = descent + ratio * memory["velocity"]
        bend = along(direction) + self.mu
        memory["velocity"], memory["previous"] = direction, descent.copy()
        if not bend > 0:
            memory["velocity"] = np.zeros_like(direction)
            return weights
        moved: Floats = weights + self.learning_rate * _dot(descent, direction) / bend * direction
        return moved


def _dot(a: Floats, b: Floats) -> float:
    """a.b, summed in NumPy's own order: a library's dot may differ between machines."""
    return float(np.sum(a * b))
