"""Windows along one axis, held against sites that are counted out one by one."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from sn.lower.rules.axes import Axis, Reach, cut, gap, guess, most, reach, wrapped
from sn.lower.rules.border import BORDER, BorderRows, place_border


def sites(axis: Axis, count: int) -> list[list[int]]:
    """The sites of each window, those beyond the edges too: by definition."""
    return [
        [p * axis.stride - axis.offset + tap * axis.dilation for tap in range(axis.taps)]
        for p in range(count)
    ]


def rows(axis: Axis, count: int, size: int, wraps: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """What each connection along the axis sees, and from where: those inside, or round a ring."""
    pairs = [
        (site % size, p)
        for p, window in enumerate(sites(axis, count))
        for site in window
        if wraps or 0 <= site < size
    ]
    site, position = np.array(pairs, np.int32).reshape(-1, 2).T
    return site, position


def seen(axis: Axis, count: int, size: int) -> Reach:
    return reach(*rows(axis, count, size), count, size)


def ends(axis: Axis, count: int, size: int) -> list[tuple[int, int] | None]:
    """The first and the last site inside, of each window; None of one that sees none."""
    inside = [[x for x in window if 0 <= x < size] for window in sites(axis, count)]
    return [(min(window), max(window)) if window else None for window in inside]


AXES = [
    (Axis(stride, offset, taps, dilation), count, size)
    for stride, offset, taps, dilation, count, size in product(
        (1, 2, 3), (0, 1, 2, 4), (1, 2, 3, 5), (1, 2), (1, 2, 4), (4, 7, 10)
    )
]


def test_how_far_windows_reach_is_the_first_and_the_last_site_inside() -> None:
    for axis, count, size in AXES:
        found = seen(axis, count, size)
        expected = ends(axis, count, size)
        assert (found.positions, found.size) == (count, size)
        assert found.position.tolist() == [p for p, x in enumerate(expected) if x is not None]
        pairs = zip(found.low.tolist(), found.high.tolist(), strict=True)
        assert [*pairs] == [x for x in expected if x is not None]


def test_windows_that_the_edges_do_not_cut_are_guessed() -> None:
    """With one window alone the stride says nothing; it is 1."""
    n_whole = 0
    for axis, count, size in AXES:
        if all(0 <= site < size for window in sites(axis, count) for site in window):
            # where all ends lie within a dilation of the edges, weights have to tell the stride
            found = guess(seen(axis, count, size), axis.dilation, axis.stride)
            assert found == axis._replace(stride=axis.stride if count > 1 else 1), (axis, count)
            n_whole += 1
    assert n_whole > 100


def test_windows_that_the_edges_cut_are_guessed_if_one_is_whole_and_others_show_the_stride() -> (
    None
):
    assert guess(seen(Axis(2, 2, 5), 8, 16)) == Axis(2, 2, 5)
    assert guess(seen(Axis(1, 1, 3), 4, 4)) == Axis(1, 1, 3)
    assert guess(seen(Axis(2, 2, 3, 2), 8, 16), 2) == Axis(2, 2, 3, 2)
    assert guess(Reach(np.zeros(0, np.int64), *np.zeros((2, 0), np.int32), 3, 5)) is None
    # windows that move backwards are none
    back = np.array([4, 3, 2], np.int32)
    assert guess(Reach(np.arange(3), back, back, 3, 7)) is None


def test_every_cut_that_is_named_is_what_is_seen_and_the_true_one_is_named() -> None:
    for axis, count, size in AXES:
        expected = ends(axis, count, size)
        if not any(expected):
            continue
        for step in (axis.stride, None):
            found = [*cut(seen(axis, count, size), axis.taps, step, axis.dilation)]
            assert all(ends(some, count, size) == expected for some in found), (axis, count, size)
            assert all((s.taps, s.dilation) == (axis.taps, axis.dilation) for s in found)
            assert len(set(found)) == len(found)
            if step is not None or count > 1:
                assert axis in found, (axis, count, size, step)


def test_of_cuts_that_look_alike_equal_borders_come_first() -> None:
    """Three windows of seven over three sites: nine sites at least, so a border of three each."""
    found = [axis.offset for axis in cut(seen(Axis(1, 3, 7), 3, 3), 7, 1)]
    assert found[0] == 3
    assert sorted(found) == [2, 3, 4]
    assert [*cut(Reach(np.zeros(0, np.int64), *np.zeros((2, 0), np.int32), 3, 5), 2, 1)] == []


@pytest.mark.parametrize("apart", [1, 2, 3])
def test_windows_go_round(apart: int) -> None:
    """No site twice, and not all of them; which window begins where is what counts."""
    n_found = 0
    for stride, offset, taps, count in product((1, 2, 3), (0, 1, 3), (2, 3), (2, 3, 4, 6)):
        size = stride * count
        axis = Axis(stride, offset, taps, apart)
        if (taps - 1) * apart >= size or taps == size or size < 5:
            continue
        site, position = rows(axis, count, size, wraps=True)
        found = wrapped(site, position, count, size, stride, apart)
        if found is None:
            continue
        n_found += 1
        assert [sorted(x % size for x in window) for window in sites(found, count)] == [
            sorted(x % size for x in window) for window in sites(axis, count)
        ], axis
    assert n_found > 10


def test_what_does_not_go_round_is_refused() -> None:
    assert wrapped(np.zeros(0, np.int32), np.zeros(0, np.int32), 3, 5, None) is None
    # sites 0, 1 and 3: a gap within the window
    gappy = np.array([0, 1, 3, 1, 2, 4], np.int32), np.repeat([0, 1], 3).astype(np.int32)
    assert wrapped(*gappy, 2, 7, None) is None
    # all of the sites: how they turn is told by weights, else they move as positions do
    everything = np.tile(np.arange(6), 3).astype(np.int32), np.repeat(np.arange(3), 6)
    assert wrapped(*everything, 3, 6, 1) == Axis(1, 0, 6)
    assert wrapped(*everything, 3, 6, None) == Axis(2, 0, 6)
    assert wrapped(*everything, 3, 6, 0) == Axis(6, 0, 6)
    assert wrapped(*everything, 3, 6, 1, 2) is None


@pytest.mark.parametrize(
    ("axis", "count", "size", "leaves"),
    [
        (Axis(1, 0, 3), 4, 6, False),
        (Axis(1, 0, 3), 5, 6, True),
        (Axis(1, 1, 3), 4, 6, True),
        (Axis(2, 0, 2), 3, 6, False),
        (Axis(1, 0, 3, 2), 2, 6, False),
        (Axis(1, 0, 3, 2), 3, 6, True),
    ],
)
def test_a_window_leaves_a_ring_if_it_ends_behind_the_last_site(
    axis: Axis, count: int, size: int, leaves: bool
) -> None:
    there = reach(*rows(axis, count, size, wraps=True), count, size)
    assert axis.leaves(there) == leaves
    assert axis.span == sites(axis, 1)[0][-1] - sites(axis, 1)[0][0] + 1


def test_windows_on_a_ring_are_seen_whole_or_cut() -> None:
    axis = Axis(1, 1, 3)
    whole = reach(*rows(axis, 6, 6, wraps=True), 6, 6)
    assert axis.is_seen(whole)
    assert not axis.is_seen(seen(axis, 6, 6))
    assert not axis.is_seen(whole._replace(position=whole.position[:-1]))


def test_the_gap_between_sites_is_that_of_most_neighbours() -> None:
    unit = np.array([0, 0, 0, 1, 1, 1, 2])
    site = np.array([0, 2, 4, 1, 3, 4, 9], np.int32)
    assert gap(site, unit, 10) == 2
    assert gap(site[-1:], unit[-1:], 10) == 1
    # a site seen twice is one
    assert gap(np.array([3, 0, 3, 0], np.int32), np.zeros(4, np.int64), 10) == 3


def test_the_most_frequent_and_the_lowest_of_several() -> None:
    assert most(np.array([5, -3, 5, -3, 7])) == -3
    assert most(np.array([2, 9, 9])) == 9
    assert most(np.zeros(0, np.int64)) is None


# --- border ---


def window_of_three() -> np.ndarray:
    """One kernel of three taps at three positions; the first window lacks two, the second one."""
    taps = [[BORDER, BORDER, 10], [BORDER, 11, 11], [12, 12, 12]]
    return np.array(taps, np.int32).reshape(1, 1, 3, 1, 3)


def placed(weights: np.ndarray, rows: list[tuple[int, int, int]]) -> list[int]:
    """Place border rows of (map, position, weight)."""
    plane, position, wid = np.array(rows).T
    border = BorderRows(plane.astype(np.int32), position, wid.astype(np.int32))
    return place_border(weights, np.zeros(len(weights), np.int64), border).tolist()


def test_a_border_row_takes_the_place_that_its_weight_has_elsewhere() -> None:
    weights = window_of_three()
    assert placed(weights, [(0, 0, 11), (0, 0, 10), (0, 1, 10)]) == [0, 0, 0]
    assert weights.reshape(3, 3).tolist() == [[10, 10, 10], [11, 11, 11], [12, 12, 12]]


def test_an_odd_border_row_leaves_the_others_their_places() -> None:
    weights = window_of_three()
    assert placed(weights, [(0, 0, 99), (0, 0, 10), (0, 1, 10)]) == [0, 0, 0]
    assert weights.reshape(3, 3).tolist() == [[10, 10, 10], [99, 11, 11], [12, 12, 12]]


def test_a_border_row_too_many_has_no_place() -> None:
    weights = window_of_three()
    some = [(0, 0, 10), (0, 0, 11), (0, 1, 10), (0, 2, 10), (0, 0, 98), (1, 0, 10)]
    assert placed(weights, some) == [0, 0, 0, -1, -1, -1]


def test_a_weight_that_the_border_alone_feeds_has_one_tap_at_all_positions() -> None:
    """Weights 20 and 21 are seen nowhere inside: the first to come takes the first free tap."""
    weights = np.full((1, 1, 3, 1, 2), BORDER, np.int32)
    weights[0, 0, 2] = 12
    some = [(0, 0, 21), (0, 0, 20), (0, 1, 20), (0, 1, 21)]
    assert placed(weights, some) == [0, 0, 0, 0]
    assert weights.reshape(3, 2).tolist() == [[21, 21], [20, 20], [12, 12]]


def test_border_rows_go_to_the_maps_that_they_feed() -> None:
    """Two maps above, a pair each; what feeds map 1 is of the second pair."""
    weights = np.concatenate([window_of_three(), window_of_three()])
    weights[1][weights[1] > 0] += 10
    plane, position = np.array([1, 0, 1, 0, 0, 1]), np.array([0, 0, 0, 0, 1, 1])
    wid = np.array([21, 11, 20, 10, 10, 20], np.int32)
    border = BorderRows(plane.astype(np.int32), position, wid)
    assert place_border(weights, np.array([0, 1]), border).tolist() == [1, 0, 1, 0, 0, 1]
    assert weights.reshape(6, 3).tolist() == [[10 + n] * 3 for n in (0, 1, 2, 10, 11, 12)]
