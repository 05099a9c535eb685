"""Report: the page of a run, from its folder alone; its program is not evaluated.

    page = run_page(open_run("runs/zipcode"), Path("runs/zipcode"))

What a run was of is in run.json and log.jsonl, the net in its file; patterns come from the data
where that is here, and the page says so where it is not.
"""

from __future__ import annotations

import base64
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sn.data.base import Part
from sn.data.rows import TargetKind
from sn.errors import SnError
from sn.figure import figure_of
from sn.page import sections, weights
from sn.page.data import Frame
from sn.page.html import Html, document, join, tag, text
from sn.page.play import Playground, playground
from sn.results.about import read_about, read_log
from sn.results.figures import error_text, misses_text
from sn.results.film import read_film
from sn.results.reports import ClassReport, Report, ValueReport
from sn.train.scoring import answers
from sn.trained.net import TrainedNet
from sn.trained.words import facts


def run_page(net: TrainedNet, folder: Path, data: Any = None) -> str:
    """Return the page of the run in a folder; `data` as for `TrainedNet.sets`.

    Raises: DataError when the folder holds no run.
    """
    about, log = read_about(folder), read_log(folder)
    sets, missing = _sets(net, data)
    test = next((name for name in ("test", "validation", "train") if name in sets), None)
    judged = None if test is None else _Judged(net, sets[test])
    film = read_film(folder, net.table.n_weights)
    frames = [
        Frame(_pass_name(number), found) for number, found in film if number < net.about.passes
    ]
    frames.append(Frame(_pass_name(net.about.passes), net.weight_vector))
    ground = playground(net, frames, sets, () if judged is None else judged.misread)
    before = film[0][1] if film and film[0][0] == 0 else None
    curvature = weights.of_parameters(net.table, net.curvature)
    published = about.get("reference") or {}
    body = tag(
        "main",
        _head(net, about, judged, missing),
        ground.section(),
        _figures(net, about, judged, published),
        sections.curves(log, published),
        _picture(net),
        *(_mistakes(judged, ground) if judged is not None else ()),
        weights.kernels(ground),
        weights.tables(ground.program),
        weights.spreads(net.table, before, net.weight_vector, curvature, net.about.options),
        _how(net, about),
    )
    return document(f"{net.name}: what it learned", body + ground.data(), ground.scripts())


class _Judged:
    """What the net says of a set, and what of that is wrong."""

    def __init__(self, net: TrainedNet, part: Part) -> None:
        outputs = net.outputs_for(part)
        self.net = net
        self.outputs = outputs
        self.report: Report = net.report_for(outputs, part)
        self.misread: tuple[int, ...] = ()
        self.answers: tuple[str, ...] = ()
        if net.about.kind is TargetKind.CLASSES:
            chosen = net.chosen(outputs)
            wrong = np.flatnonzero(chosen != part.targets)
            self.is_right = chosen == part.targets
            self.misread = tuple(wrong.tolist())
            names = net.classes
            self.answers = tuple(
                names[n] if n < len(names) else str(n) for n in chosen[wrong].tolist()
            )


def _sets(net: TrainedNet, data: Any) -> tuple[dict[str, Part], str]:
    """Return the sets of a net's data, and why there are none."""
    try:
        return net.sets(data), ""
    except SnError as error:
        return {}, error.message


def _pass_name(number: int) -> str:
    return "before training" if number == 0 else f"after pass {number}"


def _head(net: TrainedNet, about: Mapping[str, Any], judged: _Judged | None, missing: str) -> Html:
    part = about["net"]
    told = [
        f"{part['units']:,} units, {part['connections']:,} connections, {part['parameters']:,} "
        "parameters",
        f"{net.about.passes} {'pass' if net.about.passes == 1 else 'passes'} of "
        f"{net.about.optimizer or 'no optimizer'} on {net.about.data.name}, seed {net.about.seed}",
    ]
    if about.get("outcome") != "finished":
        told.append(f"the run is {about.get('outcome')}")
    note = f"There are no patterns in this page: {missing}." if missing else None
    return tag(
        "header",
        tag("h1", net.name),
        tag("p", "; ".join(told)),
        tag("p", note, Class="warning") if note else None,
    )


