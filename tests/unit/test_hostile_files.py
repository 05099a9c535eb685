"""Files that harm: what is no file, what would fill the memory, and what lies about itself."""

from __future__ import annotations

import gzip
import io
import os
import struct
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sn import data
from sn.data import OwnData, csv, fann, idx, images, matrix, npy, npz, text_matrix
from sn.data.copies import recall
from sn.data.mnist import read_wheel
from sn.data.zipcode import _parse
from sn.errors import DataError, EvalError, render
from sn.lisp.gate import Allow
from sn.memory.files import read_file
from sn.results.about import read_about, read_log
from sn.results.arrays import read_arrays
from sn.session import Session
from sn.trained.net import open_trained
from sn.trained.patterns import Wanted, read_patterns

WAYS: dict[str, Callable[[Path], object]] = {
    "csv": lambda path: csv(path.name).read(path.parent),
    "npz": lambda path: npz(path.name).read(path.parent),
    "npy": lambda path: npy(path.name).read(path.parent),
    "idx": lambda path: idx(path.name).read(path.parent),
    "matrix": lambda path: matrix(path.name).read(path.parent),
    "text-matrix": lambda path: text_matrix(path.name).read(path.parent),
    "fann": lambda path: fann(path.name).read(path.parent),
    "patterns": read_file,
    "wheel": read_wheel,
    "arrays": read_arrays,
    "trained net": open_trained,
}


def told(work: Callable[[], object]) -> str:
    with pytest.raises(DataError) as caught:
        work()
    assert len(caught.value.message) < 2000
    return render(caught.value)


# --- what is no file ---

OTHERS: dict[str, Callable[[Path], object]] = {
    "a folder": lambda path: path.mkdir(),
    "a pipe": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.mark.skipif(sys.platform == "win32", reason="has no pipes and devices in folders")
@pytest.mark.parametrize(
    ("way", "other"),
    # a folder may be that of a run
    [(way, one) for way in WAYS for one in OTHERS if (way, one) != ("trained net", "a folder")],
)
def test_what_is_no_file_is_not_opened(tmp_path: Path, way: str, other: str) -> None:
    OTHERS[other](tmp_path / "x.mat")
    (tmp_path / "link.mat").symlink_to(tmp_path / "x.mat")
    for name in ("x.mat", "link.mat"):
        message = told(lambda name=name: WAYS[way](tmp_path / name))  # type: ignore[misc]
        assert name in message and f"it is {other}, expected a file" in message


@pytest.mark.skipif(sys.platform == "win32", reason="has no pipes in folders")
@pytest.mark.parametrize("name", ["run.json", "log.jsonl"])
def test_a_run_folder_with_a_pipe_is_told(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    read = read_about if name == "run.json" else read_log
    assert f"{name}: it is a pipe" in told(lambda: read(tmp_path))


@pytest.mark.skipif(sys.platform == "win32", reason="has no pipes in folders")
def test_what_is_no_image_in_a_folder_of_images_is_told(tmp_path: Path) -> None:
    Image.new("L", (2, 2)).save(tmp_path / "a.png")
    os.mkfifo(tmp_path / "b.png")
    assert "b.png: it is a pipe" in told(lambda: images(".").read(tmp_path))
    (tmp_path / "b.png").unlink()
    (tmp_path / "b.png").symlink_to("nowhere")
    assert "b.png: No such file" in told(lambda: images(".").read(tmp_path))


@pytest.mark.parametrize("way", WAYS)
def test_a_file_above_the_limit_is_not_read(
    tmp_path: Path, way: str, lowered: Callable[[int], None]
) -> None:
    """A file of a terabyte that takes no room on the disk."""
    lowered(10_000_000)
    with (tmp_path / "x.mat").open("wb") as file:
        file.write({"npz": b"PK", "npy": npy_header("(10000000000000,)")}.get(way, b"\0\0\x08\x02"))
        file.write(struct.pack(">ii", 2**31 - 1, 465) if way == "idx" else b"")
        file.truncate(10**12)
    assert "x.mat" in told(lambda: WAYS[way](tmp_path / "x.mat"))


def npy_header(shape: str, descr: str = "|u1") -> bytes:
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


# --- bombs ---

BOMB = 300_000_000  # bytes of zeros
MEASURED = """
import resource, sys
from pathlib import Path
from sn import memory
from sn.errors import DataError
from sn.data import idx, npz
from sn.trained.patterns import Wanted, read_patterns

memory.set_limit(40_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
path = Path(sys.argv[1])
try:
    if path.suffix == ".npz":
        npz(path.name).read(path.parent)
    elif path.suffix == ".idx":
        idx(path.name).read(path.parent)
    else:
        read_patterns(path.read_bytes(), path.name, Wanted(shape=(3,)))
except DataError as error:
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024, error.message)
"""


def zeros(start: bytes) -> bytes:
    return start + bytes(BOMB)


@pytest.mark.skipif(sys.platform == "win32", reason="does not tell the peak of a process")
@pytest.mark.parametrize("name", ["a.npz", "a.idx", "a.csv"])
def test_a_bomb_takes_no_more_than_the_limit(tmp_path: Path, name: str) -> None:
    """300 MB out of 300 kB, where 40 MB are allowed: the process grows by less than 60."""
    path = tmp_path / name
    if name == "a.npz":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr("x.npy", zeros(npy_header(f"({BOMB}, 1)")))
    else:
        head = b"\0\0\x08\x02" + struct.pack(">ii", BOMB, 1) if name == "a.idx" else b""
        path.write_bytes(gzip.compress(zeros(head), 1))
    assert path.stat().st_size < 3_000_000
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, path], capture_output=True, text=True, check=True
    )
    grown, _, message = done.stdout.partition(" ")
    assert int(grown) < 60_000_000
    assert name in message and "would take" in message


