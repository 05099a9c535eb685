"""States: those of layers given by a matrix, disturbed by chance, or searched for the largest.

Source: SN 2.8 (sn-network, 5.6).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sn.builtins.matrix import Matrix
from sn.describe.world import World
from sn.display import many, number_text
from sn.errors import ArityError, ValueKindError
from sn.lisp.calls import builtin
from sn.lisp.forms import Value
from sn.lisp.machine import Machine
from sn.live.net import VAL
from sn.sn28.arguments import as_float32, layer_of
from sn.sn28.fields import take_number

# --- patterns ---


@builtin("get-pattern")
def get_pattern(it: Machine, matrix: Matrix, number: int, *layers: Value) -> Value:
    """(get-pattern matrix n layers...)

    Write row n of a matrix of numbers into the states of layers, one layer after the other.

    (progn (newneurons 3) (get-pattern [[1 2 3][4 5 6]] 1 '(1 2) '(3)) (list (nval 1) (nval 3)))
    => (4 6)
    """
    rows = len(matrix.data) if matrix.data.ndim else 0
    if not 0 <= number < rows:
        raise ValueKindError(
            f"there is no pattern {number_text(number)}; the matrix has {many(rows, 'row')}"
        )
    row = matrix.data[number : number + 1]
    return _write(it, "get-pattern", Matrix(row, matrix.storage), layers)


@builtin("get-pattern-2")
def get_pattern_2(it: Machine, matrix: Matrix, *layers: Value) -> Value:
    """(get-pattern-2 matrix layers...)

    Write all elements of a matrix of numbers, row after row, into the states of layers, one layer
    after the other. Units of the last layer that are left over keep their states.

    (progn (newneurons 3) (get-pattern-2 [[1][2]] '(1 2 3)) (list (nval 1) (nval 2) (nval 3)))
    => (1 2 0)
    """
    return _write(it, "get-pattern-2", matrix, layers)


def _write(it: Machine, word: str, matrix: Matrix, layers: Sequence[Value]) -> Value:
    world: World = it.world
    if not layers:
        raise ArityError(f"{word} needs layers behind the matrix, found none")
    numbers = as_float32(word, matrix)
    units = [layer_of(world.live, layer) for layer in layers]
    before = sum(map(len, units[:-1]))
    room = before + len(units[-1])
    if len(units) > 1 and len(numbers) <= before:
        raise ValueKindError(
            f"{word} has {many(len(numbers), 'element')}, none of them for the last layer",
            hint=f"the layers before it have {many(before, 'unit')}",
        )
    if len(numbers) > room:
        raise ValueKindError(
            f"{word} has {many(len(numbers), 'element')} for {many(room, 'unit')}",
            hint="give it more layers, or a submatrix",
        )
    world.live.units[VAL, np.concatenate(units)[: len(numbers)]] = numbers
    return it.t


# --- chance ---


@builtin("gauss-state")
def gauss_state(it: Machine, layer: Value, deviation: float) -> Value:
    """(gauss-state layer deviation)

    Add a Gaussian draw of mean 0 and a standard deviation to the state of each unit of a layer.

    (progn (newneurons 2) (nval 1 0.5) (gauss-state '(1 2) 0) (nval 1))
    => 0.5
    """
    world: World = it.world
    units = layer_of(world.live, layer)
    sdev = np.float32(take_number("the standard deviation of gauss-state", deviation))
    state = world.live.units[VAL]
    with np.errstate(all="ignore"):
        for unit in units.tolist():
            state[unit] += sdev * np.float32(it.random.gauss())
    return it.t


@builtin("flip-state")
def flip_state(it: Machine, layer: Value, probability: float) -> Value:
    """(flip-state layer probability)

    Change the sign of the state of each unit of a layer with a probability: where a draw from 0 to
    1 is below it.

    (progn (newneurons 2) (nval 1 0.5) (flip-state '(1) 2) (nval 1))
    => -0.5
    """
    world: World = it.world
    units = layer_of(world.live, layer)
    p = float(np.float32(take_number("the probability of flip-state", probability)))
    state = world.live.units[VAL]
    for unit in units.tolist():
        if it.random.rand() < p:
            state[unit] = -state[unit]
    return it.t


# --- the largest ---


@builtin("find-winner")
def find_winner(it: Machine, layer: Value) -> Value:
    """(find-winner layer)

    Return the unit of a layer that has the largest state, the first of several; () for no units.

    (progn (newneurons 3) (nval 2 1) (nval 3 1) (find-winner '(1 2 3)))
    => 2
    """
    return _best(it, layer, 1)


@builtin("find-loser")
def find_loser(it: Machine, layer: Value) -> Value:
    """(find-loser layer)

    Return the unit of a layer that has the smallest state, the first of several; () for no units.

    (progn (newneurons 3) (nval 2 -1) (nval 3 -1) (find-loser '(1 2 3)))
    => 2
    """
    return _best(it, layer, -1)


def _best(it: Machine, layer: Value, sign: int) -> Value:
    world: World = it.world
    units = layer_of(world.live, layer)
    if not len(units):
        return None
    states = sign * world.live.units[VAL, units]
    # a state that is no number loses, as it does in a comparison
    return float(units[int(np.argmax(np.where(np.isnan(states), -np.inf, states)))])
