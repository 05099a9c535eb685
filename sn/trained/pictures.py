"""Pictures: the points of one picture as the inputs of a net. The only user of Pillow here."""

from __future__ import annotations

import io
import math

import numpy as np
from numpy.typing import NDArray

from sn.errors import DataError

# the first bytes of PNG, JPEG, GIF, BMP, TIFF, and the grey and coloured maps of Netpbm
PICTURES = (
    *(b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*"),
    *(b"P5\n", b"P6\n", b"P5 ", b"P6 "),
)
_LARGEST = 64_000_000  # points; chosen here: a few of the largest cameras' pictures fit in memory


def picture(
    content: bytes, place: str, shape: tuple[int, ...], dark: float, light: float
) -> NDArray[np.float64]:
    """Return a picture as one pattern, (1, n_inputs): black is `dark`, white is `light`.

    A layer (rows, cols) sees its greys, one of (3, rows, cols) red, green and blue.
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
    try:
        with Image.open(io.BytesIO(content)) as opened:
            found = (opened.height, opened.width)
            fits = found == (rows, cols) or (len(shape) == 1 and math.prod(found) == shape[0])
            if len(shape) > 3 or not (maps == 1 or is_coloured) or not fits:
                raise DataError(
                    f"{place}: the picture is {found[0]} x {found[1]}, the net takes "
                    f"{' x '.join(map(str, shape))}",
                    hint="bring it to that size first",
                )
            if math.prod(found) > _LARGEST:
                raise DataError(f"{place}: the picture has more than {_LARGEST:,} points")
            points = np.asarray(_on_white(opened.convert("RGBA"), is_coloured), np.float64)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"{place}: cannot be read as a picture: {error}") from error
    if is_coloured:
        points = np.moveaxis(points, -1, 0)
    return (dark + points / 255 * (light - dark)).reshape(1, -1)


def _on_white(opened: object, is_coloured: bool) -> object:
    """Return a picture without transparency: what shows through is white, as on paper."""
    from PIL import Image  # as above

    assert isinstance(opened, Image.Image)
    paper = Image.new("RGBA", opened.size, "white")
    return Image.alpha_composite(paper, opened).convert("RGB" if is_coloured else "L")
