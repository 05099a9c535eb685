"""Telling: from the trials of a sweep to tables and objects.

What is chosen on the test set is said wherever figures are: they flatter the setting that they
chose, and no reader of a table knows how many others there were.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sn.describe.axes import Choices
from sn.display import listed, many
from sn.results.figures import error_text, setting_text
from sn.results.sweeps import DONE, FAILED, PRUNED, Sweep
from sn.sweep.going import Trial, best_of
from sn.sweep.space import Space

SETS, FIGURES = ("train", "validation", "test"), ("misses", "error", "half_squares")
SHOWN = 10  # trials in a table for people; chosen here: all are in trials.csv
ON_TEST = (
    "chosen on the test set: what stands here flatters the best setting, and is no estimate of how "
    "it does on other patterns; (split (validation 0.1)) in the (data ...) of the experiment, or "
    "of --data, sets some of the training set apart to choose on"
)


@dataclass(frozen=True, slots=True)
class Swept:
    """A sweep that has ended, or was stopped: all that is told of it."""

    sweep: Sweep
    space: Space
    trials: tuple[Trial, ...]
    importance: Mapping[str, float]

    @property
    def figure(self) -> str:
        """What is sought, as `PassRecord.row` calls it."""
        return figure_of(self.sweep.target)

    @property
    def chosen_on(self) -> str:
        """The set that settings are chosen on."""
        return self.sweep.target.partition("-")[0]

    @property
    def best(self) -> Trial | None:
        """The best trial; None where all failed."""
        return best_of(self.trials)

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be said beside the figures."""
        return notes_of(self.sweep, self.space)

    def count(self, state: str) -> int:
        """Return how many trials ended so."""
        return sum(one.state == state for one in self.trials)

    def ranked(self) -> list[Trial]:
        """Return the trials with a value, the best first."""
        found = [one for one in self.trials if one.value is not None]
        return sorted(found, key=lambda one: (one.value, one.number))


def notes_of(sweep: Sweep, space: Space) -> tuple[str, ...]:
    """Return what must be said of a sweep, whatever comes out of it."""
    found = []
    if sweep.target.startswith("test-"):
        found.append(ON_TEST)
    others = [axis.name for axis in space.axes if isinstance(axis.values, Choices)]
    if sweep.search == "cmaes" and others:
        are = "are" if len(others) > 1 else "is"
        found.append(
            f"cmaes searches over ranges alone: {listed(others)} {are} drawn at random; --search "
            "tpe learns which is good"
        )
    return tuple(found)


def figure_of(target: str) -> str:
    """Return the name of a figure, `test_half_squares` for `test-half-squares`."""
    return target.replace("-", "_")


def value_text(figure: str, value: float | None) -> str:
    """Return a figure as a person reads it."""
    if value is None:
        return "-"
    return f"{value:.1f}".removesuffix(".0") if figure.endswith("misses") else error_text(value)


def heading(found: Swept) -> str:
    """Return one line that says what was swept."""
    said = found.sweep
    parts = [many(len(found.trials), "trial")]
    for state, words in ((PRUNED, "given up early"), (FAILED, "failed")):
        if found.count(state):
            parts.append(f"{found.count(state)} {words}")
    of_each = f", {many(said.seeds, 'seed')} each" if said.seeds > 1 else ""
    return f"sweep of {said.file}: {', '.join(parts)}{of_each}, for {said.target}"


def columns(found: Swept) -> tuple[str, ...]:
    """Return the heads of the table for people."""
    spread = ("sd",) if found.sweep.seeds > 1 else ()
    return ("trial", *(axis.name for axis in found.space.axes), found.sweep.target, *spread)


def rows(found: Swept, most: int = SHOWN) -> list[tuple[str, ...]]:
    """Return the best trials as rows for people."""
    made = []
    for one in found.ranked()[:most]:
        cells = [
            str(one.number),
            *(setting_text(one.point[axis.name]) for axis in found.space.axes),
        ]
        cells.append(value_text(found.figure, one.value))
        if found.sweep.seeds > 1:
            spread = one.spread(found.figure)
            cells.append("-" if spread is None else value_text(found.figure, spread))
        made.append(tuple(cells))
    return made


def setting_words(point: Mapping[str, str]) -> str:
    """Return a point in words: `rate 0.0031, optimizer sgd`."""
    return ", ".join(f"{name} {setting_text(text)}" for name, text in point.items())


