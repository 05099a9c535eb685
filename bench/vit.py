"""A transformer of the size of the 1989 net, on the digits of the ladder, in JAX.

    python bench/vit.py [--seeds 5] [--passes 80]      some ten minutes; figures to docs/ladder.json

The article of 2022 tells of a "micro-ViT" of the same size that brought nothing. Here is one:
patches of 4 x 8 make 8 tokens of 21 numbers, two blocks of three heads and 42 hidden units
follow, then the mean of the tokens and ten outputs: 8,641 parameters and 67,410 multiply-adds for
a digit (the 1989 net has 9,760 and 63,660). It is trained like rung 4: softmax cross-entropy,
AdamW digit by digit, the rate falling from 3e-4 to 1e-4, digits moved by a pixel at most; without
dropout, which a net that small did not want either.

Source: Dosovitskiy et al. 2021, with the layer norms before attention and hidden units.
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
from sn.data import load  # noqa: E402

ROWS, COLS, WIDTH, HEADS, HIDDEN, BLOCKS, CLASSES = 4, 8, 21, 3, 42, 2, 10
TOKENS = 16 // ROWS * (16 // COLS)
BETA1, BETA2, EPS, DECAY = 0.9, 0.999, 1e-8, 0.01
HIGH, LOW = 3e-4, 1e-4
Net = dict[str, Any]  # jax arrays


def initial(seed: int) -> Net:
    """Draw the parameters: Gaussian of standard deviation 1 / sqrt F, biases 0."""
    rng, net = np.random.default_rng(seed), {}

    def matrix(name: str, rows: int, cols: int) -> None:
        net[name] = rng.normal(0, rows**-0.5, (rows, cols)).astype(np.float32)
        net[f"{name}.bias"] = np.zeros(cols, np.float32)

    def norm(name: str) -> None:
        net[name] = np.ones(WIDTH, np.float32)
        net[f"{name}.bias"] = np.zeros(WIDTH, np.float32)

    matrix("embed", ROWS * COLS, WIDTH)
    net["place"] = rng.normal(0, 0.02, (TOKENS, WIDTH)).astype(np.float32)
    for block in range(BLOCKS):
        norm(f"{block}.norm1")
        matrix(f"{block}.qkv", WIDTH, 3 * WIDTH)
        matrix(f"{block}.out", WIDTH, WIDTH)
        norm(f"{block}.norm2")
        matrix(f"{block}.up", WIDTH, HIDDEN)
        matrix(f"{block}.down", HIDDEN, WIDTH)
    norm("norm")
    matrix("head", WIDTH, CLASSES)
    return net


def outputs(net: Net, image: Any) -> Any:
    """Return the ten outputs for a picture of 16 x 16."""

    def linear(name: str, x: Any) -> Any:
        return x @ net[name] + net[f"{name}.bias"]

    def norm(name: str, x: Any) -> Any:
        x = x - x.mean(-1, keepdims=True)
        return x / jnp.sqrt((x**2).mean(-1, keepdims=True) + 1e-5) * net[name] + net[f"{name}.bias"]

    patches = image.reshape(16 // ROWS, ROWS, 16 // COLS, COLS).transpose(0, 2, 1, 3)
    x = linear("embed", patches.reshape(TOKENS, -1)) + net["place"]
    for block in range(BLOCKS):
        q, k, v = jnp.split(linear(f"{block}.qkv", norm(f"{block}.norm1", x)), 3, axis=-1)
        q, k, v = (part.reshape(TOKENS, HEADS, -1).transpose(1, 0, 2) for part in (q, k, v))
        seen = jax.nn.softmax(q @ k.transpose(0, 2, 1) * (WIDTH // HEADS) ** -0.5)
        x = x + linear(f"{block}.out", (seen @ v).transpose(1, 0, 2).reshape(TOKENS, WIDTH))
        up = jax.nn.gelu(linear(f"{block}.up", norm(f"{block}.norm2", x)), approximate=False)
        x = x + linear(f"{block}.down", up)
    return linear("head", norm("norm", x).mean(0))


def step(rate: Any, carried: Any, shown: Any) -> tuple[Any, None]:
    """Show one digit, moved by a pixel at most, and take a step of AdamW."""
    net, mean, square, count = carried
    image, digit, shift = shown

    def cost(net: Net) -> Any:
        return -jax.nn.log_softmax(outputs(net, jnp.roll(image, shift, (0, 1))))[digit]

    slopes, count = jax.grad(cost)(net), count + 1
    mean = {k: BETA1 * mean[k] + (1 - BETA1) * slopes[k] for k in net}
    square = {k: BETA2 * square[k] + (1 - BETA2) * slopes[k] ** 2 for k in net}
    one, two = 1 - BETA1**count, 1 - BETA2**count
    net = {
        k: (1 - rate * DECAY) * net[k] - rate * (mean[k] / one) / (jnp.sqrt(square[k] / two) + EPS)
        for k in net
    }
    return (net, mean, square, count), None


@jax.jit
def one_pass(rate: Any, carried: Any, images: Any, digits: Any, shifts: Any) -> Any:
    """Show all digits in order."""
    return jax.lax.scan(partial(step, rate), carried, (images, digits, shifts))[0]


@jax.jit
def misses(net: Net, images: Any, digits: Any) -> Any:
    """Return how many digits are taken for others."""
    answers = jax.vmap(partial(outputs, net))(images).argmax(-1)
    return (answers != digits).sum()


def train(seed: int, passes: int) -> tuple[int, int]:
    """Return the train and the test misses of one seed."""
    data = load("mnist-1989")
    parts = [
        (jnp.asarray(part.inputs.reshape(-1, 16, 16)), jnp.asarray(part.targets))
        for part in (data.train, data.test)
    ]
    net = {name: jnp.asarray(value) for name, value in initial(seed).items()}
    empty = {name: jnp.zeros_like(value) for name, value in net.items()}
    carried, rng = (net, empty, dict(empty), jnp.zeros(())), np.random.default_rng([seed, 1])
    for number in range(passes):
        rate = HIGH + (LOW - HIGH) * number / max(passes - 1, 1)
        shifts = jnp.asarray(rng.integers(-1, 2, (len(data.train), 2)))
        carried = one_pass(rate, carried, *parts[0], shifts)
    return tuple(int(misses(carried[0], *part)) for part in parts)  # type: ignore[return-value]


def main() -> None:
    """Train all seeds and keep their misses."""
    size = sum(value.size for value in initial(0).values())
    print(f"{size:,} parameters")
    measure("vit", __doc__ or "", train, parameters=size)


if __name__ == "__main__":
    main()
