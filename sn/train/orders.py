"""Orders: in which order a pass shows its patterns."""

from __future__ import annotations

import numpy as np

from sn.data.blocks import Blocks
from sn.net.init import philox_key
from sn.train.engines import Order


def order_of_pass(
    kind: str, count: int, seed: int, number: int, blocks: Blocks | None = None
) -> Order:
    """Return the order in which pass `number` (from 1) shows `count` patterns.

    "shuffled" draws from a stream of the seed and the pass alone, so a resumed run goes on
    where it was; patterns that are streamed are shuffled by `blocks`.
    """
    if kind == "constant":
        return np.arange(count, dtype=np.int32)
    stream = np.random.Generator(np.random.Philox(key=philox_key(seed, 0x0DE2), counter=number))
    if blocks is not None:
        return blocks.order(count, stream)
    return stream.permutation(count).astype(np.int32)
