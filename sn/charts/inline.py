"""Inline: learning curves as a small picture inside of a page that is not ours, for notebooks.

It is drawn anew while a run lasts, and needs no matplotlib, which draws the files of a comparison.
"""

from __future__ import annotations

from collections.abc import Sequence

from sn.charts.lines import Line, chart
from sn.charts.style import alone

Points = Sequence[tuple[float, float]]  # number of the pass, figure
OF_SETS = {"train": 0, "test": 1, "validation": 2}  # the hues of sets, as on the page of a run
PIXELS = 480  # its width; chosen here


def inline(curves: Sequence[tuple[str, Points]], title: str = "error") -> str:
    """Return curves over the passes as an SVG in one line; "" where there is no point to draw.

    The scale is logarithmic where all figures are positive.
    """
    lines = [
        Line(name, tuple(points), OF_SETS.get(name, index))
        for index, (name, points) in enumerate(curves)
    ]
    is_log = all(figure > 0 for line in lines for _, figure in line.points if figure == figure)
    drawn = chart(lines, "pass", title, is_log)
    return "" if drawn is None else alone(drawn, PIXELS).replace("\n", "")
