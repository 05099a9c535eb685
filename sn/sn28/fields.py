"""Fields: what is known of a unit or a connection, read and set one by one or layer by layer.

Source: SN 2.8 (sn-network, 2.1, 2.2 and 5.6).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sn.describe.world import World
from sn.display import number_text
from sn.errors import NetError, ValueKindError
from sn.limits import Limit
from sn.lisp.calls import builtin
from sn.lisp.forms import Symbol, Value
from sn.lisp.machine import Machine
from sn.live import net as rows
from sn.live.bulk import Places
from sn.live.net import Ints, LiveNet
from sn.sn28.arguments import layer_of, needs
from sn.sn28.construction import connection

_NUMBER = Limit()


def take_number(name: str, value: float) -> float:
    """Return a number that fits float32."""
    number: float = _NUMBER.take(name, value)
    return number


# --- units ---

_UNIT_WORDS = {
    "nval": (rows.VAL, "its state", False),
    "nsum": (rows.SUM, "its total input", False),
    "ngrad": (rows.GRAD, "minus the derivative of the cost by its total input", False),
    "nbacksum": (rows.BACK, "minus the derivative of the cost by its state", False),
    "nggrad": (rows.CURV, "the second derivative of the cost by its total input", True),
    "nsqbacksum": (rows.BACK_CURV, "the second derivative of the cost by its state", True),
    "nspare1": (rows.SPARE, "its first field for any use", False),
    "nspare2": (rows.SPARE + 1, "its second field for any use", False),
    "nspare3": (rows.SPARE + 2, "its third field for any use", False),
    "nspare": (rows.SPARE, "its first field for any use", False),
}


def _unit_word(name: str, row: int, what: str, needs_curvature: bool) -> None:
    noun = "the state" if name == "nval" else name

    def word(it: Machine, unit: int, value: float | None = None) -> float:
        world: World = it.world
        net = world.live
        if needs_curvature:
            needs(net, name, curvature=True)
        net.check_unit(unit)
        if value is not None:
            net.units[row, unit] = take_number(f"{noun} of a unit", value)
        return float(net.units[row, unit])

    word.__doc__ = f"""({name} unit [value])

    Return {what}; with a value, set it.

    (progn (newneurons 2) ({name} 1 0.5) ({name} 1))
    => 0.5
    """
    builtin(name)(word)


for _name, _described in _UNIT_WORDS.items():
    _unit_word(_name, *_described)


@builtin("nepsilon")
def nepsilon(it: Machine, unit: int, value: float | None = None) -> float:
    """(nepsilon unit [value])

    Return the learning rate of a unit; with a value, set it. Where connections have learning
    rates, it is the mean of those into the unit, and setting it sets all of them.

    (progn (newneurons 2) (connect 1 2) (nepsilon 2 0.5) (nepsilon 2))
    => 0.5
    """
    world: World = it.world
    net = world.live
    net.check_unit(unit)
    if value is not None:
        net.set_steps([unit], take_number("the learning rate of a unit", value))
    return net.step_of(unit)


@builtin("nsigma")
def nsigma(it: Machine, unit: int, value: float | None = None) -> float:
    """(nsigma unit [value])

    Return the mean of the averaged curvatures of the connections into a unit; with a value, set
    all of them.

    (progn (newneurons 2) (connect 1 2) (nsigma 2 0.5) (nsigma 2))
    => 0.5
    """
    world: World = it.world
    net = world.live
    needs(net, "nsigma", curvature=True)
    net.check_unit(unit)
    if value is not None:
        net.conns[rows.CONN_CURV, net.into[unit]] = take_number("nsigma of a unit", value)
    return net.curvature_of(unit)


@builtin("nfield")
def nfield(it: Machine, unit: int, field: int, value: float | None = None) -> float:
    """(nfield unit field [value])

    Return a field of a unit by its number; with a value, set it. The variables n-val, n-sum,
    n-grad, n-backsum, n-epsilon, n-ggrad, n-sqbacksum, n-sigma, n-spare1, n-spare2 and n-spare3
    have the numbers.

    (progn (newneurons 2) (nval 1 0.5) (nfield 1 n-val))
    => 0.5
    """
    if field == 5:
        return nepsilon(it, unit, value)
    if field == 10:
        return nsigma(it, unit, value)
    world: World = it.world
    net = world.live
    row = unit_row(net, field)
    net.check_unit(unit)
    if value is not None:
        net.units[row, unit] = take_number("a field of a unit", value)
    return float(net.units[row, unit])


_ROWS = {
    **{1: rows.VAL, 2: rows.SUM, 3: rows.GRAD, 4: rows.BACK, 5: rows.STEP, 8: rows.CURV},
    **{9: rows.BACK_CURV, 11: rows.SPARE, 12: rows.SPARE + 1, 13: rows.SPARE + 2},
}
_OF_CURVATURE = (8, 9, 10)


def unit_row(net: LiveNet, field: int) -> int:
    """Return the row of a field of units by SN's number.

    Raises: NetError for a field that units of this kernel do not keep.
    """
    kept = field in _ROWS and not (field == 5 and net.variant.has_steps)
    if not kept or (field in _OF_CURVATURE and not net.variant.has_curvature):
        raise NetError(
            f"illegal Nfield number {number_text(field)} in the kernel {net.variant.name}",
            hint="n-val, n-sum, n-grad, n-backsum, n-spare1 ... have the numbers",
        )
    return _ROWS[field]


@builtin("get-neurtype")
def get_neurtype(it: Machine, unit: int) -> Symbol:
    """(get-neurtype unit)

    Return the kind of a unit, which is always regular.

    (progn (newneurons 1) (get-neurtype 1))
    => regular
    """
    world: World = it.world
    world.live.check_unit(unit)
    return it.intern("regular")


@builtin("set-neurtype-regular")
def set_neurtype_regular(it: Machine, *layers: Value) -> Value:
    """(set-neurtype-regular layers...)

    Make the units of layers regular, which they are.

    (progn (newneurons 1) (set-neurtype-regular '(1)))
    => t
    """
    world: World = it.world
    for layer in layers:
        layer_of(world.live, layer)
    return it.t


# --- connections ---

_WEIGHT_ROWS = {1: rows.WEIGHT, 2: rows.DELTA, 3: rows.ACC, 6: rows.HESS}
_CONNECTION_ROWS = {4: rows.CONN_STEP, 5: rows.CONN_CURV}


def connection_places(net: LiveNet, field: int, conns: Ints) -> Places:
    """Return where a field of connections stands, by SN's number of it.

    Raises: NetError for a field that connections of this kernel do not keep.
    """
    variant = net.variant
    kept = {1: True, 2: True, 3: variant.has_table, 4: variant.has_steps}
    kept |= {5: variant.has_curvature, 6: variant.has_table and variant.has_curvature}
    if not kept.get(field, False):
        raise NetError(
            f"illegal Sfield number {number_text(field)} in the kernel {variant.name}",
            hint="s-val, s-delta, s-acc, s-epsilon, s-sigma and s-hess have the numbers",
        )
    if field in _CONNECTION_ROWS:
        return Places(net.conns[_CONNECTION_ROWS[field]], conns)
    return Places(net.weights[_WEIGHT_ROWS[field]], net.wid[conns])


def _connection_word(
    name: str,
    what: str,
    array: Callable[[LiveNet], np.ndarray],
    by_weight: bool,
    table: bool,
    curvature: bool,
    steps: bool,
) -> None:
    def word(it: Machine, pre: int, post: int, value: float | None = None) -> Value:
        world: World = it.world
        net = world.live
        needs(net, name, table=table, curvature=curvature)
        if steps and not net.variant.has_steps:
            raise NetError(f"{name} needs a kernel with a learning rate for each connection")
        if value is None:
            found = net.connection(pre, post)
            if found is None:
                return None
        else:
            found = connection(net, pre, post)
        at = int(net.wid[found]) if by_weight else found
        fields = array(net)
        if value is not None:
            fields[at] = take_number(f"{name} of a connection", value)
        return float(fields[at])

    word.__doc__ = f"""({name} pre post [value])

    Return {what}, () where the two units are not connected; with a value, set it.

    (progn (newneurons 2) (connect 1 2) ({name} 1 2 0.5) ({name} 1 2))
    => 0.5
    """
    builtin(name)(word)


_connection_word(
    "sval", "the weight of a connection", lambda net: net.weights[rows.WEIGHT],
    by_weight=True, table=False, curvature=False, steps=False,
)  # fmt: skip
_connection_word(
    "sdelta", "the last change of a connection's weight", lambda net: net.weights[rows.DELTA],
    by_weight=True, table=False, curvature=False, steps=False,
)  # fmt: skip
_connection_word(
    "sacc", "what is gathered for the next change of a connection's weight",
    lambda net: net.weights[rows.ACC],
    by_weight=True, table=True, curvature=False, steps=False,
)  # fmt: skip
_connection_word(
    "shess", "the curvature gathered for a connection's weight",
    lambda net: net.weights[rows.HESS],
    by_weight=True, table=True, curvature=True, steps=False,
)  # fmt: skip
_connection_word(
    "sepsilon", "the learning rate of a connection", lambda net: net.conns[rows.CONN_STEP],
    by_weight=False, table=False, curvature=False, steps=True,
)  # fmt: skip
_connection_word(
    "ssigma", "the averaged curvature of a connection", lambda net: net.conns[rows.CONN_CURV],
    by_weight=False, table=False, curvature=True, steps=False,
)  # fmt: skip


@builtin("scounter")
def scounter(it: Machine, pre: int, post: int) -> int:
    """(scounter pre post)

    Return how many connections use the weight of a connection, 0 where the units are not
    connected.

    (progn (newneurons 4) (connect 1 3) (dup-connection 1 3 2 4) (scounter 1 3))
    => 2
    """
    world: World = it.world
    net = world.live
    needs(net, "scounter", table=True)
    found = net.connection(pre, post)
    return 0 if found is None else int(net.uses[net.wid[found]])


@builtin("sindex")
def sindex(it: Machine, pre: int, post: int, index: int | None = None) -> Value:
    """(sindex pre post [index])

    Return the number of a connection's weight, () where the units are not connected; with an
    index, have the connection use that weight.

    (progn (newneurons 4) (connect 1 3) (connect 2 4) (sindex 2 4 0) (scounter 1 3))
    => 2
    """
    world: World = it.world
    net = world.live
    needs(net, "sindex", table=True)
    if index is None:
        found = net.connection(pre, post)
        return None if found is None else float(net.wid[found])
    conn = connection(net, pre, post)
    if not 0 <= index < net.n_weights:
        raise ValueKindError(f"there is no weight {number_text(index)}; there are {net.n_weights}")
    net.use(conn, index)
    return float(index)
