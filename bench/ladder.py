"""What nets of others miss on the digits of the ladder, kept for docs/ladder.md.

Read next: `vit.py`, `recipe.py`, which train such nets in JAX.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FIGURES = Path(__file__).resolve().parents[1] / "docs" / "ladder.json"


def measure(
    name: str, about: str, train: Callable[[int, int], tuple[int, int]], **more: Any
) -> None:
    """Train a net for several seeds, as the command line says, and keep what it misses.

    `train` is called with seed and passes and returns train and test misses; `name` is where the
    figures go in docs/ladder.json, `more` stands beside them, `about` is told by --help.
    """
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--passes", type=int, default=80)
    options = parser.parse_args()
    found: dict[str, list[int]] = {"train": [], "test": []}
    for seed in range(options.seeds):
        started = time.perf_counter()
        for which, count in zip(found, train(seed, options.passes), strict=True):
            found[which].append(count)
        print(seed, found, f"{time.perf_counter() - started:.0f} s", flush=True)
    kept = json.loads(FIGURES.read_text(encoding="utf-8"))  # as it is by now
    kept[name] = {**found, **more}
    FIGURES.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