def remarks(found: Swept) -> list[str]:
    """Return sentences below the table."""
    made = []
    best = found.best
    if best is None:
        reason = next((one.error for one in found.trials if one.error), "")
        made.append("no trial came to its end" + (f": {reason}" if reason else ""))
    elif found.importance:
        shares = sorted(found.importance.items(), key=lambda one: -one[1])
        words = ", ".join(f"{name} {100 * share:.0f} %" for name, share in shares)
        made.append(f"what tells good trials from others (PED-ANOVA): {words}")
    failed = [one for one in found.trials if one.state == FAILED and not one.is_lost]
    if failed and best is not None:
        made.append(f"trial {failed[0].number} failed: {failed[0].error}")
    lost = [one for one in found.trials if one.is_lost]
    if lost:
        others = f", and {len(lost) - 1} more" if len(lost) > 1 else ""
        made.append(
            f"trial {lost[0].number} was lost{others}: {lost[0].error}; --resume tries again"
        )
    return [*made, *found.notes]


def trials_csv(found: Swept) -> str:
    """Return a row a trial, with nothing that depends on where and when it ran."""
    figures = [f"{which}_{figure}" for which in SETS for figure in FIGURES]
    there = [name for name in figures if any(one.mean(name) is not None for one in found.trials)]
    names = [axis.name for axis in found.space.axes]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    head = ["trial", "state", *(f"set {name}" for name in names), "value", "sd", "sought"]
    writer.writerow([*head, "chosen_on", "passes", *there, "sha256", "error"])
    for one in found.trials:
        value = "" if one.value is None else repr(one.value)
        spread = one.spread(found.figure) if one.state == DONE else None
        means = [one.mean(name) if one.state == DONE else None for name in there]
        passes = one.runs[0].passes[-1]["pass"] if one.runs and one.runs[0].passes else ""
        writer.writerow(
            [
                one.number,
                one.state,
                *(one.point[name] for name in names),
                value,
                "" if spread is None else repr(spread),
                found.sweep.target,
                found.chosen_on,
                passes,
                *("" if mean is None else repr(mean) for mean in means),
                " ".join(run.bits for run in one.runs if run.state == DONE),
                one.error,
            ]
        )
    return out.getvalue()


def markdown(found: Swept, pictures: Sequence[str] = ()) -> str:
    """Return the table and the remarks as Markdown."""
    heads, lines = columns(found), [f"# {_plain(heading(found))}", ""]
    lines += [_row(heads), _row(["---", *["---:"] * (len(heads) - 1)])]
    lines += [_row(row) for row in rows(found)]
    lines += ["", *(f"{_plain(sentence)}\n" for sentence in remarks(found))]
    lines += [f"![{name}]({name})\n" for name in pictures]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(_plain(cell) for cell in cells)} |"


def _plain(text: str) -> str:
    """Return a text without what Markdown would make more of."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#" else letter for letter in text)


def results_object(found: Swept) -> dict[str, Any]:
    """Return all that is told of a sweep, for programs."""
    best = found.best
    return {
        "type": "sweep",
        "file": found.sweep.file,
        "target": found.sweep.target,
        "chosen_on": found.chosen_on,
        "axes": [
            {
                "name": axis.name,
                "values": str(axis.values),
                "is_log": getattr(axis.values, "is_log", False),
            }
            for axis in found.space.axes
        ],
        "seeds": found.sweep.seeds,
        "search": found.sweep.search,
        "best": None if best is None else best.number,
        "importance": dict(found.importance),
        "notes": list(found.notes),
        "remarks": remarks(found),
        "trials": [trial_object(one, found.figure) for one in found.trials],
        "command": list(found.sweep.command),
    }


def trial_object(one: Trial, figure: str) -> dict[str, Any]:
    """Return one trial for programs. Units: seconds of wall time, of all its runs together."""
    return {
        "type": "trial",
        "trial": one.number,
        "state": one.state,
        "settings": one.point,
        "value": one.value,
        "sd": one.spread(figure) if one.state == DONE else None,
        "seconds": sum(run.seconds for run in one.runs),
        "error": one.error,
        "runs": [
            {"seed": run.seed, "state": run.state, "value": run.figure(figure), "sha256": run.bits}
            for run in one.runs
        ],
    }
