"""The readers of idx, matrix and FANN files: what is in them, and what is wrong with them."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sn.data import fann, idx, matrix, text_matrix
from sn.data.readers.arrays import usual_kind_of_numbers
from sn.data.rows import Rows, TargetKind
from sn.errors import DataError, render
from sn.lisp.gate import Allow
from sn.memory.files import unpack
from sn.session import Session

X = np.arange(12).reshape(3, 2, 2)
KINDS = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def idx_bytes(array: Any, kind: int = 8) -> bytes:
    array = np.asarray(array)
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes((0, 0, kind, array.ndim)) + sizes + array.astype(KINDS[kind]).tobytes()


def told(source: Any, folder: Path) -> str:
    with pytest.raises(DataError) as caught:
        source.read(folder)
    return render(caught.value).replace(f"{folder}/", "")


# --- idx ---


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_packed", [False, True])
def test_idx_files_of_any_type(tmp_path: Path, kind: int, is_packed: bool) -> None:
    for name, array, of in (("x", X, kind), ("y", [7, 3, 7], 8)):
        raw = idx_bytes(array, of)
        (tmp_path / name).write_bytes(gzip.compress(raw) if is_packed else raw)
    rows = idx("x", "y").read(tmp_path)
    np.testing.assert_array_equal(rows.inputs, X.reshape(3, 4))
    assert (rows.shape, rows.classes) == ((2, 2), ("3", "7"))
    assert rows.targets is not None
    assert rows.targets.tolist() == [1, 0, 1]
    assert idx("x").read(tmp_path).targets is None


HEAD = b"\0\0\x08\x03"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "x: expected an idx file, found other bytes"),
        (b"\0\0\x07\x01\0\0\0\x01a", "expected an idx file, found other bytes"),
        (HEAD + b"\0\0\0\x01", "its header is cut off"),
        (b"\0\0\x08\0", "its header is cut off"),
        (HEAD + b"\0\0\0\x01" * 3, "expected 1 values after the header, found 0"),
        (HEAD + b"\0\0\0\x01" * 3 + b"ab", "expected 1 values after the header, found 2"),
        (
            HEAD + b"\x7f\xff\xff\xff" * 3,
            "x: what its header says, 2147483647 x 2147483647 x 2147483647 values, would take 9.9",
        ),
        (gzip.compress(idx_bytes(X), mtime=0)[:-9], "x is not a whole gzip file"),
        (gzip.compress(idx_bytes(X), mtime=0)[:20] + bytes(20), "x is not a whole gzip file"),
        (gzip.compress(HEAD + b"\0\0\0\x01" * 3 + bytes(2**20), mtime=0), "found 2"),
        (idx_bytes([[[np.nan]]], 13), "found nan in row 0, column 0"),
    ],
)
def test_a_wrong_idx_file_is_told(tmp_path: Path, raw: bytes, message: str) -> None:
    (tmp_path / "x").write_bytes(raw)
    assert message in told(idx("x"), tmp_path)


def test_idx_files_of_different_lengths(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(idx_bytes(X))
    (tmp_path / "y").write_bytes(idx_bytes([1, 2]))
    assert "found 3 patterns and 2 targets" in told(idx("x", "y"), tmp_path)
    assert "cannot read none: No such file" in told(idx("none"), tmp_path)


def test_a_gzip_bomb_is_not_unpacked(
    lowered: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A megabyte of zeros takes a kilobyte; the limit is lowered to see it held."""
    packed = gzip.compress(bytes(2**20), mtime=0)
    for held in (2**26, 2**12):  # counted before they are kept, or not
        monkeypatch.setattr("sn.memory.files._HELD", held)
        lowered(2**20)
        assert unpack(packed, Path("x.gz")) == bytes(2**20)
        lowered(2**20 - 1)
        with pytest.raises(DataError, match=r"x\.gz: what it unpacks to would take more"):
            unpack(packed, Path("x.gz"))


# --- SN's matrix files ---


