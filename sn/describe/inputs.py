"""Input layers: which numbers of a pattern a layer shows.

The first layer shows the pattern from its start on. A layer with `(input)` shows the numbers after
those of the input layers before it, so that several of them share a pattern out; `(from LAYER FIRST
LAST)` shows some of another's again, in a shape of its own.
"""

from __future__ import annotations

import math

from sn.codes import Code
from sn.describe.named import declared, known_layer
from sn.describe.options import Clause, count, of_kind, whole
from sn.display import number_text
from sn.errors import NetError
from sn.lisp.machine import Machine
from sn.net.layer import Network, pattern_size

INPUTS = {"input": "(input)", "from": "(from LAYER FIRST LAST)"}


@of_kind(Code.INPUT)
def next_input(found: Clause, net: Network) -> int:
    """Read `(input)`: return where in the pattern the layer starts."""
    count(found, 0, 0, INPUTS["input"])
    return pattern_size(net.layers)


@of_kind(Code.INPUT)
def slice_of(
    it: Machine, found: Clause, net: Network, shape: tuple[int, ...] | None
) -> tuple[int, tuple[int, ...]]:
    """Read `(from LAYER FIRST LAST)`: return where in the pattern the layer starts, and its shape.

    Raises: SnError when there are no such units, or they do not fit the shape.
    """
    count(found, 3, 3, INPUTS["from"])
    if not net.layers:
        raise NetError(
            "there is no layer yet that a slice could be of",
            span=found.span,
            hint="the first layer shows the whole pattern: give it sizes, such as (16 16)",
        )
    whose, *ends = found.args
    below = known_layer(it, net, whose)
    if below.start is None:
        raise NetError(
            f"layer {below.name} is computed: a slice shows a part of the pattern",
            span=whose.span,
            labels=declared(below),
            hint=f"make the parts of {below.name} layers of their own, and connect those",
        )
    first, last = (
        whole(it, argument, f"the {which} unit of a slice", 0)
        for argument, which in zip(ends, ("first", "last"), strict=True)
    )
    for argument, unit in zip(ends, (first, last), strict=True):
        if unit >= below.size:
            raise NetError(
                f"layer {below.name} has units 0 to {below.size - 1}, not {number_text(unit)}",
                span=argument.span,
                labels=declared(below),
                hint="units are counted from 0, and LAST is part of the slice",
            )
    size = last - first + 1
    if size < 1:
        raise NetError(
            f"the slice ends at unit {last}, before it begins at unit {first}",
            span=found.span,
            hint=f"(from {below.name} {last} {first}) has the units in order",
        )
    if shape is not None and math.prod(shape) != size:
        text = " x ".join(str(n) for n in shape)
        units = f"{text} = {math.prod(shape)}" if len(shape) > 1 else text
        fitting = first + math.prod(shape) - 1
        hint = f"(from {below.name} {first} {fitting}) has as many"
        raise NetError(
            f"the sizes of the layer make {units} units, and units {first} to {last} of "
            f"{below.name} are {size}",
            span=found.span,
            hint=hint if fitting < below.size else "give the layer other sizes",
        )
    return below.start + first, shape or (size,)
