"""Plots: from a `Comparison` to pictures of its learning curves. The only user of matplotlib.

Left the training set, right the test set; above the error, below the misses. A line is the mean
over the seeds, its band one standard deviation to either side, a level dashed line a published
figure. Names are of programs and files: STYLE and `literal` make plain text of them.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from matplotlib.typing import LineStyleType
from numpy.typing import NDArray

from sn.display import printable
from sn.results.arrays import write_whole
from sn.results.comparison import Comparison, Entry, pass_figure
from sn.results.record import Reference

# Source: Okabe and Ito 2008, colours that people with any colour vision tell apart; black is
# left to figures that several entries are measured by. The strongest contrasts come first.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
DASHES: tuple[LineStyleType, ...] = ("solid", (0, (4, 1.5)), (0, (1, 1)))
PUBLISHED_DASH: LineStyleType = (0, (6, 3))
# The same picture gives the same bytes, and text stays text: without a look at what stands between
# dollars, whatever a matplotlibrc says.
STYLE: Any = {
    "svg.hashsalt": "sn",
    "svg.fonttype": "none",
    "text.usetex": False,
    "text.parse_math": False,
}
LONGEST_LABEL = 48  # characters; chosen here: four of them are as wide as the picture
PANELS = (
    ("train", "half_squares", "training error per output"),
    ("test", "half_squares", "test error per output"),
    ("train", "percent", "training misses, %"),
    ("test", "percent", "test misses, %"),
)


def save_curves(comparison: Comparison, stem: Path) -> tuple[Path, ...]:
    """Write `stem` with the suffixes .png and .svg and return both paths.

    Raises: TrainError when a file cannot be written.
    """
    paths = tuple(stem.with_suffix(suffix) for suffix in (".png", ".svg"))
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        # a name may have letters that the font lacks, or leave the panels little room
        warnings.simplefilter("ignore", UserWarning)
        figure = curves(comparison)
        png, svg = io.BytesIO(), io.BytesIO()
        figure.savefig(png, format="png", dpi=150, metadata={"Software": None})
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    for path, picture in zip(paths, (png, svg), strict=True):
        write_whole(path, picture.getvalue())
    return paths


def literal(text: str) -> str:
    """Return a name as a picture can show it: on one line, of LONGEST_LABEL characters at most."""
    shown = printable(text)
    return shown if len(shown) <= LONGEST_LABEL else f"{shown[: LONGEST_LABEL - 1]}…"


def curves(comparison: Comparison) -> Figure:
    """Draw the panels that all runs have figures for, under one legend."""
    with matplotlib.rc_context(STYLE):
        panels = [panel for panel in PANELS if _has(comparison, *panel[:2])]
        rows = len({field for _, field, _ in panels})
        figure = Figure(figsize=(9.6, 3.6 * rows), layout="constrained")
        grid = figure.subplots(rows, len(panels) // rows, sharex=True, squeeze=False)
        legend: dict[str, Artist] = {}
        for axes, (which, field, title) in zip(grid.flat, panels, strict=True):
            legend |= _panel(axes, comparison, which, field)
            axes.set_title(title, loc="left", fontsize=10)
        for axes in grid[-1]:
            axes.set_xlabel("pass")
        figure.legend(
            list(legend.values()),
            [literal(name) for name in legend],
            loc="outside upper center",
            ncols=min(len(legend), 4),
            frameon=False,
        )
    return figure


def _has(comparison: Comparison, which: str, field: str) -> bool:
    """Whether every run has this figure after every pass."""
    return all(
        pass_figure(record, which, field) is not None
        for entry in comparison.entries
        for run in entry.runs
        for record in run.passes
    )


def _panel(axes: Axes, comparison: Comparison, which: str, field: str) -> dict[str, Artist]:
    """Draw one figure of one set for all entries; return what the legend says of the lines.

    They are no labels of matplotlib's, which leaves out those that begin with an underscore.
    """
    drawn: list[float] = []
    legend: dict[str, Artist] = {}
    for index, entry in enumerate(comparison.entries):
        values = _values(entry, which, field)
        passes = np.arange(values.shape[1]) + entry.runs[0].passes[0].number
        mean = values.mean(axis=0)
        colour = COLOURS[index % len(COLOURS)]
        dash = DASHES[index // len(COLOURS) % len(DASHES)]
        marker = "o" if len(passes) == 1 else None
        legend[entry.label], *_ = axes.plot(
            passes, mean, color=colour, linestyle=dash, marker=marker, lw=1.6
        )
        drawn += mean.tolist()
        if len(values) > 1:
            sd = values.std(axis=0, ddof=1)
            # no run is better than the best one, and a logarithm needs something above zero
            low = np.maximum(mean - sd, values.min(axis=0))
            axes.fill_between(passes, low, mean + sd, color=colour, alpha=0.18, lw=0)
            drawn += low[low > 0].tolist()
    for reference in comparison.references():
        published = _published(reference, which, field)
        if published is not None:
            colour = _colour_of_reference(comparison, reference)
            line = axes.axhline(published, color=colour, lw=1, ls=PUBLISHED_DASH)
            legend[reference.title] = line
            drawn.append(published)
    _scale(axes, drawn)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(True, which="major", color="#dddddd", lw=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    return legend


def _values(entry: Entry, which: str, field: str) -> NDArray[np.float64]:
    """Return a figure of every run and pass: (runs, passes).

    A run that ended before others keeps its last figure, as in `mean_errors` of record.py.
    """
    rows = [[pass_figure(record, which, field) for record in run.passes] for run in entry.runs]
    longest = max(map(len, rows))
    return np.array([row + row[-1:] * (longest - len(row)) for row in rows], float)


def _colour_of_reference(comparison: Comparison, reference: Reference) -> str:
    """Return the colour of the one entry that names a published figure, else black."""
    owners = [
        index
        for index, entry in enumerate(comparison.entries)
        if entry.runs[0].reference == reference
    ]
    shared = len(owners) > 1 or len(comparison.entries) == 1
    return "black" if shared else COLOURS[owners[0] % len(COLOURS)]


def _published(reference: Reference, which: str, field: str) -> float | None:
    if field == "half_squares":
        return reference.train_error if which == "train" else reference.test_error
    misses = reference.train_misses if which == "train" else reference.test_misses
    patterns = reference.train_patterns if which == "train" else reference.test_patterns
    return 100.0 * misses / patterns if misses is not None and patterns else None


def _scale(axes: Axes, drawn: Sequence[float]) -> None:
    """Use a logarithmic scale with plain numbers, unless a figure is zero."""
    least = min(drawn)
    if least <= 0:
        axes.set_ylim(bottom=0)
        return
    axes.set_yscale("log")
    axes.set_ylim(bottom=0.8 * least)
    # few figures a decade, more where the panel shows less than two
    steps = (1.0, 2.0, 5.0) if max(drawn) > 50 * least else (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0)
    axes.yaxis.set_major_locator(LogLocator(subs=steps))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
