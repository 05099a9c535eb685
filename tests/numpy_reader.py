"""The reader of docs/files.md: the forward pass of a trained net by NumPy, without SN."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PAGE = Path(__file__).resolve().parents[1] / "docs" / "files.md"


@cache
def _block() -> str:
    """Return the first block of Python on the page."""
    found = re.search(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def lines() -> int:
    """Return how many lines of code it has."""
    return sum(bool(line.strip()) for line in _block().splitlines())


def numpy_outputs(path: Path, patterns: NDArray[Any]) -> NDArray[np.float64]:
    """Return the outputs that the page's own code computes from a file."""
    assert "sn" not in re.findall(r"^(?:import|from) (\w+)", _block(), re.MULTILINE)
    names: dict[str, Any] = {}
    exec(compile(_block(), PAGE.name, "exec"), names)
    outputs: Callable[..., NDArray[np.float64]] = names["outputs"]
    return outputs(path, patterns)
