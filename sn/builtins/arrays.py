"""Builtins that make matrices and arrays, and look at their parts."""

from __future__ import annotations

import numpy as np

from sn.builtins.matrix import (
    BYTE,
    DOUBLE,
    FLOAT,
    INT,
    OBJECT,
    PACKED,
    SHORT,
    UBYTE,
    Matrix,
    Storage,
    literal,
    new_matrix,
)
from sn.display import number_text
from sn.errors import EvalError, ReadError, SnError, Span, ValueKindError
from sn.lisp.calls import builtin, special
from sn.lisp.forms import Pair, Symbol, Value, describe, element_span, elements, to_list
from sn.lisp.machine import Machine
from sn.matrixfile import dimensions_text
from sn.memory import need


def make_matrix(opener: str, values: list[Value], spans: list[Span], span: Span) -> Matrix:
    """Return the matrix of a literal, for the reader.

    Raises: ReadError at the element that does not fit.
    """
    try:
        return literal(opener, values, spans, span)
    except SnError as error:
        place = error.span or span
        raise ReadError(error.message, span=place, hint=error.hint) from None


def _define(storage: Storage, what: str, *names: str) -> None:
    """Define the functions that make matrices of one storage type."""

    def make(*sizes: int) -> Matrix:
        return new_matrix(sizes, storage)

    name = names[0]
    make.__doc__ = f"""({name} sizes...)

    Return a new matrix of {what}, filled with 0.

    ((({name} 2 3) () () 5) 1 ())
    => (5 5 5)
    """
    builtin(*names)(make)


_define(FLOAT, "float32 numbers", "matrix", "float-matrix", "float-array", "fmatrix")
_define(DOUBLE, "float64 numbers", "dmatrix", "double-matrix", "double-array")
_define(INT, "int32 numbers", "imatrix", "int-matrix", "int-array")
_define(SHORT, "int16 numbers", "smatrix", "short-matrix", "short-array")
_define(BYTE, "int8 numbers", "bmatrix", "byte-matrix", "byte-array")
_define(UBYTE, "uint8 numbers", "ubmatrix", "ubyte-matrix", "ubyte-array")
_define(PACKED, "sixteenths from -8 to 7.9375, in a byte each", "pmatrix", "packed-matrix")


@builtin("array", "atom-matrix", "atom-array")
def array(*sizes: int) -> Matrix:
    """(array sizes...)

    Return a new array of values of any kind, filled with ().

    ((array 2) () '(a "b"))
    => [a a "b"]
    """
    return new_matrix(sizes, OBJECT)


@special("dim", pattern="name . sizes")
def dim(it: Machine, form: Pair) -> Value:
    """(dim name sizes...)

    Make a matrix of float32 numbers and give it to the global variable name; return it.

    (progn (dim weights 2 2) (bound weights))
    => (2 2)
    """
    symbol = form.cdr.car
    if type(symbol) is not Symbol:
        text = f"dim needs a name, found {describe(symbol)}"
        raise ValueKindError(text, span=element_span(form.cdr))
    sizes = it.eval_list(form.cdr.cdr)
    if not all(type(size) is float for size in sizes):
        raise ValueKindError("dim needs sizes, which are numbers", span=form.span)
    if symbol.locked:
        raise it.locked(symbol)
    made = new_matrix([int(size) for size in sizes], FLOAT)
    symbol.set_global(made)
    return made


@builtin("matrixp", "numericp")
def matrixp(x: Value) -> bool:
    """(matrixp x)

    Tell whether x is a matrix of numbers.

    (matrixp [1 2])
    => t
    """
    return type(x) is Matrix and not x.storage.holds_objects


@builtin("bound")
def bound(matrix: Matrix, dimension: int | None = None) -> Value:
    """(bound matrix [k])

    Return the list of the dimensions; for k = 0 how many there are; else the largest subscript
    in dimension k, counted from 1.

    (bound (matrix 2 3))
    => (2 3)
    (bound (matrix 2 3) 2)
    => 2
    """
    shape = matrix.data.shape
    if dimension is None:
        return to_list(float(size) for size in shape)
    if dimension == 0:
        return float(len(shape))
    if not 1 <= dimension <= len(shape):
        raise EvalError(
            f"bound needs a dimension from 0 to {len(shape)}, found {number_text(dimension)}"
        )
    return float(shape[dimension - 1] - 1)


