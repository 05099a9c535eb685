"""Train a program with many settings, and find the best."""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sn.commands import _completion as completion
from sn.commands import _sweeps as sweeps
from sn.commands._diagnostics import format_option
from sn.commands._folders import Place, out_option
from sn.commands._progress import BarOverRuns
from sn.commands._safety import allow_options, limit_options
from sn.commands._settings import (
    Limited,
    data_option,
    jobs_option,
    on_option,
    optimizer_option,
    passes_option,
    seeds_option,
    settings_option,
)
from sn.commands._tables import print_table
from sn.commands._texts import print_fact, print_text
from sn.errors import SnError
from sn.limits import SEED
from sn.memory import need
from sn.results.arrays import write_whole
from sn.results.folder import report_command
from sn.results.lines import json_line
from sn.results.sweeps import RESULTS, SweepFolder
from sn.shipped import find_net

if TYPE_CHECKING:
    from sn.data.base import Dataset  # start-up time, which --help can do without
    from sn.lisp.gate import Allow
    from sn.pool.runs import Bundle
    from sn.sweep.going import Trial
    from sn.sweep.telling import Swept

SEARCHES = ("tpe", "random", "grid", "cmaes")
HELD_OF_RUN = 2000  # bytes; chosen here: 1,400 were measured
PRUNERS = ("none", "median", "hyperband")


class Progression(BarOverRuns):
    """Tells how a sweep goes: a line per trial on stderr, with what is best and the time that is
    left, which on a terminal a bar over all its runs shows.

    With `as_json` an object per trial goes to stdout as well.
    """

    def __init__(self, as_json: bool) -> None:
        super().__init__("trial", as_json)
        self.figure = ""
        self._trials = self._done = 0

    def started(self, trials: int, runs: int, done: int) -> None:
        """Say how much there is to do."""
        self._trials = trials
        self._done = done * trials // max(runs, 1)
        if done:
            print_text(f"{done} of {runs} runs are done already", err=True)
        if self._bar is not None:
            self._bar.started(runs, trials)
            self._bar.done_before(done)
            self._bar.stands(self._done + 1, "")

    def advanced(self, runs: int) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.advanced(runs)

    def trial_finished(self, trial: Trial, best: Trial | None, left: float | None) -> None:
        """Say how a trial ended."""
        from sn.sweep import telling  # start-up time of numpy

        if self._as_json:
            line = json_line(telling.trial_object(trial, self.figure))
            print(line, file=self._out, flush=True)
        words = {"pruned": "given up", "failed": f"failed: {trial.error}"}.get(
            trial.state, f"{telling.value_text(self.figure, trial.value)}"
        )
        self._done += 1
        what = self.figure.replace("_", " ")
        shown = f"{self._done}/{self._trials}  trial {trial.number}, "
        shown += f"{telling.setting_words(trial.point)}: "
        shown += f"{what} {words}" if trial.state == "done" else words
        if best is not None and best.number != trial.number:
            value = telling.value_text(self.figure, best.value)
            shown += f"; best {value}, trial {best.number}"
        if left and self._bar is None:
            shown += f"; {_duration(left)} left"
        print_text(shown, err=True)
        if self._bar is not None:
            self._bar.stands(self._done + 1, "" if best is None else self._best(best))

    def _best(self, best: Trial) -> str:
        from sn.sweep import telling  # start-up time of numpy

        value, what = telling.value_text(self.figure, best.value), self.figure.replace("_", " ")
        return f"best {what} {value}, trial {best.number}: {telling.setting_words(best.point)}"


def _duration(seconds: float) -> str:
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= unit * 1.5:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"


