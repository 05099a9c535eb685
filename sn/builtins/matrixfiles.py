"""Builtins that load and save matrices in SN's files, and in bare ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sn.builtins.matrix import FLOAT, STORAGES, Matrix, from_numbers
from sn.errors import DataError, EvalError, Label, ValueKindError
from sn.lisp.calls import builtin, special
from sn.lisp.forms import NUMBER, Pair, Symbol, Value, describe, element_span, show
from sn.lisp.machine import Machine
from sn.matrixfile import decode_matrix, encode_matrix


def parse_matrix(raw: bytes, name: str) -> Matrix:
    """Return the matrix in the bytes of a file: binary of either byte order, text, or IDX.

    Raises: EvalError when it is none of these, or too short.
    """
    try:
        found = decode_matrix(raw, name)
    except DataError as problem:
        labels = [Label(problem.span, "in this file")] if problem.span else []
        raise EvalError(problem.message, hint=problem.hint, labels=labels) from problem
    storage = STORAGES[found.letter]
    if storage is FLOAT:
        try:
            return from_numbers(found.elements, FLOAT)
        except EvalError as problem:
            raise EvalError(f"{name}: {problem.message}", hint=problem.hint) from problem
    return Matrix(found.elements, storage)


def format_matrix(matrix: Matrix) -> bytes:
    """Return the bytes of a binary matrix file, little-endian."""
    if matrix.storage.holds_objects:
        raise ValueKindError("a matrix file holds numbers, found an array of any values")
    return encode_matrix(matrix.data, matrix.storage.letter)


def _read(it: Machine, file: str) -> tuple[bytes, Path]:
    path = it.find_file(file, (".mat",))
    return it.files.read(path), path


def _write(it: Machine, file: str, content: bytes, suffix: str = ".mat") -> str:
    name = file if Path(file).suffix else file + suffix
    it.files.write(name, content)
    return name


@special("load-matrix", pattern="symbol [file]")
def load_matrix(it: Machine, form: Pair) -> Value:
    """(load-matrix [symbol] file)

    Return the matrix in a file, searched as `open-read` does and with the suffix .mat; a symbol
    in front, not evaluated, is assigned the matrix.

    (load-matrix "no-such-file")
    => error: no file is called 'no-such-file'
    """
    cell, symbol = form.cdr, None
    if cell.cdr is not None:
        symbol, cell = cell.car, cell.cdr
        if type(symbol) is not Symbol:
            text = f"load-matrix needs a symbol in front of the file, found {describe(symbol)}"
            raise ValueKindError(text, span=element_span(form.cdr))
    file = it.eval(cell.car)
    if type(file) is not str:
        text = f"load-matrix needs a file name, found {describe(file)}"
        raise ValueKindError(text, span=element_span(cell))
    raw, path = _read(it, file)
    matrix = parse_matrix(raw, str(path))
    if symbol is not None:
        it.assign(symbol, matrix)
    return matrix


@builtin("map-matrix")
def map_matrix(it: Machine, file: str) -> Matrix:
    """(map-matrix file)

    Return the matrix in a file; changes to it do not go to the file.

    (map-matrix "no-such-file")
    => error: no file is called 'no-such-file'
    """
    raw, path = _read(it, file)
    return parse_matrix(raw, str(path))


@builtin("save-matrix")
def save_matrix(it: Machine, matrix: Matrix, file: str) -> str:
    """(save-matrix matrix file)

    Write a matrix to a binary file, with the suffix .mat unless it has one; return its name.

    (save-matrix [1 2] "/x")
    => error: this program may not write '/x.mat'
    """
    return _write(it, file, format_matrix(matrix))


@builtin("save-ascii-matrix")
def save_ascii_matrix(it: Machine, matrix: Matrix, file: str) -> str:
    """(save-ascii-matrix matrix file)

    Write a matrix to a text file, with the digits that `print` shows; return its name.

    (save-ascii-matrix [1 2] "/x")
    => error: this program may not write '/x.mat'
    """
    shape = matrix.data.shape
    lines = [" ".join([".MAT", str(len(shape)), *map(str, shape)]), *_text_rows(it, matrix)]
    return _write(it, file, ("\n".join(lines) + "\n").encode("latin-1"))


def _text_rows(it: Machine, matrix: Matrix) -> list[str]:
    matrix.numbers()  # refuses an array of objects
    width = matrix.data.shape[-1] if matrix.data.ndim else 1
    values = [it.numbers(value) for value in matrix.values()]
    return [" ".join(values[i : i + width]) for i in range(0, len(values), width)]


@builtin("import-raw-matrix")
def import_raw_matrix(it: Machine, matrix: Matrix, file: str, offset: int | None = None) -> Matrix:
    """(import-raw-matrix matrix file [offset])

    Fill a matrix with the bytes of a file, from an offset on, in this machine's byte order.

    (import-raw-matrix (matrix 2) "no-such-file")
    => error: no file is called 'no-such-file'
    """
    if matrix.storage.holds_objects:
        raise ValueKindError("a file of numbers cannot fill an array of any values")
    raw, path = _read(it, file)
    at = offset or 0
    need = matrix.data.size * matrix.storage.dtype.itemsize
    if not 0 <= at <= len(raw) - need:
        here = max(0, len(raw) - at)
        raise EvalError(f"{path} is too short: {need:,} bytes are needed, found {here:,}")
    count = matrix.data.size
    found = np.frombuffer(raw, matrix.storage.dtype, count, at)
    matrix.data[...] = found.reshape(matrix.data.shape)
    return matrix


@builtin("export-raw-matrix")
def export_raw_matrix(it: Machine, matrix: Matrix, file: str) -> str:
    """(export-raw-matrix matrix file)

    Write the elements alone, in this machine's byte order; return the file's name.

    (export-raw-matrix [1 2] "/x")
    => error: this program may not write '/x'
    """
    if matrix.storage.holds_objects:
        raise ValueKindError("a file of numbers cannot hold an array of any values")
    return _write(it, file, np.ascontiguousarray(matrix.data).tobytes(), suffix="")


@builtin("import-text-matrix")
def import_text_matrix(it: Machine, matrix: Matrix, file: str) -> Matrix:
    """(import-text-matrix matrix file)

    Fill a matrix with the numbers in a text file.

    (import-text-matrix (matrix 2) "no-such-file")
    => error: no file is called 'no-such-file'
    """
    raw, path = _read(it, file)
    words = raw.decode("latin-1").split()[: matrix.data.size]
    for word in words:
        if not NUMBER.fullmatch(word):
            raise EvalError(f"{path} holds {show(word)} where a number was expected")
    if len(words) < matrix.data.size:
        raise EvalError(
            f"{path} is too short: {matrix.data.size} numbers are needed, found {len(words)}"
        )
    numbers = np.array([float(word) for word in words]).reshape(matrix.data.shape)
    matrix.set_numbers(numbers)
    return matrix


@builtin("export-text-matrix")
def export_text_matrix(it: Machine, matrix: Matrix, file: str) -> str:
    """(export-text-matrix matrix file)

    Write the elements alone as text, a line for each row; return the file's name.

    (export-text-matrix [1 2] "/x")
    => error: this program may not write '/x'
    """
    text = "\n".join(_text_rows(it, matrix)) + "\n"
    return _write(it, file, text.encode("latin-1"), suffix="")
