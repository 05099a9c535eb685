"""Gathering: bytes of a window become scaled patterns in one go.

`machine_code.py` compiles the text of this module apart, so it imports nothing of SN, and tests run
it as it stands. The formula and its bits are those of `Scaling`, whose NumPy goes over the numbers
four times. Read next: feed.py for who calls it.
"""

from __future__ import annotations

from typing import Any


def scaled_bytes(raw: Any, places: Any, shift: Any, factor: Any, out: Any) -> None:
    """Fill rows of `out` with (x - shift) * factor of the rows of `raw` at `places`.

    Shapes: raw: (n, width) uint8; places: (m,) int64; shift, factor: (width,) float64; out: (m,
    width) float32
    """
    for i in range(places.shape[0]):
        place = places[i]
        for j in range(raw.shape[1]):
            out[i, j] = (raw[place, j] - shift[j]) * factor[j]
