"""Contest: the page of a comparison, from the files in its folder; no program is evaluated.

    page = contest_page(Path("runs/ten"))

Curves are means over the seeds with a band of one standard deviation to either side, from
passes.csv; figures, paired differences and what differs are those of comparison.json.
"""

from __future__ import annotations

import base64
import csv
import io
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from msgspec import Meta, Struct

from sn.charts.lines import Line, chart
from sn.errors import DataError
from sn.memory.files import read_file
from sn.page.html import Html, document, join, picture, tag, text
from sn.page.sections import table
from sn.results.about import told
from sn.results.decoding import converted
from sn.results.figures import error_text, mean_text, measure_words
from sn.results.statistics import Summary

COMPARISON, PASSES, CONTEST, NETS = "comparison.json", "passes.csv", "compare.json", "nets.svg"
MEASURES = ("train_error", "train_misses", "test_error", "test_misses", "test_rejected")
CURVES = (
    ("train_error", "training error", True),
    ("test_error", "test error", True),
    ("train_misses", "training misses", False),
    ("test_misses", "test misses", False),
)
MOST_DRAWN = 1_000_000  # bytes of a picture of the nets that a page takes in; chosen here
MOST_PASSES = 2**53
HINT = "it is damaged, or something else than SN wrote it: compare again, or take another copy"


class _Summary(Struct):
    mean: float
    sd: float | None
    min: float
    max: float


class _Entry(Struct):
    name: str
    optimizer: str
    seeds: int
    us_per_presentation: float
    train_error: _Summary | None = None
    train_misses: _Summary | None = None
    test_error: _Summary | None = None
    test_misses: _Summary | None = None
    test_rejected: _Summary | None = None


class _Difference(Struct):
    name: str
    optimizer: str
    measure: str
    mean: float
    low: float | None
    high: float | None
    pairs: int
    clear: bool


class _Named(Struct):
    name: str
    optimizer: str = ""


class _Fact(Struct):
    what: str
    values: dict[str, list[str]]


class _Told(Struct):
    """What comparison.json says that a page shows."""

    entries: Annotated[list[_Entry], Meta(min_length=1)]
    seeds: Annotated[list[int], Meta(min_length=1)]
    data: list[_Named]
    against: _Named
    differences: list[_Difference]
    differs: list[_Fact]
    notes: list[str]


def is_contest(folder: Path) -> bool:
    """Whether a folder is that of a comparison that has ended."""
    return (folder / COMPARISON).is_file()


def contest_page(folder: Path) -> str:
    """Return the page of the comparison in a folder.

    Raises: DataError for a file that is damaged.
    """
    path = folder / COMPARISON
    said = told(path, read_file(path), dict[str, object])
    try:
        found = converted(said, _Told)
    except ValueError as error:
        raise DataError(f"'{path}' cannot be read: {error}", hint=HINT) from error
    labels = _labels(found.entries)
    title = " against ".join(labels[:3]) + (" and others" if len(labels) > 3 else "")
    body = tag(
        "main",
        tag("header", tag("h1", title), tag("p", _words(found))),
        _figures(found, labels),
        _curves(folder / PASSES, found, labels),
        _differences(found),
        _differs(found),
        _nets(folder / NETS),
        _how(folder / CONTEST, found),
    )
    return document(title, body, ())


def _labels(entries: Sequence[_Entry]) -> list[str]:
    """Return what entries are called: nets, optimizers, or both, whatever tells them apart."""
    nets, optimizers = {one.name for one in entries}, {one.optimizer for one in entries}
    if len(nets) == len(entries):
        return [one.name for one in entries]
    if len(nets) == 1 and len(optimizers) == len(entries):
        return [one.optimizer for one in entries]
    return [f"{one.name} {one.optimizer}" for one in entries]


def _words(found: _Told) -> str:
    seeds = found.seeds
    count = "one seed" if len(seeds) == 1 else f"{len(seeds)} seeds, {seeds[0]} to {seeds[-1]}"
    data = ", ".join(one.name for one in found.data)
    return f"{len(found.entries)} entries on {data}, {count}"


def _figures(found: _Told, labels: Sequence[str]) -> Html:
    measures = [name for name in MEASURES if any(getattr(one, name) for one in found.entries)]
    rows = []
    for entry, label in zip(found.entries, labels, strict=True):
        cells = []
        for name in measures:
            one: _Summary | None = getattr(entry, name)
            cells.append("" if one is None else _mean(name, one))
        rows.append((label, *cells, f"{entry.us_per_presentation:.2f}"))
    head = ("", *(measure_words(name) for name in measures), "µs per presentation")
    what = "Mean ± standard deviation over the seeds." if len(found.seeds) > 1 else "One seed."
    return tag("section", tag("h2", "Figures"), table(head, rows), tag("p", what, Class="note"))


def _mean(measure: str, one: _Summary) -> str:
    return mean_text(measure, Summary(one.mean, one.sd, one.min, one.max))


