"""Film: weights of a run at a few of its passes, more of them early, where more happens.

    film.safetensors    before training and after pass 1, 2, 3, 4, 6, 8, 12, 16, 24, ...

The file holds (n_weights,) float32 by the number of the pass. It is for looking at: going on with a
run needs none of it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sn.errors import DataError
from sn.results.arrays import read_arrays, write_arrays

FILM = "film.safetensors"
MOST = 4_000_000  # bytes of all frames together; chosen here

Frames = list[tuple[int, NDArray[np.float32]]]


def is_frame(passes: int) -> bool:
    """Whether the weights after so many passes are kept: two for each doubling."""
    if passes < 4:
        return passes >= 0
    power = 1 << (passes.bit_length() - 1)
    return passes in (power, power + power // 2)


def read_film(folder: Path, n_weights: int) -> Frames:
    """Return the frames in a folder, by number of passes; none where there is no film of this net.

    Raises: DataError for a file that is damaged.
    """
    path = folder / FILM
    if not path.is_file():
        return []
    arrays, _ = read_arrays(path)
    found: Frames = []
    for name, values in arrays.items():
        if not (name.isascii() and name.isdigit() and len(name) < 10):
            raise DataError(f"'{path}' is no film: '{name[:20]}' is no number of passes")
        if values.shape == (n_weights,) and values.dtype == np.float32:
            found.append((int(name), np.asarray(values, np.float32)))
    return sorted(found, key=lambda frame: frame[0])


def add_frame(folder: Path, passes: int, weights: NDArray[np.float32]) -> None:
    """Keep the weights after so many passes, if there is room for them.

    What the folder has of that pass and later ones, of a run that went back, goes.
    Raises: TrainError when the file cannot be written.
    """
    try:
        kept = [frame for frame in read_film(folder, len(weights)) if frame[0] < passes]
    except DataError:
        kept = []  # a film that cannot be read is made anew
    if (len(kept) + 1) * weights.nbytes > MOST:
        return
    kept.append((passes, weights))
    write_arrays(folder / FILM, {str(number): found for number, found in kept}, {})