@builtin("submatrix")
def submatrix(matrix: Matrix, *parts: Value) -> Matrix:
    """(submatrix matrix parts...)

    Return a part that shares the elements: for each dimension () takes all of it, (low high)
    a range with both ends, a number one subscript, which drops the dimension.

    ((submatrix [[1 2 3][4 5 6]] 1 '(1 2)) ())
    => (5 6)
    """
    shape = matrix.data.shape
    if len(parts) != len(shape):
        text = f"submatrix needs {len(shape)} parts for a matrix {dimensions_text(shape)}"
        raise EvalError(f"{text}, found {len(parts)}")
    key = tuple(_part(part, size) for part, size in zip(parts, shape, strict=True))
    return Matrix(matrix.data[(*key, ...)], matrix.storage)


@builtin("select", locked=False)
def select(matrix: Matrix, dimension: int, n: int) -> Matrix:
    """(select matrix dimension n)

    Return the part whose subscript in a dimension, counted from 0, is n: it shares the elements and
    has no such dimension. Lush says so for (submatrix matrix ... n ...).

    ((select [[1 2 3][4 5 6]] 1 2) ())
    => (3 6)
    """
    shape = matrix.data.shape
    if not 0 <= dimension < len(shape):
        text = f"a matrix {dimensions_text(shape)} has no dimension {number_text(dimension)}"
        raise EvalError(text, hint="dimensions are counted from 0")
    parts: list[Value] = [None] * len(shape)
    parts[dimension] = float(n)
    return submatrix(matrix, *parts)


def _part(part: Value, size: int) -> int | slice:
    if part is None:
        return slice(None)
    ends = elements(part) if type(part) is Pair else [part]
    if len(ends) > 2 or not all(type(end) is float for end in ends):
        text = f"a part is (), a number or (low high), found {describe(part)}"
        raise ValueKindError(text)
    low, high = int(ends[0]), int(ends[-1])
    if not 0 <= low <= high < size:
        text = f"subscript out of range: the part {describe(part)} of a dimension of {size}"
        raise EvalError(text)
    return slice(low, high + 1) if type(part) is Pair else low


@builtin("transpose")
def transpose(matrix: Matrix) -> Matrix:
    """(transpose matrix)

    Return a view with rows and columns exchanged, which shares the elements; of a vector the
    matrix of one row.

    ((transpose [[1 2][3 4]]) 0 ())
    => (1 3)
    """
    if matrix.data.ndim == 1:
        return Matrix(matrix.data[np.newaxis, :], matrix.storage)
    if matrix.data.ndim != 2:
        shape = dimensions_text(matrix.data.shape)
        raise EvalError(f"transpose needs a matrix of 1 or 2 dimensions, found {shape}")
    return Matrix(matrix.data.T, matrix.storage)


@builtin("copy-matrix", "copy-any-matrix", "copy-array")
def copy_matrix(matrix: Matrix, to: Matrix | None = None) -> Matrix:
    """(copy-matrix matrix [to])

    Return a copy; or copy the elements in order into another matrix, which has as many of them
    but may have other dimensions or another type, and return that one.

    ((copy-matrix [1 2 3 4] (matrix 2 2)) 1 ())
    => (3 4)
    """
    if to is None:
        shape = dimensions_text(matrix.data.shape)
        need(matrix.data.nbytes, f"a copy of a matrix of {shape}")
        return Matrix(matrix.data.copy(), matrix.storage)
    if to.data.size != matrix.data.size:
        found, expected = dimensions_text(matrix.data.shape), dimensions_text(to.data.shape)
        raise EvalError(f"copy-matrix needs equally many elements, found {found} and {expected}")
    if to.storage.holds_objects:
        for key, value in zip(np.ndindex(to.data.shape), matrix.values(), strict=True):
            to.data[key] = value
    else:
        to.set_numbers(matrix.numbers().reshape(to.data.shape))
    return to


@builtin("array-copy")
def array_copy(matrix: Matrix, to: Matrix) -> Matrix:
    """(array-copy matrix to)

    Copy the elements of a matrix into another; return that one.

    ((array-copy [1 2] (matrix 2)) ())
    => (1 2)
    """
    return copy_matrix(matrix, to)


@builtin("index-print", "matrix-print")
def index_print(it: Machine, matrix: Matrix) -> Value:
    """(index-print matrix)

    Print all elements, a line for each row; return the matrix.

    (index-print [1 2])
    => [ 1.00  2.00 ]
    """
    it.out.write(matrix.rows_text() + "\n")
    return matrix
