"""The aims: what the measured numbers are held to, and whether they meet it.

A ratio is that of two rivals in one round, the median of the rounds. Nets of different size are
not measured in one round, so there the least time counts, which a busy moment does not change.
Where a rival is absent, its aim is left out. Missing an aim is reported, no error: a busy machine
misses some.
"""

from __future__ import annotations

import operator
from dataclasses import asdict, dataclass
from typing import Any

from bench.batches import TASKS as BATCHES
from bench.batches import title as batch_title


@dataclass(frozen=True, slots=True)
class Aim:
    """One claim: `measured` should be at least, or at most, `bound`."""

    what: str
    measured: float
    sign: str
    bound: float

    @property
    def is_met(self) -> bool:
        """Whether the measured number keeps to the bound."""
        compare = {">=": operator.ge, "<=": operator.le}[self.sign]
        return bool(compare(self.measured, self.bound))

    def as_dict(self) -> dict[str, Any]:
        """Return the aim for `results.json`."""
        return {**asdict(self), "is_met": self.is_met}


def verdicts(aims: list[Aim]) -> str:
    """Return a line for each aim."""
    lines = [
        f"{'met' if aim.is_met else 'MISSED':<8}{aim.what}: {aim.measured:.3g}, aim {aim.sign} "
        f"{aim.bound:g}"
        for aim in aims
    ]
    return "\n".join(["", *lines])


def of_race(report: dict[str, Any]) -> list[Aim]:
    """Return the aims of the race for which there are measurements."""
    rows = {row["name"]: row for row in report["rivals"]}

    def ratio(*starts: str, task: str = "zipcode", pick: Any = min) -> float | None:
        found = [
            row["to_ours"]["median"]
            for name, row in rows.items()
            if name.startswith(starts) and task in row["task"] and "to_ours" in row
        ]
        return pick(found) if found else None

    sgd = rows.get("SN, SGD")
    both = rows.get(f"SN, {batch_title('all', 2)}")
    full = sgd["wall_us"]["median"] / both["wall_us"]["median"] if sgd and both else None
    batches = [
        (f"{title}: the fastest of JAX and PyTorch, times ours", best, ">=", 1)
        for title in dict.fromkeys(batch_title(*key) for key in BATCHES)
        if (best := ratio("JAX", "PyTorch", task=title)) is not None
    ]
    wanted = [
        ("rows of a user's file against SGD", ratio("SN, rows of a user's file"), "<=", 1.05),
        ("JAX, one scan of convolutions, times ours", ratio("JAX, one scan, conv"), ">=", 16),
        ("JAX, the best scan that was found, times ours", ratio("JAX, one scan"), ">=", 16),
        ("C, plain loops, times ours", ratio("C, plain loops"), ">=", 11),
        ("the prototype's structure, times ours", ratio("C, the prototype"), ">=", 1),
        ("C by hand, 8 lanes, times ours", ratio("C, tuned, 8 lanes"), ">=", 1),
        ("C by hand, all lanes, times ours", ratio("C, tuned"), ">=", 1),
        ("share of the peak with 8 lanes, SGD", sgd and sgd.get("of_peak_8"), ">=", 0.5),
        ("raw connect loops against schemes", ratio("SN, raw"), "<=", 1.05),
        ("the slowest of the random tables", ratio("SN, random", pick=max), "<=", 1.5),
        ("online Newton against SGD", ratio("SN, online Newton"), "<=", 2.2),
        ("AdamW against SGD", ratio("SN, AdamW"), "<=", 1.7),
        ("evaluation of a pattern against SGD", ratio("SN, batch evaluation"), "<=", 0.25),
        ("all in one batch on two cores, patterns a second against SGD", full, ">=", 2.5),
        *batches,
        ("compile time of SGD and evaluation, s", sgd and sgd["compile_s"], "<=", 3),
        ("compile time of Newton, s", _compile(rows, "SN, online Newton"), "<=", 5),
        ("full layers: time / (40 % of peak or streaming)", _full_floor(report, rows), "<=", 1),
        ("full layers: JAX, times ours", ratio("JAX", task="full"), ">=", 1),
        ("full layers: PyTorch, times ours", ratio("PyTorch", task="full"), ">=", 1),
    ]
    return [Aim(what, got, sign, bound) for what, got, sign, bound in wanted if got is not None]


def _compile(rows: dict[str, Any], name: str) -> float | None:
    return rows[name]["compile_s"] if name in rows else None


def _full_floor(report: dict[str, Any], rows: dict[str, Any]) -> float | None:
    """Return the full layers' time against the later of 40 % of the peak and of streaming."""
    row = rows.get("SN, full layers")
    if row is None or "of_peak_8" not in row or "streaming_us" not in report:
        return None
    time = float(row["cpu_us"]["median"])
    at_40 = time * float(row["of_peak_8"]) / 0.4
    return time / max(at_40, float(report["streaming_us"]["median"]))


def of_scaling(report: dict[str, Any]) -> list[Aim]:
    """Return the aims of the scaling study for which there are measurements."""
    nets = report["nets"]
    aims = []
    flat = "from 10^4 to 10^6, weights in L2"
    if len(rows := _in_cache(report, "mask")) > 1:
        times = [row["ns"]["min"] for row in rows]
        aims.append(Aim(f"mask, {flat}: slowest / fastest", max(times) / min(times), "<=", 1.3))
        aims.append(Aim(f"mask, {flat}: slowest / smallest", max(times) / times[0], "<=", 1.3))
    if len(rows := _in_cache(report, "full")) > 1:
        times = [row["ns"]["min"] for row in rows]
        aims.append(Aim(f"full, {flat}: slowest / fastest", max(times) / min(times), "<=", 1.3))
        # beyond L1 no time can stay flat that lies on the floor of moving the weights
        floors = [max(times[0], row.get("stream_ns", 0.0)) for row in rows]
        worst = max(time / floor for time, floor in zip(times, floors, strict=True))
        aims.append(Aim(f"full, {flat}: slowest / (smallest or streaming)", worst, "<=", 1.3))
    for row in nets:
        if row["kind"] == "sparse" and row["asked"] == 1_000_000:
            aims.append(Aim("sparse, 10^6: ns per connection", row["ns"]["median"], "<=", 2.5))
        if row["asked"] == 10_000_000:
            seconds = row["build_s"] + row["compile_s"]
            aims.append(Aim(f"{row['kind']}, 10^7: build and compile, s", seconds, "<=", 60))
            aims.append(Aim(f"{row['kind']}, 10^7: memory, GB", row["grown_bytes"] / 1e9, "<=", 2))
    return aims


def _in_cache(report: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return the nets of 10^4 to 10^6 connections whose weights fit in L2, smallest first."""
    room = report["caches"].get("L2", 1 << 20)
    return [
        row
        for row in report["nets"]
        if row["kind"] == kind
        and 10_000 <= row["asked"] <= 1_000_000
        and 4 * row["weights"] <= room
    ]
