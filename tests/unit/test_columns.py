"""Columns: the copies that make vector code of windows, held to plain loops over the sites."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sn.emit.memory import whole_vectors
from sn.emit.vector import LANES
from sn.emit.windows.im2col import Geometry

Floats = NDArray[np.float64]

# input -> h1 and h1 -> h2 of the 1989 net
H1 = Geometry((8, 8), (16, 16), (5, 5), (2, 2), (2, 2), -1.0, (False, False))
H2 = Geometry((4, 4), (8, 8), (5, 5), (2, 2), (2, 2), -1.0, (False, False))
TORUS = Geometry((8, 8), (16, 16), (3, 3), (2, 2), (0, 0), 0.0, (True, True))
CYLINDER = Geometry((8, 8), (8, 16), (5, 3), (1, 2), (1, 1), -1.0, (True, False))


@st.composite
def geometries(draw: st.DrawFn) -> Geometry:
    """Windows as recognition gives them: with a border, without, or round one axis or both."""
    wrap = draw(st.booleans()), draw(st.booleans())
    axes = []
    for wraps in wrap:
        if wraps:
            grid, stride, field = (draw(st.integers(1, top)) for top in (5, 3, 12))
            axes.append((grid, field, draw(st.integers(1, field)), stride, draw(st.integers(0, 2))))
            continue
        field, kernel, stride = (draw(st.integers(1, top)) for top in (9, 5, 3))
        offset = draw(st.integers(-min(2, field - 1), kernel - 1))
        # the last window still touches the field
        grid = draw(st.integers(1, (field - 1 + offset) // stride + 1))
        axes.append((grid, field, kernel, stride, offset))
    grid, field, kernel, stride, offset = zip(*axes, strict=True)
    return Geometry(grid, field, kernel, stride, offset, draw(st.sampled_from((0.0, -1.0))), wrap)


def site(g: Geometry, y: int, x: int, u: int, v: int) -> int | None:
    """The site that position (y, x) sees through tap (u, v); None in the border."""
    row, col = y * g.stride[0] + u - g.offset[0], x * g.stride[1] + v - g.offset[1]
    row, col = (
        place % size if wraps else place
        for place, size, wraps in zip((row, col), g.field, g.wrap, strict=True)
    )
    inside = 0 <= row < g.field[0] and 0 <= col < g.field[1]
    return row * g.field[1] + col if inside else None


def gathered(values: Floats, lanes: list[int], fill: float) -> Floats:
    return np.array([values[lane] if lane >= 0 else fill for lane in lanes])


def scattered(g: Geometry, weights: Floats, grads: Floats) -> Floats:
    """back[site] = sum over positions and taps of w g: the definition."""
    back = np.zeros(g.field[0] * g.field[1])
    for y, x, u, v in np.ndindex(*g.grid, *g.kernel):
        where = site(g, y, x, u, v)
        if where is not None:
            back[where] += weights[u, v] * grads[y, x]
    return back


@settings(derandomize=True, deadline=None, max_examples=150)
@given(geometries())
@example(H1)
@example(H2)
@example(TORUS)
@example(CYLINDER)
def test_a_tap_meets_its_sites_at_consecutive_elements(g: Geometry) -> None:
    field = np.random.default_rng(0).standard_normal(g.field[0] * g.field[1])
    columns = gathered(field, g.column_lanes, g.border)
    for tap, (u, v) in enumerate(np.ndindex(*g.kernel)):
        for position, (y, x) in enumerate(np.ndindex(*g.grid)):
            where = site(g, y, x, u, v)
            expected = g.border if where is None else field[where]
            assert columns[g.taps[tap] + position] == expected


@settings(derandomize=True, deadline=None, max_examples=150)
@given(geometries())
@example(H1)
@example(H2)
@example(TORUS)
@example(CYLINDER)
def test_classes_of_sites_gather_what_windows_scatter(g: Geometry) -> None:
    rng = np.random.default_rng(0)
    weights, grads = rng.standard_normal(g.kernel), rng.standard_normal(g.grid)
    flat = g.flat
    spread = gathered(grads.ravel(), flat.gradient_lanes, 0.0)
    classes = np.zeros(flat.n_classes * flat.class_pitch)
    size = flat.class_size[0] * flat.class_size[1]
    for start, taps in flat.classes:
        for distance, tap in taps:
            classes[start : start + size] += weights.ravel()[tap] * spread[distance:][:size]
    sites = g.field[0] * g.field[1]
    back = sum(gathered(classes, lanes[:sites], 0.0) for lanes in g.class_rounds)
    assert np.allclose(back, scattered(g, weights, grads), atol=1e-12)
    if g.is_direct:
        assert np.array_equal(back, classes[: len(back)])


@settings(derandomize=True, deadline=None, max_examples=150)
@given(geometries())
@example(H2)
@example(TORUS)
@example(CYLINDER)
def test_columns_are_added_back_to_the_sites_they_came_from(g: Geometry) -> None:
    columns = np.random.default_rng(0).standard_normal(len(g.column_lanes))
    expected = np.zeros(g.field[0] * g.field[1])
    for element, lane in enumerate(g.column_lanes):
        if lane >= 0:
            expected[lane] += columns[element]
    total = sum(gathered(columns, lanes, 0.0)[: len(expected)] for lanes in g.column_sources)
    assert np.allclose(total, expected, atol=1e-12)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(geometries())
@example(H1)
@example(H2)
@example(TORUS)
@example(CYLINDER)
def test_no_vector_reaches_farther_than_the_spare_one_of_its_memory(g: Geometry) -> None:
    """Arena.take reserves one vector past a stretch; loads of whole vectors must end there."""
    positions = whole_vectors(g.grid[0] * g.grid[1])
    assert max(g.taps) + positions <= len(g.column_lanes) + LANES
    flat = g.flat
    farthest = max(distance for _, taps in flat.classes for distance, _ in taps)
    assert farthest + flat.class_pitch <= len(flat.gradient_lanes) + LANES
    for lanes in (g.column_lanes, flat.gradient_lanes, *g.class_rounds, *g.column_sources):
        assert len(lanes) % LANES == 0
    assert min(distance for _, taps in flat.classes for distance, _ in taps) >= 0


SPREAD = Geometry((4, 4), (13, 16), (5, 5), (1, 1), (0, 0), 0.0, (False, False), (2, 3))


@settings(derandomize=True, deadline=None, max_examples=100)
@given(geometries(), st.tuples(st.integers(1, 4), st.integers(1, 4)))
@example(SPREAD, (2, 3))
@example(H1, (1, 1))
def test_the_sites_of_a_dilated_window_follow_each_other_in_a_frame(
    g: Geometry, dilation: tuple[int, int]
) -> None:
    g = replace(g, wrap=(False, False), dilation=dilation)
    rows, cols = g.frame_places
    for axis, places in enumerate((rows, cols)):
        assert sorted(places) == [*range(g.frame[axis])]
        for position in range(g.grid[axis]):
            first = position * g.stride[axis]
            sites = range(first, first + g.kernel[axis] * dilation[axis], dilation[axis])
            start = places[first]
            assert [places[at] for at in sites] == [*range(start, start + g.kernel[axis])]
    lanes = g.frame_sites(100, 3)
    for number, (row, col) in enumerate(np.ndindex(*g.field)):
        y, x = row + g.offset[0], col + g.offset[1]
        is_met = 0 <= y < g.frame[0] and 0 <= x < g.frame[1]
        assert lanes[number] == (rows[y] * 100 + cols[x] * 3 if is_met else -1)
    assert set(lanes[g.field[0] * g.field[1] :]) <= {-1}


def test_the_1989_net_has_four_classes() -> None:
    assert (H2.n_classes, H2.class_size) == (4, (4, 4))
    assert not H2.is_direct
    assert Geometry((6, 6), (8, 8), (3, 3), (1, 1), (0, 0), 0.0, (False, False)).is_direct
