"""Tiles: every pair of maps once, in tiles that fit the registers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sn.emit.vector import REGISTERS
from sn.emit.windows.tiles import Room, Tiling, scaled, tile

FULL = [(out, source) for out in range(12) for source in range(8)]


def tiled(pairs: list[tuple[int, int]], vectors: int, taps: list[int], lanes: int = 8) -> Tiling:
    """Tile for a CPU of some lanes; `vectors` are those of its own."""
    wide = Room(-(-vectors * lanes // 16), REGISTERS[16])
    return tile(pairs, taps, wide, Room(vectors, REGISTERS[lanes]))


@st.composite
def pair_lists(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Random tables of maps, now and then with equal lists."""
    maps = draw(st.integers(1, 8))
    some = st.lists(st.integers(0, maps - 1), min_size=1, max_size=maps, unique=True)
    lists = draw(st.lists(some, min_size=1, max_size=4))
    table = draw(st.lists(st.sampled_from(lists), min_size=1, max_size=9))
    return [(out, source) for out, sources in enumerate(table) for source in sources]


@settings(derandomize=True, deadline=None, max_examples=120)
@given(
    pair_lists(),
    st.integers(1, 9),
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
    st.sampled_from(sorted(REGISTERS)),
)
def test_tiles_hold_every_pair_once(
    pairs: list[tuple[int, int]], vectors: int, taps: list[int], lanes: int
) -> None:
    found = tiled(pairs, vectors, taps, lanes)
    classes = len(taps) if found.together else 1
    seen = []
    for (width, sources), entries in found.shapes.items():
        assert found.chunk * (1 + width * classes) + 1 <= REGISTERS[lanes]
        for entry in entries:
            assert len(entry) == width + sources * (1 + width)
            outs = entry[:width]
            for index in range(sources):
                source, *numbers = entry[width + index * (1 + width) :][: 1 + width]
                assert [pairs[number] for number in numbers] == [(out, source) for out in outs]
                seen += numbers
    assert sorted(seen) == list(range(len(pairs)))


@settings(derandomize=True, deadline=None, max_examples=60)
@given(pair_lists(), st.integers(1, 5), st.integers(1, 25))
def test_maps_meet_in_one_order_on_every_cpu(
    pairs: list[tuple[int, int]], vectors: int, taps: int
) -> None:
    narrow, wide = tiled(pairs, 2 * vectors, [taps], 8), tiled(pairs, vectors, [taps], 16)
    assert list(narrow.shapes.items()) == list(wide.shapes.items())


def test_a_tiling_is_complete_when_each_map_is_in_one_tile() -> None:
    assert tiled(FULL, 2, [25]).is_complete(12)
    assert not tiled(FULL, 2, [25]).is_complete(13)
    # three tiles of one map each, and yet the third map is in none
    pairs = [(0, 0), (0, 1), (1, 0)]
    apart = Tiling(1, True, {(1, 1): [[0, 0, 0], [0, 1, 1], [1, 0, 2]]}, 0.0)
    assert not apart.is_complete(3)
    assert not tiled(pairs, 1, [9]).is_complete(3)


def test_classes_that_fit_the_registers_are_summed_together() -> None:
    """Four maps of four classes are 16 sums: enough to hide the latency of each."""
    some = [(source, out) for out in range(8) for source in range(4)]
    assert tiled(some, 1, [9, 6, 6, 4], 16).together
    assert not tiled(some, 4, [9, 6, 6, 4], 8).together


def test_maps_that_see_the_same_maps_share_a_tile() -> None:
    found = tiled(FULL, 2, [25])
    assert all(sources == 8 for _, sources in found.shapes)
    assert max(width for width, _ in found.shapes) > 1


@pytest.mark.parametrize("vectors", [1, 2, 3, 8])
def test_entries_become_places_in_memory(vectors: int) -> None:
    pairs = [(0, 1), (0, 2), (1, 0), (1, 2)]
    out, source = np.array([100, 200], np.int32), np.array([7, 8, 9], np.int32)
    kernel = np.array([1000, 1025, 1050, 1075], np.int32)
    seen = []
    for width, sources, entries in scaled(tiled(pairs, vectors, [9]), out, source, kernel):
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
