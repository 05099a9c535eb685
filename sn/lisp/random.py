"""SN's random generator, bit for bit: programs that call (seed n) get SN 2.8's own numbers.

A subtractive generator over 55 cells of 31 bits (after Knuth, volume 2, 3.2.2), with a linear
congruence on top for uniform numbers and sums of twelve cells for normal ones.
"""

from __future__ import annotations

import struct

_MASK = 2**31 - 1
_GOLDEN = 0x9E3779B97F4A7C15  # Source: Knuth, volume 3, 6.4: 2^64 divided by the golden ratio
_SEED = 161803398  # Source: SN 2.8; the constant is Knuth's, from the golden ratio


def _float32(number: float) -> float:
    """Return `number` rounded to float32, as SN's C code stores it."""
    rounded: float = struct.unpack("<f", struct.pack("<f", number))[0]
    return rounded


class SnRandom:
    """The state of the generator: cells 1 to 55 and two cursors.

    Until somebody gives a seed it draws from that of the run, and `drew_unseeded` tells that it
    did: another run's seed would have given other numbers.
    """

    def __init__(self, seed: float | None = None) -> None:
        self.drew_unseeded = False
        if seed is None:
            self.begin(0)
        else:
            self.seed(seed)

    def begin(self, run_seed: int) -> None:
        """Start where a program that gives no seed starts under the seed of a run, of 64 bits.

        Up to 2^31 - 1 that is `seed`; a larger one is hashed, as `seed` has 31 bits.
        """
        self.seed(run_seed if run_seed <= _MASK else (run_seed * _GOLDEN & 2**64 - 1) >> 33)
        self._is_seeded = False

    def seed(self, number: float) -> None:
        """Start again from a number, truncated toward zero; its sign does not count."""
        self._is_seeded = True
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
        self.drew_unseeded |= not self._is_seeded
        self._advance()
        cells = self.cells
        value = ((cells[self.p] - cells[self.q]) * 84589 + 45989) & _MASK
        cells[self.p] = value
        return _float32(value) * 2.0**-31

    def gauss(self) -> float:
        """Return a float32 number, about normal with mean 0 and deviation 1: a sum of twelve."""
        self.drew_unseeded |= not self._is_seeded
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
        self._is_seeded = True
        self.cells = [0, *state[:55]]
        self.p, self.q = state[55:]
