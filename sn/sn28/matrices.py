"""Matrices: what is kept of all weights as a vector, and back.

A vector has an element for every weight in order of creation; where connections own their weights,
for every connection. Those whose connections were all cut are 0 in it.

Source: SN 2.8 (sn-network, 5.6).
"""

from __future__ import annotations

import numpy as np

from sn.builtins.matrix import FLOAT, Matrix
from sn.describe.world import World
from sn.display import many
from sn.errors import NetError, ValueKindError
from sn.lisp.calls import builtin
from sn.lisp.machine import Machine
from sn.live.net import ACC, DELTA, HESS, WEIGHT, Floats32, LiveNet
from sn.memory import need
from sn.sn28.arguments import as_float32, needs

# word, row, what stands there, whether only tables of weights keep it, and only with curvatures
_KEPT = (
    ("weight", WEIGHT, "the weights", False, False),
    ("delta", DELTA, "the last changes of all weights", True, False),
    ("acc", ACC, "what is gathered for all weights", True, False),
    ("hess", HESS, "the curvatures gathered for all weights", True, True),
)
_FIELD = {"weight": "sval", "delta": "sdelta", "acc": "sacc", "hess": "shess"}


def _kept(net: LiveNet, word: str, row: int, table: bool, curvature: bool) -> Floats32:
    """Return a field of all weights: (n_weights,), the net's own."""
    needs(net, word, table=table, curvature=curvature)
    if not net.n_weights:
        raise NetError(f"{word} needs a net with connections, this one has none")
    return net.weights[row, : net.n_weights]


def _check(matrix: Matrix, word: str, n: int) -> None:
    """Demand a matrix of n numbers."""
    if matrix.storage.holds_objects:
        raise ValueKindError(f"{word} needs a matrix of numbers, found an array of any values")
    if matrix.data.size != n:
        raise ValueKindError(
            f"the net has {many(n, 'weight')}, the matrix {many(matrix.data.size, 'element')}"
        )


def _out(name: str, row: int, what: str, table: bool, curvature: bool) -> None:
    word = f"{name}-to-matrix"

    def to_matrix(it: Machine, to: Matrix | None = None) -> Matrix:
        world: World = it.world
        kept = _kept(world.live, word, row, table, curvature)
        if to is None:
            need(kept.nbytes, "a vector of weights")
            return Matrix(kept.copy(), FLOAT)
        _check(to, word, len(kept))
        to.set_numbers(kept.reshape(to.data.shape))
        return to

    to_matrix.__doc__ = f"""({word} [matrix])

    Return {what} as a vector in order of creation, or write them into a
    matrix.

    (progn (newneurons 3) (connect '(1 2) 3) ({_FIELD[name]} 2 3 0.5) ({word}))
    => [ 0.00  0.50 ]
    """
    builtin(word)(to_matrix)


def _in(name: str, row: int, what: str, table: bool, curvature: bool) -> None:
    word = f"matrix-to-{name}"

    def from_matrix(it: Machine, matrix: Matrix) -> Matrix:
        world: World = it.world
        kept = _kept(world.live, word, row, table, curvature)
        _check(matrix, word, len(kept))
        numbers = as_float32(word, matrix)
        kept[:] = np.where(world.live.uses[: len(kept)] > 0, numbers, np.float32(0))
        return matrix

    from_matrix.__doc__ = f"""({word} matrix)

    Set {what} to the elements of a matrix, in order of creation; return it.

    (progn (newneurons 3) (connect '(1 2) 3) ({word} [0.25 0.5]) ({_FIELD[name]} 2 3))
    => 0.5
    """
    builtin(word)(from_matrix)


for _described in _KEPT:
    _out(*_described)
    _in(*_described)
