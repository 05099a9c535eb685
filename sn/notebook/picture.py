"""Pictures: arrays of numbers as images in a notebook, a grey square per number.

The last two dimensions are an image; those before count images, which lie side by side. An image
is a PNG inside the page, written by hand: Pillow is an extra, and this takes a few lines.
"""

from __future__ import annotations

import base64
import struct
import zlib
from html import escape

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sn.display import brief, html_table, many, printable, shape_text

GAP = 1  # pixels between images
MOST = 400  # images that are shown; chosen here: more are no picture any more
WIDEST = 640  # pixels of a row of images on the page
SMALL = 12  # rows and columns of numbers up to which a table shows them


class Picture:
    """Numbers as an image, the least black and the largest white; numbers stand beside it.

    array: up to (n, m, rows, columns), any numbers; a vector is one row. `columns` says how many
    images lie side by side, all of the last but two dimension by default. `scale` is the
    size of a number on the page, in pixels.
    """

    def __init__(
        self, array: ArrayLike, title: str = "", columns: int | None = None, scale: int = 0
    ) -> None:
        self.array = np.asarray(array, np.float64)
        self.title, self._columns, self._scale = title, columns, scale

    def __repr__(self) -> str:
        title = f"{self.title}: " if self.title else ""
        return brief(f"picture {title}{shape_text(self.array.shape) or 'of one number'}")

    def _repr_html_(self) -> str:
        if not self.array.size:
            return escape(repr(self))
        tiles, columns = _tiles(self.array, self._columns)
        finite = tiles[np.isfinite(tiles)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
        pixels = _laid_out(tiles[:MOST], columns, low, high)
        rows, across = pixels.shape[:2]
        scale = self._scale or min(max(WIDEST // across, 1), 12)
        source = base64.b64encode(_png(pixels)).decode("ascii")
        said = f"black {low:.3g}, white {high:.3g}"
        if len(tiles) > MOST:
            said += f"; the first {MOST} of {many(len(tiles), 'image')}"
        text = escape(printable(f"{self.title}: {said}" if self.title else said))
        return (
            f'<div><img alt="{escape(printable(self.title or "picture"), quote=True)}" '
            f'width="{across * scale}" height="{rows * scale}" '
            'style="image-rendering: pixelated; border: 1px solid #8888; max-width: 100%" '
            f'src="data:image/png;base64,{source}"><div>{text}</div></div>'
        )


def numbers_html(array: NDArray[np.float64]) -> str:
    """Return a small matrix as a table of its numbers: (rows, columns) or a vector."""
    rows = np.atleast_2d(array)
    columns = [str(number) for number in range(rows.shape[1])]
    cells = [[f"{number:.6g}" for number in row] for row in rows.tolist()]
    return html_table(columns, cells, right=columns)


def is_small(array: NDArray[np.float64]) -> bool:
    """Whether a table shows an array better than a picture."""
    return array.ndim <= 2 and max(array.shape, default=0) <= SMALL


def _tiles(array: NDArray[np.float64], columns: int | None) -> tuple[NDArray[np.float64], int]:
    """Return images (n, rows, columns), and how many lie side by side."""
    if array.ndim < 2:
        array = array.reshape(1, -1)
    tiles = array.reshape(-1, *array.shape[-2:])
    return tiles, columns or (array.shape[-3] if array.ndim > 2 else 1)


def _laid_out(
    tiles: NDArray[np.float64], columns: int, low: float, high: float
) -> NDArray[np.uint8]:
    """Return images side by side, (rows, columns, 2) of grey and opacity; gaps are clear."""
    count, rows, across = tiles.shape
    columns = min(columns, count)
    down = -(-count // columns)
    whole = np.zeros((down * (rows + GAP) - GAP, columns * (across + GAP) - GAP, 2), np.uint8)
    with np.errstate(invalid="ignore"):
        grey = np.nan_to_num((tiles - low) / ((high - low) or 1.0), nan=0.5, posinf=1.0, neginf=0.0)
    levels = np.round(255 * grey).astype(np.uint8)
    for index, tile in enumerate(levels):
        top, left = index // columns * (rows + GAP), index % columns * (across + GAP)
        whole[top : top + rows, left : left + across, 0] = tile
        whole[top : top + rows, left : left + across, 1] = 255
    return whole


def _png(pixels: NDArray[np.uint8]) -> bytes:
    """Return the bytes of a PNG of grey and opacity, (rows, columns, 2). Source: RFC 2083."""
    rows, columns = pixels.shape[:2]
    lines = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", columns, rows, 8, 4, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
