"""Sweeps from a command line: what is swept, and back from its folder."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from sn.errors import DataError, SettingError, SnError, TrainError, did_you_mean
from sn.paths import is_there, possible
from sn.results.sweeps import SWEEP, Sweep, read_sweep
from sn.shipped import find_net

if TYPE_CHECKING:  # numba, which --help can do without
    from sn.data.base import Dataset
    from sn.experiment import Experiment
    from sn.lisp.gate import Allow
    from sn.sweep.going import Plan
    from sn.sweep.space import Space

# What a sweep is started with; the others say how it is gone on with.
STARTED_WITH = (
    "file vary seeds target search prune points seed passes optimizer data out settings".split()
)
TRIALS = 50  # where nobody says how many; chosen here


def earlier_sweep(context: click.Context) -> tuple[Path, Sweep] | None:
    """Return the sweep that --resume names, None without it.

    Raises: click.UsageError for options that contradict it; DataError where there is none.
    """
    options = context.params
    if options["resume"] is None:
        if options["file"] is None:
            raise click.UsageError("Missing argument 'FILE'.")
        return None
    for name in STARTED_WITH:
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT and (
            options[name] not in (None, (), {})
        ):
            word = {"file": "FILE", "settings": "--set", "target": "--for"}.get(name, f"--{name}")
            raise click.UsageError(f"--resume takes all from the sweep; leave {word} out")
    folder = possible(options["resume"])
    said = read_sweep(folder)
    if said.storage is not None and options["storage"] is None:
        raise click.UsageError("the sweep has its trials in a storage: give it with --storage")
    more = {"trials": options["trials"]} if options["trials"] else {}
    return folder, replace(said, storage=options["storage"], **more)


def file_of(said: Sweep) -> Path | str:
    """Return the file of an earlier sweep as it is found from here."""
    below = Path(said.folder, said.file)
    return below if is_there(below) else said.file


def experiment_of(
    file: str | Path, settings: dict[str, str], data: str | None, is_given: bool, allow: Allow
) -> tuple[Experiment, Dataset]:
    """Evaluate the program and load its data."""
    from sn.contest import Source  # start-up time of numpy

    pinned = tuple(sorted(settings.items()))
    experiment = Source(find_net(file), pinned, data, is_given, allow).experiment()
    return experiment, experiment.spec.data.load()[0]


def space_of(vary: Sequence[str], experiment: Experiment) -> Space:
    """Return what varies: of the command line, with what the program says besides.

    Raises: SettingError where nothing does, or an axis is none of the program.
    """
    from sn.sweep.space import Space, read_axes  # as above

    given = {axis.name: axis for axis in (*experiment_axes(experiment), *read_axes(vary))}
    if not given:
        raise SettingError(
            "nothing varies in this sweep",
            hint="--vary 'rate=0.0001..0.01 log', or (sweep (rate 0.0001 0.01 log)) in the program",
        )
    space = Space(tuple(given.values()))
    axis = given.get("optimizer")
    for name in getattr(axis.values, "texts", (str(axis.values),)) if axis else ():
        if name not in experiment.optimizers:
            raise TrainError(
                f"the experiment has no optimizer '{name}' to vary",
                hint=did_you_mean(name, experiment.optimizers)
                or "it has: " + ", ".join(experiment.optimizers),
            )
    return space


def earlier_space(folder: Path, said: Sweep, experiment: Experiment) -> Space:
    """Return what varies in an earlier sweep.

    Raises: DataError for what is no space, which someone wrote into the file.
    """
    with _told_of(folder):
        return space_of(said.vary, experiment)


def check_target(folder: Path, said: Sweep, dataset: Dataset) -> None:
    """Demand that an earlier sweep seeks what its data can tell; DataError otherwise."""
    with _told_of(folder):
        target = target_of(said.target, dataset)
        if target != said.target:
            raise SettingError(f"what is sought is '{said.target}'", hint=f"write {target}")


@contextmanager
def _told_of(folder: Path) -> Iterator[None]:
    """Name the file of an earlier sweep in what is wrong with it."""
    try:
        yield
    except SnError as error:
        what = f"'{folder / SWEEP}' cannot be gone on with: {error.message}"
        raise DataError(what, hint=error.hint) from error


def experiment_axes(experiment: Experiment) -> tuple[Any, ...]:
    """Return what the program says is varied."""
    session: Any = getattr(experiment.program, "session", None)
    return tuple(session.world.sweep) if session is not None else ()


def target_of(word: str | None, dataset: Dataset) -> str:
    """Return what is sought as SET-FIGURE: on the validation set where there is one.

    Raises: SettingError for a set that is not there, or no figure.
    """
    from sn.data.rows import TargetKind  # as above
    from sn.sweep.telling import FIGURES, SETS  # as above

    figures = [one.replace("_", "-") for one in FIGURES]
    default = "error" if dataset.kind is TargetKind.VALUES else "misses"
    which, dash, figure = (word or default).partition("-")
    if not dash or which not in SETS:
        which = next(one for one in ("validation", "test", "train") if one in dataset.sets)
        figure = word or default
    known = [f"{one}-{name}" for one in SETS if one in dataset.sets for name in figures]
    target = f"{which}-{figure}"
    if target not in known:
        if which not in dataset.sets:
            raise SettingError(
                f"--for {word}: the data '{dataset.name}' have no {which} set",
                hint=f"(split ({which} 0.2)) in (data ...) sets a share of the patterns apart",
            )
        raise SettingError(
            f"--for says what is sought, found '{word}'",
            hint=did_you_mean(target, known) or "there are: " + ", ".join(known),
        )
    return target


def sweep_of(
    context: click.Context, space: Space, program: str, target: str, optimizer: str
) -> Sweep:
    """Return what the options say is swept.

    Raises: SettingError for a search that cannot go over what varies.
    """
    from sn.describe.axes import Range  # as above
    from sn.results.origin import versions  # as above

    options = context.params
    trials = options["trials"] or min(TRIALS, space.size or TRIALS)
    if options["search"] == "grid":
        size = space.grid(options["points"])
        trials = min(options["trials"] or size, size)
    ranges = [axis for axis in space.axes if isinstance(axis.values, Range)]
    if options["search"] == "cmaes" and len(ranges) < 2:
        raise SettingError(
            "cmaes searches over two ranges or more", hint="--search tpe takes choices as well"
        )
    return Sweep(
        file=options["file"],
        folder=str(Path.cwd()),
        program=program,
        vary=tuple(str(axis) for axis in space.axes),
        trials=trials,
        seeds=options["seeds"],
        target=target,
        search=options["search"],
        prune=options["prune"],
        points=options["points"],
        seed=options["seed"],
        passes=options["passes"],
        optimizer=optimizer,
        data=options["data"],
        settings=options["settings"],
        storage=options["storage"],
        study=_study_name(options["file"], options["storage"]),
        versions=versions(),
        command=tuple(context.find_root().obj or ()),
    )


def _study_name(file: str, storage: str | None) -> str:
    """Return what the study is called, which hyperband draws the brackets of trials from.

    A database may have studies of others, also of the same file.
    """
    name = f"sn {Path(file).stem}"
    return name if storage is None else f"{name} {uuid.uuid4().hex[:8]}"


def check_first(plan: Plan, file: str | Path, said: Sweep, is_given: bool, allow: Allow) -> None:
    """Evaluate the program with one point set, so that slips are told before anything runs."""
    from sn.contest import Source  # as above
    from sn.sweep.space import check_point  # as above

    point = plan.space.at_random(said.seed, 0)
    check_point(point)
    settings = {**said.settings, **{name: point[name] for name in plan.space.variables}}
    pinned = tuple(sorted(settings.items()))
    Source(find_net(file), pinned, said.data, is_given, allow).experiment()


def check_same(said: Sweep, program: str, folder: Path) -> None:
    """Demand that a sweep that goes on is of the program and data that it was of.

    Raises: TrainError.
    """
    if said.program != program:
        raise TrainError(
            f"this is not the sweep in '{folder}': its program, settings or data changed since",
            hint="give them back what they were, or sweep anew",
        )
