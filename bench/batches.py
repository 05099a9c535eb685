"""Tasks with batches: the zip-code net with a step for several examples, on one core and on two.

A step follows the mean of the slopes of its batch. Where threads may help it is the time on the
wall that counts, so the machine must be left alone.
"""

from __future__ import annotations

from functools import partial

from bench import reference
from bench.net import CONNECTIONS, MULTIPLY_ADDS, examples, initial_weights
from bench.task import Task

ALL = 1 << 30
SIZES = {"32": 32, "256": 256, "all": ALL}
CORES = (1, 2)


def title(size: str, cores: int) -> str:
    """Return what is after the name of who takes part."""
    words = "all in one batch" if size == "all" else f"batches of {size}"
    return f"{words}, {cores} core{'s' if cores > 1 else ''}"


def task(size: str, cores: int) -> Task:
    """Return the task of batches of a size, on so many cores."""
    return Task(
        f"zipcode, {title(size, cores)}",
        CONNECTIONS,
        MULTIPLY_ADDS,
        initial_weights,
        examples,
        partial(reference.train, batch=SIZES[size]),
        base=f"SN, {title(size, cores)}",
        clock="cpu" if cores == 1 else "wall",
    )


TASKS = {(size, cores): task(size, cores) for size in SIZES for cores in CORES}
