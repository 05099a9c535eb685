"""The data set `digits-480`: 480 black and white digits, drawn with a mouse, of LeCun 1989.

`digits480.npz` holds X (480, 256) and Y (480, 10) in -1 and +1: 120 shapes, each at four
neighbouring columns, labels in turn 0 to 9. The first 320 are for training, the last 160 for test.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sn.data.base import Codes, Source, Split, dataset
from sn.data.containers import read_npz
from sn.errors import DataError

_N_TRAIN = 320
_N_ALL = 480
_UNITS = 256
_CLASSES = 10


@dataset("digits-480")
def digits_480() -> Source:
    """Describe the digits of "Generalization and Network Design Strategies" (LeCun 1989)."""
    return Source(
        name="digits-480",
        title="480 binary digits (LeCun 1989, network design strategies)",
        shape=(16, 16),
        classes=_CLASSES,
        counts=(_N_TRAIN, _N_ALL - _N_TRAIN),
        hashes=(
            "0d999e8962620f67c4b6e09858ca74f9964e79afa1a47c793f8267a3cf29090a",
            "72b6cb4aef1aa529b6bcf2051623d6f040f1d5a5e51e5a77c35da9a529a1e748",
        ),
        origin="Yann LeCun, Generalization and Network Design Strategies (1989); the file dig.pat "
        "among the examples of SN 2.8, as Lush distributes it",
        licence="GNU GPL, as the examples of Lush; not part of SN",
        containers=(("digits480.npz",),),
        read=_read,
        values=_values,
    )


def _read(files: tuple[Path, ...]) -> tuple[Split, Split]:
    path = files[0]
    inputs, targets = read_npz(path, ("X", "Y"))
    for name, array, units in (("X", inputs, _UNITS), ("Y", targets, _CLASSES)):
        is_number = array.dtype.kind in "iuf"
        if array.shape != (_N_ALL, units) or not (is_number and np.isin(array, (-1, 1)).all()):
            raise DataError(f"{path}: expected {name} as {_N_ALL} x {units} values of -1 or 1")
    if not ((targets > 0).sum(axis=1) == 1).all():
        raise DataError(f"{path}: expected one +1 in each row of Y")
    codes = inputs.astype(np.int8)
    labels = targets.argmax(axis=1).astype(np.uint8)
    return (
        Split.of(codes[:_N_TRAIN], labels[:_N_TRAIN]),
        Split.of(codes[_N_TRAIN:], labels[_N_TRAIN:]),
    )


def _values(codes: Codes) -> NDArray[np.float32]:
    return codes.astype(np.float32)