# --- archives of arrays ---


def archive(
    content: bytes, name: str = "x.npy", method: int = zipfile.ZIP_STORED, times: int = 1
) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as made:
        warnings.simplefilter("ignore")  # of names that are there twice
        for _ in range(times):
            made.writestr(zipfile.ZipInfo(name), content, method)
    return out.getvalue()


def array(values: Any) -> bytes:
    out = io.BytesIO()
    np.save(out, values)
    return out.getvalue()


def encrypted(raw: bytes) -> bytes:
    """Set the flag of an encrypted member, here and in the directory."""
    at = raw.index(b"PK\x01\x02") + 8
    return raw[:6] + b"\x01" + raw[7:at] + b"\x01" + raw[at + 1 :]


X = array(np.ones((3, 2), np.float32))
ARCHIVES = {
    "encrypted": (encrypted(archive(X)), "array x is encrypted"),
    "bzip2": (archive(X, method=zipfile.ZIP_BZIP2), "as arrays of npz files are not: bzip2"),
    "lzma": (archive(X, method=zipfile.ZIP_LZMA), "as arrays of npz files are not: lzma"),
    "there twice": (archive(X, times=2), "array x: there are 2 of this name"),
    "not an npy": (archive(b"hello, world"), "array x as an npy file: it does not start like one"),
    "of another version": (archive(b"\x93NUMPY\x09\x00" + X[8:]), "its version is 9.0"),
    "of no dimension": (archive(array(np.float32(3))), "inputs of the shape one number"),
    "of objects": (archive(npy_header("(1,)", "|O") + bytes(8)), "would run code"),
    "of 10^30": (archive(npy_header("(10" + "0" * 29 + ",)") + b"12"), "and 2 follow"),
    "of more than follows": (archive(X[:-4]), "in 24 bytes, and 20 follow"),
    "of less than follows": (archive(X + b"1234"), "in 24 bytes, and 28 follow"),
    "a path": (archive(b"", "../../x"), "array ../../x as an npy file"),
    "a long name": (archive(X, "n" * 60000 + ".npy") + b"", "array z, found nnnn"),
    "a literal": (archive(npy_header("(" * 3000 + ")" * 3000)), "header is not one of NumPy"),
    "a sum": (archive(npy_header("(1+1,)") + b"12"), "header is not one of NumPy"),
    "an escape": (archive(npy_header("(2,)", r"\d") + b"12"), "header is not one of NumPy"),
    "a long header": (archive(npy_header("(2,)" + " " * 20000)), "at most 10,000 are read"),
    "a name of a type": (archive(npy_header("(2,)", "float") + bytes(16)), "found 'float'"),
    "none of 10^30": (archive(npy_header("(0, 10" + "0" * 29 + ")")), "values"),
}


@pytest.mark.parametrize("case", ARCHIVES)
def test_archives_that_lie_are_told(tmp_path: Path, case: str) -> None:
    raw, message = ARCHIVES[case]
    (tmp_path / "t.npz").write_bytes(raw)
    inputs = "z" if case == "a long name" else None
    found = told(lambda: npz("t.npz", inputs).read(tmp_path))
    assert message in found and "t.npz" in found