@click.command("sweep")
@click.argument("file", required=False, shell_complete=completion.programs)
@click.option(
    "--vary",
    multiple=True,
    metavar="NAME=VALUES",
    help="What varies, a variable of the program, optimizer or passes: 'rate=0.0001..0.01 log', "
    "'table-seed=0..99', 'optimizer=newton,sgd'; may be repeated.",
)
@seeds_option(1, "How many runs of each setting, from seed 0; their mean counts.")
@click.option(
    "--trials",
    type=click.IntRange(min=1),
    help=f"How many settings are tried: {sweeps.TRIALS} by default, no more than there are; the "
    "whole grid.",
)
@click.option(
    "--for",
    "target",
    metavar="SET-FIGURE",
    help="What shall be small: validation-misses, test-error, ...; by default misses, or errors of "
    "values, on the validation set, where there is none on the test set, which is then said.",
)
@click.option(
    "--search",
    type=click.Choice(SEARCHES),
    default="tpe",
    show_default=True,
    help="How settings are found: tpe and cmaes learn from those before.",
)
@click.option(
    "--prune",
    type=click.Choice(PRUNERS),
    default="none",
    show_default=True,
    help="Give up runs that do badly after some passes.",
)
@click.option(
    "--points",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="How many numbers of a range are on the grid.",
)
@click.option(
    "--seed", type=Limited(SEED), default=0, show_default=True, help="What the search draws from."
)
@optimizer_option("Which optimizer trains, where that does not vary.")
@passes_option
@jobs_option
@on_option
@click.option(
    "--storage",
    metavar="URL",
    help="Where Optuna keeps the trials, instead of a journal in the folder: sqlite:///FILE, "
    "postgresql://HOST/NAME, ...",
)
@data_option
@out_option("the results")
@click.option(
    "--resume",
    type=Place(),
    metavar="DIR",
    help="Go on with the sweep in a folder, with --trials up to more of them.",
)
@settings_option("the program")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object per trial, and one of all."
)
@format_option()
@allow_options(writes=False)
@limit_options
def command(
    file: str | None,
    target: str | None,
    jobs: int | None,
    resume: Path | None,
    as_json: bool,
    optimizer: str | None,
    data: str | None,
    settings: dict[str, str],
    out: Path | None,
    vary: tuple[str, ...],
    allow: Allow,
    **_: Any,
) -> None:
    """Train the program in FILE with many settings, and find the best.

    What varies is said by --vary, or by (sweep ...) in FILE: learning rates, tables of maps, any
    variable that the program sets by setq. Runs are deterministic: what comes of each depends on
    its settings and seed alone, not on where it ran. Tables and pictures are left in a folder;
    `sn sweep --resume runs/FOLDER` goes on after anything. It takes `pip install 'sn[sweep]'`.
    """
    context = click.get_current_context()
    if file is not None:
        find_net(file)  # a file that is not here is told at once
    earlier = sweeps.earlier_sweep(context)
    start = time.monotonic()
    with contextlib.ExitStack() as stack:
        progress = stack.enter_context(Progression(as_json))
        if as_json:
            # what the program prints is not for the reader of the JSON
            stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        found, folder = _swept(context, earlier, stack, allow, progress)
        notes = _write(found, folder)
    if as_json:
        from sn.sweep.telling import results_object  # start-up time of numpy

        print(json_line({**results_object(found), "folder": str(folder)}))
    else:
        _print(found, folder, time.monotonic() - start)
    for note in notes:
        print_text(f"warning: {note}", err=True)


