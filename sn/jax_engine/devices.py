"""Devices: which JAX computes on, how nets or patterns are dealt out to them, and what to expect.

Read next: programs.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from sn.emit.streams import cores
from sn.jax_engine.formulas import Array

NETS, PATTERNS = "nets", "patterns"


def use_all_cores() -> None:
    """Make a device of every core of this process, unless JAX runs already or was told how many."""
    if not _is_told():
        with suppress(RuntimeError):  # it runs already, with the devices that it has
            jax.config.update("jax_num_cpu_devices", cores())


def n_of_one() -> int:
    """Return how many devices train one net: of accelerators all, and of cores those that JAX was
    told to take for devices, as what a batch sums up to depends on how many share it.
    """
    return len(jax.devices()) if is_accelerated() or _is_told() else 1


def _is_told() -> bool:
    """Whether the user says how many devices the CPU is."""
    return "xla_force_host_platform_device_count" in os.environ.get("XLA_FLAGS", "")


def dealt(count: int) -> int:
    """Return how many devices the patterns of a batch are dealt out to evenly."""
    return max(n for n in range(1, n_of_one() + 1) if count % n == 0)


def n_sharing(n_nets: int) -> int:
    """Return how many devices share so many nets: all of them, or one for each net."""
    return min(len(jax.devices()), n_nets)


def mesh(axis: str, devices: int) -> Mesh:
    """Return the first so many devices as a mesh of one axis."""
    return Mesh(np.array(jax.devices()[:devices]), (axis,))


def spread(value: Array, over: Mesh | None, is_dealt: bool) -> Array:
    """Put an array on the devices of a mesh: dealt out along its first axis, or all of it on each.

    Without a mesh it goes to the first device.
    """
    if over is None:
        return jax.device_put(value, jax.devices()[0])
    spec = PartitionSpec(over.axis_names[0]) if is_dealt else PartitionSpec()
    return jax.device_put(value, NamedSharding(over, spec))


def shared_out(
    work: Callable[..., Array], over: Mesh | None, dealt_arguments: tuple[bool, ...]
) -> Callable[..., Array]:
    """Return work over nets, each device with its part of the arguments that are dealt out."""
    if over is None:
        return work
    axis = over.axis_names[0]
    specs = tuple(PartitionSpec(axis) if one else PartitionSpec() for one in dealt_arguments)
    found: Callable[..., Array] = jax.shard_map(
        work, mesh=over, in_specs=specs, out_specs=PartitionSpec(axis), check_vma=False
    )
    return found


def is_accelerated() -> bool:
    """Whether JAX computes on anything but the cores of this machine."""
    return bool(jax.devices()[0].platform != "cpu")


def device_words(count: int) -> str:
    """Return what JAX computes on, so many devices, in words."""
    if not is_accelerated():
        return "one CPU core" if count == 1 else f"{count} CPU cores"
    kind = jax.devices()[0].device_kind
    return f"one {kind}" if count == 1 else f"{count} x {kind}"


def expectation(n_nets: int = 1) -> str:
    """Return what JAX computes on, and whether another engine is faster there."""
    words = f"JAX computes on {device_words(n_of_one() if n_nets == 1 else n_sharing(n_nets))}"
    if is_accelerated():
        return words
    what = "this net" if n_nets == 1 else "these nets one by one"
    return f"{words}; there the kernels train {what} faster, --engine kernels"
