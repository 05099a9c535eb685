"""Upstream: the layer that each row of a net comes from, and whose border feeds it.

Constant units are in no layer. One that stands for what lies beyond the edge of a layer belongs to
that layer's rows all the same: to the windows that it completes. This is decided here alone, for
the groups of raw nets, for the parts that the compiler cuts, and so for what `sn check` tells.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sn.net.layer import Groups, Ints, Layer

# what feeds a row instead of a layer, beside the indices of layers: the bias, or a constant unit
# that is nobody's border
BIAS, CONSTANTS = -2, -1


def upstream_layers(
    layer_of: Ints, dst: Ints, src: Ints, wid: Ints, group: Groups | None = None
) -> Ints:
    """Return the index of the layer that feeds each row into one layer, BIAS or CONSTANTS.

    The row of a border unit is of the layer whose rows share its weight; else of the one that most
    rows of its statement come from; else of one whose windows it completes, so that units see more
    nearly equal numbers of sites.

    Shapes: layer_of: (n_units,), -1 for constants; dst, src, wid, group: (n_rows,) of the rows into
    one layer; no `group` where statements are not told apart. Returns (n_rows,) int32.
    """
    owner = layer_of[src]
    owner[src == 0] = BIAS
    stray = np.flatnonzero(owner == CONSTANTS)
    if not len(stray):
        return owner
    inner = owner >= 0
    by_weight = np.full(int(wid.max()) + 1, CONSTANTS, np.int32)
    by_weight[wid[inner]] = owner[inner]
    owner[stray] = by_weight[wid[stray]]
    stray = np.flatnonzero(owner == CONSTANTS)
    if group is not None:
        for number in np.unique(group[stray]).tolist():
            of_others = owner[inner & (group == number)]
            if len(of_others):
                owner[stray[group[stray] == number]] = np.bincount(of_others).argmax()
        stray = np.flatnonzero(owner == CONSTANTS)
    unit = dst - dst.min()
    missing = np.bincount(unit[stray], minlength=int(unit.max()) + 1)
    for layer in np.unique(owner[inner]).tolist():
        seen = np.bincount(unit[owner == layer], minlength=len(missing))
        if len(np.unique(seen + missing)) < len(np.unique(seen)):
            owner[stray] = layer
            break
    return owner


def upstream_name(index: int, layers: Sequence[Layer]) -> str:
    """Return what feeds a row, in words; `layers` are those of the net."""
    return {BIAS: "bias", CONSTANTS: "constants"}.get(index) or layers[index].name
