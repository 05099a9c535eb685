"""Pictures: the points of one picture as the inputs of a net. Read next: ../data/pictures.py."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from sn.data.pictures import GREY, RGB, points
from sn.errors import DataError

# the first bytes of PNG, JPEG, GIF, BMP, TIFF, and the grey and coloured maps of Netpbm
PICTURES = (
    *(b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*"),
    *(b"P5\n", b"P6\n", b"P5 ", b"P6 "),
)


def usual_range(low: float, high: float) -> tuple[float, float]:
    """Return the usual range of points that inputs from `low` to `high` lie in, else that itself.

    Readers of pictures give 0 to 1, those of bytes 0 to 255, and digits are from -1 to 1; no set
    of patterns need have its ends.
    """
    for one in ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)):
        # what was scaled and scaled back is off by the rounding of float32
        slack = 1e-5 * (one[1] - one[0])
        if one[0] - slack <= low and high <= one[1] + slack:
            return one
    return low, high


def picture(
    content: bytes,
    place: str,
    shape: tuple[int, ...],
    dark: float,
    light: float,
    resize: bool = False,
) -> NDArray[np.float64]:
    """Return a picture as one pattern, (1, n_inputs): black is `dark`, white is `light`.

    A layer (rows, cols) sees its greys, one of (3, rows, cols) red, green and blue. With `resize`
    it is brought to that size, by the mean of the points in each place, as `(images ... (size R
    C))` does.
    Raises: DataError when Pillow is not here, or the picture is damaged or of another size.
    """
    maps, rows, cols = ((1,) * (3 - len(shape)) + shape)[-3:]
    is_coloured = len(shape) == 3 and maps == 3
    is_plane = len(shape) in (2, 3) and (maps == 1 or is_coloured)

    def size(found_rows: int, found_cols: int) -> tuple[int, int] | None:
        is_line = len(shape) == 1 and found_rows * found_cols == shape[0]
        if is_line or (is_plane and ((found_rows, found_cols) == (rows, cols) or resize)):
            return None if is_line else (rows, cols)
        raise DataError(
            f"{place}: the picture is {found_rows} x {found_cols}, the net takes "
            f"{' x '.join(map(str, shape))}",
            hint="--resize brings it to that size" if is_plane else None,
        )

    found = points(io.BytesIO(content), place, RGB if is_coloured else GREY, size)
    return (dark + found.astype(np.float64) / 255 * (light - dark)).reshape(1, -1)
