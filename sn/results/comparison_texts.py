"""Comparison texts: from a `Comparison` to the tables and sentences that people read.

The terminal and comparison.md show the same rows; comparison.csv has a line per entry and
passes.csv a line per entry, seed and pass, seeds.csv one per run.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from sn.display import printable
from sn.paths import encodable
from sn.results.comparison import MEASURES, Comparison, Difference, Entry
from sn.results.figures import error_text, mean_text, measure_words, range_text
from sn.results.statistics import Summary
from sn.results.table import HALF_SQUARES, cost_words

SPEED_COLUMNS = ("", "µs per presentation", "passes to {} error {}", "runs that reach it")
DIFFERENCE_COLUMNS = ("", "difference", "95 % interval", "")


def summary_columns(comparison: Comparison) -> tuple[str, ...]:
    """Return the headings of `summary_rows`: what is measured in every run."""
    return ("", *(measure_words(name) for name in comparison.measures))


def summary_rows(comparison: Comparison) -> tuple[tuple[str, ...], ...]:
    """Return the rows under `summary_columns`.

    They are two per entry, mean and deviation, then the range; and one per published result.
    """
    rows: list[tuple[str, ...]] = []
    for entry in comparison.entries:
        found = [(name, entry.summary(name)) for name in comparison.measures]
        rows.append((entry.label, *(mean_text(name, summary) for name, summary in found)))
        if len(entry.runs) > 1:
            rows.append(("", *(range_text(name, summary) for name, summary in found)))
    rows += [
        (
            reference.title,
            *(_published(name, getattr(reference, name)) for name in comparison.measures),
        )
        for reference in comparison.references()
    ]
    return tuple(rows)


def speed_columns(comparison: Comparison) -> tuple[str, ...]:
    """Return the headings of `speed_rows`."""
    which = "test" if "test_error" in comparison.measures else "training"
    return tuple(name.format(which, f"{comparison.reach:g}") for name in SPEED_COLUMNS)


def speed_rows(comparison: Comparison) -> tuple[tuple[str, ...], ...]:
    """Return a row per entry under `speed_columns`."""
    rows = []
    for entry in comparison.entries:
        passes = entry.passes_to(comparison.reach)
        text = "-"
        if passes:
            found = Summary.of(passes)
            text = f"{found.mean:.1f}"
            if found.most > found.least:
                text += f" ({found.least:.0f} to {found.most:.0f})"
        reached = f"{len(passes)} of {len(entry.runs)}"
        rows.append((entry.label, f"{entry.us_per_presentation:.2f}", text, reached))
    return tuple(rows)


def difference_rows(comparison: Comparison) -> tuple[tuple[str, ...], ...]:
    """Return a row per entry after the first, and measure, under DIFFERENCE_COLUMNS."""
    rows = []
    for one in comparison.differences():
        what = f"{one.entry.label}: {measure_words(one.measure)}"
        interval = ""
        if one.found.interval is not None:
            interval = " to ".join(_signed(one.measure, end) for end in one.found.interval)
        rows.append((what, _signed(one.measure, one.found.mean), interval, verdict(one)))
    return tuple(rows)


def verdict(one: Difference) -> str:
    """Say in a few words what the seeds tell about a difference."""
    if one.found.pairs == 1:
        return "one seed cannot tell"
    if one.found.low == one.found.high == 0:
        return "equal in every run"
    if not one.found.is_clear:
        # seeds that agree are no certainty: below three, or six all alike, there is no verdict
        return f"{one.found.pairs} seeds cannot tell"
    return "higher" if one.found.mean > 0 else "lower"


def fact_lines(comparison: Comparison) -> tuple[tuple[str, str], ...]:
    """Return what differs between the entries: each fact, and its values with their owners."""
    lines = []
    for fact, values in comparison.facts_that_differ().items():
        parts = (f"{', '.join(labels)}: {value}" for value, labels in values.items())
        lines.append((fact, "; ".join(parts)))
    return tuple(lines)


def remarks(comparison: Comparison) -> tuple[str, ...]:
    """Return the sentences that keep a reader from concluding too much."""
    said = list(comparison.notes)
    others = [e.label for e in comparison.entries if not comparison.comparable(e)]
    if others:
        said.append(
            f"no difference is computed for {', '.join(others)}: other data than "
            f"{comparison.first.label}"
        )
    if len(comparison.entries) > 1 and not comparison.facts_that_differ():
        said.append("nothing differs between the entries but their names")
    if comparison.n_tested:
        said.append(
            "the intervals cover the choice of initial weights, not that of the test digits"
        )
        said.append(
            f"{comparison.n_tested} differences are tested at 95 %; where nothing differs, "
            f"{comparison.by_luck:.2g} of them on average come out higher or lower by luck"
        )
    said += _diverged_remarks(comparison)
    said += _cost_remarks(comparison)
    said += _warnings(comparison)
    if comparison.jobs > 1:
        said.append(f"times were taken with {comparison.jobs} runs at once; --jobs 1 is steadier")
    return tuple(said)


def _diverged_remarks(comparison: Comparison) -> list[str]:
    """Say which seeds are left out, and why."""
    seeds = sorted({one.seed for one in comparison.diverged} - {*comparison.seeds})
    lost = Counter(one.label for one in comparison.diverged)
    if not lost:
        return []
    words = ", ".join(f"{count} of {label}" for label, count in lost.items())
    left_out = f"; left out of all entries: seed {', '.join(map(str, seeds))}" if seeds else ""
    return [f"runs that diverged: {words}{left_out}"]


def _cost_remarks(comparison: Comparison) -> list[str]:
    """Say what the errors are where some entry minimises something else."""
    others = [entry for entry in comparison.entries if entry.cost != "lms"]
    if not others:
        return []
    costs = ", ".join(
        f"{entry.label} minimises {cost_words(entry.cost)}, " + " and ".join(_reached(entry))
        for entry in others
    )
    return [f"errors are {HALF_SQUARES} per output for all entries; {costs}"]


def _reached(entry: Entry) -> Iterator[str]:
    """Yield the mean cost that an entry reached, for each set that it has."""
    for name, where in (("train_cost", "in training"), ("test_cost", "in the test")):
        if entry.has(name):
            yield f"{error_text(entry.summary(name).mean)} {where}"


def _warnings(comparison: Comparison) -> list[str]:
    """Return one sentence for each entry some of whose runs warn."""
    said = []
    for entry in comparison.entries:
        warned = [run for run in entry.runs if run.warnings]
        if warned:
            said.append(
                f"warning: {len(warned)} of {len(entry.runs)} runs of {entry.label} warn, seed "
                f"{warned[0].seed}: {'; '.join(warned[0].warnings)}"
            )
    return said


NETS = "nets.svg"
PICTURES = {NETS: "the nets", "curves.svg": "learning curves"}  # what stands beside, and what it is


def markdown(comparison: Comparison, pictures: Sequence[str] = ()) -> str:
    """Return comparison.md; `pictures` are files beside it that it shows, of PICTURES."""
    n_seeds = len(comparison.seeds)
    many = "one seed" if n_seeds == 1 else f"{n_seeds} seeds"
    names = ", ".join(entry.label for entry in comparison.entries)
    parts = [f"# Comparison: {_plain(names)}", f"{_plain(_where(comparison))}; {many} each."]
    if n_seeds > 1:
        parts.append("Mean ± standard deviation over the seeds, and below them the range.")
    parts += [
        _markdown_table(summary_columns(comparison), summary_rows(comparison)),
        _markdown_table(speed_columns(comparison), speed_rows(comparison)),
    ]
    parts += [f"![{PICTURES[name]}]({name})" for name in pictures]
    rows = difference_rows(comparison)
    if rows:
        parts.append(f"## Against {_plain(comparison.first.label)}, seed by seed")
        parts.append(_markdown_table(DIFFERENCE_COLUMNS, rows))
    parts.append("\n".join(f"* {_plain(sentence)}" for sentence in remarks(comparison)))
    if facts := fact_lines(comparison):
        parts.append("## What differs")
        parts.append("\n".join(f"* **{_plain(fact)}**: {_plain(values)}" for fact, values in facts))
    return "\n\n".join(parts) + "\n"


def seeds_csv(comparison: Comparison) -> str:
    """Return seeds.csv: a line per run with its measures, and how one ended that has none."""
    head = ["entry", "optimizer", "seed", "passes", *comparison.measures, "outcome"]
    lines: list[list[object]] = [[*head]]
    for entry in comparison.entries:
        columns = [entry.figures(name) for name in comparison.measures]
        for place, run in enumerate(entry.runs):
            figures = [column[place] for column in columns]
            line = [entry.label, entry.optimizer, run.seed, run.n_passes]
            lines.append([*line, *figures, "finished"])
    for lost in comparison.diverged:
        blank = ["" for _ in comparison.measures]
        lines.append([lost.label, "", lost.seed, "", *blank, lost.fault])
    return _csv(lines)


def summary_csv(comparison: Comparison) -> str:
    """Return comparison.csv: a line per entry, with mean, sd, min and max of each measure."""
    head = ["name", "optimizer", "seeds"]
    for name in comparison.measures:
        head += [f"{name}_{part}" for part in ("mean", "sd", "min", "max")]
    lines: list[list[object]] = [[*head, "us_per_presentation"]]
    for entry in comparison.entries:
        line: list[object] = [entry.name, entry.optimizer, len(entry.runs)]
        for name in comparison.measures:
            found = entry.summary(name)
            line += [found.mean, found.sd, found.least, found.most]
        lines.append([*line, entry.us_per_presentation])
    return _csv(lines)


def passes_csv(comparison: Comparison) -> str:
    """Return passes.csv: the curves, a line per entry, seed and pass."""
    curves = [one for one in MEASURES if one[0] in comparison.measures and one[2] != "rejected"]
    head = ["name", "optimizer", "seed", "pass", *(name for name, _, _ in curves)]
    lines: list[list[object]] = [[*head]]
    for entry in comparison.entries:
        for run in entry.runs:
            for record in run.passes:
                figures = [getattr(record.scores(which), field) for _, which, field in curves]
                lines.append([entry.name, entry.optimizer, run.seed, record.number, *figures])
    return _csv(lines)


def _where(comparison: Comparison) -> str:
    passes = sorted({entry.runs[0].n_passes for entry in comparison.entries})
    data = dict.fromkeys(entry.runs[0].data.name for entry in comparison.entries)
    many = "pass" if passes == [1] else "passes"
    return f"{' or '.join(map(str, passes))} {many} over {' or '.join(data)}"


def heading(comparison: Comparison) -> str:
    """Return what the first table shows, in one line."""
    if len(comparison.seeds) == 1:
        return f"{_where(comparison)}; one seed, so nothing is known of the spread"
    return (
        f"{_where(comparison)}; {len(comparison.seeds)} seeds each: "
        "mean ± standard deviation, range below"
    )


def _published(measure: str, figure: float | None) -> str:
    if figure is None:
        return ""
    return error_text(figure) if measure.endswith("error") else f"{figure:g}"


def _signed(measure: str, value: float) -> str:
    return _plus(error_text(value)) if measure.endswith("error") else f"{value:+.1f}"


def _plus(text: str) -> str:
    return text if text.startswith("-") else f"+{text}"


def _markdown_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    cells = [[_plain(cell) for cell in row] for row in (columns, *rows)]
    lines = [cells[0], ["---"] * len(columns), *cells[1:]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _plain(text: str) -> str:
    """Return a text for comparison.md: names are of programs, and no marks of Markdown."""
    return re.sub(r"[\\`*_|<>\[\]~&$]", r"\\\g<0>", printable(text))


def _csv(lines: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return encodable(text.getvalue())
