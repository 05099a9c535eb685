"""Bulk: a field of all units of a layer set, copied, added or multiplied in one word.

Fields are numbers, as the variables n-val, n-sum ... hold them. Units come in the order of their
list, one after the other.

Source: SN 2.8 (sn-network, 5.6).
Read next: ../live/bulk.py; bulk_connections.py, the same for connections.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from sn.describe.world import World
from sn.errors import ArityError, EvalError, ValueKindError
from sn.lisp.calls import builtin
from sn.lisp.forms import Value, describe
from sn.lisp.machine import Machine
from sn.live.bulk import Places, add_in_turn, fill
from sn.live.net import Floats32, Ints, LiveNet
from sn.sn28.arguments import layer_of
from sn.sn28.fields import take_number, unit_row


def _places(net: LiveNet, field: int, layer: Ints) -> Places:
    return Places(net.units[unit_row(net, field)], layer)


def _layer(it: Machine, value: Value, *fields: int) -> list[Places]:
    """Return the places of fields of a layer."""
    world: World = it.world
    layer = layer_of(world.live, value)
    return [_places(world.live, field, layer) for field in fields]


# --- operations, of connections too ---


def weighted_sum(word: str, g2: float, g3: float) -> Callable[[Floats32, Floats32], Floats32]:
    """Return the operation g2 a + g3 b."""
    p = np.float32(take_number(f"the first factor of {word}", g2))
    q = np.float32(take_number(f"the second factor of {word}", g3))
    return lambda a, b: p * a + q * b


def quotient(word: str, numerator: float) -> Callable[[Floats32], Floats32]:
    """Return the operation g / a, which refuses an a that is 0."""
    g = np.float32(take_number(f"the numerator of {word}", numerator))

    def divide(a: Floats32) -> Floats32:
        if not a.all():
            raise EvalError(f"floating exception: {word} divides by a field that is 0")
        return g / a

    return divide


# --- units ---


@builtin("set-nfield")
def set_nfield(it: Machine, layer: Value, field: int, value: float) -> float:
    """(set-nfield layer field value)

    Set a field of all units of a layer and return the value.

    (progn (newneurons 2) (set-nfield '(1 2) n-val 0.5) (list (nval 1) (nval 2)))
    => (0.5 0.5)
    """
    (to,) = _layer(it, layer, field)
    number = take_number("the value of set-nfield", value)
    to.row[to.at] = number
    return value


@builtin("copy-nfield")
def copy_nfield(it: Machine, layer: Value, field: int, *source: Value) -> Value:
    """(copy-nfield layer field1 [layer2] field2)

    Set field1 of the units of a layer to field2, of the same units or of those of layer2 in turn.

    (progn (newneurons 2) (nval 1 0.5) (copy-nfield '(2) n-spare '(1) n-val) (nspare 2))
    => 0.5
    """
    (to,) = _layer(it, layer, field)
    fill(to, lambda values: values, _source(it, layer, source, len(to.at)))
    return it.t


def _source(it: Machine, layer: Value, given: Sequence[Value], n: int) -> Places:
    """Return what is copied: [layer2] field2."""
    if len(given) not in (1, 2):
        raise ArityError(
            f"copy-nfield needs 3 or 4 arguments, found {len(given) + 2}",
            hint="(copy-nfield layer field1 [layer2] field2)",
        )
    field = given[-1]
    if type(field) is not float or field != field // 1:
        raise ValueKindError(f"a field is a number such as n-val, found {describe(field)}")
    (of,) = _layer(it, given[0] if len(given) == 2 else layer, int(field))
    if len(of.at) != n:
        raise ValueKindError(
            f"copy-nfield walks two layers together, found {n} and {len(of.at)} units",
            hint="give both lists the same length",
        )
    return of


@builtin("op-nfield")
def op_nfield(
    it: Machine, layer: Value, field1: int, field2: int, g2: float, field3: int, g3: float
) -> Value:
    """(op-nfield layer field1 field2 g2 field3 g3)

    Set field1 of the units of a layer to g2 times field2 plus g3 times field3.

    (progn (newneurons 1) (nval 1 0.5) (nspare 1 3) (op-nfield '(1) n-sum n-val 2 n-spare -1)
           (nsum 1))
    => -2
    """
    to, *of = _layer(it, layer, field1, field2, field3)
    fill(to, weighted_sum("op-nfield", g2, g3), *of)
    return it.t


@builtin("mul-nfield")
def mul_nfield(it: Machine, layer: Value, field1: int, field2: int, field3: int) -> float:
    """(mul-nfield layer field1 field2 field3)

    Set field1 of the units of a layer to field2 times field3 and return the sum of the products.

    (progn (setq l (newneurons 2)) (set-nfield l n-val 3) (mul-nfield l n-spare n-val n-val))
    => 18
    """
    to, *of = _layer(it, layer, field1, field2, field3)
    return add_in_turn(fill(to, np.multiply, *of))


@builtin("invert-nfield")
def invert_nfield(it: Machine, layer: Value, field1: int, field2: int, g: float) -> float:
    """(invert-nfield layer field1 field2 g)

    Set field1 of the units of a layer to g over field2 and return the sum of the quotients.

    (progn (setq l (newneurons 2)) (set-nfield l n-val 4) (invert-nfield l n-spare n-val 2))
    => 1
    """
    to, of = _layer(it, layer, field1, field2)
    return add_in_turn(fill(to, quotient("invert-nfield", g), of))
