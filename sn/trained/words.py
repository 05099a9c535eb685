"""Words: what a trained net is, for people."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sn.data.rows import Encoding, TargetKind
from sn.display import clipped
from sn.net.loss import split
from sn.net.table import ConnectionTable
from sn.results.figures import error_text
from sn.results.table import cost_words
from sn.trained.about import About

_LARGEST = 1e300  # that a figure can be; chosen here
Fact = tuple[str, str]


def title(table: ConnectionTable, about: About) -> str:
    """Return what the net is, in one line."""
    sizes = "-".join(str(layer.size) for layer in table.layers)
    text = f"trained net {table.name}: {sizes}, {table.n_weights:,} weights"
    return f"{text}, {_training(about)}" if about.passes else text


def facts(table: ConnectionTable, about: About) -> list[Fact]:
    """Return what the net was trained for, how, and how well it does, a line each."""
    found = [("trained", f"{_training(about)}, seed {about.seed}" if about.passes else "no")]
    for which, scores in about.scores.items():
        found.append((which, _scores(scores)))
    found += [("tells", _answers(table, about)), ("cost", _cost(table, about))]
    found.append(("inputs", _inputs(table, about)))
    if about.columns:
        found.append(("columns", ", ".join(map(_column, about.columns))))
    settings = [f"{name.replace('_', '-')} {_setting(v)}" for name, v in _told(about.options)]
    if settings:
        found.append(("settings", ", ".join(settings)))
    if about.settings:
        found.append(("set", ", ".join(f"{name}={text}" for name, text in about.settings.items())))
    if about.sources:
        found.append(("program", ", ".join(source.name for source in about.sources)))
    if about.versions:
        found.append(("versions", ", ".join(f"{k} {v}" for k, v in about.versions.items())))
    return found


def files_of(path: Path) -> list[str]:
    """Return the names of the files in the folder of a run that people look at."""
    files = (file.name for file in path.parent.iterdir() if file.is_file())
    return sorted(name for name in files if not name.startswith("."))


def _training(about: About) -> str:
    word = "pass" if about.passes == 1 else "passes"
    how = "in phases" if "phases" in about.options else f"of {about.optimizer}"
    return f"{about.passes} {word} {how} on {about.data.name}"


def _scores(scores: Any) -> str:
    """Return one set's scores; what a file says that is none is told as it stands."""
    error = scores.get("error") if isinstance(scores, Mapping) else None
    if error is None or not _is_number(error):
        return clipped(str(scores))
    text = f"error {error_text(float(error))}"
    misses, patterns = scores.get("misses"), scores.get("patterns")
    if not (_is_number(misses) and _is_number(patterns)):
        return text
    if isinstance(misses, int) and isinstance(patterns, int) and patterns > 0:
        return f"{text}, {misses:,} of {patterns:,} missed ({100 * misses / patterns:.2f} %)"
    return f"{text}, {patterns:,} patterns" if isinstance(patterns, int) else text


def _is_number(some: Any) -> bool:
    """Whether something is none, or a number that a figure can be."""
    return some is None or (isinstance(some, int | float) and abs(some) < _LARGEST)


def _answers(table: ConnectionTable, about: About) -> str:
    names = ", ".join(name for name in about.classes if name)
    count = len(about.classes) or table.n_outputs
    word = {TargetKind.CLASSES: "class", TargetKind.LABELS: "label"}.get(about.kind, "value")
    plural = "es" if word == "class" else "s"
    text = f"{count} {word}{plural if count != 1 else ''}"
    return f"{text}: {names}" if names else text


def _cost(table: ConnectionTable, about: About) -> str:
    costs = [cost for _, cost in split(about.cost, table.n_outputs)]
    ranges = about.ranges_of(table)
    text = ""
    for layer, cost, (low, high) in zip(table.output_layers, costs, ranges, strict=True):
        text += f"{', ' if text else ''}{cost_words(cost.name)}"
        if len(costs) > 1:
            text += f" at {layer.name}"
        if cost.written:
            text += f", {cost.written}"
        if about.kind is not TargetKind.VALUES:
            text += f"; targets {low:g} and {high:g}"
    if about.criterion is None:
        return text
    is_here = about.known_criterion is not None
    return f"{text}; criterion {about.criterion if is_here else 'a function of the program'}"


def _inputs(table: ConnectionTable, about: About) -> str:
    first, size = table.layers[0], table.n_inputs
    shape = " x ".join(map(str, first.shape)) if first.size == size else f"{size}, in parts"
    scaling = about.scaling
    is_as_it_is = scaling is None or scaling.is_identity
    text = f"{shape}, as they are" if is_as_it_is else f"{shape}, scaled column by column"
    if about.fills:
        text += "; missing values are filled with the mean of the training set"
    return text


def _column(one: Encoding) -> str:
    name = one.name or "one without a name"
    return f"{name} ({', '.join(one.values)})" if one.values else name


def _told(options: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the settings that say something and are told nowhere else."""
    others = ("optimizer", "cost", "targets", "criterion", "outputs")
    told = [(n, _without_blanks(v)) for n, v in options.items() if n not in others]
    return [(name, value) for name, value in told if value not in (None, "", {}, False)]


def _without_blanks(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    told = {name: _without_blanks(v) for name, v in value.items()}
    return {name: v for name, v in told.items() if v is not None and v is not False and v != {}}


def _setting(value: Any) -> str:
    if isinstance(value, Mapping):
        return (
            "(" + " ".join(f"{n.replace('_', '-')} {_setting(v)}" for n, v in value.items()) + ")"
        )
    return f"{value:g}" if isinstance(value, float) else str(value)
