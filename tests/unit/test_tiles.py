"""Tiles: every pair of maps once, in tiles that fit the registers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sn.emit.tiles import REGISTERS, scaled, tile

FULL = [(out, source) for out in range(12) for source in range(8)]


@st.composite
def pair_lists(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Random tables of maps, now and then with equal lists."""
    maps = draw(st.integers(1, 8))
    some = st.lists(st.integers(0, maps - 1), min_size=1, max_size=maps, unique=True)
    lists = draw(st.lists(some, min_size=1, max_size=4))
    table = draw(st.lists(st.sampled_from(lists), min_size=1, max_size=9))
    return [(out, source) for out, sources in enumerate(table) for source in sources]


@settings(derandomize=True, deadline=None, max_examples=120)
@given(pair_lists(), st.integers(1, 9), st.integers(1, 25))
def test_tiles_hold_every_pair_once(pairs: list[tuple[int, int]], vectors: int, taps: int) -> None:
    found = tile(pairs, vectors, taps)
    seen = []
    for (width, sources), entries in found.shapes.items():
        assert width * found.chunk + found.chunk + 1 <= REGISTERS
        for entry in entries:
            assert len(entry) == width + sources * (1 + width)
            outs = entry[:width]
            for index in range(sources):
                source, *numbers = entry[width + index * (1 + width) :][: 1 + width]
                assert [pairs[number] for number in numbers] == [(out, source) for out in outs]
                seen += numbers
    assert sorted(seen) == list(range(len(pairs)))


def test_maps_that_see_the_same_maps_share_a_tile() -> None:
    found = tile(FULL, 2, 25)
    assert all(sources == 8 for _, sources in found.shapes)
    assert max(width for width, _ in found.shapes) > 1


@pytest.mark.parametrize("vectors", [1, 2, 3, 8])
def test_entries_become_places_in_memory(vectors: int) -> None:
    pairs = [(0, 1), (0, 2), (1, 0), (1, 2)]
    out, source = np.array([100, 200], np.int32), np.array([7, 8, 9], np.int32)
    kernel = np.array([1000, 1025, 1050, 1075], np.int32)
    seen = []
    for width, sources, entries in scaled(tile(pairs, vectors, 9), out, source, kernel):
        assert entries.dtype == np.int32
        for entry in entries.tolist():
            assert set(entry[:width]) <= {100, 200}
            for index in range(sources):
                where, *kernels = entry[width + index * (1 + width) :][: 1 + width]
                for place, weights in zip(entry[:width], kernels, strict=True):
                    a, b = pairs[kernel.tolist().index(weights)]
                    assert (place, where) == (out[a], source[b])
                    seen.append(weights)
    assert sorted(seen) == kernel.tolist()
