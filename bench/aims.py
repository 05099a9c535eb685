"""The aims: what the measured numbers are held to, and whether they meet it.

A ratio is that of two rivals in one round, the median of the rounds. Where a rival is absent, its
aim is left out. Missing an aim is reported, no error: a busy machine misses some.
"""

from __future__ import annotations

import operator
from dataclasses import asdict, dataclass
from typing import Any


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

    full = rows.get("SN, full layers")
    sgd = rows.get("SN, SGD")
    compute = full.get("of_peak_8") if full else None
    wanted = [
        ("the best JAX scan takes so many times as long", ratio("JAX, one scan"), ">=", 16),
        ("plain C loops take so many times as long", ratio("C, plain loops"), ">=", 11),
        ("C by hand, 8 lanes, times ours", ratio("C, tuned, 8 lanes"), ">=", 1),
        ("C by hand, all lanes, times ours", ratio("C, tuned"), ">=", 1),
        ("share of the peak with 8 lanes, SGD", sgd and sgd.get("of_peak_8"), ">=", 0.5),
        ("raw connect loops against schemes", ratio("SN, raw"), "<=", 1.05),
        ("the slowest of the random tables", ratio("SN, random", pick=max), "<=", 1.5),
        ("online Newton against SGD", ratio("SN, online Newton"), "<=", 2.2),
        ("evaluation of a pattern against SGD", ratio("SN, batch"), "<=", 0.25),
        ("compile time of SGD and evaluation, s", sgd and sgd["compile_s"], "<=", 3),
        ("compile time of Newton, s", _compile(rows, "SN, online Newton"), "<=", 5),
        ("full layers: share of the peak with 8 lanes", compute, ">=", 0.4),
        ("full layers: JAX, times ours", ratio("JAX", task="full"), ">=", 1),
        ("full layers: PyTorch, times ours", ratio("PyTorch", task="full"), ">=", 1),
    ]
    return [Aim(what, got, sign, bound) for what, got, sign, bound in wanted if got is not None]


def _compile(rows: dict[str, Any], name: str) -> float | None:
    return rows[name]["compile_s"] if name in rows else None


def of_scaling(report: dict[str, Any]) -> list[Aim]:
    """Return the aims of the scaling study for which there are measurements."""
    nets = report["nets"]
    aims = [
        Aim(
            f"{kind}: slowest against fastest from 10^4 to 10^6 connections, weights in L2",
            max(times) / min(times),
            "<=",
            1.3,
        )
        for kind in ("full", "mask")
        if len(times := _in_cache(report, kind)) > 1
    ]
    for row in nets:
        if row["kind"] == "sparse" and row["asked"] == 1_000_000:
            aims.append(Aim("sparse, 10^6: ns per connection", row["ns"]["median"], "<=", 2.5))
        if row["asked"] == 10_000_000:
            seconds = row["build_s"] + row["compile_s"]
            aims.append(Aim(f"{row['kind']}, 10^7: build and compile, s", seconds, "<=", 60))
            aims.append(Aim(f"{row['kind']}, 10^7: memory, GB", row["grown_bytes"] / 1e9, "<=", 2))
    return aims


def _in_cache(report: dict[str, Any], kind: str) -> list[float]:
    """Return the times of nets of 10^4 to 10^6 connections whose weights fit in L2."""
    room = report["caches"].get("L2", 1 << 20)
    return [
        row["ns"]["median"]
        for row in report["nets"]
        if row["kind"] == kind
        and 10_000 <= row["asked"] <= 1_000_000
        and 4 * row["weights"] <= room
    ]
