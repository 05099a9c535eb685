"""Kinds of files that anyone may have written: tiny valid ones, and all ways in for each.

A way in reads a file and looks at what it found, or raises SnError. Read next: data.py.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import pickle
import shutil
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import sn
from scripts.fuzz import sweep_kinds
from sn.builtins.matrixfiles import parse_matrix
from sn.codebooks import files as codebooks
from sn.data import copies, digits_480, mnist, zipcode
from sn.data.own import OwnData, Shares
from sn.data.readers.csv import Csv
from sn.data.readers.fann import Fann
from sn.data.readers.idx import Idx
from sn.data.readers.images import Images
from sn.data.readers.matrices import Matrices, TextMatrices
from sn.data.readers.npz import Npy, Npz
from sn.data.rows import Rows
from sn.data.scaling import Scale
from sn.live import weightfile
from sn.matrixfile import encode_matrix
from sn.memory.files import read_file
from sn.opened import open_run
from sn.results.about import read_about, read_log
from sn.results.arrays import read_arrays
from sn.results.checkpoints import checkpoints
from sn.results.origin import read_origin
from sn.results.repeats import finished
from sn.results.sweeps import JOURNAL
from sn.trained.patterns import Wanted, read_patterns
from sn.trained.reading import header_object
from sn.trained.words import facts, title

PROGRAM = """
(defnet small (layer in (3)) (layer h (2)) (layer out (2))
  (connect in h (full)) (connect h out (full)))
(experiment small
  (data (patterns '((0 0 1) (0 1 0) (1 0 0) (1 1 1)) '(0 1 1 0)))
  (optimizer sgd (sgd (learning-rate 0.1))) (passes 2))
"""
TOLD: list[sn.SnError] = []  # what ways in said, and went on
Way = Callable[[Path], None]
NUMBERS = np.arange(12).reshape(4, 3) % 5
LABELS = np.array([0, 1, 1, 0])
_IDX_KINDS = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: where it is in its folder, what is inside, and the ways in.

    `files` are what lies beside it; `packing` says how its content is changed (data_changes.py).
    """

    name: str
    raw: bytes
    ways: tuple[Way, ...]
    packing: str = ""
    files: Mapping[str, bytes] | None = None

    @property
    def file(self) -> str:
        """The name of the file."""
        suffix = ".png" if self.name.startswith("picture") else ""
        return self.name.replace(" ", "-") + suffix


def kinds(folder: Path) -> list[Kind]:
    """Return all kinds; `folder` is for the run whose files are taken."""
    own = [*_arrays(), *_texts(), *_matrices(), *_live(), *_pictures(), *_digits()]
    return [*own, *_of_run(folder), *_of_sweep(folder)]


def answers(kind: Kind, raw: bytes, folder: Path) -> list[sn.SnError]:
    """Let every way in read a file of a kind; return what they say is wrong."""
    folder.mkdir()
    for name, content in (kind.files or {}).items():
        (folder / name).write_bytes(content)
    path = folder / kind.file
    path.write_bytes(raw)
    for way in kind.ways:
        _tried(lambda way=way: way(path))
    found = [*TOLD]
    TOLD.clear()
    return found


# --- what a way in looks at ---


def _seen(rows: Rows) -> None:
    assert np.isfinite(rows.inputs).all() and rows.inputs.dtype == np.float32
    assert rows.targets is None or len(rows.targets) == len(rows.inputs)
    repr(rows)


def _by(*readers: Callable[[str], Any]) -> tuple[Way, ...]:
    """Return the ways in of readers: their rows, and the sets that become of them."""

    def rows(path: Path) -> None:
        for make in readers:
            _tried(lambda make=make: _seen(make(path.name).read(path.parent)))

    def sets(path: Path) -> None:
        for make in readers:
            for scale, missing in (("standard", False), ("unit", True)):
                data = OwnData(
                    make(path.name), path.parent, split=Shares(test=0.25), scale=Scale.named(scale),
                    may_miss=missing,
                )  # fmt: skip
                _tried(lambda data=data: repr(data.load()[0]))

    return rows, sets


def _tried(what: Callable[[], object]) -> None:
    """Do one of several things; what it says is wrong is kept in `TOLD`."""
    try:
        what()
    except sn.SnError as error:
        TOLD.append(error)


