"""JAX on full layers: the whole pass in one `lax.scan`.

jax is optional, so it is imported where it is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from bench.layers import FULL, PAIRS
from bench.machine import cpu_seconds
from bench.reference import STEP
from bench.rival import Rival, needs
from bench.task import F32, Weights

Net = dict[str, Any]  # jax arrays, by name


def _step(net: Net, example: tuple[Any, Any]) -> tuple[Net, None]:
    """Return the net after one presentation, as `lax.scan` wants it."""
    jax = import_module("jax")
    jnp = import_module("jax.numpy")

    x, target = example

    def cost(net: Net) -> Any:
        state = x
        for n in range(1, len(PAIRS) + 1):
            state = jnp.tanh(net[f"w{n}"] @ state + net[f"b{n}"])
        return jnp.mean((state - target) ** 2)

    slopes = jax.grad(cost)(net)
    return {name: net[name] - STEP * slopes[name] for name in net}, None


@dataclass(slots=True)
class JaxRunner:
    """Holds the examples as jax arrays; `train` maps (net, inputs, targets) to a net."""

    compile_seconds: float
    train: Any
    start: Net
    inputs: Any
    targets: Any
    net: Net

    def run(self, count: int) -> None:
        """Train from the starting weights on the first `count` examples."""
        jax = import_module("jax")

        net = self.train(self.start, self.inputs[:count], self.targets[:count])
        self.net = jax.block_until_ready(net)

    def answer(self) -> Weights:
        """Return the parameters that the last `run` left."""
        return {name: np.asarray(value) for name, value in self.net.items()}


def _prepare(weights: Weights, inputs: F32, targets: F32) -> JaxRunner:
    jax = import_module("jax")
    lax, jnp = import_module("jax.lax"), import_module("jax.numpy")

    train = jax.jit(lambda net, x, y: lax.scan(_step, net, (x, y))[0])
    net = {name: jnp.asarray(values) for name, values in weights.items()}
    x, y = jnp.asarray(inputs), jnp.asarray(targets)
    begin = cpu_seconds()
    train.lower(net, x, y).compile()
    return JaxRunner(cpu_seconds() - begin, train, net, x, y, net)


CPU = {"JAX_PLATFORMS": "cpu"}

RIVALS = (Rival("JAX, layers, one scan, 1 core", needs("jax"), _prepare, CPU, cores=1, task=FULL),)
