"""Report: the page of a run, from its folder alone.

    page = run_page(open_run("runs/zipcode"), Path("runs/zipcode"))

What a run was of is in run.json and log.jsonl, the net in its file; patterns come from the data
where that is here, and the page says so where it is not. The program of the run is evaluated only
to find data of one's own again, as ../opened.py does it.
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
from sn.page.told import Published, SetScores, logged, published
from sn.results.about import read_about
from sn.results.decoding import converted
from sn.results.figures import error_text, misses_text
from sn.results.film import read_film
from sn.results.reports import ClassReport, Report, ValueReport
from sn.train.scoring import answers
from sn.train.targets import judged as columns_judged
from sn.trained.net import TrainedNet
from sn.trained.words import facts


def run_page(net: TrainedNet, folder: Path, data: Any = None) -> str:
    """Return the page of the run in a folder; `data` as for `TrainedNet.sets`.

    Raises: DataError when the folder holds no run, or something in it is damaged.
    """
    about, passes = read_about(folder), logged(folder)
    paper = published(folder, about)
    sets, judged, missing = _judged(net, data)
    film = read_film(folder, net.table.n_weights)
    frames = [
        Frame(_pass_name(number), found) for number, found in film if number < net.about.passes
    ]
    frames.append(Frame(_pass_name(net.about.passes), net.weight_vector))
    ground = playground(net, frames, sets, () if judged is None else judged.misread)
    before = film[0][1] if film and film[0][0] == 0 else None
    curvature = weights.of_parameters(net.table, net.curvature)
    body = tag(
        "main",
        _head(net, about, missing),
        ground.section() if ground.fits else tag("p", _TOO_LARGE, Class="warning"),
        _figures(net, judged, paper),
        sections.curves(passes, paper),
        _picture(net),
        *(_mistakes(judged, ground) if judged is not None else ()),
        weights.kernels(ground),
        weights.tables(ground),
        weights.spreads(net.table, before, net.weight_vector, curvature, net.about.options),
        _how(net, about),
    )
    if ground.fits:
        return document(f"{net.name}: what it learned", body + ground.data(), ground.scripts())
    return document(f"{net.name}: what it learned", body, ())


_TOO_LARGE = (
    "This net has too many weights to be at work in a page that can be sent: sn predict and "
    "sn export use it."
)


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


def _judged(net: TrainedNet, data: Any) -> tuple[dict[str, Part], _Judged | None, str]:
    """Return the sets of a net's data, what the net says of one, and why there are none."""
    try:
        sets = net.sets(data)
        which = next((name for name in ("test", "validation", "train") if name in sets), None)
        return sets, None if which is None else _Judged(net, sets[which]), ""
    except SnError as error:
        return {}, None, error.message


def _pass_name(number: int) -> str:
    return "before training" if number == 0 else f"after pass {number}"


def _head(net: TrainedNet, about: Mapping[str, Any], missing: str) -> Html:
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


def _figures(net: TrainedNet, judged: _Judged | None, paper: Published) -> Html:
    """Return the figures of the run, beside the published ones where there are."""
    rows: list[tuple[str, str, str]] = []
    for which, said in net.about.scores.items():
        try:
            scores = converted(said, SetScores)
        except ValueError:
            continue  # the file of a net may say anything of how it did
        theirs = getattr(paper, f"{which}_error", None)
        known = "" if theirs is None else error_text(theirs)
        rows.append((f"{which} error", error_text(scores.half_squares), known))
        if scores.misses is not None:
            missed, of = (
                getattr(paper, f"{which}_{name}", None) for name in ("misses", "patterns")
            )
            known = "" if missed is None else misses_text(missed, of or scores.patterns)
            ours = misses_text(scores.misses, scores.patterns)
            rows.append((f"{which} misses", ours, known))
    report = None if judged is None else judged.report
    if isinstance(report, ClassReport) and report.rejected is not None:
        known = "" if paper.test_rejected is None else f"{paper.test_rejected:g} %"
        rows.append(("rejected for 1 % errors", f"{100 * report.rejected:.1f} %", known))
    passes = "" if paper.passes is None else f"{paper.passes:,}"
    rows.append(("passes", f"{net.about.passes:,}", passes))
    head: tuple[str, ...] = ("", "this run", paper.title)
    shown = [row if paper.title else row[:2] for row in rows]
    return tag(
        "section", tag("h2", "Figures"), sections.table(head if paper.title else head[:2], shown)
    )


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
    net = judged.net
    # of several output layers the last one answers
    columns = columns_judged(net.table.output_layers, net.about.kind)
    given = answers(judged.outputs, net.about.cost)[:, columns]
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
