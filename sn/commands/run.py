"""Train a network and print how it does, pass by pass."""

from __future__ import annotations

import contextlib
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sn.commands import _completion as completion
from sn.commands._comparing import rates_option
from sn.commands._diagnostics import format_option
from sn.commands._explain import tell_loops
from sn.commands._folders import Place, out_option, remove_if_empty, tensorboard_option
from sn.commands._progress import JsonPrinter, PassPrinter, WarningPrinter
from sn.commands._reports import last_report, print_confusion, print_report
from sn.commands._resuming import Beginning, beginning, resume_options
from sn.commands._safety import allow_options, limit_options
from sn.commands._seeds import refuse_seeds, run_seeds
from sn.commands._settings import (
    Limited,
    data_option,
    headless_option,
    optimizer_option,
    passes_option,
    settings_option,
)
from sn.commands._tables import print_table
from sn.commands._texts import print_fact, print_text
from sn.commands._windows import save_windows
from sn.errors import TrainError
from sn.limits import ENGINES, SEED
from sn.progress.terminal import TerminalBar
from sn.results.arrays import content_hash, make_inside
from sn.results.checkpoints import run_folder
from sn.results.folder import FILES, RunFolder, report_command
from sn.results.lines import json_line, result_object
from sn.results.record import RunRecord
from sn.results.repeats import repeat_differences
from sn.results.table import final_table
from sn.train.observer import Observer

if TYPE_CHECKING:
    from sn.lisp.gate import Allow  # start-up time, which --help can do without
    from sn.session import Program, Session  # as above


@click.command("run")
@click.argument("file", required=False, shell_complete=completion.programs)
@click.argument("arguments", nargs=-1)
@passes_option
@click.option(
    "--seed",
    type=Limited(SEED),
    help="What the initial weights, random orders and the program's random numbers come from.  "
    "[default: 0]",
)
@optimizer_option("One of the optimizers the program describes.")
@click.option(
    "--from",
    "start",
    metavar="RUN",
    type=Place(),
    shell_complete=completion.runs,
    help="Start from the weights of a trained network, where they fit.",
)
@data_option
@out_option("this run")
@click.option("--no-folder", is_flag=True, help="Leave nothing on disk.")
@tensorboard_option("the run")
@settings_option("the program")
@headless_option
@click.option("--confusion", is_flag=True, help="Print which classes are taken for which.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per pass and result.")
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    metavar="NAME",
    help="What trains: kernels, jax (for accelerators), reference or historical.  "
    "[default: kernels]",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    metavar="N",
    help="Train N nets at once, from --seed on; with --engine jax.",
)
@rates_option
@click.option(
    "--reference",
    is_flag=True,
    help="The engine of float64 that the kernels are held to: --engine reference.",
)
@click.option(
    "--historical",
    is_flag=True,
    help="Compute as SN 2.8 did, bit for bit, in float32: --engine historical.",
)
@click.option(
    "--fast",
    is_flag=True,
    help="Let programs that choose a kernel of SN 2.8 learn by the compiler's kernels instead.",
)
@click.option(
    "--explain",
    is_flag=True,
    help="Tell which loops of SN 2.8's library ran compiled, and why others did not.",
)
@resume_options
@format_option()
@allow_options()
@limit_options
def command(
    file: str | None,
    arguments: tuple[str, ...],
    passes: int | None,
    seed: int | None,
    optimizer: str | None,
    start: Path | None,
    data: str | None,
    out: Path | None,
    no_folder: bool,
    tensorboard: Path | None,
    settings: dict[str, str],
    headless: str,
    confusion: bool,
    as_json: bool,
    engine: str | None,
    seeds: int | None,
    rates: tuple[float, ...],
    reference: bool,
    historical: bool,
    fast: bool,
    explain: bool,
    resume: Path | None,
    fork: bool,
    checkpoint_every: int | None,
    keep_checkpoints: int,
    again: Path | None,
    allow: Allow,
) -> int:
    """Train the network of FILE and compare it with the published figures.

    FILE is a program in SN Lisp, or the name of a net that comes with SN: `sn run zipcode`.
    What the options leave open, the program says. One that describes no network is only run.
    ARGUMENTS are the program's: `sn run script.sn a b` makes argv ("script.sn" "a" "b"); what
    starts with a dash stands behind --.
    A run that was stopped goes on with `sn run --resume runs/FOLDER`, without FILE with the
    program as it was.
    A program reads files below its own folder, and writes below that of its run, in `files`.
    """
    context = click.get_current_context()
    named = {"--reference": reference, "--historical": historical, f"--engine {engine}": engine}
    two = [word for word, is_given in named.items() if is_given]
    if len(two) > 1:
        raise click.UsageError(f"{' and '.join(two)} are two engines; give one of them")
    historical = historical or engine == "historical"
    if fast and historical:
        raise click.UsageError("--fast and --historical are two modes; give one of them")
    if no_folder and out is not None:
        raise click.UsageError("--out names a folder and --no-folder wants none; give one of them")
    refuse_seeds(context.params)
    if seeds is not None:
        run_seeds(context.params, allow)
        return 0
    begin = beginning(context.params)
    earlier, seed = begin.earlier, begin.seed
    from sn.session import Session  # start-up time of numba, which --help can do without

    with contextlib.ExitStack() as stack:
        observers: list[Observer] = []
        if sys.stderr.isatty():
            observers.append(stack.enter_context(TerminalBar()))
        observers.append(WarningPrinter())
        printer = PassPrinter()
        if as_json:
            observers.append(JsonPrinter(sys.stdout))
            # what the program itself prints is not for the reader of the JSON
            stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        else:
            observers.append(printer)
        place = _Place(begin, context.params, stack)
        session = Session(
            begin.settings,
            observers,
            seed,
            begin.data,
            allow,
            place.files if place.is_kept else None,
            begin.data_is_given,
        )
        session.command = context.find_root().obj or ()
        session.argv = () if file is None else (file, *arguments)
        if fast or historical:
            session.world.choose_mode(historical)
        try:
            program, written = _load(begin, session, headless)
        finally:
            if explain:
                tell_loops(session.world.told_loops)
        is_live = session.world.live.n_conns > 0
        wants = passes is not None or bool(optimizer or start or as_json or reference or engine)
        wants = wants or (historical and not is_live)
        # a script may want a folder for what it writes and draws
        wants = wants or (out is not None and session.files.folder is None)
        is_script = not program.networks and not program.is_empty
        if program.status is not None or (is_script and not (wants or earlier)):
            _tell_files(written)
            return program.status or 0
        experiment = program.experiment(begin.experiment)
        folder = place.folder if resume is None or fork else None
        try:
            record = experiment.train(
                folder=folder, tensorboard=tensorboard, **begin.train_options(context.params)
            )
        except KeyboardInterrupt:
            _tell_checkpoint(place.folder)
            raise
    if as_json:
        print(json_line(result_object(record)))
    else:
        _print_run(record, printer.note, written)
        found = last_report(record)
        if confusion and found is not None:
            print()
            print_confusion(*found)
    if again is not None:
        _tell_repeat(run_folder(again), record, as_json)
    return 0


