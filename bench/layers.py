"""Full layers of 256-512-512-10: the second net of the race, 400,000 weights used once each.

Here nothing is shared, so each presentation streams all weights through the core twice: once
forward, once back, where they are changed.

Read next: `streams.py`, how fast a core can do that.
"""

from __future__ import annotations

import numpy as np

from bench.reference import STEP
from bench.task import F32, F64, Task, Weights

SIZES = (256, 512, 512, 10)
PAIRS = tuple(zip(SIZES[:-1], SIZES[1:], strict=True))
CONNECTIONS = sum(above * (below + 1) for below, above in PAIRS)

# forward, weight gradients, and back-propagation through all but the first layer
_TERMS = [below * above for below, above in PAIRS]
MULTIPLY_ADDS = 2 * sum(_TERMS) + sum(_TERMS[1:])


def initial_weights(seed: int) -> Weights:
    """Draw weights and biases uniformly from +-1 / sqrt(fan-in)."""
    rng = np.random.default_rng(seed)
    weights = {}
    for number, (below, above) in enumerate(PAIRS, 1):
        bound = 1 / np.sqrt(below + 1)
        weights[f"w{number}"] = rng.uniform(-bound, bound, (above, below)).astype(np.float32)
        weights[f"b{number}"] = rng.uniform(-bound, bound, above).astype(np.float32)
    return weights


def examples(count: int) -> tuple[str, F32, F32]:
    """Return numbers drawn from -1..1, ten classes.

    Shapes:
        inputs: (count, 256) float32
        targets: (count, 10) float32, -1 or 1
    """
    rng = np.random.default_rng(512)
    inputs = rng.uniform(-1, 1, (count, SIZES[0])).astype(np.float32)
    targets = np.full((count, SIZES[-1]), -1, np.float32)
    targets[np.arange(count), rng.integers(0, SIZES[-1], count)] = 1
    return "numbers drawn from -1..1", inputs, targets


def train(weights: Weights, inputs: F32, targets: F32) -> dict[str, F64]:
    """Return the parameters after one presentation of each example, in float64."""
    exact = {name: value.astype(np.float64) for name, value in weights.items()}
    numbers = range(1, len(PAIRS) + 1)
    for x, target in zip(inputs.astype(np.float64), targets, strict=True):
        states = [x]
        for n in numbers:
            states.append(np.tanh(exact[f"w{n}"] @ states[-1] + exact[f"b{n}"]))
        # cost = mean over the outputs of (out - target)^2
        back = 2 / len(target) * (states[-1] - target)
        for n in reversed(numbers):
            grad = back * (1 - states[n] ** 2)
            back = exact[f"w{n}"].T @ grad
            exact[f"w{n}"] -= STEP * np.outer(grad, states[n - 1])
            exact[f"b{n}"] -= STEP * grad
    return exact


FULL = Task(
    "full layers",
    CONNECTIONS,
    MULTIPLY_ADDS,
    initial_weights,
    examples,
    train,
    base="SN, full layers",
)
