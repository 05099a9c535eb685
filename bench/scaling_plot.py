"""The plot of the scaling study: time and memory per connection, and where caches end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")  # no window is needed, and often there is none

import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402

NAMES = {
    "full": "full layers",
    "mask": "shared masks",
    "table": "masks, random table of maps",
    "sparse": "random sparse rows",
}
COLOURS = {"full": "#0072b2", "mask": "#009e73", "table": "#e69f00", "sparse": "#d55e00"}
WEIGHT = 4  # bytes


def draw(report: dict[str, Any], path: Path) -> None:
    """Write the plot as PNG."""
    figure, (times, memory) = plt.subplots(2, 1, figsize=(7.5, 8.4), sharex=True)
    for kind, name in NAMES.items():
        rows = [row for row in report["nets"] if row["kind"] == kind]
        if not rows:
            continue
        x = [row["connections"] for row in rows]
        middle = [row["ns"]["median"] for row in rows]
        times.plot(x, middle, "o-", color=COLOURS[kind], markersize=4, label=name)
        low, high = ([row["ns"][end] for row in rows] for end in ("min", "max"))
        times.fill_between(x, low, high, color=COLOURS[kind], alpha=0.2, linewidth=0)
        kernel = [row["kernel_bytes"] / row["connections"] for row in rows]
        grown = [row["grown_bytes"] / row["connections"] for row in rows]
        memory.plot(x, kernel, "o-", color=COLOURS[kind], markersize=4, label=name)
        memory.plot(x, grown, ":", color=COLOURS[kind])
    _streaming(times, report)
    _caches(times, report)
    times.set(ylabel="ns per connection and presentation", yscale="log", xscale="log")
    times.set_title("forward, backward and update, one core", fontsize=10, pad=18)
    memory.set(ylabel="bytes per connection", yscale="log", xlabel="connections")
    memory.set_title(
        "memory of the kernels; dotted: the process while it builds and compiles", fontsize=10
    )
    for axes in (times, memory):
        axes.grid(True, which="major", alpha=0.3)
    figure.text(0.01, 0.005, f"{report['processor']}, {report['date']}", fontsize=7)
    # above the panels, where no curve is
    figure.legend(*times.get_legend_handles_labels(), fontsize=8, loc="upper center", ncol=3)
    figure.tight_layout(rect=(0, 0.015, 1, 0.94))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _streaming(axes: Axes, report: dict[str, Any]) -> None:
    """Draw the floor of full layers: reading and writing as many weights, and nothing else."""
    rows = [row for row in report["nets"] if row["kind"] == "full" and "stream_ns" in row]
    if rows:
        x = [row["connections"] for row in rows]
        floor = [row["stream_ns"] * row["weights"] / row["connections"] for row in rows]
        axes.plot(x, floor, "--", color="gray", label="streaming a weight per connection")


def _caches(axes: Axes, report: dict[str, Any]) -> None:
    """Mark where a weight per connection fills each cache."""
    for name, size in report["caches"].items():
        axes.axvline(size / WEIGHT, color="gray", linewidth=0.8, alpha=0.6)
        # above the panel, where no curve is
        axes.annotate(
            f"weights fill {name}",
            (size / WEIGHT, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=7,
            color="gray",
        )
