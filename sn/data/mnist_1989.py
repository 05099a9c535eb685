"""The data set `mnist-1989`: a stand-in for the zip code digits that is always here.

The package holds it, so a first run needs no download. `scripts/make_mnist_1989.py` makes the
file from MNIST; the credit and the licence stand beside it.
"""

from __future__ import annotations

from pathlib import Path

from sn.data.base import Source, Split, dataset
from sn.data.containers import array_text, checked_labels, read_npz
from sn.data.mnist import pixel_values
from sn.errors import DataError

FILE = Path(__file__).with_name("mnist_1989.npz")
COUNTS = (7291, 2007)
_CLASSES = 10


@dataset("mnist-1989")
def mnist_1989() -> Source:
    """Describe the stand-in of the 2022 reproduction: MNIST digits shrunk to 16 x 16."""
    return Source(
        name="mnist-1989",
        title="MNIST digits in the form of the zip code digits (Karpathy 2022)",
        shape=(16, 16),
        classes=_CLASSES,
        counts=COUNTS,
        hashes=(
            "c104e3f1a71bc891a348384b003d2f01024a0f8a48d8fc036a5645703329eecb",
            "36326d56afde56c17f74f910f885fefa071e28b82ee3b95312f4ecadec6581e8",
        ),
        origin="drawn from MNIST (LeCun, Cortes, Burges) and shrunk as in Andrej Karpathy's 2022 "
        "reproduction of the 1989 paper; made by scripts/make_mnist_1989.py",
        licence="CC BY-SA 3.0",
        containers=((FILE.name,),),
        read=_read,
        values=pixel_values,
        folder=FILE.parent,
    )


def _read(files: tuple[Path, ...]) -> tuple[Split, Split]:
    path = files[0]
    names = ("train_pixels", "train_labels", "test_pixels", "test_labels")
    train, train_labels, test, test_labels = read_npz(path, names)
    for pixels in (train, test):
        if pixels.ndim != 2:
            raise DataError(f"{path}: expected rows of pixels, found {array_text(pixels)}")
    return (
        Split.of(train, checked_labels(train_labels, path, len(train), _CLASSES)),
        Split.of(test, checked_labels(test_labels, path, len(test), _CLASSES)),
    )
