"""JAX: the whole pass in one `lax.scan`, or a jitted step called from Python.

Three ways to write the two convolutions were tried, one core, 2.0 GHz Xeon with AVX-512, per
presentation: patches gathered by an index and multiplied as matrices 42 us (gradients of the
gather by hand: 41 us), three `conv_general_dilated` over the groups of maps that see the same
inputs 85 us, one convolution with feature groups 280 us, one dense convolution with zeros in
the table 260 us, patches by slices 180 us. The first two are kept.

jax is optional, so it is imported where it is used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from bench.machine import cpu_seconds
from bench.reference import SHAPES, STEP
from bench.rival import Rival, needs
from bench.task import F32, Weights

Net = dict[str, Any]  # jax arrays, by the names of SHAPES
GROUPS = (slice(0, 4), slice(4, 8), slice(8, 12))


def _patch_index(size: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return for each tap and unit the place in a bordered map of `size` x `size`."""
    near = 2 * np.arange(size // 2)[:, None] + np.arange(5)
    place = near[:, None, :, None] * (size + 3) + near[None, :, None, :]
    return place.transpose(2, 3, 0, 1).reshape(25, -1)


def _border(maps: Any) -> Any:
    lax = import_module("jax.lax")

    return lax.pad(maps, np.float32(-1), ((0, 0, 0), (2, 1, 0), (2, 1, 0)))


def sums_by_gather(net: Net, image: Any, squash: Callable[[Any], Any]) -> Any:
    """Return the total input of h2, shape (12, 4, 4), through matrices of patches."""
    jnp = import_module("jax.numpy")

    patches = _border(image).reshape(-1)[_patch_index(16)]
    h1 = squash(net["w1"] @ patches + net["b1"].reshape(12, 64)).reshape(12, 8, 8)
    seen = _border(h1).reshape(12, -1)[:, _patch_index(8)]
    kernels = net["w2"].reshape(12, 200)
    # slices, for the same gather by index is three times slower
    inputs = (seen[:8], seen[4:], jnp.concatenate([seen[:4], seen[8:]]))
    sums = [kernels[g] @ x.reshape(200, 16) for g, x in zip(GROUPS, inputs, strict=True)]
    return jnp.concatenate(sums).reshape(12, 4, 4)


def sums_by_convolution(net: Net, image: Any, squash: Callable[[Any], Any]) -> Any:
    """Return the total input of h2, shape (12, 4, 4), through `conv_general_dilated`."""
    jnp = import_module("jax.numpy")
    lax = import_module("jax.lax")

    def convolve(maps: Any, kernels: Any) -> Any:
        names = ("NCHW", "OIHW", "NCHW")
        return lax.conv_general_dilated(
            maps[None], kernels, (2, 2), "VALID", dimension_numbers=names
        )[0]

    h1 = squash(convolve(_border(image), net["w1"].reshape(12, 1, 5, 5)) + net["b1"])
    seen, kernels = _border(h1), net["w2"].reshape(12, 8, 5, 5)
    inputs = (seen[:8], seen[4:], jnp.concatenate([seen[:4], seen[8:]]))
    return jnp.concatenate([convolve(x, kernels[g]) for g, x in zip(GROUPS, inputs, strict=True)])


Sums = Callable[[Net, Any, Callable[[Any], Any]], Any]


def outputs_of(sums: Sums, net: Net, image: Any) -> Any:
    """Return the outputs for one picture, shape (10,)."""
    jnp = import_module("jax.numpy")

    h2 = jnp.tanh(sums(net, image.reshape(1, 16, 16), jnp.tanh) + net["b2"]).reshape(-1)
    h3 = jnp.tanh(net["w3"] @ h2 + net["b3"])
    return jnp.tanh(net["w4"] @ h3 + net["b4"])


def _step(sums: Sums, net: Net, example: tuple[Any, Any]) -> tuple[Net, None]:
    jax = import_module("jax")
    jnp = import_module("jax.numpy")

    def cost(net: Net) -> Any:
        image, target = example
        return jnp.mean((outputs_of(sums, net, image) - target) ** 2)

    slopes = jax.grad(cost)(net)
    return {name: net[name] - STEP * slopes[name] for name in SHAPES}, None


@dataclass(slots=True)
class JaxRunner:
    """Holds the examples as jax arrays; `train` maps (net, inputs, targets) to a net."""

    compile_seconds: float
    train: Callable[[Net, Any, Any], Net]
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
        return {name: np.asarray(self.net[name]) for name in SHAPES}


def _prepare_scan(sums: Sums, weights: Weights, inputs: F32, targets: F32) -> JaxRunner:
    jax = import_module("jax")
    lax, jnp = import_module("jax.lax"), import_module("jax.numpy")

    train = jax.jit(lambda net, x, y: lax.scan(partial(_step, sums), net, (x, y))[0])

    net = {name: jnp.asarray(values) for name, values in weights.items()}
    x, y = jnp.asarray(inputs), jnp.asarray(targets)
    begin = cpu_seconds()
    train.lower(net, x, y).compile()
    seconds = cpu_seconds() - begin
    return JaxRunner(seconds, train, net, x, y, net)


def _prepare_step(weights: Weights, inputs: F32, targets: F32) -> JaxRunner:
    jax = import_module("jax")
    jnp = import_module("jax.numpy")

    step = jax.jit(lambda net, x, y: _step(sums_by_gather, net, (x, y))[0], donate_argnums=0)

    def train(net: Net, x: F32, y: F32) -> Net:
        net = {name: jnp.array(values) for name, values in net.items()}
        for image, target in zip(x, y, strict=True):
            net = step(net, image, target)
        return net

    net = {name: jnp.asarray(values) for name, values in weights.items()}
    begin = cpu_seconds()
    step.lower(net, inputs[0], targets[0]).compile()
    seconds = cpu_seconds() - begin
    return JaxRunner(seconds, train, net, inputs, targets, net)


GATHER, CONVOLVE = (
    partial(_prepare_scan, sums_by_gather),
    partial(_prepare_scan, sums_by_convolution),
)
CPU = {"JAX_PLATFORMS": "cpu"}

RIVALS = (
    Rival("JAX, one scan, patches, 1 core", needs("jax"), GATHER, CPU, cores=1),
    Rival("JAX, one scan, patches", needs("jax"), GATHER, CPU),
    Rival("JAX, one scan, convolutions, 1 core", needs("jax"), CONVOLVE, CPU, cores=1),
    Rival("JAX, jitted step, 1 core", needs("jax"), _prepare_step, CPU, cores=1),
)
