"""Verbs that run along lanes: what they give must not depend on how many lanes there are."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sn.emit.vector import LANES, PARTIAL, Builder, Index, Memories, Vec
from tests.sections import Section, compiled

pytestmark = pytest.mark.kernels

Floats32 = NDArray[np.float32]

SIZES = (8, 16, 24, 64, 72, 136)  # written out, looped over, and with 8 left over
ROWS = 16
PITCH = 144
X = np.random.default_rng(0).standard_normal(ROWS * PITCH).astype(np.float32)


def halves(values: Floats32) -> np.float32:
    """Add up by halves: 16 numbers to 8, to 4, to 2, to 1."""
    while len(values) > 1:
        half = len(values) // 2
        values = values[:half] + values[half:]
    return values[0]


def total(values: Floats32) -> np.float32:
    """The stated order: element e to partial sum e mod 16, the last 8 to the lower half."""
    whole = len(values) // PARTIAL * PARTIAL
    parts = np.zeros(PARTIAL, np.float32)
    for block in values[:whole].reshape(-1, PARTIAL):
        parts += block
    parts[: len(values) - whole] += values[whole:]
    return halves(parts if whole else parts[:LANES])


def run(lanes: int, size: int, code: Section) -> Floats32:
    """Run vector code that reads X and writes `size` numbers."""
    out = np.full(size, 7, np.float32)
    compiled(code, "x o", lanes)(X, out)
    return out


@pytest.mark.parametrize(
    ("lanes", "count"), [(8, 1), (8, 7), (8, 8), (16, 1), (16, 8), (16, 9), (16, 16)]
)
def test_dots(lanes: int, count: int) -> None:
    def code(k: Builder, m: Memories, e: Index) -> None:
        for number, size in enumerate(SIZES):

            def add(k: Builder, at: Index, sums: list[Vec]) -> list[Vec]:
                rows = [k.load(m.x, at + row * PITCH) for row in range(count)]
                return [total + row for total, row in zip(sums, rows, strict=True)]

            k.store(k.dots(count, size, add), m.o, number * PARTIAL)

    found = run(lanes, len(SIZES) * PARTIAL, code).reshape(-1, PARTIAL)
    rows = X.reshape(ROWS, PITCH)
    for sums, size in zip(found, SIZES, strict=True):
        assert sums[:count].tolist() == [total(row[:size]) for row in rows[:count]]
        assert not sums[count : PARTIAL if count > LANES else LANES].any()


@pytest.mark.parametrize("lanes", [8, 16])
def test_totals(lanes: int) -> None:
    def code(k: Builder, m: Memories, e: Index) -> None:
        k.store(k.totals([k.load(m.x, row * PITCH) for row in range(lanes)]), m.o, 0)

    found = run(lanes, lanes, code)
    assert found.tolist() == [halves(row[:lanes]) for row in X.reshape(ROWS, PITCH)[:lanes]]


@pytest.mark.parametrize("lanes", [8, 16])
def test_transpose(lanes: int) -> None:
    def code(k: Builder, m: Memories, e: Index) -> None:
        rows = k.transpose([k.load(m.x, row * PITCH) for row in range(lanes)])
        for number, row in enumerate(rows):
            k.store(row, m.o, number * lanes)

    found = run(lanes, lanes * lanes, code).reshape(lanes, lanes)
    assert np.array_equal(found, X.reshape(ROWS, PITCH)[:lanes, :lanes].T)


@pytest.mark.parametrize("lanes", [8, 16])
@pytest.mark.parametrize("size", SIZES)
def test_sweep_meets_every_element_once(size: int, lanes: int) -> None:
    def code(k: Builder, m: Memories, e: Index) -> None:
        for some, i in k.sweep(size, 8):
            some.store(some.load(m.o, i) + some.load(m.x, i), m.o, i)

    found = run(lanes, PITCH + 8, code)
    assert np.array_equal(found[8 : size + 8], X[8 : size + 8] + np.float32(7))
    assert (found[:8] == 7).all()
    assert (found[size + 8 :] == 7).all()
