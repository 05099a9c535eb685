"""Comparisons on their way: how one goes, the files that it leaves, and what is printed of it.

`sn compare` and `sn run --seeds` share them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sn.commands._progress import BarOverRuns
from sn.commands._tables import print_table
from sn.commands._texts import print_fact, print_text
from sn.display import many
from sn.errors import SettingError, SnError
from sn.limits import RATE
from sn.results import comparison_texts as texts
from sn.results.arrays import write_whole
from sn.results.comparison import Comparison, comparison_object
from sn.results.contests import RESULTS, ContestFolder
from sn.results.figures import error_text
from sn.results.folder import report_command
from sn.results.lines import json_line, result_object
from sn.results.record import RunRecord, Scores

if TYPE_CHECKING:
    from sn.contest import Contender  # start-up time of numba

NAME = "comparison"


class Rates(click.ParamType[tuple[float, ...]]):
    """Learning rates with commas between them."""

    name = "R,R"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        """Return the rates."""
        if isinstance(value, tuple):
            return value
        try:
            found = [RATE.take("a rate", float(word)) for word in value.split(",")]
        except (ValueError, SettingError) as error:
            what = error.message if isinstance(error, SettingError) else f"found {value!r}"
            self.fail(f"expected numbers with commas between them, such as 0.001,0.01: {what}")
        return tuple(dict.fromkeys(float(rate) for rate in found))


rates_option = click.option(
    "--rates",
    type=Rates(),
    default=(),
    help="Learning rates that each optimizer is trained at, in the place of its own.",
)


class Progression(BarOverRuns):
    """Tells how a comparison goes: a line per run on stderr, where that is a terminal below a
    display of all of them.

    With `as_json` an object per run goes to stdout as well.
    """

    def __init__(self, as_json: bool) -> None:
        super().__init__("run", as_json)
        self._runs = self._done = 0

    def started(self, runs: int, passes: int) -> None:
        """Show the display."""
        self._runs = runs
        if self._bar is not None:
            self._bar.started(passes, runs)

    def advanced(self, passes: int) -> None:
        """Move its bar."""
        if self._bar is not None:
            self._bar.advanced(passes)

    def noted(self, note: str) -> None:
        """Print what who waits should know."""
        print_text(f"note: {note}", err=True)

    def run_finished(self, label: str, record: RunRecord) -> None:
        """Say how a run ended."""
        self._done += 1
        if self._as_json:
            line = json_line({**result_object(record), "type": "run", "entry": label})
            print(line, file=self._out, flush=True)
        print_text(
            f"run {self._done}/{self._runs}  {label}, seed {record.seed}: "
            + "; ".join(_told(which, scores) for which, scores in record.end.sets.items()),
            err=True,
        )
        if self._bar is not None:
            self._bar.run_finished(self._done, label, record)


def _told(which: str, scores: Scores) -> str:
    misses = "" if scores.misses is None else f", {many(scores.misses, 'miss')}"
    return f"{which} {error_text(scores.half_squares)}{misses}"


def at_rates(those: Sequence[Contender], rates: Sequence[float]) -> tuple[Contender, ...]:
    """Return each contender at each of some learning rates, or as they are where there are none.

    Raises: SettingError for rates outside their limits, or in the place of one that changes.
    """
    if not rates:
        return tuple(those)
    found = []
    for one in those:
        for rate in rates:
            spec = one.experiment.spec.at_rate(rate, one.optimizer)
            words = f"rate {rate:g}"
            label = words if len(those) == 1 else f"{one.label}, {words}"
            experiment = replace(one.experiment, spec=spec)
            name = f"{one.name} {words}"
            found.append(replace(one, label=label, name=name, experiment=experiment))
    return tuple(found)


def carried_out(
    those: Sequence[Contender],
    kept: ContestFolder,
    progress: Progression,
    jobs: int,
    tensorboard: Path | None = None,
    scheduler: str | None = None,
) -> Comparison:
    """Do the runs of a comparison that are missing in its folder, and write all files there."""
    from sn import contest  # start-up time of numba, which --help can do without
    from sn.jax_engine import expectation_of  # as above

    said, is_at_once = kept.contest, kept.contest.engine == "jax"
    if is_at_once:
        print_text(f"note: {expectation_of(said.n_runs)}", err=True)
    try:
        found = contest.compare(
            those,
            said.seeds,
            passes=said.passes,
            jobs=1 if is_at_once else jobs,
            reach=said.reach,
            watcher=progress,
            kept=kept,
            tensorboard=tensorboard,
            scheduler=scheduler,
            engine=said.engine,
        )
    except BaseException:
        if kept.is_worth_keeping:
            print_text(kept.what_stands(), err=True)
        raise
    for note in _write(found, those, kept.path, is_at_once):
        print_text(f"warning: {note}", err=True)
    return found


def conclude(found: Comparison, folder: Path, as_json: bool) -> None:
    """Print what came out."""
    if as_json:
        print(json_line(comparison_object(found, str(folder))))
        return
    _print(found)
    print()
    print_fact("folder", str(folder), 12)
    print_fact("a page", report_command(folder), 12)


def _write(
    found: Comparison, those: Sequence[Contender], folder: Path, is_at_once: bool
) -> list[str]:
    """Write all files, the pictures last; return why some could not be drawn, or nothing."""
    write_whole(folder / f"{NAME}.csv", texts.summary_csv(found).encode())
    write_whole(folder / "passes.csv", texts.passes_csv(found).encode())
    if is_at_once:
        write_whole(folder / "seeds.csv", texts.seeds_csv(found).encode())
    write_whole(folder / f"{NAME}.md", texts.markdown(found).encode())
    content = json_line(comparison_object(found, str(folder)))
    # NOTE(contests): whoever finds this file finds all figures
    write_whole(folder / RESULTS, content.encode() + b"\n")
    shown: list[str] = []
    notes: list[str] = []
    try:
        shown += _draw_nets(those, folder)
    except SnError as error:
        notes.append(f"the nets were not drawn: {error.message}")
    except Exception as error:  # hours of training are worth more than a picture
        notes.append(f"the nets were not drawn: {type(error).__name__}: {error}")
    try:
        from sn.results import plots  # matplotlib is an extra, and slow to import

        pictures = plots.save_curves(found, folder / "curves")
        shown += [path.name for path in pictures if path.suffix == ".svg"]
    except ImportError:
        notes.append(f"{_NO_CURVES}: matplotlib is not here; pip install 'sn[plot]' brings it")
    except SnError as error:
        notes.append(f"{_NO_CURVES}: {error.message}")
    except Exception as error:  # of another's code, and the figures are worth more than a picture
        notes.append(f"{_NO_CURVES}: matplotlib failed: {type(error).__name__}: {error}")
    if shown:
        write_whole(folder / f"{NAME}.md", texts.markdown(found, shown).encode())
    return notes


_NO_CURVES = "no curves were drawn"
MOST_NETS = 12  # that are drawn side by side; chosen here


def _draw_nets(those: Sequence[Contender], folder: Path) -> list[str]:
    """Draw the nets side by side, each once, where there are several; return the file's name."""
    nets = {(one.source.path, one.experiment.spec.net): one.experiment for one in those}
    if len(nets) < 2:
        return []
    from sn.figure import net_figures, side_by_side  # most comparisons are of optimizers

    figures = net_figures([one.plan for one in list(nets.values())[:MOST_NETS]])
    write_whole(folder / texts.NETS, side_by_side(figures).svg.encode())
    return [texts.NETS]


def _print(found: Comparison) -> None:
    """Print what comparison.md holds, in columns."""
    print_text(f"{texts.heading(found)}\n")
    columns = texts.summary_columns(found)
    print_table(columns, texts.summary_rows(found), right=columns[1:])
    print()
    columns = texts.speed_columns(found)
    print_table(columns, texts.speed_rows(found), right=columns[1:])
    if rows := texts.difference_rows(found):
        print_text(f"\nagainst {found.first.label}, seed by seed\n")
        print_table(texts.DIFFERENCE_COLUMNS, rows, right=texts.DIFFERENCE_COLUMNS[1:2])
    print()
    for sentence in texts.remarks(found):
        print_fact("", sentence, 0)
    if lines := texts.fact_lines(found):
        print("\nwhat differs\n")
        width = max(len(fact) for fact, _ in lines)
        for fact, values in lines:
            print_fact(fact, values, width + 2)
