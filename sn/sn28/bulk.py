"""Bulk: one field of many units or connections at once, in float32 as everything in SN 2.8.

Source: SN 2.8 (sn-network, 5.6).
"""

from __future__ import annotations

import numpy as np

from sn.describe.world import World
from sn.errors import NetError, ValueKindError
from sn.lisp.calls import builtin
from sn.lisp.forms import Value, describe
from sn.lisp.machine import Machine
from sn.live.net import (
    ACC,
    CONN_CURV,
    CONN_STEP,
    DELTA,
    HESS,
    VAL,
    WEIGHT,
    Floats32,
    Ints,
    LiveNet,
)
from sn.sn28.arguments import layer_of
from sn.sn28.fields import unit_row


def _float(value: float) -> np.float32:
    with np.errstate(over="ignore"):
        return np.float32(value)


def _added(numbers: Floats32) -> float:
    """Return a sum made one by one in float32, as SN's loops make it."""
    return float(np.add.accumulate(numbers, dtype=np.float32)[-1]) if len(numbers) else 0.0


# --- units ---


@builtin("set-nfield")
def set_nfield(it: Machine, layer: Value, field: int, value: float) -> float:
    """(set-nfield layer field value)

    Set a field of all units of a layer; return the value.

    (progn (newneurons 2) (set-nfield '(1 2) n-val 0.5) (list (nval 1) (nval 2)))
    => (0.5 0.5)
    """
    world: World = it.world
    net = world.live
    net.units[unit_row(net, field), layer_of(net, layer)] = _float(value)
    return value


@builtin("copy-nfield")
def copy_nfield(it: Machine, l1: Value, f1: int, l2: Value, f2: int | None = None) -> Value:
    """(copy-nfield l1 f1 [l2] f2)

    Copy a field f2 of the units of l2, or of l1, into the field f1 of the units of l1.

    (progn (newneurons 4) (nval 3 1) (nval 4 2) (copy-nfield '(1 2) n-sum '(3 4) n-val)
           (list (nsum 1) (nsum 2)))
    => (1 2)
    """
    world: World = it.world
    net = world.live
    source = l1 if f2 is None else l2
    field = l2 if f2 is None else float(f2)
    if type(field) is not float:
        raise ValueKindError(f"expected the number of a field, found {describe(field)}")
    to, by = layer_of(net, l1), layer_of(net, source)
    if len(to) != len(by):
        raise ValueKindError(
            f"copy-nfield copies between layers of one size, found {len(to)} and {len(by)} units"
        )
    net.units[unit_row(net, f1), to] = net.units[unit_row(net, int(field)), by]
    return it.t


@builtin("op-nfield")
def op_nfield(it: Machine, layer: Value, f1: int, f2: int, g2: float, f3: int, g3: float) -> Value:
    """(op-nfield layer f1 f2 g2 f3 g3)

    Set the field f1 of the units of a layer to g2 times the field f2 plus g3 times the field f3.

    (progn (newneurons 1) (nval 1 2) (nsum 1 3) (op-nfield '(1) n-spare1 n-val 10 n-sum 1)
           (nspare1 1))
    => 23
    """
    world: World = it.world
    net = world.live
    units = layer_of(net, layer)
    a, b = net.units[unit_row(net, f2), units], net.units[unit_row(net, f3), units]
    with np.errstate(all="ignore"):
        net.units[unit_row(net, f1), units] = _float(g2) * a + _float(g3) * b
    return it.t


@builtin("mul-nfield")
def mul_nfield(it: Machine, layer: Value, f1: int, f2: int, f3: int) -> float:
    """(mul-nfield layer f1 f2 f3)

    Set the field f1 of the units of a layer to the products of the fields f2 and f3; return their
    sum.

    (progn (newneurons 2) (set-nfield '(1 2) n-val 2) (set-nfield '(1 2) n-sum 3)
           (mul-nfield '(1 2) n-spare1 n-val n-sum))
    => 12
    """
    world: World = it.world
    net = world.live
    units = layer_of(net, layer)
    with np.errstate(all="ignore"):
        found = net.units[unit_row(net, f2), units] * net.units[unit_row(net, f3), units]
        net.units[unit_row(net, f1), units] = found
        return _added(found)


