"""Builtins that compute with whole matrices. Results are rounded to the storage at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sn.builtins.matrix import Array, Matrix, from_numbers, need_numbers
from sn.errors import EvalError
from sn.lisp.calls import builtin
from sn.matrixfile import dimensions_text

BLOCK = 2e10  # products that one call of NumPy computes; chosen here: a second of one core


def _result(name: str, numbers: Array, like: Matrix, to: Matrix | None) -> Matrix:
    """Return a new matrix stored as `like`, or `to` with the numbers written into it."""
    if not np.all(np.isfinite(numbers)):
        raise EvalError(f"floating exception: the result of {name} is not finite")
    if to is None:
        return from_numbers(numbers, like.storage)
    if to.data.shape != numbers.shape:
        found, expected = dimensions_text(to.data.shape), dimensions_text(numbers.shape)
        raise EvalError(f"{name} needs a result matrix {expected}, found {found}")
    to.set_numbers(numbers)
    return to


def _together(name: str, a: Matrix, b: Matrix, compute: Callable[[Array, Array], Any]) -> Array:
    if a.data.shape != b.data.shape:
        found, other = dimensions_text(a.data.shape), dimensions_text(b.data.shape)
        raise EvalError(f"{name} needs matrices of equal dimensions, found {found} and {other}")
    with np.errstate(all="ignore"):
        numbers: Array = compute(a.numbers(), b.numbers())
    return numbers


@builtin("m+c")
def add_constant(matrix: Matrix, c: float, to: Matrix | None = None) -> Matrix:
    """(m+c matrix c [to])

    Add a number to all elements; return a new matrix, or `to` with the result.

    (m+c [1 2] 10)
    => [11.00 12.00 ]
    """
    with np.errstate(all="ignore"):
        return _result("m+c", matrix.numbers() + c, matrix, to)


@builtin("m*c")
def multiply_constant(matrix: Matrix, c: float, to: Matrix | None = None) -> Matrix:
    """(m*c matrix c [to])

    Multiply all elements by a number; return a new matrix, or `to` with the result.

    (m*c [1 2] 10)
    => [10.00 20.00 ]
    """
    with np.errstate(all="ignore"):
        return _result("m*c", matrix.numbers() * c, matrix, to)


@builtin("m+m")
def add_matrix(a: Matrix, b: Matrix, to: Matrix | None = None) -> Matrix:
    """(m+m a b [to])

    Add two matrices, element by element.

    (m+m [1 2] [3 4])
    => [ 4.00  6.00 ]
    """
    return _result("m+m", _together("m+m", a, b, np.add), a, to)


@builtin("m-m")
def subtract_matrix(a: Matrix, b: Matrix, to: Matrix | None = None) -> Matrix:
    """(m-m a b [to])

    Subtract the second matrix from the first, element by element.

    (m-m [5 6] [1 2])
    => [ 4.00  4.00 ]
    """
    return _result("m-m", _together("m-m", a, b, np.subtract), a, to)


@builtin("m/m")
def divide_matrix(a: Matrix, b: Matrix, to: Matrix | None = None) -> Matrix:
    """(m/m a b [to])

    Divide the first matrix by the second, element by element.

    (m/m [5 6] [2 3])
    => [ 2.50  2.00 ]
    """
    return _result("m/m", _together("m/m", a, b, np.divide), a, to)


@builtin("m*m")
def multiply_matrix(a: Matrix, b: Matrix, to: Matrix | None = None) -> Matrix:
    """(m*m a b [to])

    Return the product of two matrices, or of a matrix and a vector.

    (m*m [[1 2][3 4]] [1 1])
    => [ 3.00  7.00 ]
    """
    left, right = a.data.shape, b.data.shape
    if not (len(left) == 2 and 1 <= len(right) <= 2 and left[1] == right[0]):
        text = f"m*m needs matrices (r n) and (n c), found {dimensions_text(left)}"
        raise EvalError(f"{text} and {dimensions_text(right)}")
    need_numbers((left[0], *right[1:]))
    with np.errstate(all="ignore"):
        return _result("m*m", _product(a.numbers(), b.numbers()), a, to)


def _product(a: Array, b: Array) -> Array:
    """Return a @ b; a large one in blocks of rows, between which Ctrl-C is heard."""
    work = a.size * (b.shape[1] if b.ndim > 1 else 1)
    rows = max(1, int(len(a) * BLOCK / work))
    if rows >= len(a):
        return np.asarray(a @ b)
    return np.concatenate([a[first : first + rows] @ b for first in range(0, len(a), rows)])


@builtin("dot-product")
def dot_product(a: Matrix, b: Matrix) -> float:
    """(dot-product a b)

    Return the sum of the products of the elements of two matrices.

    (dot-product [1 2 3] [1 1 2])
    => 9
    """
    products = _together("dot-product", a, b, np.multiply)
    with np.errstate(all="ignore"):
        return float(np.sum(products))


@builtin("mean-mat")
def mean_mat(matrix: Matrix) -> float:
    """(mean-mat matrix)

    Return the mean of all elements.

    (mean-mat [[1 2][3 6]])
    => 3
    """
    with np.errstate(all="ignore"):
        return float(np.mean(matrix.numbers()))


@builtin("sdev-mat")
def sdev_mat(matrix: Matrix) -> float:
    """(sdev-mat matrix)

    Return the standard deviation of all elements, as the manual of SN says. (Lush's library of
    that name returned its square.)

    (sdev-mat [1 3 1 3])
    => 1
    """
    with np.errstate(all="ignore"):
        return float(np.std(matrix.numbers()))


@builtin("sup-mat")
def sup_mat(matrix: Matrix) -> float:
    """(sup-mat matrix)

    Return the largest element.

    (sup-mat [[1 5][3 2]])
    => 5
    """
    return float(np.max(matrix.numbers()))


@builtin("inf-mat")
def inf_mat(matrix: Matrix) -> float:
    """(inf-mat matrix)

    Return the smallest element.

    (inf-mat [[4 5][3 2]])
    => 2
    """
    return float(np.min(matrix.numbers()))


@builtin("idx-f1dotc")
def idx_f1dotc(source: Matrix, c: float, to: Matrix) -> Matrix:
    """(idx-f1dotc source c to)

    Write c times the vector `source` into the vector `to`, and return that.

    (idx-f1dotc [1 2] 3 (matrix 2))
    => [ 3.00  6.00 ]
    """
    with np.errstate(all="ignore"):
        return _result("idx-f1dotc", source.numbers() * c, source, to)


@builtin("idx-f1dotcacc")
def idx_f1dotcacc(source: Matrix, c: float, to: Matrix) -> Matrix:
    """(idx-f1dotcacc source c to)

    Add c times the vector `source` to the vector `to`, and return that.

    (idx-f1dotcacc [1 2] 3 (copy-matrix [10 10]))
    => [13.00 16.00 ]
    """
    numbers = _together("idx-f1dotcacc", source, to, lambda a, b: b + c * a)
    return _result("idx-f1dotcacc", numbers, source, to)