def _predicted(path: Path) -> None:
    known = (sn.data.rows.Encoding("a"), sn.data.rows.Encoding("b", ("u", "v")))
    for wanted in (
        Wanted(shape=(3,)),
        Wanted(shape=(2, 2), resize=True),
        Wanted(shape=(3,), known=known),
        Wanted(shape=(3, 2, 2), may_miss=True, columns="0-2", array="x"),
    ):
        _tried(lambda wanted=wanted: _finite(read_patterns(read_file(path), str(path), wanted)))


def _finite(found: Any) -> None:
    assert not np.isinf(found).any()


# --- the kinds ---


def npy(array: Any) -> bytes:
    """Return an array as an npy file."""
    out = io.BytesIO()
    np.save(out, array, allow_pickle=False)
    return out.getvalue()


def _arrays() -> list[Kind]:
    def idx(array: Any, kind: int) -> bytes:
        sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
        return bytes((0, 0, kind, array.ndim)) + sizes + array.astype(_IDX_KINDS[kind]).tobytes()

    def archive(save: Any, **arrays: Any) -> bytes:
        out = io.BytesIO()
        save(out, **arrays)
        return out.getvalue()

    beside = {"y": npy(LABELS), "labels": idx(LABELS, 8)}
    of_npy = _by(lambda name: Npy(name), lambda name: Npy(name, "y"), lambda name: Npy("y", name))
    of_npz = _by(lambda name: Npz(name), lambda name: Npz(name, kind="values"))
    of_idx = _by(lambda name: Idx(name), lambda name: Idx(name, "labels"),
                 lambda name: Idx("labels", name, kind="labels"))  # fmt: skip
    found = []
    for dtype in ("u1", "<f4", ">f8", "<U3", "?"):
        found.append(
            Kind(f"npy {dtype}", npy(NUMBERS.astype(dtype)), (*of_npy, _predicted), "", beside)
        )
    found.append(Kind("npz", archive(np.savez, x=NUMBERS, y=LABELS), (*of_npz, _predicted), "npz"))
    packed = archive(np.savez_compressed, x=NUMBERS / 2, y=np.array(list("abba")), z=NUMBERS)
    found.append(Kind("npz packed", packed, (*of_npz, _predicted), "npz"))
    for kind in _IDX_KINDS:
        found.append(Kind(f"idx {kind}", idx(NUMBERS.reshape(4, 3, 1), kind), of_idx, "", beside))
    packed = gzip.compress(idx(NUMBERS, 8), mtime=0)
    found.append(Kind("idx packed", packed, of_idx, "idx.gz", beside))
    return found


def _texts() -> list[Kind]:
    table = b"a,b,kind\n1,2,u\n3,,v\n5,6e3,u\n7,-8,v\n"
    quoted = b'\xef\xbb\xbf"x ""y""";"b\nc";d\r\n1;u;"0"\r\n2;v;1\r\n"3";u;1\r\n4;v;0\r\n'
    plain = b"1 2 3\n4 5 6\n7 8 9.5\n-1 0 1e2\n"
    of_csv = _by(
        lambda name: Csv(name, label=-1), lambda name: Csv(name, targets=(0,), inputs=(1, -1)),
        lambda name: Csv(name), lambda name: Csv(name, labels=(-1,), categories=(1,)),
    )  # fmt: skip
    fann = b"4 2 1\n-1 -1\n-1\n-1 1\n1\n1 -1\n1\n1 1\n-1\n"
    texts = _by(lambda name: TextMatrices(name), lambda name: TextMatrices(name, name))
    return [
        Kind("csv", table, (*of_csv, _predicted)),
        Kind("csv quoted", quoted, (*of_csv, _predicted)),
        Kind("csv packed", gzip.compress(plain, mtime=0), (_predicted,), "gz"),
        Kind("text matrix", plain, (*texts, *of_csv, _predicted)),
        Kind("fann", fann, _by(lambda name: Fann(name), lambda name: Fann(name, kind="classes"))),
    ]