@builtin("invert-nfield")
def invert_nfield(it: Machine, layer: Value, f1: int, f2: int, g: float) -> float:
    """(invert-nfield layer f1 f2 g)

    Set the field f1 of the units of a layer to g over the field f2; return the sum.

    (progn (newneurons 2) (set-nfield '(1 2) n-val 2) (invert-nfield '(1 2) n-sum n-val 3))
    => 3
    """
    world: World = it.world
    net = world.live
    units = layer_of(net, layer)
    below = net.units[unit_row(net, f2), units]
    if (below == 0).any():
        raise ValueKindError("invert-nfield divides by a field that is 0")
    with np.errstate(all="ignore"):
        found = _float(g) / below
        net.units[unit_row(net, f1), units] = found
        return _added(found)


@builtin("gauss-state")
def gauss_state(it: Machine, layer: Value, deviation: float) -> Value:
    """(gauss-state layer deviation)

    Add Gaussian draws to the states of a layer.

    (progn (seed 1) (newneurons 2) (gauss-state '(1 2) 0) (list (nval 1) (nval 2)))
    => (0 0)
    """
    world: World = it.world
    net = world.live
    units = layer_of(net, layer)
    draws = np.array([it.random.gauss() for _ in range(len(units))], np.float32)
    with np.errstate(all="ignore"):
        net.units[VAL, units] += _float(deviation) * draws
    return it.t


@builtin("flip-state")
def flip_state(it: Machine, layer: Value, probability: float) -> Value:
    """(flip-state layer probability)

    Change the sign of each state of a layer with a probability.

    (progn (newneurons 1) (nval 1 0.5) (flip-state '(1) 1.1) (nval 1))
    => -0.5
    """
    world: World = it.world
    net = world.live
    for unit in layer_of(net, layer).tolist():
        if it.random.rand() < probability:
            net.units[VAL, unit] = -net.units[VAL, unit]
    return it.t


@builtin("find-winner")
def find_winner(it: Machine, layer: Value) -> Value:
    """(find-winner layer)

    Return the unit of a layer with the largest state, the first of several; () for no units.

    (progn (newneurons 3) (nval 2 1) (find-winner '(1 2 3)))
    => 2
    """
    world: World = it.world
    units = layer_of(world.live, layer)
    return float(units[np.argmax(world.live.units[VAL, units])]) if len(units) else None


@builtin("find-loser")
def find_loser(it: Machine, layer: Value) -> Value:
    """(find-loser layer)

    Return the unit of a layer with the smallest state, the first of several; () for no units.

    (progn (newneurons 3) (nval 2 -1) (find-loser '(1 2 3)))
    => 2
    """
    world: World = it.world
    units = layer_of(world.live, layer)
    return float(units[np.argmin(world.live.units[VAL, units])]) if len(units) else None


# --- connections into the units of a layer ---

_OF_WEIGHTS = {1: WEIGHT, 2: DELTA, 3: ACC, 6: HESS}
_OF_CONNECTIONS = {4: CONN_STEP, 5: CONN_CURV}


class _Field:
    """One field of connections by SN's number: read and written by numbers of connections."""

    def __init__(self, net: LiveNet, field: int) -> None:
        variant = net.variant
        kept = {
            **{1: True, 2: True, 3: variant.has_table, 4: variant.has_steps},
            **{5: variant.has_curvature, 6: variant.has_table and variant.has_curvature},
        }
        if not kept.get(field, False):
            raise NetError(
                f"illegal Sfield number {field} in the kernel {variant.name}",
                hint="s-val, s-delta, s-acc, s-epsilon, s-sigma and s-hess have the numbers",
            )
        self._by_weight = field in _OF_WEIGHTS
        rows = net.weights if self._by_weight else net.conns
        self._row = rows[_OF_WEIGHTS[field] if self._by_weight else _OF_CONNECTIONS[field]]
        self._net = net

    def _at(self, conns: Ints) -> Ints:
        return self._net.wid[conns] if self._by_weight else conns

    def get(self, conns: Ints) -> Floats32:
        """Return the field of connections."""
        found: Floats32 = self._row[self._at(conns)]
        return found

    def put(self, conns: Ints, values: Floats32 | np.float32) -> None:
        """Set the field of connections, one after the other."""
        self._row[self._at(conns)] = values

    def add(self, conns: Ints, values: Floats32) -> None:
        """Add to the field of connections, one after the other."""
        np.add.at(self._row, self._at(conns), values)


def _connections(net: LiveNet, layer: Value) -> Ints:
    """Return the connections into a layer, the last made first for each unit."""
    units = layer_of(net, layer).tolist()
    return np.array([conn for unit in units for conn in reversed(net.into[unit])], np.int32)


