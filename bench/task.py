"""Tasks: what a rival has to do, and how its answer is checked.

A task fixes a net, its starting weights, its examples and the slow float64 twin that says what
comes out. Rivals are compared within one task only.

Read next: `net.py` and `layers.py` for the nets, `rival.py` for what a rival offers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Weights = dict[str, F32]
Answer = Mapping[str, NDArray[np.floating]]


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work, counted for one presentation.

    `start(seed)` draws the weights, `examples(count)` returns what the examples are, inputs and
    targets, and `reference(weights, inputs, targets)` the arrays that a rival must come to: the
    trained weights by name, or the outputs. `base` is the rival that the others' times are
    divided by; what counts is the `clock`, "cpu", or "wall" where threads are to help.
    `tolerance` is the largest difference allowed, for float32 sums of up to some
    hundred terms in some order: rivals stay below 3e-7.
    """

    name: str
    connections: int
    multiply_adds: int
    start: Callable[[int], Weights]
    examples: Callable[[int], tuple[str, F32, F32]]
    reference: Callable[[Weights, F32, F32], Answer]
    base: str = "SN, SGD"
    clock: str = "cpu"
    tolerance: float = 2e-6
