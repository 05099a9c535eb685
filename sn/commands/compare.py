"""Compare networks or optimizers over several seeds, with error bars."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sn.commands import _completion as completion
from sn.commands._contests import contest_of, earlier_contest
from sn.commands._diagnostics import format_option
from sn.commands._folders import Place, out_option, tensorboard_option
from sn.commands._safety import allow_options, limit_options
from sn.commands._settings import (
    Limited,
    data_option,
    jobs_option,
    on_option,
    passes_option,
    seeds_option,
    settings_option,
)
from sn.commands._tables import print_table
from sn.commands._texts import print_fact, print_text
from sn.display import many
from sn.errors import SnError
from sn.limits import POSITIVE
from sn.progress.terminal import TerminalBar
from sn.results import comparison_texts as texts
from sn.results.arrays import write_whole
from sn.results.comparison import Comparison, comparison_object
from sn.results.contests import RESULTS, ContestFolder
from sn.results.figures import error_text
from sn.results.folder import report_command
from sn.results.lines import json_line, result_object
from sn.results.record import RunRecord, Scores
from sn.shipped import find_net

if TYPE_CHECKING:
    from sn.contest import Contender  # start-up time of numba
    from sn.lisp.gate import Allow  # start-up time, which --help can do without

NAME = "comparison"


class Progression:
    """Tells how a comparison goes: a line per run on stderr, where that is a terminal below a
    display of all of them.

    With `as_json` an object per run goes to stdout as well.
    """

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._runs = self._done = 0
        self._bar = TerminalBar("run") if sys.stderr.isatty() else None
        self._out = sys.stdout

    def __enter__(self) -> Progression:
        if self._bar is not None:
            self._bar.__enter__()
        self._out = sys.stdout  # that of the display, if there is one
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.__exit__(*error)

    def started(self, runs: int, passes: int) -> None:
        """Show the display."""
        self._runs = runs
        if self._bar is not None:
            self._bar.started(passes, runs)

    def advanced(self, passes: int) -> None:
        """Move its bar."""
        if self._bar is not None:
            self._bar.advanced(passes)

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


@click.command("compare")
@click.argument("files", nargs=-1, shell_complete=completion.programs)
@click.option(
    "--optimizers",
    metavar="A,B",
    shell_complete=completion.optimizers,
    help="Which optimizers take part, of each file.",
)
@seeds_option(5, "How many runs of each, from seed 0.")
@passes_option
@jobs_option
@on_option
@click.option(
    "--reach",
    type=Limited(POSITIVE),
    metavar="ERROR",
    help="Count passes until the test error is no larger; by default a published one, rounded up.",
)
@data_option
@out_option("the results")
@tensorboard_option("each run")
@click.option(
    "--resume",
    type=Place(),
    shell_complete=completion.comparisons,
    metavar="DIR",
    help="Go on with the comparison in a folder: only the runs that are missing are done.",
)
@settings_option("every program")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object per run, and one of all."
)
@format_option()
@allow_options()
@limit_options
def command(
    files: tuple[str, ...],
    optimizers: str | None,
    seeds: int,
    passes: int | None,
    jobs: int | None,
    scheduler: str | None,
    reach: float | None,
    data: str | None,
    out: Path | None,
    tensorboard: Path | None,
    resume: Path | None,
    settings: dict[str, str],
    as_json: bool,
    allow: Allow,
) -> None:
    """Compare networks or optimizers over several seeds, with error bars.

    FILES are programs or names of nets that come with SN. One file is compared with all its
    optimizers (`sn compare zipcode`), several files with the first optimizer of each (`sn compare
    nets/zipcode*.sn`). Table, curves and figures are left in a folder, and a picture of several
    nets. One that was stopped goes on with `sn compare --resume runs/FOLDER`. What runs come to
    does not depend on where they ran; on other machines they need `pip install 'sn[sweep]'`.
    """
    paths = [find_net(file) for file in files]
    context = click.get_current_context()
    earlier = earlier_contest(context)
    if scheduler is not None and tensorboard is not None:
        raise click.UsageError(
            "runs on other machines leave no events here: leave out --tensorboard"
        )
    from sn import contest  # start-up time of numba, which --help can do without
    from sn.emit.streams import cores  # as above

    with contextlib.ExitStack() as stack:
        progress = stack.enter_context(Progression(as_json))
        if as_json:
            # what the programs print is not for the reader of the JSON
            stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        if earlier is None:
            words = tuple(word.strip() for word in (optimizers or "").split(",") if word.strip())
            those = contest.contenders(paths, words, settings, data, allow)
            kept = ContestFolder.create(
                out, contest_of(context, words, contest.competitors(those, passes))
            )
        else:
            those = contest.contenders(
                earlier.paths,
                earlier.said.optimizers,
                earlier.said.settings,
                earlier.said.data,
                allow,
                data_is_given=False,  # it may be a stranger who said it
            )
            kept = earlier.reopened(contest.competitors(those, earlier.said.passes))
            those = earlier.as_named(those)
        stack.callback(kept.release)
        said = kept.contest
        try:
            found = contest.compare(
                those,
                said.seeds,
                passes=said.passes,
                jobs=jobs or cores(),
                reach=said.reach,
                watcher=progress,
                kept=kept,
                tensorboard=tensorboard,
                scheduler=scheduler,
            )
        except BaseException:
            if kept.is_worth_keeping:
                print_text(kept.what_stands(), err=True)
            raise
        notes = _write(found, those, kept.path)
    if as_json:
        print(json_line(comparison_object(found, str(kept.path))))
    else:
        _print(found)
        print()
        print_fact("folder", str(kept.path), 12)
        print_fact("a page", report_command(kept.path), 12)
    for note in notes:
        print_text(f"warning: {note}", err=True)


def _write(found: Comparison, those: Sequence[Contender], folder: Path) -> list[str]:
    """Write all files, the pictures last; return why some could not be drawn, or nothing."""
    write_whole(folder / f"{NAME}.csv", texts.summary_csv(found).encode())
    write_whole(folder / "passes.csv", texts.passes_csv(found).encode())
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
