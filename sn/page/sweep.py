"""Sweep: the page of a sweep and its pictures, from the results in its folder.

page = sweep_page(Path("runs/sweep"))
"""

from __future__ import annotations

import math
import shlex
from pathlib import Path

from msgspec import Struct

from sn.charts.style import alone
from sn.charts.sweep import MOST_DRAWN, Tried, history, importance, parallel, slices
from sn.errors import DataError
from sn.memory.files import read_file
from sn.page.html import Html, document, picture, tag
from sn.page.sections import table
from sn.results.about import told
from sn.results.decoding import converted
from sn.results.figures import error_text, setting_text
from sn.results.sweeps import RESULTS, SWEEP
from sn.svg import Element

HINT = "it is damaged, or something else than SN wrote it: `sn sweep --resume` writes it anew"
MOST_ROWS = 30  # of the table, the best ones; chosen here


class _Axis(Struct):
    name: str
    values: str
    is_log: bool


class _Trial(Struct):
    trial: int
    state: str
    settings: dict[str, str]
    value: float | None
    sd: float | None
    error: str


class _Told(Struct):
    """What results.json says that a page shows."""

    file: str
    target: str
    chosen_on: str
    axes: list[_Axis]
    seeds: int
    search: str
    importance: dict[str, float]
    notes: list[str]
    remarks: list[str]
    trials: list[_Trial]
    command: list[str]


def is_sweep(folder: Path) -> bool:
    """Whether a folder is that of a sweep that has ended."""
    return (folder / SWEEP).is_file() and (folder / RESULTS).is_file()


def read_results(folder: Path) -> _Told:
    """Return what the sweep in a folder came to.

    Raises: DataError for a file that is damaged.
    """
    path = folder / RESULTS
    said = told(path, read_file(path), dict[str, object])
    try:
        found = converted(said, _Told)
        names = {axis.name for axis in found.axes}
        for one in found.trials:
            if not names <= one.settings.keys():
                raise ValueError(f"trial {one.trial} says nothing about some of what varies")
    except ValueError as error:
        raise DataError(f"'{path}' cannot be read: {error}", hint=HINT) from error
    return found


def tried(found: _Told) -> list[Tried]:
    """Return the trials that came to a value, the best first."""
    made = [
        Tried(one.trial, one.settings, one.value)
        for one in found.trials
        if one.value is not None and math.isfinite(one.value)
    ]
    return sorted(made, key=lambda one: (one.value, one.number))


def pictures(found: _Told) -> dict[str, Element]:
    """Return the pictures of a sweep by name: history, importance, slices, parallel."""
    trials, title = tried(found)[:MOST_DRAWN], found.target.replace("-", " ")
    if not trials:
        return {}
    made: dict[str, Element] = {}
    if (line := history(trials, title)) is not None:
        made["history"] = line
    if found.importance:
        made["importance"] = importance(found.importance)
    for number, axis in enumerate(found.axes, 1):
        made[f"slice-{number}"] = slices(trials, axis.name, axis.is_log, title)
    if len(found.axes) > 1:
        logs = {axis.name: axis.is_log for axis in found.axes}
        made["parallel"] = parallel(trials, logs, title)
    return made


def picture_files(folder: Path) -> dict[str, str]:
    """Return the pictures of the sweep in a folder as SVG, by name of their files."""
    found = read_results(folder)
    return {f"{name}.svg": alone(drawn) for name, drawn in pictures(found).items()}


def sweep_page(folder: Path) -> str:
    """Return the page of the sweep in a folder.

    Raises: DataError for a file that is damaged.
    """
    found = read_results(folder)
    drawn = {name: picture(one) for name, one in pictures(found).items()}
    title = f"{Path(found.file).stem}: {len(found.trials)} trials"
    over = ", ".join(f"{axis.name} over {axis.values}" for axis in found.axes)
    words = f"{over}; for {found.target}, {found.search} search, {found.seeds} seed(s) each"
    parts = [
        tag("header", tag("h1", title), tag("p", words)),
        *(tag("p", note, Class="warning") for note in found.notes),
        _table(found),
        *(tag("p", one) for one in found.remarks if one not in found.notes),
    ]
    heads = {"history": "One after the other", "importance": "What matters (PED-ANOVA)"}
    heads["parallel"] = "All at once"
    for name, one in drawn.items():
        if name in heads:
            parts.append(tag("section", tag("h2", heads[name]), one))
    cuts = [one for name, one in drawn.items() if name.startswith("slice")]
    if cuts:
        parts.append(tag("section", tag("h2", "By each"), tag("div", *cuts, Class="charts")))
    if found.command:
        code = tag("pre", tag("code", shlex.join(found.command)))
        parts.append(tag("section", tag("h2", "Do it again"), code))
    parts.append(tag("p", "This page fetches nothing. Made by SN.", Class="note"))
    return document(title, tag("main", *parts), ())


def _table(found: _Told) -> Html:
    counted = found.target.endswith("misses")
    rows = []
    best = [one for one in found.trials if one.value is not None]
    for one in sorted(best, key=lambda one: (one.value or 0.0, one.trial))[:MOST_ROWS]:
        numbers = [
            "" if value is None else f"{value:.1f}" if counted else error_text(value)
            for value in (one.value, one.sd)
        ]
        cells = [setting_text(one.settings[axis.name]) for axis in found.axes]
        rows.append((str(one.trial), *cells, *numbers))
    head = ("trial", *(axis.name for axis in found.axes), found.target, "sd")
    return tag("section", tag("h2", "The best settings"), table(head, rows))
