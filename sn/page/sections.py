"""Sections: what a page tells of how a run went and what its net mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.charts.lines import Line, chart
from sn.page.html import Html, picture, tag
from sn.page.play import Playground
from sn.page.told import LoggedPass, Published, SetScores
from sn.results.reports import ClassReport

MOST_MISREAD = 400  # patterns in the gallery
REJECTED = 1.0, 0.5  # errors in per cent that the reject curve is read at, with the paper's first


def table(head: Sequence[str], rows: Sequence[Sequence[Html | str]], left: int = 1) -> Html:
    """Return a table; but for the first `left` columns they hold numbers."""
    sides = ["name" if n < left else "number" for n in range(len(head))]
    return tag(
        "div",
        tag(
            "table",
            tag(
                "thead",
                tag(
                    "tr",
                    *(tag("th", one, Class=side) for one, side in zip(head, sides, strict=True)),
                ),
            ),
            tag(
                "tbody",
                *(
                    tag(
                        "tr",
                        *(tag("td", one, Class=side) for one, side in zip(row, sides, strict=True)),
                    )
                    for row in rows
                ),
            ),
        ),
        Class="scroll",
    )


def curves(passes: Sequence[LoggedPass], paper: Published) -> Html | None:
    """Return the learning curves of a run, with published figures as level lines."""
    if len(passes) < 2:
        return None
    errors, misses = [], []
    for hue, which in enumerate(("train", "test", "validation")):
        scores = [(one.number, some) for one in passes if (some := one.sets.get(which))]
        if not scores:
            continue
        errors.append(Line(which, tuple((n, some.half_squares) for n, some in scores), hue))
        counted = tuple((n, some.percent) for n, some in scores if some.percent is not None)
        if counted:
            misses.append(Line(which, counted, hue))
        theirs: SetScores | None = _of_paper(paper, which)
        if theirs is not None:
            errors.append(Line(f"paper, {which}", (), hue, level=theirs.half_squares))
        if theirs is not None and counted and theirs.percent is not None:
            misses.append(Line(f"paper, {which}", (), hue, level=theirs.percent))
    panels = [picture(chart(errors, "pass", "error", is_log=True))]
    if misses:
        panels.append(picture(chart(misses, "pass", "misses, %", zero=True)))
    words = "Error is half the squared difference per output, as in SN and in the paper."
    note = tag("p", words, Class="note")
    return tag("section", tag("h2", "Learning"), tag("div", *panels, Class="charts"), note)


def _of_paper(paper: Published, which: str) -> SetScores | None:
    """Return the published scores on a set, None where the error is not known."""
    error = getattr(paper, f"{which}_error", None)
    if error is None:
        return None
    of, misses = getattr(paper, f"{which}_patterns"), getattr(paper, f"{which}_misses")
    return SetScores(error, of or 0, misses)


def rejection(outputs: NDArray[Any], is_right: NDArray[np.bool_]) -> Html | None:
    """Return the curve of errors among the patterns that are not rejected; outputs: (n, k)."""
    count = len(outputs)
    if not count or outputs.shape[1] < 2:
        return None
    two = np.partition(outputs.astype(np.float64), -2, axis=1)[:, -2:]
    order = np.argsort(-(two[:, 1] - two[:, 0]), kind="stable")
    wrong = np.cumsum(~is_right[order])
    kept = np.arange(1, count + 1)
    places = np.unique(np.linspace(0, count - 1, 160).astype(int))
    places = places[places >= count // 20]
    points = tuple(
        (float(1 - kept[n] / count), float(100 * wrong[n] / kept[n])) for n in reversed(places)
    )
    return tag(
        "section",
        tag("h2", "Rejecting what is doubtful"),
        tag(
            "div",
            picture(
                chart(
                    [Line("errors", points, 1), Line("1 %", (), level=1.0)],
                    "rejected",
                    "errors among the rest, %",
                    zero=True,
                    percent_x=True,
                )
            ),
            Class="charts",
        ),
        tag("p", _rejection_words(wrong, kept, count), Class="note"),
    )


def _rejection_words(wrong: NDArray[Any], kept: NDArray[Any], count: int) -> str:
    shares = []
    for level in REJECTED:
        fits = wrong <= level / 100 * kept
        share = 1 - kept[fits].max(initial=0) / count
        shares.append(f"{100 * share:.1f} % rejected for {level:g} % errors")
    return (
        f"A pattern is rejected when its two largest outputs are close: {', '.join(shares)} among "
        "the rest."
    )


def confusion(report: ClassReport) -> Html:
    """Return which classes are taken for which, the more often the stronger."""
    names, counts = report.classes, report.confusion
    wrong = counts - np.diag(counts.diagonal())
    most = max(int(wrong.max()), 1)
    rows = []
    for right, row in enumerate(counts.tolist()):
        cells = []
        for answer, times in enumerate(row):
            if right == answer:
                cells.append(tag("td", f"{times:,}", Class="number right"))
            else:
                share = round(100 * times / most) if times else None
                style = f"--share: {share}%" if share else None
                cells.append(tag("td", f"{times:,}" if times else "", Class="number", style=style))
        missed = int(report.misses[right])
        total = int(report.patterns[right])
        share_text = f"{100 * missed / total:.1f} %" if total else ""
        rows.append(
            tag(
                "tr",
                tag("th", names[right]),
                *cells,
                tag("td", f"{missed:,}", Class="number"),
                tag("td", share_text, Class="number"),
            )
        )
    head = tag(
        "tr",
        tag("th", "is"),
        *(tag("th", f"{name}", Class="number") for name in names),
        tag("th", "missed", Class="number"),
        tag("th", ""),
    )
    return tag(
        "section",
        tag("h2", "What is taken for what"),
        tag(
            "div",
            tag("table", tag("thead", head), tag("tbody", *rows), Class="confusion"),
            Class="scroll",
        ),
        tag("p", "Rows: what a pattern is; columns: what the net says.", Class="note"),
    )


def gallery(ground: Playground, numbers: Sequence[int], answers: Sequence[str]) -> Html | None:
    """Return all patterns that are misread, with what they are and what the net says.

    `numbers` say which of the set they are, `answers` what the net says of each.
    """
    shown = ground.shown
    if shown is None or not len(numbers):
        return None
    places = {number: place for place, number in enumerate(shown.numbers)}
    items = []
    for number, answer in zip(numbers[:MOST_MISREAD], answers, strict=False):
        if number not in places:
            continue
        place = places[number]
        label = shown.labels[place] or "?"
        picture = tag("canvas", data_digit=place) if ground.ink is not None else None
        items.append(
            tag(
                "button",
                picture,
                tag("span", label, tag("span", "→", Class="note"), tag("b", answer)),
                type="button",
                data_pattern=place,
                title=f"{shown.name} {number}: a {label}, taken for {answer}",
            )
        )
    more = len(numbers) - len(items)
    return tag(
        "section",
        tag(
            "h2",
            f"All {len(numbers)} that are misread"
            if not more
            else f"{len(items)} of {len(numbers)} that are misread",
        ),
        tag(
            "p",
            "What it is → what the net says. Click one to send it through the net.",
            Class="note",
        ),
        tag("div", *items, Class="gallery"),
    )
