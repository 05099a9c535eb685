"""The network that every rival trains: its table, its starting weights and its examples.

Read next: `reference.py`, the slow twin that all rivals must agree with.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench import reference
from bench.reference import SHAPES
from bench.task import F32, Task, Weights

CONNECTIONS = 64_660  # LeCun et al. 1989, biases included

# forward 63,660 (connections less the 1,000 biases), weight gradients as many, and
# back-propagation through all but the first layer 44,460
MULTIPLY_ADDS = 171_780

FAN_IN = {"1": 26, "2": 201, "3": 193, "4": 31}  # bias included


def initial_weights(seed: int) -> Weights:
    """Draw every parameter, biases too, uniformly from +-2.4 / sqrt(fan-in)."""
    rng = np.random.default_rng(seed)
    weights = {}
    for name, shape in SHAPES.items():
        bound = 2.4 / np.sqrt(FAN_IN[name[1]])
        weights[name] = rng.uniform(-bound, bound, shape).astype(np.float32)
    return weights


def flatten(weights: Weights) -> F32:
    """Return all 9,760 parameters as one array, in the order of `SHAPES`."""
    return np.concatenate([weights[name].ravel() for name in SHAPES])


def unflatten(flat: F32) -> Weights:
    """Return the named arrays again from what `flatten` gave."""
    weights, start = {}, 0
    for name, shape in SHAPES.items():
        size = int(np.prod(shape))
        weights[name] = flat[start : start + size].reshape(shape).copy()
        start += size
    return weights


def examples(count: int) -> tuple[str, F32, F32]:
    """Return what the examples are, and the first `count` of them.

    The digits of `mnist-1989` where `sn` can be imported, else strokes drawn here: times do
    not depend on what is drawn, only the weights at the end do.

    Shapes:
        inputs: (count, 256) float32, in -1..1
        targets: (count, 10) float32, -1 or 1
    """
    try:
        from sn.data import load  # here: the rivals run without sn, too
    except ImportError:
        name, (inputs, labels) = "strokes drawn for the benchmark", _strokes(count)
    else:
        digits = load("mnist-1989")
        name, inputs = "mnist-1989", digits.train.inputs[:count].reshape(count, 256)
        labels = digits.train.targets[:count].astype(np.int64)
    targets = np.full((count, 10), -1, np.float32)
    targets[np.arange(count), labels] = 1
    return name, np.ascontiguousarray(inputs, np.float32), targets


def _strokes(count: int) -> tuple[F32, NDArray[np.int64]]:
    """Draw ten kinds of pictures of three strokes each, moved and thickened at random."""
    rng = np.random.default_rng(1989)
    y, x = np.mgrid[0:16, 0:16]
    corners = rng.uniform(3, 13, (10, 4, 2))
    labels = rng.integers(0, 10, count)
    inputs = np.full((count, 16, 16), -1, np.float32)
    t = np.linspace(0, 1, 8)[:, None]
    for k, label in enumerate(labels):
        bent = corners[label] + rng.normal(0, 0.7, (4, 2))
        dots = np.concatenate(
            [a + t * (b - a) for a, b in zip(bent[:-1], bent[1:], strict=True)],
        )
        far = (y[..., None] - dots[:, 0]) ** 2 + (x[..., None] - dots[:, 1]) ** 2
        inputs[k] = 2 * np.exp(-far.min(-1) / rng.uniform(1, 2)) - 1
    return inputs.reshape(count, 256), labels


ZIPCODE = Task(
    "zipcode, SGD",
    CONNECTIONS,
    MULTIPLY_ADDS,
    initial_weights,
    examples,
    reference.train,
)
