"""Bulk, of connections: a field of all connections into the units of a layer in one word.

Fields are numbers, as the variables s-val, s-delta ... hold them. Units come in the order of their
list, and the connections into one the last made first. One that shares its weight comes after
those before it have been written.

Source: SN 2.8 (sn-network, 5.6).
Read next: ../live/bulk.py.
"""

from __future__ import annotations

import numpy as np

from sn.describe.world import World
from sn.lisp.calls import builtin
from sn.lisp.forms import Value
from sn.lisp.machine import Machine
from sn.live.bulk import Places, add_in_turn, fill
from sn.sn28.arguments import layer_of
from sn.sn28.bulk import quotient, weighted_sum
from sn.sn28.fields import connection_places, take_number, unit_row


def _into(it: Machine, layer: Value, *fields: int) -> list[Places]:
    """Return the places of fields of the connections into a layer."""
    world: World = it.world
    units = layer_of(world.live, layer)
    conns = world.walk.connections_into(units)
    return [connection_places(world.live, field, conns) for field in fields]


@builtin("set-sfield")
def set_sfield(it: Machine, layer: Value, field: int, value: float) -> float:
    """(set-sfield layer field value)

    Set a field of all connections into a layer and return the value.

    (progn (newneurons 3) (connect '(1 2) 3) (set-sfield '(3) s-val 0.5) (sval 2 3))
    => 0.5
    """
    (to,) = _into(it, layer, field)
    to.row[to.at] = take_number("the value of set-sfield", value)
    return value


@builtin("copy-sfield")
def copy_sfield(it: Machine, layer: Value, field1: int, field2: int) -> Value:
    """(copy-sfield layer field1 field2)

    Set field1 of the connections into a layer to field2.

    (progn (newneurons 2) (connect 1 2 0.5) (copy-sfield '(2) s-delta s-val) (sdelta 1 2))
    => 0.5
    """
    to, of = _into(it, layer, field1, field2)
    fill(to, lambda values: values, of)
    return it.t


@builtin("op-sfield")
def op_sfield(
    it: Machine, layer: Value, field1: int, field2: int, g2: float, field3: int, g3: float
) -> Value:
    """(op-sfield layer field1 field2 g2 field3 g3)

    Set field1 of the connections into a layer to g2 times field2 plus g3 times field3.

    (progn (newneurons 2) (connect 1 2 0.5) (sdelta 1 2 3) (op-sfield '(2) s-val s-val 2 s-delta -1)
           (sval 1 2))
    => -2
    """
    to, *of = _into(it, layer, field1, field2, field3)
    fill(to, weighted_sum("op-sfield", g2, g3), *of)
    return it.t


@builtin("mul-sfield")
def mul_sfield(it: Machine, layer: Value, field1: int, field2: int, field3: int) -> float:
    """(mul-sfield layer field1 field2 field3)

    Set field1 of the connections into a layer to field2 times field3 and return the sum of the
    products.

    (progn (newneurons 3) (connect '(1 2) 3 3) (mul-sfield '(3) s-delta s-val s-val))
    => 18
    """
    to, *of = _into(it, layer, field1, field2, field3)
    return add_in_turn(fill(to, np.multiply, *of))


@builtin("invert-sfield")
def invert_sfield(it: Machine, layer: Value, field1: int, field2: int, g: float) -> float:
    """(invert-sfield layer field1 field2 g)

    Set field1 of the connections into a layer to g over field2 and return the sum of the
    quotients.

    (progn (newneurons 3) (connect '(1 2) 3 4) (invert-sfield '(3) s-delta s-val 2))
    => 1
    """
    to, of = _into(it, layer, field1, field2)
    return add_in_turn(fill(to, quotient("invert-sfield", g), of))


# --- from the units upstream ---


def _upstream(it: Machine, units: Value, sfield: int, field: int) -> tuple[Places, Places]:
    """Return a field of the connections into units, and one of the units that they come from."""
    world: World = it.world
    net = world.live
    conns = world.walk.connections_into(layer_of(net, units))
    return (
        connection_places(net, sfield, conns),
        Places(net.units[unit_row(net, field)], net.src[conns]),
    )


@builtin("set-swn")
def set_swn(it: Machine, unit: Value, sfield: int, field: int) -> Value:
    """(set-swn unit sfield field)

    Set a field of the connections into a unit, or into a list of them, to a field of the units
    that they come from.

    (progn (newneurons 3) (connect '(1 2) 3) (nval 2 0.5) (set-swn 3 s-val n-val) (sval 2 3))
    => 0.5
    """
    to, of = _upstream(it, unit, sfield, field)
    fill(to, lambda values: values, of)
    return it.t


@builtin("acc-swn")
def acc_swn(it: Machine, unit: Value, sfield: int, field: int) -> Value:
    """(acc-swn unit sfield field)

    Add to a field of the connections into a unit, or into a list of them, a field of the units
    that they come from.

    (progn (newneurons 2) (connect 1 2 3) (nval 1 0.5) (acc-swn 2 s-val n-val) (sval 1 2))
    => 3.5
    """
    to, of = _upstream(it, unit, sfield, field)
    fill(to, np.add, to, of)
    return it.t