@builtin("set-sfield")
def set_sfield(it: Machine, layer: Value, field: int, value: float) -> float:
    """(set-sfield layer field value)

    Set a field of all connections into a layer; return the value.

    (progn (newneurons 2) (connect 1 2) (set-sfield '(2) s-val 0.5) (sval 1 2))
    => 0.5
    """
    world: World = it.world
    _Field(world.live, field).put(_connections(world.live, layer), _float(value))
    return value


@builtin("copy-sfield")
def copy_sfield(it: Machine, layer: Value, f1: int, f2: int) -> Value:
    """(copy-sfield layer f1 f2)

    Copy the field f2 of the connections into a layer into their field f1.

    (progn (newneurons 2) (connect 1 2 0.5) (copy-sfield '(2) s-delta s-val) (sdelta 1 2))
    => 0.5
    """
    world: World = it.world
    net = world.live
    conns = _connections(net, layer)
    _Field(net, f1).put(conns, _Field(net, f2).get(conns))
    return it.t


@builtin("op-sfield")
def op_sfield(it: Machine, layer: Value, f1: int, f2: int, g2: float, f3: int, g3: float) -> Value:
    """(op-sfield layer f1 f2 g2 f3 g3)

    Set the field f1 of the connections into a layer to g2 times the field f2 plus g3 times f3.

    (progn (newneurons 2) (connect 1 2 2) (sdelta 1 2 3) (op-sfield '(2) s-val s-val 10 s-delta 1)
           (sval 1 2))
    => 23
    """
    world: World = it.world
    net = world.live
    conns = _connections(net, layer)
    with np.errstate(all="ignore"):
        found = _float(g2) * _Field(net, f2).get(conns) + _float(g3) * _Field(net, f3).get(conns)
    _Field(net, f1).put(conns, found)
    return it.t


@builtin("mul-sfield")
def mul_sfield(it: Machine, layer: Value, f1: int, f2: int, f3: int) -> float:
    """(mul-sfield layer f1 f2 f3)

    Set the field f1 of the connections into a layer to the products of f2 and f3; return the sum.

    (progn (newneurons 2) (connect 1 2 2) (sdelta 1 2 3) (mul-sfield '(2) s-val s-val s-delta))
    => 6
    """
    world: World = it.world
    net = world.live
    conns = _connections(net, layer)
    with np.errstate(all="ignore"):
        found = _Field(net, f2).get(conns) * _Field(net, f3).get(conns)
        _Field(net, f1).put(conns, found)
        return _added(found)


@builtin("invert-sfield")
def invert_sfield(it: Machine, layer: Value, f1: int, f2: int, g: float) -> float:
    """(invert-sfield layer f1 f2 g)

    Set the field f1 of the connections into a layer to g over the field f2; return the sum.

    (progn (newneurons 2) (connect 1 2 2) (invert-sfield '(2) s-delta s-val 3))
    => 1.5
    """
    world: World = it.world
    net = world.live
    conns = _connections(net, layer)
    below = _Field(net, f2).get(conns)
    if (below == 0).any():
        raise ValueKindError("invert-sfield divides by a field that is 0")
    with np.errstate(all="ignore"):
        found = _float(g) / below
        _Field(net, f1).put(conns, found)
        return _added(found)


@builtin("set-swn")
def set_swn(it: Machine, unit: Value, sfield: int, field: int) -> Value:
    """(set-swn unit sfield field)

    Copy a field of the units that feed a unit into a field of the connections between.

    (progn (newneurons 2) (connect 1 2) (nval 1 0.5) (set-swn 2 s-val n-val) (sval 1 2))
    => 0.5
    """
    world: World = it.world
    net = world.live
    conns = _connections(net, unit)
    _Field(net, sfield).put(conns, net.units[unit_row(net, field), net.src[conns]])
    return it.t


@builtin("acc-swn")
def acc_swn(it: Machine, unit: Value, sfield: int, field: int) -> Value:
    """(acc-swn unit sfield field)

    Add a field of the units that feed a unit to a field of the connections between.

    (progn (newneurons 2) (connect 1 2 1) (nval 1 0.5) (acc-swn 2 s-val n-val) (sval 1 2))
    => 1.5
    """
    world: World = it.world
    net = world.live
    conns = _connections(net, unit)
    with np.errstate(all="ignore"):
        _Field(net, sfield).add(conns, net.units[unit_row(net, field), net.src[conns]])
    return it.t
