"""Units made one by one as a layer of a net that is described: (layer h1 (units h1))."""

from __future__ import annotations

from sn.describe.options import Argument, clause, count
from sn.describe.world import World
from sn.errors import NetError, ValueKindError
from sn.lisp.forms import Pair, Symbol, describe, elements
from sn.lisp.machine import Machine


def own_units(it: Machine, argument: Argument) -> list[int] | None:
    """Read (units LIST): unit numbers made by newneurons; None for other forms."""
    form = argument.form
    if type(form) is not Pair or type(form.car) is not Symbol or form.car.name != "units":
        return None
    found = clause(argument, "(units LIST)")
    count(found, 1, 1, "(units LIST)")
    value = it.eval(found.args[0].form)
    world: World = it.world
    units: list[int] = []
    if type(value) is float:
        raise ValueKindError(
            f"(units LIST) takes units made by newneurons, found {describe(value)}",
            span=found.args[0].span,
            hint=f"a layer of {value:g} units has the size ({value:g}) in its place",
        )
    for entry in elements(value):
        if type(entry) is not float or not 0 < entry < world.live.n_units:
            raise ValueKindError(
                f"expected units made by newneurons, found {describe(entry)}",
                span=found.args[0].span,
                hint="(setq h1 (newneurons 768)) makes units, (layer h1 (units h1)) uses them",
            )
        units.append(int(entry))
    earlier = {unit for others in world.taken.values() for unit in others}
    again = [unit for unit in units if unit in earlier]
    if again or len(set(units)) < len(units) or not units:
        what = f"unit {again[0]} is in two layers" if again else "units stand twice or not at all"
        raise NetError(what, span=found.args[0].span)
    return units
