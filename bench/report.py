"""The race's report: times, ratios and shares of the core's peak, as data and as text.

Read next: `aims.py`, what the numbers are held to.
"""

from __future__ import annotations

from statistics import median
from typing import Any

from bench.machine import spread
from bench.race import Entrant, Race

TABLES = "random table"  # one line of text for all of these


def summary(race: Race) -> list[dict[str, Any]]:
    """Return what is reported of each rival, task by task, fastest first."""
    by_name = {entrant.rival.name: entrant for entrant in race.entrants}
    tasks = list(dict.fromkeys(entrant.rival.task.name for entrant in race.entrants))
    ordered = sorted(
        race.entrants, key=lambda e: (tasks.index(e.rival.task.name), median(_times(e)))
    )
    return [_row(entrant, by_name.get(entrant.rival.task.base), race.peaks) for entrant in ordered]


def _row(entrant: Entrant, ours: Entrant | None, peaks: dict[int, list[float]]) -> dict[str, Any]:
    task = entrant.rival.task
    seconds = median(_times(entrant)) * 1e-6
    row: dict[str, Any] = {
        "task": task.name,
        "name": entrant.rival.name,
        "presentations": entrant.count,
        "cpu_us": spread(entrant.cpu_us),
        "wall_us": spread(entrant.wall_us),
        "connections_per_s": task.connections / seconds,
        "compile_s": entrant.compile_s,
        "difference": entrant.difference,
    }
    for lanes, values in peaks.items():
        row[f"of_peak_{lanes}"] = task.multiply_adds / seconds / median(values)
    if ours is not None:
        # of the same round, so that what slowed both cancels
        pairs = zip(_times(entrant), _times(ours), strict=True)
        row["to_ours"] = spread([theirs / own for theirs, own in pairs])
    return row


def _times(entrant: Entrant) -> list[float]:
    """The microseconds that count in a task."""
    return entrant.wall_us if entrant.rival.task.clock == "wall" else entrant.cpu_us


def as_text(report: dict[str, Any]) -> str:
    """Return the report as text."""
    before, after = report["load_before"], report["load_after"]
    lines = [
        f"One pass over {report['count']:,} examples ({report['examples']}), {report['rounds']} "
        "rounds; microseconds for a presentation, CPU time: median (min .. max)",
        f"{report['processor']}, {report['cores']} cores; load before {before}, after {after}",
    ]
    for lanes, peak in report["peaks"].items():
        lines.append(
            f"peak of one core, {lanes} lanes: {peak['median'] / 1e9:.1f} "
            f"({peak['min'] / 1e9:.1f} .. {peak['max'] / 1e9:.1f}) thousand million multiply-adds "
            "a second"
        )
    if "streaming_us" in report:
        lines.append(
            "the weights of the full layers, read once, then read and written: "
            f"{_range(report['streaming_us'])} us"
        )
    lanes = list(report["peaks"])
    heads = "".join(f"{f'of peak {n}':>12}" for n in lanes)
    task = ""
    for row in [*(r for r in report["rivals"] if TABLES not in r["name"]), *_tables(report)]:
        if row["task"] != task:
            task = row["task"]
            lines.append(
                f"\n{task:<36}{'CPU us':>26}{'wall us':>10}{'conn/s':>9}{heads}{'compile':>9}"
                "  times ours"
            )
        parts = "".join(f"{row[f'of_peak_{n}']:>12.1%}" for n in lanes)
        lines.append(
            f"{row['name']:<36}{_range(row['cpu_us']):>26}{row['wall_us']['median']:>10.2f}"
            f"{row['connections_per_s']:>9.1e}{parts}{row['compile_s']:>8.1f}s  "
            f"{_range(row['to_ours']) if 'to_ours' in row else '-'}"
        )
    if report["absent"]:
        lines.append("")
    lines += [f"{name:<36}{reason}" for name, reason in report["absent"].items()]
    return "\n".join(lines)


def _range(values: dict[str, float]) -> str:
    return f"{values['median']:.2f} ({values['min']:.2f} .. {values['max']:.2f})"


def _tables(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the fastest and the slowest of the nets with random tables."""
    rows = [row for row in report["rivals"] if TABLES in row["name"]]
    rows.sort(key=lambda row: row["cpu_us"]["median"])
    return [rows[0], rows[-1]] if len(rows) > 1 else rows