def test_an_archive_with_a_directory_of_megabytes_is_not_listed(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for number in range(60):
            made.writestr(f"{number}" + "n" * 65000, b"")
        made.comment = bytes(60000)
    raw = bytearray(out.getvalue())
    size = raw.rindex(b"PK\x05\x06") + 12
    assert int.from_bytes(raw[size : size + 4], "little") < 2**22  # what is listed
    (tmp_path / "t.npz").write_bytes(raw)
    assert "which array are the inputs" in told(lambda: npz("t.npz").read(tmp_path))
    with zipfile.ZipFile(out, "a") as made:
        for number in range(60, 80):
            made.writestr(f"{number}" + "n" * 65000, b"")
    (tmp_path / "t.npz").write_bytes(out.getvalue())
    assert "its directory has more than" in told(lambda: npz("t.npz").read(tmp_path))


# --- the data sets that SN knows, and its own copies ---


@pytest.mark.parametrize("shape", [(), (0,), (3,), (0, 256)])
@pytest.mark.parametrize("kind", [np.int16, np.float64, np.uint8, np.dtype("U3")])
def test_digits_of_another_shape_are_told(tmp_path: Path, shape: Any, kind: Any) -> None:
    some, labels = np.zeros(shape, kind), np.zeros(shape[:1], np.uint8)
    np.savez(
        tmp_path / "zipcode.npz",
        train_inputs=some, train_labels=labels, test_inputs=some, test_labels=labels,
    )  # fmt: skip
    np.savez(tmp_path / "mnist.npz", x_train=some, y_train=labels, x_test=some, y_test=labels)
    np.savez(tmp_path / "digits480.npz", X=some, Y=labels)
    for name, file in (("zipcode", "zipcode.npz"), ("mnist", "mnist.npz"),
                       ("digits-480", "digits480.npz")):  # fmt: skip
        known = data.source(name)
        assert file in told(lambda known=known, file=file: known.read((tmp_path / file,)))  # type: ignore[misc]


def test_a_text_of_digits_without_any_is_told() -> None:
    for text in (b"", b"\n\n", b" \n"):
        with pytest.raises(DataError, match="zip.train: expected lines"):
            _parse(text, Path("zip.train"))


@pytest.mark.parametrize("raw", [b"", npy_header("(10000000000000,)"), npy_header("((") + b"1"])
def test_a_damaged_copy_is_made_again(
    tmp_path: Path, raw: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SN_CACHE", str(tmp_path))
    place = tmp_path / "data" / "parsed" / "some.npy"
    place.parent.mkdir(parents=True)
    place.write_bytes(raw)
    assert recall("some") is None


# --- idx ---


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"\0\0\x08\xff" + b"\0\0\0\1" * 255 + b"a", "which cannot be"),
        (b"\0\0\x08\x03" + b"\0\0\0\0" + b"\x7f\xff\xff\xff" * 2, "which cannot be"),
        (b"\0\0\x08\x02" + b"\0\0\0\0" * 2, "inputs of the shape 0 x 0"),
        (b"\0\0\x08\x02" + b"\xff\xff\xff\xff" * 2, "would take 1.84e+07 TB"),
    ],
)
def test_idx_files_of_odd_sizes(tmp_path: Path, raw: bytes, message: str) -> None:
    (tmp_path / "x").write_bytes(raw)
    assert message in told(lambda: idx("x").read(tmp_path))


# --- pictures ---


def test_greys_of_16_bits_keep_their_shade(tmp_path: Path) -> None:
    greys = np.array([[0, 257, 32896, 65535]], np.uint16)
    Image.fromarray(greys).save(tmp_path / "a.png")
    expected = [0, 1 / 255, 128 / 255, 1]
    np.testing.assert_allclose(images(".").read(tmp_path).inputs[0], expected, atol=1e-7)
    np.testing.assert_allclose(images(".", "rgb").read(tmp_path).inputs[0], expected * 3, atol=1e-7)
    wanted = Wanted(shape=(1, 4), dark=-1.0, light=1.0)
    found = read_patterns((tmp_path / "a.png").read_bytes(), "a", wanted)
    np.testing.assert_allclose(found[0], 2 * np.array(expected) - 1, atol=1e-6)


