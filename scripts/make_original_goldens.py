"""Make tests/golden/original from trajectories of SN 2.8: hashes and a few numbers of them.

    python scripts/make_original_goldens.py FOLDER

FOLDER has xor.npz, netmask.npz, lecun89.npz, nlf.npz and rng.npz, as the original kernels left
them. A hash is the sha256 of an array's numbers, in C order and little-endian, as they were kept:
float32, int32 and, for the generator, float64.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]
OUT = Path(__file__).resolve().parents[1] / "tests" / "golden" / "original"
KEPT = (1, 2, 3, 4, 5, 10, 40, 160)  # steps of XOR whose weights are kept
PLACES = range(0, 1001, 100)  # of a table of a non-linearity


def sha256(array: NDArray[Any]) -> str:
    """Return the hash of the numbers of an array."""
    return hashlib.sha256(array.astype(array.dtype.newbyteorder("<")).tobytes()).hexdigest()


def numbers(array: NDArray[Any]) -> Any:
    """Return numbers as Python has them; float32 are exact as doubles."""
    return array.astype(float).tolist() if array.dtype.kind == "f" else array.tolist()


def hashes(arrays: Arrays, names: Iterable[str], prefix: str = "") -> dict[str, str]:
    """Return the hashes of those of the arrays that are there."""
    return {name: sha256(arrays[prefix + name]) for name in names if prefix + name in arrays}


def xor(arrays: Arrays) -> dict[str, Any]:
    """Of each run: all weights behind step 1, 2, ..., deltas, ...; what `perf` says."""
    runs = {}
    for key in arrays:
        name, _, field = key.rpartition("__")
        if field != "W":
            continue
        weights = arrays[key]
        steps = len(weights) - 1
        runs[name] = {
            "steps": steps,
            "weights": sha256(weights[1:]),
            **{
                field: sha256(arrays[f"{name}__{field}"][1:])
                for field in ("delta", "sigma")
                if f"{name}__{field}" in arrays
            },
            **hashes(
                arrays, ("neur", "local_error", "output", "perf", "global_error"), f"{name}__"
            ),
            "after": {str(k): numbers(weights[k]) for k in (0, *KEPT) if k <= steps},
        }
    return {"connections": numbers(arrays["conns"]), "runs": runs}


def net(arrays: Arrays, runs: Iterable[str], scores: int) -> dict[str, Any]:
    """Connections, and of each run weights, curvatures and units behind some presentations."""
    found: dict[str, Any] = hashes(arrays, ("pre", "post", "widx"))
    found["counts"] = [len(arrays["pre"]), int(arrays["widx"].max()) + 1]
    for run in runs:
        fields = {key.removeprefix(f"{run}__") for key in arrays if key.startswith(run)} - {"perf"}
        found[run] = hashes(arrays, sorted(fields), f"{run}__")
        found[run]["perf"] = numbers(arrays[f"{run}__perf"][:, :scores])
    return found


def nlf(arrays: Arrays) -> dict[str, Any]:
    """Of each table: f, f' and f'' at the 1,001 places from -5 to 5, and each hundredth of them."""
    names = ("f", "df", "ddf")
    return {
        key: {name: sha256(table[:, n + 1]) for n, name in enumerate(names)}
        | {"some": numbers(table[list(PLACES)])}
        for key, table in arrays.items()
    }


def rng(arrays: Arrays) -> dict[str, Any]:
    """Of each sequence: its length, its first numbers and the hash of all."""
    return {
        key: {"count": len(array), "sha256": sha256(array), "first": numbers(array[:4])}
        for key, array in arrays.items()
    }


def main(folder: Path) -> None:
    """Write a file for each file of trajectories."""
    made = {
        "xor": xor,
        "netmask": lambda arrays: net(arrays, ("ite_sgd", "itenew_lm"), 6),
        "lecun89": lambda arrays: net(arrays, ("sgd_plain0.003", "lm_0.0005"), 6),
        "nlf": nlf,
        "rng": rng,
    }
    OUT.mkdir(parents=True, exist_ok=True)
    for name, make in made.items():
        with np.load(folder / f"{name}.npz") as arrays:
            found = {key.replace("sigma_", "sigma"): arrays[key] for key in arrays}
        for passes in (1, 23):
            presentations = 7291 * passes
            found = {key.replace(f"ep{passes}", f"{presentations}"): found[key] for key in found}
        text = json.dumps(make(found), indent=1)
        (OUT / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
