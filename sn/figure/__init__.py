"""Figures: a net as a picture, drawn as SVG from its plan and, where it is trained, its weights.

    figure_of(plan) -> Figure, whose `svg` is the text

Labels are measured before they are set, so that none lies over another in any font (letters.py);
where things stand is decided in layout.py and stack.py. The same net gives the same bytes.
Read next: net.py.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sn.figure.fields import find_unit
from sn.figure.net import net_figure, net_figures
from sn.figure.picture import Figure, side_by_side
from sn.figure.unit import unit_figure
from sn.lower.ir import Plan

__all__ = ["Figure", "figure_of", "net_figure", "net_figures", "side_by_side", "unit_figure"]


def figure_of(
    plan: Plan,
    unit: str | None = None,
    weights: NDArray[np.float32] | None = None,
    notes: Sequence[str] = (),
) -> Figure:
    """Return the figure of a net, or of what one of its units sees.

    `unit` is a layer and the indices in it, as in `h2:3:1:2`; `notes` are lines below the counts.
    Shapes: weights: (n_weights,) of a trained net, in weight order.
    Raises: SettingError when there is no such unit.
    """
    if unit is None:
        return net_figure(plan, weights, notes)
    return unit_figure(plan, find_unit(plan.original, unit), weights, notes)