def _matrices() -> list[Kind]:
    of_file = _by(lambda name: Matrices(name), lambda name: Matrices(name, name),
                  lambda name: TextMatrices(name))  # fmt: skip

    def of_lisp(path: Path) -> None:
        parse_matrix(read_file(path), str(path)).numbers()

    found = [
        Kind(f"matrix {letter}", encode_matrix(NUMBERS, letter), (*of_file, of_lisp))
        for letter in "fpdiusb"
    ]
    big = struct.pack(">iiiii", 0x1E3D4C51, 2, 4, 3, 1) + NUMBERS.astype(">f4").tobytes()
    text = b".MAT 2 4 3\n1 2 3\n4 5 6\n7 8 9\n1 0 -1.5e3\n"
    return [
        *found,
        Kind("matrix big", big, (*of_file, of_lisp)),
        Kind("matrix text", text, (*of_file, of_lisp)),
    ]


def _live() -> list[Kind]:
    """Codebooks, and the weights of live nets, binary and as text."""
    words, labels = NUMBERS.astype(np.float32) / 2, LABELS.astype(np.int32)
    ends = np.array([0, 1, 2], np.int32), np.array([3, 3, 1], np.int32)
    weights = weightfile.Weights(3, 7, *ends, np.array([0.5, -1, 2], np.float32))
    readers: tuple[tuple[str, bytes, Callable[[bytes, str], Any]], ...] = (
        ("codebook", codebooks.encode(words, labels), codebooks.decode),
        ("codebook text", codebooks.encode_text(words, labels), codebooks.decode_text),
        ("weights", weightfile.encode(weights), weightfile.decode),
        ("weights text", weightfile.encode_text(weights), weightfile.decode),
    )
    return [
        Kind(name, raw, (lambda path, read=read: repr(read(read_file(path), str(path))),))
        for name, raw, read in readers
    ]


def _pictures() -> list[Kind]:
    try:
        from PIL import Image  # an extra
    except ImportError:
        return []

    def folder(path: Path) -> None:
        for mode, size in (("grey", None), ("rgb", (2, 2))):
            _tried(lambda mode=mode, size=size: _seen(Images(".", mode, size).read(path.parent)))

    found = []
    forms = (
        ("PNG", "L"), ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "I;16"), ("PNG", "1"), ("JPEG", "RGB"),
        ("JPEG", "CMYK"), ("GIF", "P"), ("BMP", "RGB"), ("PPM", "L"), ("TIFF", "L"),
        ("WEBP", "RGB"),
    )  # fmt: skip
    for form, mode in forms:
        image = Image.new(mode, (4, 3), 1)
        out = io.BytesIO()
        image.save(out, form)
        packing = "png" if form == "PNG" else ""
        name = f"picture {form} {mode}"
        found.append(Kind(name, out.getvalue(), (folder, _predicted), packing))
    return found


def _digits() -> list[Kind]:
    """The data sets that SN knows by name, and a copy that it keeps itself."""

    def archive(**arrays: Any) -> bytes:
        out = io.BytesIO()
        np.savez(out, **arrays)
        return out.getvalue()

    pixels, labels = np.zeros((2, 28, 28), np.uint8), np.array([1, 7], np.uint8)
    of_mnist = archive(x_train=pixels, y_train=labels, x_test=pixels, y_test=labels)
    few = np.linspace(-1, 1, 512).reshape(2, 256)
    of_zipcode = archive(train_inputs=few, train_labels=labels, test_inputs=few, test_labels=labels)
    of_480 = archive(X=np.ones((480, 256)), Y=2.0 * np.eye(10)[np.arange(480) % 10] - 1)
    text = b"".join(b"%d " % label + b"0.5 -1 " * 128 + b"\n" for label in labels)
    pairs = tuple((few[:, :49].astype(np.float32) * 0, labels.astype(np.int64)) for _ in range(3))
    wheels = []
    for protocol in (3, 4):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as wheel:
            content = gzip.compress(pickle.dumps(pairs, protocol), mtime=0)
            wheel.writestr("mnist/data/mnist.pkl.gz", content)
        wheels.append(out.getvalue())

    def kept(path: Path) -> None:
        place = copies._path("kept")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
        copies.recall("kept")

    return [
        Kind("mnist.npz", of_mnist, (lambda path: _first(mnist._read((path,))),), "npz"),
        Kind("zipcode.npz", of_zipcode, (lambda path: _first(zipcode._read((path,))),), "npz"),
        Kind("zip.train", text, (lambda path: _first(zipcode._read((path, path))),)),
        Kind("digits480.npz", of_480, (lambda path: _first(digits_480._read((path,))),), "npz"),
        *(Kind(f"wheel {n}", raw, (lambda path: _first(mnist.read_wheel(path)),), "wheel")
          for n, raw in enumerate(wheels, 3)),
        Kind("copy", npy(np.zeros((2, 257), np.int16)), (kept,)),
    ]  # fmt: skip