def _load(begin: Beginning, session: Session, headless: str) -> tuple[Program, Path | None]:
    """Evaluate the program; return it with the folder that it wrote files to itself.

    What it drew is saved and told, also if it fails or is stopped.
    """
    session.screen.is_drawing = headless != "none"
    if headless == "png":
        from sn.figure.picture import check_png  # start-up time, which --help can do without

        check_png()  # before a program works for hours
    try:
        program = begin.load(session)
        return program, session.files.folder
    finally:
        save_windows(session, headless)


class _Place:
    """The folder of a run: the one that is told, or a fresh one, made when it is first needed."""

    def __init__(
        self, begin: Beginning, options: dict[str, Any], stack: contextlib.ExitStack
    ) -> None:
        goes_on = options["resume"] is not None and not options["fork"]
        earlier = begin.earlier.folder if begin.earlier is not None and goes_on else None
        self._name, self._stack = begin.path.stem, stack
        self._told: Path | None = options["out"] or earlier
        self._is_new = earlier is None
        self.is_kept = not options["no_folder"]

    @cached_property
    def folder(self) -> Path | None:
        """The folder, which is there; None when nothing is kept."""
        if not self.is_kept:
            return None
        if not self._is_new:
            return self._told
        folder = RunFolder.create(self._told, self._name).path
        if self._told is None:
            self._stack.callback(remove_if_empty, folder)
        return folder

    def files(self) -> Path:
        """Return the folder for what the program itself writes, which is there."""
        assert self.folder is not None
        files = self.folder / FILES
        make_inside(files)
        return files


def _tell_files(folder: Path | None) -> None:
    """Say where a program wrote."""
    if folder is not None:
        print_fact("files", str(folder), 12)


def _tell_repeat(before: Path, record: RunRecord, as_json: bool) -> None:
    """Say that a run is equal to the one that it repeats.

    Raises: TrainError with all that differs.
    """
    found = repeat_differences(before, record)
    if as_json:
        print(json_line({"type": "again", "run": str(before), "differences": found}))
    if found:
        raise TrainError(f"this run differs from that in '{before}': {'; '.join(found)}")
    if not as_json:
        digest = content_hash(record.weights)
        print_fact("again", f"equal to {before}: all scores, and weights of sha256 {digest}", 12)


def _tell_checkpoint(folder: Path | None) -> None:
    """Say on stderr where the state of an interrupted run is kept, and how to go on."""
    if folder is not None:
        print_text(RunFolder(folder).what_stands(), err=True)


def _print_run(record: RunRecord, note: str, files: Path | None) -> None:
    """Print the final table, what is mistaken, the times, the data and the folder."""
    rows = final_table(record)
    print()
    if record.reference is None:
        print_table(("", "this run"), [(r.label, r.ours) for r in rows], right=("this run",))
    else:
        title = record.reference.title
        print_table(
            ("", "this run", title),
            [(row.label, row.ours, row.published) for row in rows],
            right=("this run", title),
        )
    if found := last_report(record):
        print()
        print_report(*found)
    facts = [
        ("network", _counts(record)),
        ("data", note.removeprefix("data: ") or record.data.name),
        ("optimizer", f"{_optimizer_words(record)}, seed {record.seed}"),
        ("compiling", f"{record.compile_seconds:.2f} s"),
        (
            "training",
            f"{record.train_seconds:.2f} s, {record.us_per_presentation:.2f} µs per presentation; "
            f"evaluating {record.evaluate_seconds:.2f} s",
        ),
    ]
    if record.folder is not None:
        facts.append(("folder", str(record.folder)))
    if files is not None:
        facts.append(("files", str(files)))
    if record.folder is not None:
        facts.append(("a page", report_command(record.folder)))
    print()
    for name, value in facts:
        print_fact(name, value, 12)


def _counts(record: RunRecord) -> str:
    net = record.net
    return (
        f"{net.name}: {net.units:,} units, {net.connections:,} connections, "
        f"{net.parameters:,} parameters"
    )


def _optimizer_words(record: RunRecord) -> str:
    """Return the optimizer of a run, or those of its phases."""
    phases = record.options.get("phases", {})
    words = [f"{one['name']} for {one['passes']:,}" for one in phases.values()]
    return f"phases: {', then '.join(words)} passes" if words else record.optimizer
