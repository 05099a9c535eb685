"""Bars: how many numbers lie between two."""

from __future__ import annotations

from collections.abc import Sequence

from sn.svg import Element, element


def bars(counts: Sequence[int], edges: Sequence[float], x_title: str, hue: int = 0) -> Element:
    """Return a histogram: `counts` between `edges`, one edge more."""
    width, height, left, bottom, top = 260, 120, 8, 34, 6
    most = max(counts, default=0) or 1
    step = (width - 2 * left) / max(len(counts), 1)
    parts = []
    for number, count in enumerate(counts):
        tall = (height - bottom - top) * count / most
        if not count:
            continue
        parts.append(
            element(
                "rect",
                element("title", f"{count:,}"),
                x=round(left + number * step, 1),
                y=round(height - bottom - tall, 1),
                width=round(step - 0.6, 1),
                height=round(tall, 1),
                class_=f"bar hue{hue}",
            )
        )
    for place, anchor in ((0, "start"), (-1, "end")):
        at = left if place == 0 else width - left
        parts.append(
            element("text", f"{edges[place]:.3g}", x=at, y=height - 20, text_anchor=anchor)
        )
    parts.append(
        element("text", x_title, x=width / 2, y=height - 5, text_anchor="middle", class_="title")
    )
    return element(
        "svg",
        *parts,
        class_="sn-chart bars",
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_label=x_title,
    )