def _first(parts: Any) -> None:
    assert all(len(part.codes) == len(part.labels) for part in parts)


# --- the folder of a run ---


def _of_run(folder: Path) -> list[Kind]:
    """Train a small net, and take the files that it leaves."""
    program = folder / "small.sn"
    program.write_text(PROGRAM)
    run = folder / "run"
    sn.load(program).experiment().train(
        folder=run, reference=True, optimizer="sgd", checkpoint_every=3, keep_checkpoints=3,
        progress=False,
    )  # fmt: skip
    sn.load(program).experiment().train(
        folder=folder / "again", reference=True, start=run, progress=False
    )
    files = {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()}
    files["start.safetensors"] = (folder / "again" / "start.safetensors").read_bytes()
    inside = next(path.name for path in checkpoints(run) if path.name.count("-") == 2)
    others = {name: raw for name, raw in files.items() if not name.startswith("checkpoint")}

    def named(name: str, ways: tuple[Way, ...], packing: str, beside: Mapping[str, bytes]) -> Kind:
        return Kind(
            name, files[name], ways, packing, {k: v for k, v in beside.items() if k != name}
        )

    return [
        named("run.json", (_run_read, _resumed), "run.json", files),
        named("log.jsonl", (_log_read, _resumed), "", files),
        named("source.sn", (_run_read,), "", files),
        named(inside, (_resumed, _read_arrays), "tensors", others),
        named("checkpoint-2.safetensors", (_resumed,), "tensors", others),
        named("start.safetensors", (_run_read, _resumed), "tensors", others),
        named("small.sn.safetensors", (_opened, _begun), "tensors", {}),
    ]


def _of_sweep(folder: Path) -> list[Kind]:
    """Return the files of a sweep; none where Optuna, an extra, is not here."""
    found = sweep_kinds.files(folder / "sweep")
    ways = (sweep_kinds.shown, sweep_kinds.gone_on)

    def beside(name: str) -> Mapping[str, bytes]:
        return {other: raw for other, raw in found.items() if other != name}

    return [
        Kind(name, found[name], ways, "lines" if name == JOURNAL else "run.json", beside(name))
        for name in sweep_kinds.KINDS
        if name in found
    ]


def _run_read(path: Path) -> None:
    folder = path.parent
    _tried(lambda: read_origin(folder, read_about(folder)))
    _tried(lambda: finished(folder))


def _log_read(path: Path) -> None:
    assert all(isinstance(line, dict) for line in read_log(path.parent))


def _read_arrays(path: Path) -> None:
    arrays, _ = read_arrays(path)
    assert all(isinstance(array, np.ndarray) for array in arrays.values())


def _resumed(path: Path) -> None:
    """Go on with the run in a copy of its folder, to one pass more than it had."""
    copy = path.parent.with_name("resumed")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(path.parent, copy)
    place = copy / path.name if path.name.startswith("checkpoint") else copy
    origin = read_origin(copy, read_about(copy))
    session = sn.Session(origin.settings, data=origin.data)
    record = (
        session.load_again(origin).experiment("small").train(resume=place, passes=3, progress=False)
    )
    assert record.n_passes == 3


def _opened(path: Path) -> None:
    net = open_run(path)
    title(net.table, net.about)
    facts(net.table, net.about)
    header_object(path)
    repr(net)
    for number in (0.0, 1e300):
        patterns = np.full((2, 3), number)
        with contextlib.suppress(sn.SnError):  # of patterns that are of no file
            net.predict(patterns, reference=True)
    outputs = net.outputs(np.ones((2, 3)), reference=True)
    _tried(lambda: net.confidence(outputs))
    _tried(lambda: net.wanted(invert=True))


def _begun(path: Path) -> None:
    program = path.parent / "small.sn"
    program.write_text(PROGRAM)
    experiment = sn.load(program).experiment()
    experiment.train(start=path, passes=1, reference=True, progress=False)