def _curves(path: Path, found: _Told, labels: Sequence[str]) -> Html | None:
    """Return learning curves, a line and a band per entry.

    Raises: DataError for a file that is no table.
    """
    if not path.is_file():
        return None
    try:
        rows = list(csv.DictReader(io.StringIO(read_file(path).decode("utf-8", "replace"))))
    except csv.Error as error:
        raise DataError(f"'{path}' cannot be read: {error}", hint=HINT) from error
    charts = []
    for column, title, is_log in CURVES:
        lines = []
        for hue, (entry, label) in enumerate(zip(found.entries, labels, strict=True)):
            of_seed: dict[str, dict[int, float]] = {}
            for row in rows:
                if (row.get("name"), row.get("optimizer")) == (entry.name, entry.optimizer):
                    try:
                        number, value = int(row["pass"] or ""), float(row[column] or "")
                    except (KeyError, ValueError):
                        continue
                    if 0 < number <= MOST_PASSES and np.isfinite(value):
                        of_seed.setdefault(row.get("seed") or "", {})[number] = value
            by_pass = _carried(of_seed)
            if by_pass:
                lines.append(_line(label, by_pass, hue))
        if lines:
            charts.append(picture(chart(lines, "pass", title, is_log=is_log)))
    if not charts:
        return None
    band = (
        "A line is the mean over the seeds, its band one standard deviation to either side."
        if len(found.seeds) > 1
        else "There is one seed, so there are no bands."
    )
    return tag(
        "section",
        tag("h2", "Learning"),
        tag("div", *charts, Class="charts"),
        tag("p", band, Class="note"),
    )


def _carried(of_seed: dict[str, dict[int, float]]) -> dict[int, list[float]]:
    """Return the figures of all seeds at each pass; one that ended keeps its last figure."""
    found: dict[int, list[float]] = {}
    numbers = sorted({number for figures in of_seed.values() for number in figures})
    for figures in of_seed.values():
        last = figures[min(figures)]
        for number in numbers:
            last = figures.get(number, last)
            found.setdefault(number, []).append(last)
    return found


def _line(label: str, by_pass: dict[int, list[float]], hue: int) -> Line:
    passes = sorted(by_pass)
    means = [float(np.mean(by_pass[number])) for number in passes]
    points = tuple(zip(map(float, passes), means, strict=True))
    if max(len(values) for values in by_pass.values()) < 2:
        return Line(label, points, hue)
    spread = [float(np.std(by_pass[n], ddof=1)) if len(by_pass[n]) > 1 else 0.0 for n in passes]
    band = tuple((mean - sd, mean + sd) for mean, sd in zip(means, spread, strict=True))
    return Line(label, points, hue, band)


def _differences(found: _Told) -> Html | None:
    if not found.differences:
        return None
    rows = []
    for one in found.differences:
        is_error = one.measure.endswith("error")
        shown = error_text if is_error else "{:.1f}".format
        interval, verdict = "", "too few seeds to tell"
        if one.low is not None and one.high is not None:
            interval = f"{shown(one.low)} to {shown(one.high)}"
            verdict = f"{one.pairs} seeds cannot tell"
            if one.clear:
                verdict = "higher" if one.mean > 0 else "lower"
        name = f"{one.name} {one.optimizer}"
        rows.append((name, measure_words(one.measure), shown(one.mean), interval, verdict))
    against = f"{found.against.name} {found.against.optimizer}"
    return tag(
        "section",
        tag("h2", f"Against {against}, seed by seed"),
        table(("", "", "difference", "95 % interval", ""), rows, left=2),
        tag(
            "p",
            "The intervals cover the choice of initial weights, not that of the test patterns.",
            Class="note",
        ),
    )


def _differs(found: _Told) -> Html | None:
    if not found.differs:
        return None
    parts = []
    for fact in found.differs:
        values = [f"{', '.join(who)}: {value}" for value, who in fact.values.items()]
        parts.append(tag("dt", fact.what) + tag("dd", *(tag("p", one) for one in values)))
    return tag("section", tag("h2", "What differs"), tag("dl", *parts))


def _nets(path: Path) -> Html | None:
    if not path.is_file():
        return None
    size = path.stat().st_size
    if size > MOST_DRAWN:
        words = f"{path.name} has {size / 1e6:,.1f} MB, too many for a page that can be sent."
        return tag("section", tag("h2", "The nets"), tag("p", words, Class="note"))
    drawn = base64.b64encode(read_file(path)).decode("ascii")
    picture = tag(
        "img", src=f"data:image/svg+xml;base64,{drawn}", alt="The nets", Class="net whole"
    )
    return tag("section", tag("h2", "The nets"), tag("div", picture, Class="scroll"))


def _how(path: Path, found: _Told) -> Html:
    command = ""
    if path.is_file():
        words = told(path, read_file(path), dict[str, object]).get("command")
        if isinstance(words, list) and all(isinstance(word, str) for word in words):
            command = shlex.join(words)
    return tag(
        "section",
        tag("h2", "Do it again"),
        tag("pre", tag("code", command)) if command else None,
        join(tag("p", text(note), Class="note") for note in found.notes),
        tag("p", "This page fetches nothing. Made by SN.", Class="note"),
    )
