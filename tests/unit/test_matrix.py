"""Matrices: storage types, literals, and SN's files in every variant."""

from __future__ import annotations

import struct
import weakref

import numpy as np
import pytest

from sn.builtins import new_interpreter
from sn.builtins.matrix import (
    BYTE,
    DOUBLE,
    FLOAT,
    INT,
    OBJECT,
    PACKED,
    SHORT,
    STORAGES,
    UBYTE,
    Matrix,
    Storage,
    from_numbers,
    new_matrix,
    stored,
)
from sn.builtins.matrixfiles import format_matrix, parse_matrix
from sn.errors import EvalError, ReadError
from sn.lisp.forms import number_exact, show

NUMERIC = [storage for storage in STORAGES.values() if storage is not OBJECT]


@pytest.mark.parametrize(
    ("storage", "number", "kept"),
    [
        (DOUBLE, 0.1, 0.1),
        (FLOAT, 0.1, float(np.float32(0.1))),
        (INT, -1.9, -1.0),
        (INT, 2.0**31, -(2.0**31)),
        (SHORT, 70000.0, 4464.0),
        (BYTE, 200.0, -56.0),
        (UBYTE, -1.0, 255.0),
        (PACKED, 1.2, 1.1875),
        (PACKED, 100.0, 7.9375),
        (PACKED, -100.0, -8.0),
    ],
)
def test_storage_keeps_numbers_as_its_type_can(
    storage: Storage, number: float, kept: float
) -> None:
    matrix = new_matrix([1], storage)
    matrix.store((0,), number)
    assert matrix.element((0,)) == kept


def test_numbers_that_do_not_fit_are_floating_exceptions() -> None:
    for storage in (FLOAT, INT):
        with pytest.raises(EvalError, match="floating exception"):
            stored(np.float64(1e300 if storage is FLOAT else np.inf), storage)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("[1 x]", "1:4", "a matrix holds numbers, found the symbol x"),
        ("[x 1]", "1:2", "a matrix holds numbers, found the symbol x"),
        ("[[1 2]\n [3]]", "2:2", "the rows of a matrix are alike: expected 2, found 1"),
        ("[[1 2] 3]", "1:2", "a matrix holds numbers"),
        ("[]", "1:1", "a matrix needs at least one element"),
        ("[f]", "1:1", "a matrix needs at least one element"),
        ("[@ 1 2]", "1:1", "exactly one element"),
        ("[[[[[[[[[1]]]]]]]]]", "1:1", "at most 8 dimensions"),
        ("[f 1e300]", "1:1", "floating exception"),
    ],
)
def test_wrong_literals_are_read_errors_at_the_element(text: str, place: str, message: str) -> None:
    with pytest.raises(ReadError) as caught:
        new_interpreter().read(text, "t.sn")
    assert message in caught.value.message
    assert str(caught.value.span) == f"t.sn:{place}"


@pytest.mark.parametrize(
    "text", ["[1 2.5]", "[f 1 2]", "[i[1 2][3 4]]", "[@ 3]", "[a x (y) [1]]", "[a[a 1][a x]]"]
)
def test_literals_print_exactly_in_the_exact_style(text: str) -> None:
    (form,) = new_interpreter().read(text)
    assert show(form, number_exact) == text


def test_views_share_and_copies_do_not() -> None:
    it = new_interpreter()
    it.run("(setq m [[1 2][3 4]]) (setq v (submatrix m 0 ()) c (copy-matrix m)) (v 1 9)")
    assert it.show(it.run("(list (m 0 1) (c 0 1))")) == "(9 2)"


def test_an_array_holds_any_value_whole() -> None:
    it = new_interpreter()
    it.run('(setq a (array 2 2)) (a 0 0 \'(1 2)) (a 0 1 [1 2]) (a 1 () "abc")')
    assert it.show(it.run("(list (a 0 0) ((a 0 1) 1) (a 1 ()))")) == '((1 2) 2 ("abc" "abc"))'


# --- files ---


