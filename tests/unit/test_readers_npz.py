"""Npz and npy: arrays by name, and files that lie about what they hold."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sn.data.readers.npz import Npy, Npz
from sn.data.rows import TargetKind
from sn.errors import DataError

X = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
Y = np.array([7, 3, 7])


def npy(array: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def header(shape: Any, descr: str = "|u1", fortran: bool = False) -> bytes:
    """Return the start of an npy file that claims a shape."""
    text = f"{{'descr': {descr!r}, 'fortran_order': {fortran}, 'shape': {shape!r}, }}\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def write_npz(path: Path, members: dict[str, bytes], packed: bool = True) -> None:
    method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("names", [("x", "y"), ("inputs", "targets"), ("a", "b")])
def test_arrays_are_found_by_their_names(tmp_path: Path, save: Any, names: Any) -> None:
    save(tmp_path / "t.npz", **dict(zip(names, (X, Y), strict=True)))
    given = names if names[0] == "a" else ()
    rows = Npz("t.npz", *given).read(tmp_path)
    np.testing.assert_array_equal(rows.inputs, X.reshape(3, 4))
    assert (rows.shape, rows.classes, rows.kind) == ((2, 2), ("3", "7"), TargetKind.CLASSES)
    assert rows.targets is not None
    assert rows.targets.tolist() == [1, 0, 1]


def test_arrays_each_in_a_file(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.asfortranarray(X.reshape(3, 4).astype(">f8")))
    np.save(tmp_path / "y.npy", np.array(["b", "a", "b"]))
    rows = Npy("x.npy", "y.npy").read(tmp_path)
    np.testing.assert_array_equal(rows.inputs, X.reshape(3, 4))
    assert rows.classes == ("a", "b")
    assert Npy("x.npy").read(tmp_path).targets is None
    assert Npy("x.npy", "y.npy", classes=("a", "b", "c")).read(tmp_path).classes[2] == "c"


class Trap:
    """An object whose pickle would make a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_pickles_are_never_read(tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    objects = np.array([[Trap(sprung)], [1], [2]], object)
    raw = npy(objects, allow_pickle=True)
    (tmp_path / "x.npy").write_bytes(raw)
    write_npz(tmp_path / "t.npz", {"x.npy": raw, "y.npy": npy(Y)})
    for source in (Npz("t.npz"), Npy("x.npy")):
        with pytest.raises(DataError, match=r"holds Python objects, .* would run code"):
            source.read(tmp_path)
    (tmp_path / "x.npy").write_bytes(pickle.dumps(Trap(sprung)))
    with pytest.raises(DataError, match=r"cannot read .*x\.npy as an npy file"):
        Npy("x.npy").read(tmp_path)
    assert not sprung.exists()


HUGE = {
    "more than there is": header((10**6, 10**6)) + b"12",
    "a size beyond any": header((10**30,)) + b"12",
    "beyond any, by types": header((2**40,), "<U1000000") + b"12",
}


@pytest.mark.parametrize("case", HUGE)
@pytest.mark.parametrize("packed", [True, False])
def test_sizes_are_checked_before_memory_is_taken(tmp_path: Path, case: str, packed: bool) -> None:
    (tmp_path / "x.npy").write_bytes(HUGE[case])
    write_npz(tmp_path / "t.npz", {"x.npy": HUGE[case]}, packed)
    for source in (Npz("t.npz"), Npy("x.npy")):
        with pytest.raises(DataError, match="its header says .* and 2 follow"):
            source.read(tmp_path)


def test_a_bomb_is_not_unpacked(tmp_path: Path, lowered: Callable[[int], None]) -> None:
    """A megabyte of zeros takes a kilobyte in the archive; the limit is lowered to see it held."""
    lowered(1000)
    write_npz(tmp_path / "t.npz", {"x.npy": header((2**20, 1)) + bytes(2**20)})
    assert (tmp_path / "t.npz").stat().st_size < 2000
    message = r"t\.npz, array x: an array of 1048576 x 1 values would take 1.05 MB, at most 1 kB"
    with pytest.raises(DataError, match=message) as caught:
        Npz("t.npz").read(tmp_path)
    assert "--memory" in str(caught.value.hint)


def test_a_member_that_is_shorter_than_the_archive_says(tmp_path: Path) -> None:
    """The directory of the archive lies, as a hostile one may."""
    file = tmp_path / "t.npz"
    write_npz(file, {"x.npy": header((99, 1)) + bytes(20)}, packed=False)
    size = len(header((99, 1))) + 20
    raw = file.read_bytes()
    file.write_bytes(raw.replace(size.to_bytes(4, "little"), (size + 79).to_bytes(4, "little")))
    with pytest.raises(DataError, match="t.npz"):
        Npz("t.npz").read(tmp_path)


@pytest.mark.parametrize(
    ("members", "options", "message"),
    [
        ({"a.npy": npy(X), "b.npy": npy(Y)}, {}, "which array are the inputs[?] it has a, b"),
        ({"x.npy": npy(X)}, {"inputs": "z"}, "expected the array z, found x"),
        ({"x.npy": npy(X)}, {"targets": "y"}, "expected the array y, found x"),
        ({"x.npy": b"\x93NUMPY\x01"}, {}, r"cannot read .*t\.npz, array x as an npy file"),
        ({"x.npy": b""}, {}, r"cannot read .*t\.npz, array x as an npy file"),
        ({"x.npy": header((-1, 2)) + b"12"}, {}, "an array of numbers or strings"),
        ({"x.npy": header((3,), "|V0")}, {}, "an array of numbers or strings"),
        ({"x.npy": header((1,), "<M8[s]") + bytes(8)}, {}, "an array of numbers or strings"),
        ({"x.npy": header("((")}, {}, "cannot read"),
        ({"x.npy": b"\x93NUMPY\x03\x00" + header((1,))[8:]}, {}, "found a record array"),
        ({"x.npy": npy(np.zeros(2, [("a", "f4")]))}, {}, "an array of numbers or strings"),
        ({"x.npy": npy(X), "y.npy": npy(Y[:2])}, {}, "found 3 patterns and 2 targets"),
        ({"x.npy": npy(np.array([[1, np.nan]]))}, {}, "found nan in row 0, column 1"),
        ({}, {}, "which array are the inputs"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, members: Any, options: Any, message: str) -> None:
    write_npz(tmp_path / "t.npz", members)
    with pytest.raises(DataError, match=message):
        Npz("t.npz", **options).read(tmp_path)


def test_files_that_are_not_there_or_something_else(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read .*none\.npz: No such file"):
        Npz("none.npz").read(tmp_path)
    (tmp_path / "t.npz").write_text("1,2\n")
    with pytest.raises(DataError, match="it does not start like one"):
        Npz("t.npz").read(tmp_path)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damaged_files_give_a_data_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("npz")
    write_npz(folder / "t.npz", {"x.npy": npy(X), "y.npy": npy(Y)}, data.draw(st.booleans()))
    (folder / "x.npy").write_bytes(npy(X))
    for source in (Npz("t.npz"), Npy("x.npy")):
        file = folder / getattr(source, "file", "x.npy")
        raw = bytearray(file.read_bytes())
        for _ in range(data.draw(st.integers(1, 3))):
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
        file.write_bytes(raw[: data.draw(st.integers(0, len(raw)))])
        try:
            rows = source.read(folder)
        except DataError:
            continue
        assert len(rows.inputs)
