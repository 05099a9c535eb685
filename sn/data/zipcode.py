"""The data set `zipcode`: the handwritten zip code digits of LeCun et al. 1989.

Every value is a whole number of thousandths in -1 .. 1, so digits are decoded to int16
thousandths, which the content hash covers. Parsing the text takes half a second; a copy of the
result is kept under the hash of the file's bytes, so that a later run reads it in milliseconds.
"""

from __future__ import annotations

import hashlib
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.data import copies
from sn.data.base import Codes, Labels, Source, Split, dataset
from sn.data.containers import array_text, checked_labels, read_npz
from sn.data.download import NewBar, fetch, first_that_works
from sn.errors import DataError
from sn.memory.files import claim, read_file, unpack

_UNITS = 256
_CLASSES = 10
_COUNTS = (7291, 2007)
_TRAIN_HASH = "64380a7ed4e64aee40c2d7ef7eb48294299bc6365fa3fb1516551e5c6b109900"
_TEST_HASH = "cc4220c7ce1d56b06a203fbe29dba377d11a83aca39e0fe6d1d546873b283da3"

# the site of Hastie, Tibshirani and Friedman's book, at its address and at its older one
_SITES = (
    "https://hastie.su.domains/ElemStatLearn/datasets",
    "https://web.stanford.edu/~hastie/ElemStatLearn/datasets",
)
_OFFICIAL = {
    "zip.train.gz": "66ebf231ab51f2cf6ac1a892d0f98ccffee1079d7a5db638c1f11f366046ca16",
    "zip.test.gz": "8dacc3c6e136af6c3488de9e5113a7daf140c8c2f1f0b61c54ee02f03f1a962f",
}


@dataset("zipcode")
def zipcode() -> Source:
    """Describe the real digits: 16 x 16 grey pixels, normalised in size."""
    return Source(
        name="zipcode",
        title="handwritten zip code digits (LeCun et al. 1989)",
        shape=(16, 16),
        classes=_CLASSES,
        counts=_COUNTS,
        hashes=(_TRAIN_HASH, _TEST_HASH),
        origin="US Postal Service envelopes, scanned and normalised for the 1989 paper; published "
        "with The Elements of Statistical Learning (Hastie, Tibshirani, Friedman)",
        licence="none stated; made public by AT&T's neural network group, not part of SN",
        containers=(("zip.train", "zip.test"), ("zipcode.npz",)),
        read=_read,
        values=_values,
        download=_download,
    )


def _read(files: tuple[Path, ...]) -> tuple[Split, Split]:
    if len(files) == 2:
        return _read_text(files[0], _TRAIN_HASH), _read_text(files[1], _TEST_HASH)
    path = files[0]
    names = ("train_inputs", "train_labels", "test_inputs", "test_labels")
    train_inputs, train_labels, test_inputs, test_labels = read_npz(path, names)
    return (
        _split(_thousandths(train_inputs, path), train_labels, path),
        _split(_thousandths(test_inputs, path), test_labels, path),
    )


def _read_text(path: Path, expected: str) -> Split:
    raw = read_file(path)
    key = f"zipcode-{hashlib.sha256(raw).hexdigest()[:32]}"
    copy = copies.recall(key)
    if copy is not None and copy.dtype == np.int16 and copy.shape[1:] == (1 + _UNITS,):
        split = Split.of(copy[:, 1:], copy[:, 0].astype(np.uint8))
        if split.hash == expected:
            return split
    table = _parse(unpack(raw, path), path)
    codes = _thousandths(table[:, 1:], path)
    split = _split(codes, table[:, 0], path)
    if split.hash == expected:
        copies.keep(key, np.column_stack((split.labels.astype(np.int16), codes)))
    return split


def _parse(text: bytes, path: Path) -> NDArray[np.float64]:
    try:
        lines = text.decode("ascii").splitlines()
        if not any(map(str.strip, lines)):
            raise ValueError("it is empty")
        claim(sys.getsizeof(text) + 8 * len(text), "its numbers", path)
        table = np.loadtxt(lines, ndmin=2)
    except ValueError as error:
        raise DataError(
            f"{path}: expected lines of a label and {_UNITS} numbers: {str(error)[:200]}",
            hint="copy or download it again",
        ) from error
    if table.shape[1] != 1 + _UNITS:
        raise DataError(
            f"{path}: expected a label and {_UNITS} numbers on each line, "
            f"found {table.shape[1]} numbers"
        )
    return table


def _thousandths(inputs: NDArray[Any], path: Path) -> NDArray[np.int16]:
    if inputs.ndim < 2 or not inputs.size:
        raise DataError(f"{path}: expected rows of pixels, found {array_text(inputs)}")
    if inputs.dtype == np.int16:
        return inputs
    if inputs.dtype.kind != "f" or not (np.abs(inputs) <= 1).all():
        raise DataError(
            f"{path}: expected pixels as numbers in -1 to 1, or as int16 thousandths",
            hint="the digits must be the original ones, neither scaled nor shifted",
        )
    return np.rint(1000 * inputs.astype(np.float64)).astype(np.int16)


def _split(codes: NDArray[np.int16], labels: NDArray[Any], path: Path) -> Split:
    checked: Labels = checked_labels(labels, path, len(codes), _CLASSES)
    return Split.of(codes.reshape(len(codes), -1), checked)


def _values(codes: Codes) -> NDArray[np.float32]:
    # one float32 division of two whole numbers gives the float32 nearest to the decimal text
    return codes.astype(np.float32) / np.float32(1000)


def _download(folder: Path, bar: NewBar | None) -> None:
    for file, sha256 in _OFFICIAL.items():
        first_that_works(
            f"{file} of zipcode",
            "check the connection and type 'sn data get zipcode' again, or put zip.train.gz and "
            "zip.test.gz in a folder and set SN_DATA to it",
            [partial(fetch, f"{site}/{file}", folder, sha256, bar) for site in _SITES],
        )