@pytest.mark.parametrize("storage", NUMERIC, ids=lambda storage: str(storage.letter))
@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 1, 3), (1, 2, 1, 2)], ids=str)
def test_binary_files_come_back(storage: Storage, shape: tuple[int, ...]) -> None:
    numbers = np.arange(np.prod(shape)).reshape(shape) / (2 if storage.letter in "fdp" else 1)
    matrix = from_numbers(numbers, storage)
    again = parse_matrix(format_matrix(matrix), "x.mat")
    assert again.storage is storage
    assert again.equals(matrix)


def test_the_header_is_the_original_one() -> None:
    raw = format_matrix(from_numbers(np.array([1.0, 2.0]), FLOAT))
    assert raw == struct.pack("<iiiiiff", 0x1E3D4C51, 1, 2, 1, 1, 1.0, 2.0)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("code", "letter"), [(0x1E3D4C51, "f"), (0x1E3D4C53, "d"), (0x1E3D4C54, "i")]
)
def test_both_byte_orders_are_read(order: str, code: int, letter: str) -> None:
    raw = struct.pack(f"{order}5i2{letter}", code, 2, 1, 2, 1, 1, 2)
    matrix = parse_matrix(raw, "x.mat")
    assert matrix.data.shape == (1, 2)
    assert matrix.values() == [1.0, 2.0]
    assert matrix.data.dtype.isnative


def test_bytes_behind_the_elements_are_ignored() -> None:
    matrix = from_numbers(np.ones((2, 2)), PACKED)
    again = parse_matrix(format_matrix(matrix) + b";;; === NEW PERFORMANCE\n", "dig.pat")
    assert again.equals(matrix)


def test_text_files_are_read_in_free_format() -> None:
    matrix = parse_matrix(b".MAT 2 2 2\n1 2.5\n 3\n\n4 and more", "x.mat")
    assert matrix.data.tolist() == [[1.0, 2.5], [3.0, 4.0]]


def test_idx_files_are_read() -> None:
    raw = struct.pack(">iii", 0x0802, 2, 2) + bytes([1, 2, 3, 255])
    matrix = parse_matrix(raw, "digits-idx2-ubyte")
    assert (matrix.storage, matrix.values()) == (UBYTE, [1.0, 2.0, 3.0, 255.0])


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "is too short"),
        (b"abcdefgh", "is not a matrix file"),
        (struct.pack("<ii", 0x1E3D4C51, 99), "claims 99 dimensions"),
        (struct.pack("<iiiii", 0x1E3D4C51, 1, 3, 1, 1) + bytes(8), "is too short: 3 elements"),
        (struct.pack("<iiiii", 0x1E3D4C51, 2, -1, 2, 1), "which cannot be"),
        (struct.pack("<iiiii", 0x1E3D4C51, 2, 1 << 30, 1 << 30, 1), "need 4,611,686,018,427,387"),
        (b".MAT 2 2", "is not a text matrix file"),
        (b".MAT 1 3 1 2", "is too short"),
        (b".MAT 1 2 1 x", "is not a text matrix file"),
        (b".MAT", "is not a text matrix file"),
    ],
)
def test_damaged_files_are_errors(raw: bytes, message: str) -> None:
    with pytest.raises(EvalError, match=message):
        parse_matrix(raw, "x.mat")


def test_equality_looks_at_values_not_at_storage() -> None:
    assert from_numbers(np.array([1.0]), FLOAT).equals(from_numbers(np.array([1.0]), INT))
    assert not from_numbers(np.array([1.0])).equals(from_numbers(np.array([[1.0]])))
    assert Matrix(np.array(None, dtype=object), OBJECT).equals(new_matrix([], OBJECT))


def test_arrays_in_arrays_are_freed_one_after_the_other() -> None:
    value: object = 1.0
    for _ in range(100_000):
        made = new_matrix([1], OBJECT)
        made.data[0] = value
        value = made
    last = weakref.ref(made.data)
    del value, made
    assert last() is None
