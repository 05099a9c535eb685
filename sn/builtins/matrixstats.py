"""Builtins that look at matrices as data: rows, order, how often values occur, eigenvalues."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.builtins.matrix import INT, Matrix, from_numbers, need_numbers
from sn.errors import EvalError
from sn.interrupts import apart
from sn.lisp.calls import builtin
from sn.lisp.forms import Value, to_list
from sn.matrixfile import dimensions_text
from sn.memory import need

_SYMMETRIC = 1e-6  # relative: float32 numbers that were computed in two orders differ by less
_QUICK, _MANY = 500, 2**22  # rows, elements that take less than a second; chosen here


def _plane(name: str, matrix: Matrix) -> NDArray[np.float64]:
    """Return the numbers of a matrix of two dimensions."""
    if matrix.data.ndim != 2:
        text = f"{name} needs a matrix of 2 dimensions, found"
        raise EvalError(f"{text} {dimensions_text(matrix.data.shape)}")
    return matrix.numbers()


@builtin("convolve", locked=False)
def convolve(matrix: Matrix, kernel: Matrix, to: Matrix | None = None) -> Matrix:
    """(convolve matrix kernel [to])

    Return the sums of the products of a kernel with what lies under it at each place where it
    lies within the matrix; as in nets, the kernel is not turned. `to` takes the result.

    (convolve [[1 2 3][4 5 6]] [[1 0][0 1]])
    => [[ 6.00  8.00 ]]
    """
    numbers, taps = _plane("convolve", matrix), _plane("convolve", kernel)
    rows, columns = (a - b + 1 for a, b in zip(numbers.shape, taps.shape, strict=True))
    if rows < 1 or columns < 1:
        text = f"a kernel of {dimensions_text(taps.shape)} does not fit into a matrix of"
        raise EvalError(f"{text} {dimensions_text(numbers.shape)}")
    sums = np.zeros((rows, columns))
    with np.errstate(all="ignore"):
        for (i, j), tap in np.ndenumerate(taps):
            sums += tap * numbers[i : i + rows, j : j + columns]
    if not np.all(np.isfinite(sums)):
        raise EvalError("floating exception: the result of convolve is not finite")
    if to is None:
        return from_numbers(sums, matrix.storage)
    if to.data.shape != sums.shape:
        shapes = f"{dimensions_text(sums.shape)}, found {dimensions_text(to.data.shape)}"
        raise EvalError(f"convolve needs a result matrix {shapes}")
    to.set_numbers(sums)
    return to


@builtin("matrix-lines", locked=False)
def matrix_lines(matrix: Matrix, lines: list[int]) -> Matrix:
    """(matrix-lines matrix lines)

    Return a new matrix of some lines of a matrix, which are the parts that its first subscript
    takes, in the order of a list of numbers from 0.

    ((matrix-lines [[1 2][3 4][5 6]] '(2 0)) () 0)
    => (5 1)
    """
    size = matrix.data.shape[0] if matrix.data.ndim else 0
    if not lines:
        raise EvalError("matrix-lines needs at least one line, found ()")
    for line in lines:
        if not 0 <= line < size:
            text = f"subscript out of range: line {line} of a matrix of {size}"
            raise EvalError(text)
    need(matrix.data[0].nbytes * len(lines), f"a matrix of {len(lines):,} lines")
    return Matrix(matrix.data[lines], matrix.storage)


@builtin("mrep-dim", locked=False)
def mrep_dim(matrix: Matrix, n: int) -> Matrix:
    """(mrep-dim matrix n)

    Return a new matrix that has a matrix n times in it, along a dimension more, which is the
    first.

    ((mrep-dim [1 2] 3) 2 ())
    => (1 2)
    (bound (mrep-dim [1 2] 3))
    => (3 2)
    """
    if n < 1:
        raise EvalError(f"mrep-dim needs a number of copies, found {n}")
    need(matrix.data.nbytes * n, f"{n:,} copies of a matrix")
    return Matrix(np.repeat(matrix.data[None], n, axis=0), matrix.storage)


@builtin("moccur", locked=False)
def moccur(matrix: Matrix) -> list[Value]:
    """(moccur matrix)

    Return which numbers occur in a matrix and how often, as lists (number count), in order.

    (moccur [[1 2][2 5]])
    => ((1 1) (2 2) (5 1))
    """
    values, counts = np.unique(matrix.numbers(), return_counts=True)
    pairs = zip(values.tolist(), counts.tolist(), strict=True)
    return [to_list([value, float(count)]) for value, count in pairs]


@builtin("mseigvv", locked=False)
def mseigvv(matrix: Matrix) -> list[Value]:
    """(mseigvv matrix)

    Return a list of two: the eigenvalues of a symmetric matrix, the largest first, as a vector,
    and a matrix whose rows are the eigenvectors, of length 1. Of the two signs that a vector may
    have, the one with which its largest element is positive.

    (car (mseigvv [[2 1][1 2]]))
    => [ 3.00  1.00 ]
    """
    numbers = _plane("mseigvv", matrix)
    if not np.all(np.isfinite(numbers)):
        raise EvalError("floating exception: mseigvv needs finite numbers")
    largest = np.max(np.abs(numbers))
    with np.errstate(over="ignore"):
        is_square = numbers.shape[0] == numbers.shape[1]
        if not is_square or (np.abs(numbers - numbers.T) > _SYMMETRIC * largest).any():
            raise EvalError("mseigvv needs a symmetric matrix")
    need_numbers(numbers.shape)
    symmetric = numbers / 2 + numbers.T / 2  # the sum alone may be beyond all numbers
    if len(symmetric) > _QUICK:
        values, columns = apart(lambda: np.linalg.eigh(symmetric))
    else:
        values, columns = np.linalg.eigh(symmetric)
    vectors = columns.T[::-1]
    signs = np.sign(vectors[np.arange(len(vectors)), np.abs(vectors).argmax(axis=1)])
    kept: Any = matrix.storage
    return [from_numbers(values[::-1], kept), from_numbers(vectors * signs[:, None], kept)]


@builtin("sort-index", locked=False)
def sort_index(numbers: Matrix | list[float]) -> Value:
    """(sort-index numbers)

    Return the places of the numbers of a list, counted from 0, in the order of the numbers, of
    equal ones the first; of a vector as a vector.

    (sort-index '(30 10 20))
    => (1 2 0)
    """
    if not isinstance(numbers, Matrix):
        return to_list(map(float, np.argsort(numbers, kind="stable").tolist()))
    _vector("sort-index", numbers)
    found = numbers.numbers()
    if len(found) > _MANY:
        return from_numbers(apart(lambda: np.argsort(found, kind="stable")), INT)
    return from_numbers(np.argsort(found, kind="stable"), INT)


@builtin("a-rank-of-max", locked=False)
def a_rank_of_max(numbers: Matrix | list[float]) -> int:
    """(a-rank-of-max numbers)

    Return the place of the largest number of a list or vector, counted from 0; of equal ones the
    first.

    (a-rank-of-max '(1 7 7 3))
    => 1
    """
    if isinstance(numbers, Matrix):
        _vector("a-rank-of-max", numbers)
        return int(numbers.numbers().argmax())
    if not numbers:
        raise EvalError("a-rank-of-max needs at least one number, found ()")
    return numbers.index(max(numbers))


def _vector(name: str, numbers: Matrix) -> None:
    if numbers.data.ndim != 1:
        shape = dimensions_text(numbers.data.shape)
        raise EvalError(f"{name} needs a list or a vector, found a matrix of {shape}")
