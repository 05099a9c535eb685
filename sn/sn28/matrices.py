"""Matrices: patterns that become states, and weights as vectors in the order of creation.

Source: SN 2.8 (sn-network, 5.6).
"""

from __future__ import annotations

import numpy as np

from sn.builtins.matrix import FLOAT, Matrix
from sn.describe.world import World
from sn.display import number_text
from sn.errors import ArityError, ValueKindError
from sn.lisp.calls import builtin
from sn.lisp.forms import Value
from sn.lisp.machine import Machine
from sn.live.net import ACC, DELTA, HESS, VAL, WEIGHT, LiveNet
from sn.memory import need
from sn.sn28.arguments import layer_of, needs


@builtin("get-pattern")
def get_pattern(it: Machine, matrix: Matrix, number: int, *layers: Value) -> Value:
    """(get-pattern matrix n layers...)

    Put row n of a matrix into the states of layers, one after the other.

    (progn (newneurons 2) (get-pattern [[1 2][3 4]] 1 '(1 2)) (list (nval 1) (nval 2)))
    => (3 4)
    """
    if matrix.data.ndim == 0 or not 0 <= number < len(matrix.data):
        rows = len(matrix.data) if matrix.data.ndim else 0
        raise ValueKindError(
            f"there is no pattern {number_text(number)}; the matrix has {rows} rows"
        )
    return _put(it, Matrix(matrix.data[number : number + 1], matrix.storage), layers)


@builtin("get-pattern-2")
def get_pattern_2(it: Machine, matrix: Matrix, *layers: Value) -> Value:
    """(get-pattern-2 matrix layers...)

    Put all elements of a matrix, row by row, into the states of layers, one after the other.

    (progn (newneurons 4) (get-pattern-2 [[1 2][3 4]] '(1 2) '(3 4)) (nval 3))
    => 3
    """
    return _put(it, matrix, layers)


def _put(it: Machine, matrix: Matrix, layers: tuple[Value, ...]) -> Value:
    """Put elements into layers; of the last, units that are left over keep their states."""
    world: World = it.world
    net = world.live
    if not layers:
        raise ArityError("expected layers behind the matrix, found none")
    values = matrix.numbers().ravel()
    at = 0
    for number, layer in enumerate(layers, 1):
        units = layer_of(net, layer)
        taken = values[at : at + len(units)]
        if len(taken) < len(units) and number < len(layers):
            raise ValueKindError(
                f"the matrix has {len(values)} elements, fewer than the layers have units"
            )
        with np.errstate(over="ignore"):
            net.units[VAL, units[: len(taken)]] = taken
        at += len(units)
    if at < len(values):
        raise ValueKindError(
            f"the matrix has {len(values)} elements, more than the {at} units of the layers"
        )
    return it.t


# --- weights as vectors ---

_NAMES = {"weight": WEIGHT, "acc": ACC, "delta": DELTA, "hess": HESS}


def _check(net: LiveNet, word: str, row: int) -> None:
    needs(net, word, table=row != WEIGHT, curvature=row == HESS)


def _vector_words(name: str, row: int) -> None:
    def get(it: Machine, matrix: Matrix | None = None) -> Matrix:
        world: World = it.world
        net = world.live
        _check(net, f"{name}-to-matrix", row)
        values = net.weights[row, : net.n_weights]
        if matrix is None:
            need(4 * net.n_weights, "a vector of weights")
            return Matrix(values.copy(), FLOAT)
        _check_size(net, matrix)
        matrix.data[...] = values.reshape(matrix.data.shape) * matrix.storage.scale
        return matrix

    get.__doc__ = f"""({name}-to-matrix [matrix])

    Return the field s-{_FIELDS[name]} of all weights, in order of creation, as a vector; with a
    matrix, put them there.

    (progn (newneurons 2) (connect 1 2) ({_SETTERS[name]} 1 2 0.5) ({name}-to-matrix))
    => [0.5]
    """
    builtin(f"{name}-to-matrix")(get)

    def put(it: Machine, matrix: Matrix) -> Matrix:
        world: World = it.world
        net = world.live
        _check(net, f"matrix-to-{name}", row)
        _check_size(net, matrix)
        with np.errstate(over="ignore"):
            net.weights[row, : net.n_weights] = matrix.numbers().ravel()
        return matrix

    put.__doc__ = f"""(matrix-to-{name} matrix)

    Set the field s-{_FIELDS[name]} of all weights, in order of creation, from the elements of a
    matrix.

    (progn (newneurons 2) (connect 1 2) (matrix-to-{name} [0.5]) ({_SETTERS[name]} 1 2))
    => 0.5
    """
    builtin(f"matrix-to-{name}")(put)


def _check_size(net: LiveNet, matrix: Matrix) -> None:
    if matrix.data.size != net.n_weights:
        raise ValueKindError(
            f"the net has {number_text(net.n_weights)} weights, the matrix "
            f"{number_text(matrix.data.size)} elements"
        )


_FIELDS = {"weight": "val", "acc": "acc", "delta": "delta", "hess": "hess"}
_SETTERS = {"weight": "sval", "acc": "sacc", "delta": "sdelta", "hess": "shess"}
for _name, _row in _NAMES.items():
    _vector_words(_name, _row)
