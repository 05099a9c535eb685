"""Sections by themselves: vector code compiled and run on arrays, without a net."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from sn.emit.streams import Addresses
from sn.emit.vector import Builder, Index, Memories
from sn.kernels import section

Section = Callable[[Builder, Memories, Index], None]


def compiled(code: Section, names: str, lanes: int) -> Callable[..., None]:
    """Return a function of the arrays called `names` and of the indices to run the code for."""
    vector: Any = section(code, names, lanes)

    @numba.njit
    def run(memory, indices):  # type: ignore[no-untyped-def]
        for e in indices:
            vector(memory, e)

    def call(*arrays: NDArray[Any], indices: Iterable[int] = (0,)) -> None:
        run(Addresses().of(*arrays), np.array([*indices], np.int64))

    return call
