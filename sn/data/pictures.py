"""Pictures: the points of one picture of anyone, decoded by Pillow. The only user of Pillow.

A file says what it is by its first bytes; of the many formats that Pillow knows, only those are
tried that do nothing but hold points. Sizes are asked for before points are decoded.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Callable, Iterator
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from sn.errors import DataError
from sn.memory.files import claim

GREY, RGB = "L", "RGB"  # as Pillow calls them
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "TIFF", "WEBP")
_BYTES_A_POINT = 32  # decoded, on white, in one mode, as numbers
_OF_16_BITS = ("I;16", "I;16B", "I;16L", "I")
_WHITE_OF_16 = 2**16 - 1


def points(
    file: IO[bytes],
    place: object,
    mode: str,
    size: Callable[[int, int], tuple[int, int] | None],
) -> NDArray[np.float32]:
    """Return a picture: (rows, cols) from 0, black, to 255, white, or (3, rows, cols) of colours.

    `size(rows, cols)` says to which size, or None for its own; it may refuse one.
    Raises: DataError when it is no picture, is damaged, has more than one frame, or is too large.
    """
    try:
        from PIL import Image, UnidentifiedImageError  # an extra: only who has pictures needs it
    except ImportError as error:
        raise DataError(
            f"reading {place} needs Pillow, which is not installed",
            hint="pip install 'sn[images]'",
        ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is wrong is told, or does not matter
            with _quiet(), Image.open(file, formats=FORMATS) as image:
                cols, rows = image.size
                claim(_BYTES_A_POINT * rows * cols, f"a picture of {rows} x {cols} points", place)
                wanted = size(rows, cols)
                # a photograph may have a second, smaller one of itself
                if image.format != "MPO" and getattr(image, "is_animated", False):
                    raise DataError(
                        f"{place} has several frames, expected one picture",
                        hint="save each frame in its own file",
                    )
                found = _in_mode(image, mode, place)
                if wanted is not None and wanted != (rows, cols):
                    found = found.resize(wanted[::-1], Image.Resampling.BOX)
                numbers = np.asarray(found, np.float32)
    except DataError:
        raise
    except UnidentifiedImageError as error:
        reason = f"it is none of {', '.join(FORMATS)}, or damaged"
        raise DataError(f"cannot read {place} as an image: {reason}") from error
    except Exception as error:  # a damaged picture may raise nearly any class
        reason = str(error)[:200] or type(error).__name__
        raise DataError(f"cannot read {place} as an image: {reason}") from error
    if mode == RGB and numbers.ndim == 2:  # greys of 16 bits
        numbers = np.stack([numbers] * 3, 2)
    return np.ascontiguousarray(np.moveaxis(numbers, 2, 0) if numbers.ndim == 3 else numbers)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the C library of TIFF says of a damaged file off the screen: it is told here."""
    try:
        kept = os.dup(2)
    except OSError:  # there is no screen
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _in_mode(image: Any, mode: str, place: object) -> Any:
    """Return an image in a mode, on white; greys of 16 bits as fractions of 255."""
    from PIL import Image  # as above

    if image.mode not in (*_OF_16_BITS, "F"):
        return _on_white(image).convert(mode)
    numbers = np.asarray(image)
    if image.mode == "F" or numbers.min() < 0 or numbers.max() > _WHITE_OF_16:
        raise DataError(
            f"{place} has points from {numbers.min():g} to {numbers.max():g}, expected 8 or 16 bits"
        )
    return Image.fromarray((numbers / np.float64(_WHITE_OF_16) * 255).astype(np.float32))


def _on_white(image: Any) -> Any:
    """Return an image without transparency: white shows through, as it does on paper."""
    from PIL import Image  # as above

    if not image.has_transparency_data:
        return image
    front = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", front.size, "white"), front)
