"""Pictures: the points of one picture as the inputs of a net. The only user of Pillow here."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sn.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

# the first bytes of PNG, JPEG, GIF, BMP, TIFF, and the grey and coloured maps of Netpbm
PICTURES = (
    *(b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*"),
    *(b"P5\n", b"P6\n", b"P5 ", b"P6 "),
)
_LARGEST = 64_000_000  # points; chosen here: a few of the largest cameras' pictures fit in memory


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
    try:
        from PIL import Image  # an extra, and slow to import
    except ImportError:
        raise DataError(
            f"{place}: pictures are read by Pillow, which is not here",
            hint="pip install 'sn[images]' brings it",
        ) from None
    maps, rows, cols = ((1,) * (3 - len(shape)) + shape)[-3:]
    is_coloured = len(shape) == 3 and maps == 3
    is_plane = len(shape) in (2, 3) and (maps == 1 or is_coloured)
    try:
        with Image.open(io.BytesIO(content)) as opened:
            found = (opened.height, opened.width)
            if math.prod(found) > _LARGEST:
                raise DataError(f"{place}: the picture has more than {_LARGEST:,} points")
            is_line = len(shape) == 1 and math.prod(found) == shape[0]
            fits = is_line or (is_plane and found == (rows, cols))
            if not fits and not (resize and is_plane):
                raise DataError(
                    f"{place}: the picture is {found[0]} x {found[1]}, the net takes "
                    f"{' x '.join(map(str, shape))}",
                    hint="--resize brings it to that size" if is_plane else None,
                )
            whole = _on_white(opened.convert("RGBA"), is_coloured)
            if not fits:
                whole = whole.resize((cols, rows), Image.Resampling.BOX)
            points = np.asarray(whole, np.float64)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"{place}: cannot be read as a picture: {error}") from error
    if is_coloured:
        points = np.moveaxis(points, -1, 0)
    return (dark + points / 255 * (light - dark)).reshape(1, -1)


def _on_white(opened: Image, is_coloured: bool) -> Image:
    """Return a picture without transparency: what shows through is white, as on paper."""
    from PIL import Image as pillow  # as above

    paper = pillow.new("RGBA", opened.size, "white")
    return pillow.alpha_composite(paper, opened).convert("RGB" if is_coloured else "L")
