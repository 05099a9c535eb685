"""JAX with batches: one `lax.scan` over the batches, the cost mapped over the examples of each.

Convolutions are written in two ways, as in `jax_net.py`: which is faster depends on the batch.

jax is optional, so it is imported where it is used.
"""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import Any

from bench.batches import SIZES, TASKS, title
from bench.machine import cpu_seconds
from bench.reference import SHAPES, STEP
from bench.rival import Rival, needs
from bench.rivals.jax_net import (
    CPU,
    JaxRunner,
    Net,
    Sums,
    outputs_of,
    sums_by_convolution,
    sums_by_gather,
)
from bench.task import F32, Weights


def _step(sums: Sums, net: Net, batch: tuple[Any, Any]) -> tuple[Net, None]:
    jax, jnp = import_module("jax"), import_module("jax.numpy")

    def cost(net: Net) -> Any:
        images, targets = batch
        outputs = jax.vmap(lambda image: outputs_of(sums, net, image))(images)
        return jnp.mean((outputs - targets) ** 2)

    slopes = jax.grad(cost)(net)
    return {name: net[name] - STEP * slopes[name] for name in SHAPES}, None


def _train(sums: Sums, batch: int, net: Net, inputs: Any, targets: Any) -> Net:
    """Scan over whole batches, then take the step of what is left."""
    lax = import_module("jax.lax")

    count = len(inputs)
    size = min(batch, count)
    whole = count // size * size
    some = [part[:whole].reshape(-1, size, part.shape[1]) for part in (inputs, targets)]
    net = lax.scan(partial(_step, sums), net, tuple(some))[0]
    if whole < count:
        net = _step(sums, net, (inputs[whole:], targets[whole:]))[0]
    return net


def prepare(sums: Sums, batch: int, weights: Weights, inputs: F32, targets: F32) -> JaxRunner:
    """Compile a pass over all examples."""
    jax, jnp = import_module("jax"), import_module("jax.numpy")

    train = jax.jit(partial(_train, sums, batch))
    net = {name: jnp.asarray(values) for name, values in weights.items()}
    x, y = jnp.asarray(inputs), jnp.asarray(targets)
    begin = cpu_seconds()
    train.lower(net, x, y).compile()
    return JaxRunner(cpu_seconds() - begin, train, net, x, y, net)


WAYS: tuple[tuple[str, Sums], ...] = (
    ("patches", sums_by_gather),
    ("convolutions", sums_by_convolution),
)

RIVALS = tuple(
    Rival(
        f"JAX, {way}, {title(size, cores)}",
        needs("jax"),
        partial(prepare, sums, SIZES[size]),
        CPU,
        cores=cores,
        task=task,
    )
    for (size, cores), task in TASKS.items()
    for way, sums in WAYS
)
