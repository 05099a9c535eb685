"""Laws of the order by blocks: what a pass shows, and from how much of the file at a time."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sn.data.blocks import Blocks
from sn.data.streaming import part_of
from sn.train.orders import order_of_pass

SIZES = st.integers(1, 40)


def windows(order: NDArray[np.int32], blocks: Blocks) -> list[NDArray[np.int32]]:
    """Cut an order into runs of as many blocks as are shuffled together, the short one counted."""
    found, first = [], 0
    n_blocks = -(-len(order) // blocks.block)
    short = (n_blocks - 1) * blocks.block  # the first pattern of the last block
    for begin in range(0, n_blocks, blocks.buffer):
        size = min(blocks.buffer, n_blocks - begin) * blocks.block
        if short in order[first : first + size]:
            size -= n_blocks * blocks.block - len(order)
        found.append(order[first : first + size])
        first += size
    return found


@given(count=st.integers(1, 500), block=SIZES, buffer=SIZES, seed=st.integers(0, 5))
def test_a_pass_shows_every_pattern_once(count: int, block: int, buffer: int, seed: int) -> None:
    order = order_of_pass("shuffled", count, seed, 1, Blocks(block, buffer))
    assert order.dtype == np.int32
    assert np.sort(order).tolist() == list(range(count))


@given(count=st.integers(1, 500), block=SIZES, buffer=SIZES)
def test_a_window_has_whole_blocks(count: int, block: int, buffer: int) -> None:
    blocks = Blocks(block, buffer)
    order = order_of_pass("shuffled", count, 0, 1, blocks)
    if count <= blocks.window:
        return
    for window in windows(order, blocks):
        taken = np.unique(window // block)
        assert len(taken) <= buffer
        whole = [np.arange(one * block, min((one + 1) * block, count)) for one in taken]
        assert np.sort(window).tolist() == np.concatenate(whole).tolist()


@given(count=st.integers(1, 300), block=SIZES, buffer=SIZES, seed=st.integers(0, 3))
def test_one_window_is_the_shuffle_of_memory(
    count: int, block: int, buffer: int, seed: int
) -> None:
    if block * buffer < count:
        return
    order = order_of_pass("shuffled", count, seed, 2, Blocks(block, buffer))
    assert order.tolist() == order_of_pass("shuffled", count, seed, 2).tolist()


def test_passes_and_seeds_have_orders_of_their_own() -> None:
    blocks = Blocks(5, 4)
    orders = {
        order_of_pass("shuffled", 200, seed, number, blocks).tobytes()
        for seed in range(4)
        for number in range(1, 5)
    }
    assert len(orders) == 16
    assert order_of_pass("constant", 200, 0, 1, blocks).tolist() == list(range(200))


def test_every_pattern_comes_anywhere_as_often() -> None:
    places = np.zeros(60)
    for number in range(2000):
        order = order_of_pass("shuffled", 60, 0, number, Blocks(5, 3))
        places += np.argsort(order)
    # the mean place of a pattern is 29.5, and that of 2,000 draws within 0.4 of it
    assert np.abs(places / 2000 - 29.5).max() < 4 * np.sqrt((60**2 - 1) / 12 / 2000)


def test_a_window_varies_as_the_design_effect_says() -> None:
    """The share of a class in the first window of a sorted file: W / (1 + (B - 1) r) patterns."""
    count, blocks = 4000, Blocks(20, 10)
    is_one = np.arange(count) >= count // 2  # a sorted file: r is 1
    shares = [
        is_one[order_of_pass("shuffled", count, 0, number, blocks)[: blocks.window]].mean()
        for number in range(1500)
    ]
    n_blocks = count // blocks.block
    left = (n_blocks - blocks.buffer) / (n_blocks - 1)  # drawn without putting back
    assert np.isclose(np.var(shares), 0.25 / blocks.buffer * left, rtol=0.12)


def test_a_part_of_an_array_is_its_rows() -> None:
    rows = np.arange(12).reshape(4, 3)
    assert part_of(rows, slice(1, 3)).tolist() == rows[1:3].tolist()
