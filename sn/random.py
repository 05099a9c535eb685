"""SN's random generator, bit for bit: programs that call (seed n) get SN 2.8's own numbers.

A subtractive generator over 55 cells of 31 bits (after Knuth, volume 2, 3.2.2), with a linear
congruence on top for uniform numbers and sums of twelve cells for normal ones.
"""

from __future__ import annotations

import struct
import time

_MASK = 2**31 - 1
_SEED = 161803398  # Source: SN 2.8; the constant is Knuth's, from the golden ratio


def _float32(number: float) -> float:
    """Return `number` rounded to float32, as SN's C code stores it."""
    rounded: float = struct.unpack("<f", struct.pack("<f", number))[0]
    return rounded


class SnRandom:
    """The state of the generator: cells 1 to 55 and two cursors. Unseeded, the clock seeds it."""

    def __init__(self, seed: float | None = None) -> None:
        self.seed(time.time_ns() // 1_000_000 % 100_000 if seed is None else seed)

    def seed(self, number: float) -> None:
        """Start again from a number, truncated toward zero; its sign does not count."""
        cells = [0] * 56
        m = (_SEED - abs(int(number))) & _MASK
        cells[55] = m
        k = 1
        for i in range(1, 55):
            j = 21 * i % 55
            cells[j] = k
            k = (m - k) & _MASK
            m = cells[j]
        for _ in range(4):
            for i in range(1, 55):
                cells[i] = (cells[i] - cells[1 + (i + 30) % 55]) & _MASK
        self.cells = cells
        self.p = 0
        self.q = 31

    def _advance(self) -> None:
        self.p = self.p + 1 if self.p < 55 else 1
        self.q = self.q + 1 if self.q < 55 else 1

    def rand(self) -> float:
        """Return a float32 number, uniform in 0 to 1; both ends can come out."""
        self._advance()
        cells = self.cells
        value = ((cells[self.p] - cells[self.q]) * 84589 + 45989) & _MASK
        cells[self.p] = value
        return _float32(value) * 2.0**-31

    def gauss(self) -> float:
        """Return a float32 number, about normal with mean 0 and deviation 1: a sum of twelve."""
        cells = self.cells
        total = signed = 0
        for _ in range(12):
            self._advance()
            value = (cells[self.p] - cells[self.q]) & _MASK
            cells[self.p] = value
            signed = (value & 0xFFFFFF) - ((value & 0x800000) << 1)
            total += signed
        cells[self.p] = (signed * 84589 + 45989) & _MASK
        return _float32(total * 2.0**-24)

    def state(self) -> tuple[int, ...]:
        """Return the whole state: the 55 cells, then the two cursors."""
        return (*self.cells[1:], self.p, self.q)

    def restore(self, state: tuple[int, ...]) -> None:
        """Go back to a state that `state` returned."""
        self.cells = [0, *state[:55]]
        self.p, self.q = state[55:]