def _swept(
    context: click.Context,
    earlier: Any,
    stack: contextlib.ExitStack,
    allow: Allow,
    progress: Progression,
) -> tuple[Swept, Path]:
    """Do all that is missing of a sweep."""
    from sn.emit.streams import cores  # start-up time of numpy
    from sn.pool.workers import needs_extra, workers_at  # as above

    try:
        from sn.sweep.study import Study  # an extra, and slow to import
    except ImportError as error:
        raise needs_extra("a sweep needs", error) from error
    from sn.pool.runs import bundle_of  # as above
    from sn.sweep.going import Plan, go  # as above
    from sn.sweep.telling import Swept, figure_of, notes_of  # as above

    options, is_given = context.params, earlier is None
    before = None if earlier is None else earlier[1]
    file = options["file"] if before is None else sweeps.file_of(before)
    settings, data = options["settings"], options["data"]
    if before is not None:
        settings, data = before.settings, before.data
    experiment, dataset = sweeps.experiment_of(file, settings, data, is_given, allow)
    if earlier is None:
        space = sweeps.space_of(options["vary"], experiment)
    else:
        space = sweeps.earlier_space(earlier[0], earlier[1], experiment)
    bundle = bundle_of(experiment, dataset.hash, allow, is_given)
    if before is None:
        chosen = experiment._optimizer(options["optimizer"])
        target = sweeps.target_of(options["target"], dataset)
        said = sweeps.sweep_of(context, space, bundle.hash, target, chosen)
    else:
        said = before
        sweeps.check_same(said, bundle.hash, earlier[0])
        sweeps.check_target(earlier[0], said, dataset)
    planned = experiment.spec.passes if said.passes is None else said.passes
    figure = figure_of(said.target)
    need(HELD_OF_RUN * said.seeds, f"a trial of {said.seeds:,} seeds")
    plan = Plan(
        bundle,
        space,
        tuple(range(said.seeds)),
        figure,
        said.optimizer,
        said.passes,
        said.trials,
        said.prune != "none",
    )
    sweeps.check_first(plan, file, said, is_given, allow)
    for note in notes_of(said, space):
        print_text(f"note: {note}", err=True)
    if earlier is None:
        files = SweepFolder.create(options["out"], said)
    else:
        files, wrong = SweepFolder.reopen(earlier[0], said)
        for message in wrong:
            print_text(f"note: {message}; the run is done again", err=True)
    stack.callback(files.release)
    try:
        study = Study(said, space, files.path, planned)
        stack.callback(study.close)
        things: dict[str, Bundle | Dataset] = {bundle.hash: bundle, dataset.hash: dataset}
        jobs = options["jobs"] or cores()
        workers = workers_at(options["scheduler"], jobs, things, plan.prunes)
        if workers.note:
            print_text(f"note: {workers.note}", err=True)
        progress.figure = figure
        trials = go(plan, study, workers, files, progress)
    except BaseException:
        if files.is_worth_keeping:
            print_text(files.what_stands(), err=True)
        raise
    return Swept(said.without_password(), space, trials, study.importance()), files.path


def _write(found: Swept, folder: Path) -> list[str]:
    """Write all files, the pictures last; return why some could not be drawn, or nothing."""
    from sn.sweep import telling  # start-up time of numpy

    write_whole(folder / "trials.csv", telling.trials_csv(found).encode())
    content = json_line(telling.results_object(found))
    write_whole(folder / RESULTS, content.encode() + b"\n")
    write_whole(folder / "sweep.md", telling.markdown(found).encode())
    try:
        from sn.page.sweep import picture_files  # as above

        drawn = picture_files(folder)
        for name, picture in drawn.items():
            write_whole(folder / name, picture.encode())
        write_whole(folder / "sweep.md", telling.markdown(found, list(drawn)).encode())
    except SnError as error:
        return [f"no pictures were drawn: {error.message}"]
    except Exception as error:  # hours of training are worth more than a picture
        return [f"no pictures were drawn: {type(error).__name__}: {error}"]
    return []


def _print(found: Swept, folder: Path, seconds: float) -> None:
    """Print what sweep.md holds, in columns."""
    from sn.sweep import telling  # start-up time of numpy

    print_text(f"{telling.heading(found)}, {_duration(seconds)}\n")
    columns = telling.columns(found)
    print_table(columns, telling.rows(found), right=columns)
    print()
    for sentence in telling.remarks(found):
        print_fact("", sentence, 0)
    print()
    print_fact("folder", str(folder), 12)
    print_fact("a page", report_command(folder), 12)
