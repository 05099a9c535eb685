"""The engine of JAX: a net as one pure function of weights and patterns, and its training.

    formulas.py     expressions of net/expr.py over arrays; SN's own derivatives for `jax.grad`
    gather.py       gathers whose derivative is a gather too
    weights.py      where the weights of a node stand
    nodes.py        nodes of a plan as functions
    function.py     the net: cost, descent, curvatures, outputs, states
    stepping.py     update rules
    programs.py     what is compiled: steps by `lax.scan`, sums over patterns, nets by `vmap`
    devices.py      which devices there are, and who gets what
    shown.py        patterns on the devices, and what chance makes of them
    nets.py         one net or many while they are trained
    engine.py       the engine of one net, for the training loop
    jobs.py         many nets that are to be trained, and what became of them
    many.py         many nets at once, over seeds and settings

JAX is an extra: `pip install 'sn[jax]'`. `load_jax` comes before any other module of this package.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sn.errors import TrainError
from sn.jax_engine.jobs import ManyJob, Outcome
from sn.lower.ir import Plan
from sn.net.loss import Loss
from sn.optim.base import Optimizer
from sn.train.draws import Draws
from sn.train.engines import Floats32

if TYPE_CHECKING:
    from sn.jax_engine.engine import JaxEngine  # JAX, which is not here yet


def load_jax() -> None:
    """Have JAX ready, in float32 throughout, and XLA silent.

    A device of the CPU computes on one core: sums that threads share would have other bits on
    another machine. More cores are more devices, see devices.py.
    Raises: TrainError when JAX is not here.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    flags = os.environ.get("XLA_FLAGS", "")
    for flag in ("--xla_cpu_multi_thread_eigen=false", "--xla_gpu_deterministic_ops=true"):
        if flag.partition("=")[0] not in flags:
            flags = f"{flags} {flag}".strip()
    os.environ["XLA_FLAGS"] = flags
    logging.getLogger("jax").setLevel(logging.ERROR)
    try:
        import jax  # an extra, and slow to import
    except ImportError as error:
        raise TrainError(
            f"the engine of JAX needs jax, which cannot be loaded: {error}",
            hint="pip install 'sn[jax]' brings it; the engine of kernels needs nothing",
        ) from error
    # accelerators would multiply with 10 bits of a number otherwise
    jax.config.update("jax_default_matmul_precision", "highest")


def engine_on_jax(
    plan: Plan,
    cost: Loss,
    optimizer: Optimizer,
    patterns: Mapping[str, Floats32],
    targets: Floats32,
    draws: Draws | None = None,
) -> tuple[JaxEngine, str]:
    """Return the engine of one net, and what it computes on, in words.

    Raises: TrainError when JAX is not here.
    """
    load_jax()
    from sn.jax_engine.devices import expectation  # JAX, which is ready only now
    from sn.jax_engine.engine import JaxEngine  # as above

    return JaxEngine(plan, cost, optimizer, patterns, targets, draws), expectation()


def many_on_jax(job: ManyJob, told: Callable[[int], None]) -> list[Outcome]:
    """Train many nets at once on all devices; return what became of each, see many.py.

    `told` hears how many passes were done since the last call.
    Raises: TrainError when JAX is not here.
    """
    load_jax()
    from sn.jax_engine.devices import use_all_cores  # JAX, which is ready only now
    from sn.jax_engine.many import train_many  # as above

    use_all_cores()
    return train_many(job, told)


def expectation_of(n_nets: int) -> str:
    """Return in words what so many nets at once are computed on, and what would be faster.

    Raises: TrainError when JAX is not here.
    """
    load_jax()
    from sn.jax_engine.devices import expectation, use_all_cores  # JAX, which is ready only now

    use_all_cores()
    return expectation(n_nets)
