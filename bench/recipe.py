"""Rung 4 of the ladder written once more, in JAX, with nothing of SN but the digits.

    python bench/recipe.py [--seeds 5] [--passes 80]      some minutes; figures to docs/ladder.json

The study of 2022 has 32 misses for this recipe, from one seed, where SN's runs have more. Is that
SN or the seed? Here is the recipe from the article alone: relu, a quarter of H2 left out, digits
moved by a pixel and rolled over the edge, softmax cross-entropy, AdamW digit by digit, the rate
falling from 3e-4 to 1e-4. Its gradients are JAX's.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # run as a script, only this folder would be importable

from bench.ladder import measure  # noqa: E402
from bench.rivals.jax_net import sums_by_gather  # noqa: E402
from sn.data import load  # noqa: E402

BETA1, BETA2, EPS, DECAY = 0.9, 0.999, 1e-8, 0.01
HIGH, LOW, KEPT = 3e-4, 1e-4, 0.75
Net = dict[str, Any]  # jax arrays


def initial(seed: int) -> Net:
    """Draw the weights: uniform within 2.4 / sqrt F, biases 0."""
    rng = np.random.default_rng(1000 + seed)

    def uniform(fan_in: int, *shape: int) -> Any:
        return rng.uniform(-2.4, 2.4, shape).astype(np.float32) / np.float32(fan_in**0.5)

    shapes = {"w1": (25, 12, 25), "w2": (200, 12, 8, 25), "w3": (192, 30, 192), "w4": (30, 10, 30)}
    net = {name: uniform(*shape) for name, shape in shapes.items()}
    sizes = {"b1": (12, 8, 8), "b2": (12, 4, 4), "b3": (30,), "b4": (10,)}
    return net | {name: np.zeros(size, np.float32) for name, size in sizes.items()}


def outputs(net: Net, image: Any, kept: Any = None) -> Any:
    """Return the ten outputs for an image of 16 x 16; `kept`, (192,), multiplies H2."""
    h2 = sums_by_gather(net, image.reshape(1, 16, 16), jax.nn.relu) + net["b2"]
    h2 = jax.nn.relu(h2).reshape(-1)
    if kept is not None:
        h2 = h2 * kept
    return net["w4"] @ jax.nn.relu(net["w3"] @ h2 + net["b3"]) + net["b4"]


def step(rate: Any, carried: Any, shown: Any) -> Any:
    """Take one step of AdamW for one digit."""
    net, mean, square, count = carried
    image, digit, shift, key = shown
    kept = (jax.random.uniform(key, (192,)) >= 1 - KEPT) / KEPT
    moved = jnp.roll(image, shift, (0, 1))
    gradient = jax.grad(lambda net: -jax.nn.log_softmax(outputs(net, moved, kept))[digit])(net)
    count = count + 1
    mean = {k: BETA1 * mean[k] + (1 - BETA1) * gradient[k] for k in net}
    square = {k: BETA2 * square[k] + (1 - BETA2) * gradient[k] ** 2 for k in net}
    first, second = 1 - BETA1**count, 1 - BETA2**count
    net = {
        k: (1 - rate * DECAY) * net[k]
        - rate * (mean[k] / first) / (jnp.sqrt(square[k] / second) + EPS)
        for k in net
    }
    return (net, mean, square, count), None


@jax.jit
def one_pass(rate: Any, carried: Any, *shown: Any) -> Any:
    """Show every digit once, in constant order."""
    return jax.lax.scan(partial(step, rate), carried, shown)[0]


@jax.jit
def misses(net: Net, images: Any, digits: Any) -> Any:
    """Count the digits that are misread."""
    answers = jax.vmap(lambda image: outputs(net, image))(images).argmax(-1)
    return (answers != digits).sum()


def train(seed: int, passes: int) -> tuple[int, int]:
    """Train one net and return its train and test misses."""
    data = load("mnist-1989")
    parts = [
        (jnp.asarray(part.inputs.reshape(-1, 16, 16)), jnp.asarray(part.targets.astype(np.int32)))
        for part in (data.train, data.test)
    ]
    net = {name: jnp.asarray(value) for name, value in initial(seed).items()}
    empty = {name: jnp.zeros_like(value) for name, value in net.items()}
    carried = (net, empty, dict(empty), jnp.zeros(()))
    rng, key = np.random.default_rng([seed, 7]), jax.random.PRNGKey(seed)
    count = len(data.train)
    for number in range(passes):
        rate = HIGH + (LOW - HIGH) * number / max(passes - 1, 1)
        key, now = jax.random.split(key)
        shifts = jnp.asarray(rng.integers(-1, 2, (count, 2)))
        carried = one_pass(rate, carried, *parts[0], shifts, jax.random.split(now, count))
    return tuple(int(misses(carried[0], *part)) for part in parts)  # type: ignore[return-value]


def main() -> None:
    """Train all seeds and keep their misses."""
    measure("recipe", __doc__ or "", train)


if __name__ == "__main__":
    main()
