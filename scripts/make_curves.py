"""Draw docs/images/zipcode.svg: the learning curves of nets/zipcode.sn beside the 1989 figures.

    SN_DATA=FOLDER .venv/bin/python scripts/make_curves.py

Needs matplotlib (in the development tools) and the real digits. The same digits and seeds give
the same file, byte for byte.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

import sn
from sn.results.record import RunRecord

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "images" / "zipcode.svg"
COLOURS = {"train": "#2563a8", "test": "#c8571b"}
GREY = "#444444"


def main() -> None:
    """Train once per seed and draw the curves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="how many runs, from seed 0")
    parser.add_argument("--out", type=Path, default=TARGET)
    options = parser.parse_args()
    experiment = sn.load(ROOT / "nets" / "zipcode.sn").experiment()
    runs = [experiment.train(seed=seed) for seed in range(options.seeds)]
    if runs[0].data.name != "zipcode":
        parser.error("the paper's figures are for the real digits: `sn data get zipcode`")
    matplotlib.use("svg")
    plt.rcParams.update({"svg.hashsalt": "sn", "svg.fonttype": "none", "font.family": "sans-serif"})
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.5), layout="constrained")
    paper = {"train": 2.5e-3, "test": 1.8e-2}
    draw(
        left, runs, "half_squares", "mean error per output", paper, [0.002, 0.005, 0.01, 0.02, 0.04]
    )
    paper = {"train": 0.14, "test": 5.08}
    draw(right, runs, "percent", "misses, % of the patterns", paper, [0.1, 0.2, 0.5, 1, 2, 5, 10])
    figure.suptitle(
        f"Handwritten zip codes: {len(runs)} runs of nets/zipcode.sn, dashed: LeCun et al. 1989",
        fontsize=11,
    )
    options.out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(options.out, metadata={"Date": None, "Creator": None})
    print(f"{options.out}: {', '.join(f'{run.test.misses}' for run in runs)} test misses")


def draw(
    axes: Axes,
    runs: list[RunRecord],
    field: str,
    title: str,
    paper: dict[str, float],
    ticks: list[float],
) -> None:
    """Draw one figure of merit over the passes, a thin line per run, and the paper's."""
    passes = [record.number for record in runs[0].passes]
    for which, colour in COLOURS.items():
        for run in runs:
            values = [getattr(getattr(record, which), field) for record in run.passes]
            axes.plot(passes, values, color=colour, linewidth=1, alpha=0.75)
        axes.axhline(paper[which], color=colour, linestyle=(0, (5, 3)), linewidth=1.2)
        ends = sorted(getattr(getattr(run, which), field) for run in runs)
        axes.annotate(
            which,
            (passes[-1], ends[len(ends) // 2]),
            xytext=(6, 0),
            textcoords="offset points",
            color=colour,
            fontsize=9,
            verticalalignment="center",
            annotation_clip=False,
        )
    axes.set_yscale("log")
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlim(1, passes[-1])
    axes.set_xticks([1, 5, 10, 15, 20, 23])
    axes.set_xlabel("passes over the training set", color=GREY)
    axes.set_title(title, fontsize=10, color=GREY)
    axes.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main()