@pytest.mark.parametrize("form", ["gif", "tiff", "png", "webp"])
def test_several_frames_are_no_picture(tmp_path: Path, form: str) -> None:
    frames = [Image.new("L", (2, 2), grey) for grey in (0, 128, 255)]
    frames[0].save(tmp_path / f"a.{form}", save_all=True, append_images=frames[1:])
    assert f"a.{form} has several frames" in told(lambda: images(".").read(tmp_path))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.png", b"P5 0 1 255\n", "none of PNG, JPEG"),
        ("a.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "none of PNG, JPEG"),
        ("a.pgm", b"P5 100000 100000 255\n", "a picture of 100000 x 100000 points would take"),
        ("a.pgm", b"P5 2 2 255\nab", "cannot read"),
    ],
)
def test_odd_pictures_are_told(
    tmp_path: Path, name: str, content: bytes, message: str, lowered: Callable[[int], None]
) -> None:
    lowered(10**9)
    Image.MAX_IMAGE_PIXELS, kept = None, Image.MAX_IMAGE_PIXELS
    try:
        (tmp_path / name).write_bytes(content)
        found = told(lambda: images(".").read(tmp_path))
    finally:
        Image.MAX_IMAGE_PIXELS = kept
    assert message in found and name in found


# --- text ---


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (".MAT 2 2 1\n7\nnan\n", "x.mat:3:1: error: expected a finite number, found nan"),
        (".MAT 1 2 1e999 1\n", "x.mat:1:10: error: expected a finite number, found inf"),
        (".MAT 1 2 7 1_0\n", "x.mat:1:12: error: "),
        (".MAT 99 1 7\n", "claims 99 dimensions"),
        (".MAT " + "9" * 5000, "expected a dimension, found"),
        (".MAT 8" + " 9999999999" * 8 + " 1", "x.mat is too short: 9999999999x"),
    ],
)
def test_text_matrices_name_the_place(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x.mat").write_text(text)
    for reader in (matrix("x.mat"), text_matrix("x.mat")):
        assert message in told(lambda reader=reader: reader.read(tmp_path))  # type: ignore[misc]


def test_lisp_tells_the_place_in_a_text_matrix_too(tmp_path: Path) -> None:
    (tmp_path / "x.mat").write_text(".MAT 1 2 7\n  x\n")
    with pytest.raises(EvalError) as caught:
        Session(allow=Allow(read=tmp_path)).evaluate(f'(load-matrix "{tmp_path / "x.mat"}")')
    assert "x.mat:2:3: note: in this file" in render(caught.value)


@pytest.mark.parametrize("word", ["0x10", "1_000", "\u0663", "\uff13", "1e400", "inf", "-nan"])
def test_what_python_takes_for_a_number_is_none_in_a_table(tmp_path: Path, word: str) -> None:
    (tmp_path / "x.csv").write_text(f"1,2\n3,{word}\n", encoding="utf-8")
    assert "x.csv:2:3" in told(lambda: csv("x.csv", targets=(1,)).read(tmp_path))
    (tmp_path / "x.data").write_text(f"1 1 1\n1 {word}\n", encoding="utf-8")
    assert "x.data:2:3" in told(lambda: fann("x.data").read(tmp_path))


def test_a_row_of_too_many_fields_is_told_before_it_is_divided(tmp_path: Path) -> None:
    for text in ("1," * 300_000 + "1\n", '"\n",' * 300_000 + "1\n"):
        (tmp_path / "x.csv").write_text(text)
        found = told(lambda: csv("x.csv").read(tmp_path))
        assert "x.csv:1:1" in found and "it has more than 262,144 fields" in found
    (tmp_path / "x.csv").write_text('1,"' + "2" * 200_000 + '"\n')
    assert "a field has more than 131,072 letters" in told(lambda: csv("x.csv").read(tmp_path))


# --- what is told where ---


def test_a_class_that_training_does_not_know_is_told_with_its_row(tmp_path: Path) -> None:
    for name, labels in (("y", [1, 2, 1]), ("z", [1, 2, 3])):
        raw = b"\0\0\x08\x01\0\0\0\x03" + bytes(labels)
        (tmp_path / name).write_bytes(raw)
    (tmp_path / "x").write_bytes(b"\0\0\x08\x02\0\0\0\x03\0\0\0\x01" + bytes(3))
    own = OwnData(idx("x", "y"), tmp_path, test=idx("x", "z"))
    found = told(own.load)
    assert "the class 3 is not one of" in found and "it is in row 2, counted from 0" in found


def test_a_scale_that_makes_a_number_too_large_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("0,1\n1e-44,2\n")
    (tmp_path / "t.csv").write_text("3e38,1\n1,2\n")
    scale = data.Scale("range")
    own = OwnData(csv("x.csv", label=1), tmp_path, test=csv("t.csv", label=1), scale=scale)
    assert "the test set: input 0 of row 0 is 3e+38, which is too large" in told(own.load)