def test_matrix_files_that_sn_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Session(allow=Allow(write=tmp_path)).evaluate(
        '(setq x (pmatrix 2 2 1)) (x () 0 0 \'(0.5 -7.9375)) (save-matrix x "x")'
        ' (save-matrix [i 4 9] "y") (save-ascii-matrix [[0 1][1 0]] "d")'
        ' (save-matrix [1.5 2] "r")'
    )
    rows = matrix("x", "y").read(tmp_path)
    assert rows.inputs.tolist() == [[0.5, 0], [-7.9375, 0]]
    assert (rows.shape, rows.kind, rows.classes) == ((2, 1), TargetKind.CLASSES, ("4", "9"))
    rows = matrix("x.mat", "d.mat").read(tmp_path)
    assert (rows.kind, rows.targets.tolist()) == (TargetKind.VALUES, [[0, 1], [1, 0]])  # type: ignore[union-attr]
    rows = matrix("x", "d", kind="classes").read(tmp_path)
    assert rows.targets.tolist() == [1, 0]  # type: ignore[union-attr]
    assert matrix("x", "r").read(tmp_path).kind is TargetKind.VALUES
    assert text_matrix("d.mat", "y.mat").kind is None


def test_the_digits_of_1989_from_their_packed_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes behind the elements do not count: that file ends with a line of a log."""
    header = struct.pack(">iiiii", 0x1E3D4C52, 2, 2, 3, 1)
    raw = header + bytes([16, 0, 240, 8, 4, 2]) + b";;; ============ NEW PERFORMANCE\n"
    (tmp_path / "dig.pat").write_bytes(raw)
    rows = matrix("dig.pat").read(tmp_path)
    assert rows.inputs.tolist() == [[1, 0, -1], [0.5, 0.25, 0.125]]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "x.mat is too short for a matrix file"),
        (b"a,b\n1,2\n", "x.mat is not a matrix file"),
        (
            struct.pack("<iiiii", 0x1E3D4C51, 2, 1 << 30, 1 << 30, 1),
            "elements need 4,611,686,018,427,387,904 bytes behind the header, found 0",
        ),
        (struct.pack("<iiiii", 0x1E3D4C51, 1, 3, 1, 1) + bytes(8), "is too short: 3 elements"),
        (struct.pack("<iiiiif", 0x1E3D4C51, 1, 1, 1, 1, np.nan), "found nan in row 0"),
        (b".MAT 1 3 1 2", "is too short"),
    ],
)
def test_a_wrong_matrix_file_is_told(tmp_path: Path, raw: bytes, message: str) -> None:
    (tmp_path / "x.mat").write_bytes(raw)
    assert message in told(matrix("x"), tmp_path)


# --- text files of numbers ---


def test_text_files_of_numbers(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text(" 1 2.5  -3e1\n\n4 5 6 \n")
    (tmp_path / "y.txt").write_text("7\n3\n")
    (tmp_path / "d.txt").write_text("0.5 1\n1 0\n")
    (tmp_path / "m.txt").write_text(".MAT 2 2 1 7.5 8.5\n")
    rows = text_matrix("x.txt", "y.txt").read(tmp_path)
    assert rows.inputs.tolist() == [[1, 2.5, -30], [4, 5, 6]]
    assert (rows.kind, rows.classes) == (TargetKind.CLASSES, ("3", "7"))
    rows = text_matrix("x.txt", "d.txt").read(tmp_path)
    assert rows.targets.tolist() == [[0.5, 1], [1, 0]]  # type: ignore[union-attr]
    assert text_matrix("x.txt", "m.txt").read(tmp_path).targets.tolist() == [[7.5], [8.5]]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "x.txt is empty"),
        ("1 2\n3\n", "x.txt:2:1: error: expected 2 fields, as in line 1, found 1"),
        ("a b\n3 4\n", "x.txt:1:1: error: column 0: expected a number, found 'a'\n   1 | a b\n"
         "     | ^\n  hint: write a number"),
        ("1 2\n3  nan\n", "x.txt:2:4: error: column 1: expected a value, found 'nan'"),
        ("1,2\n3,4\n", "error: x.txt has one column when divided by blanks\n"
         '  hint: (csv "FILE" ...) reads tables with other separators'),
        ("1 2,5\n", "  hint: numbers are written with a point: 2.5"),
    ],
)  # fmt: skip
def test_a_wrong_text_file_is_told(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x.txt").write_text(text)
    assert message in told(text_matrix("x.txt"), tmp_path)


# --- FANN ---


def test_fann_s_own_xor(tmp_path: Path) -> None:
    (tmp_path / "xor.data").write_text("4 2 1\n-1 -1\n-1\n-1 1\n1\n1 -1\n1\n1 1\n-1\n")
    rows = fann("xor.data").read(tmp_path)
    assert rows.inputs.tolist() == [[-1, -1], [-1, 1], [1, -1], [1, 1]]
    assert rows.kind is TargetKind.VALUES
    assert rows.targets.tolist() == [[-1], [1], [1], [-1]]  # type: ignore[union-attr]
    assert fann("xor.data", kind="classes").read(tmp_path).classes == ("-1", "1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "t.data is empty"),
        ("4 2\n", "t.data:1:3: error: expected three whole numbers above 0, found nothing more"),
        ("x 2 1\n", "t.data:1:1: error: expected three whole numbers above 0, found 'x'"),
        ("1 0 1\n1\n", "t.data:1:3: error: expected three whole numbers above 0, found '0'"),
        ("2 1 1\n1 2\n3\n", "t.data:3:1: error: 2 patterns of 1 inputs and 1 outputs are 4 "
         "numbers, found 3"),
        ("1 1 1\n1\n2\n3\n", "t.data:4:1: error: 1 patterns of 1 inputs and 1 outputs are 2 "
         "numbers, found 3"),
        ("999999999 999999999 1\n1\n", "are 999,999,999,000,000,000 numbers, found 1"),
        ("1 1 1\n1\n  two\n", "t.data:3:3: error: expected a number, found 'two'"),
        ("1 1 1\n1 nan\n", "t.data:2:3: error: expected a number, found 'nan'"),
        ("1 1 1\n1 1_0\n", "t.data:2:3: error: expected a number, found '1_0'"),
    ],
)  # fmt: skip
def test_a_wrong_fann_file_is_told(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "t.data").write_text(text)
    assert message in told(fann("t.data"), tmp_path)


# --- whatever the bytes are ---

STARTS = (
    idx_bytes(X), idx_bytes([1, 2, 3]), gzip.compress(idx_bytes(X), mtime=0),
    b"4 1 1\n1 2 3 4 5 6 7 8",
    struct.pack("<iiiii2f", 0x1E3D4C51, 1, 2, 1, 1, 1, 2), b".MAT 2 2 1 7 8", b"1 2\n3 4\n", b"",
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_hostile_bytes_give_rows_or_a_data_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("files")
    raw = bytearray(data.draw(st.sampled_from(STARTS)) + data.draw(st.binary(max_size=8)))
    for _ in range(data.draw(st.integers(0, 3)) if raw else 0):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    (folder / "x.mat").write_bytes(raw)
    for make in (idx, matrix, text_matrix):
        for source in (make("x.mat"), make("x.mat", "x.mat")):
            _rows_or_error(source, folder)
    _rows_or_error(fann("x.mat"), folder)


def _rows_or_error(source: Any, folder: Path) -> None:
    try:
        rows: Rows = source.read(folder)
    except DataError as error:
        assert render(error)
    else:
        assert np.isfinite(rows.inputs).all()


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [
        ([1.0, 2.0], "classes"),
        ([1.0, 2.5], None),
        ([np.inf, 2.0], None),
        ([np.nan, 2.0], None),
        ([[1.0], [2.0]], None),
    ],
)
def test_whole_numbers_alone_are_classes(numbers: list[float], kind: str | None) -> None:
    assert usual_kind_of_numbers(np.array(numbers, np.float32)) == kind