def _figures(
    net: TrainedNet, about: Mapping[str, Any], judged: _Judged | None, published: Mapping[str, Any]
) -> Html:
    """Return the figures of the run, beside the published ones where there are."""
    rows: list[tuple[str, str, str]] = []
    for which, scores in net.about.scores.items():
        if not isinstance(scores, Mapping):
            continue
        error = scores.get("half_squares")
        if isinstance(error, float):
            theirs = published.get(f"{which}_error")
            rows.append((f"{which} error", error_text(error), error_text(theirs) if theirs else ""))
        misses, patterns = scores.get("misses"), scores.get("patterns")
        if isinstance(misses, int) and isinstance(patterns, int):
            theirs, of = published.get(f"{which}_misses"), published.get(f"{which}_patterns")
            known = "" if theirs is None else misses_text(theirs, of or patterns)
            rows.append((f"{which} misses", misses_text(misses, patterns), known))
    if (
        judged is not None
        and isinstance(judged.report, ClassReport)
        and judged.report.rejected is not None
    ):
        theirs = published.get("test_rejected")
        known = "" if theirs is None else f"{theirs:g} %"
        rows.append(("rejected for 1 % errors", f"{100 * judged.report.rejected:.1f} %", known))
    rows.append(("passes", str(net.about.passes), str(published.get("passes", ""))))
    title = published.get("title", "")
    if not title:
        return tag(
            "section",
            tag("h2", "Figures"),
            sections.table(("", "this run"), [row[:2] for row in rows]),
        )
    return tag("section", tag("h2", "Figures"), sections.table(("", "this run", title), rows))


def _mistakes(judged: _Judged, ground: Playground) -> list[Html | None]:
    report = judged.report
    if isinstance(report, ValueReport):
        rows = [
            (name, error_text(rms), f"{100 * share:.1f} %")
            for name, rms, share in zip(report.names, report.rms, report.explained, strict=True)
        ]
        head = ("output", "root mean square error", "variance explained")
        return [tag("section", tag("h2", "How far off"), sections.table(head, rows))]
    if not isinstance(report, ClassReport):
        return []
    given = answers(judged.outputs, judged.net.about.cost)
    return [
        sections.gallery(ground, judged.misread, judged.answers),
        sections.confusion(report) if len(report.classes) <= 40 else None,
        sections.rejection(given, judged.is_right),
    ]


def _picture(net: TrainedNet) -> Html:
    """Return the net as a figure; it is a picture of its own, so that its styles stay there."""
    drawn = base64.b64encode(figure_of(net.plan).svg.encode("utf-8")).decode("ascii")
    words = f"The layers of {net.name}, their sizes, and what a unit of each sees"
    picture = tag("img", src=f"data:image/svg+xml;base64,{drawn}", alt=words, Class="net")
    return tag("section", tag("h2", "The net"), tag("div", picture, Class="scroll"))


def _how(net: TrainedNet, about: Mapping[str, Any]) -> Html:
    """Return how the run was made, so that anyone can do it again."""
    command = " ".join(shlex.quote(word) for word in about.get("command") or [])
    rows = [(name, text(value)) for name, value in facts(net.table, net.about)]
    sources: Sequence[Any] = net.about.sources
    return tag(
        "section",
        tag("h2", "Do it again"),
        tag("pre", tag("code", command)) if command else None,
        tag("dl", *(join([tag("dt", name), tag("dd", value)]) for name, value in rows)),
        *(
            tag(
                "details", tag("summary", source.name), tag("pre", tag("code", _lines(source.text)))
            )
            for source in sources
        ),
        tag(
            "p",
            "This page fetches nothing: the net in it runs in your browser. Made by SN.",
            Class="note",
        ),
    )


def _lines(source: str) -> Html:
    """Return a program with its line ends, all else that is no letter spelled out."""
    return join(text(line) + Html("\n") for line in source.split("\n"))
