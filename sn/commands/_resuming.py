"""Going on and doing again: the options of `sn run` that start from the folder of a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sn.commands import _completion as completion
from sn.commands._folders import Place
from sn.commands._settings import Limited
from sn.commands._texts import print_text
from sn.errors import DataError, source_text
from sn.limits import Limit
from sn.memory.files import read_file
from sn.results.about import read_about
from sn.results.checkpoints import run_folder
from sn.results.folder import CHECKPOINTS_KEPT
from sn.results.origin import SOURCE, Origin, read_origin
from sn.results.repeats import finished
from sn.shipped import find_net

if TYPE_CHECKING:  # numba, which --help can do without
    from sn.session import Program, Session

NUMBER = Limited(Limit(1, is_whole=True))
FLAGS = ("reference", "historical", "engine")


def resume_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command."""
    options = (
        click.option(
            "--resume",
            type=Place(),
            shell_complete=completion.runs,
            metavar="RUN",
            help="Go on with the run in a folder, or from a checkpoint, to the same bits.",
        ),
        click.option(
            "--fork",
            is_flag=True,
            help="With --resume: go on in a folder of its own, and maybe with other options.",
        ),
        click.option(
            "--checkpoint-every",
            type=NUMBER,
            metavar="N",
            help="Keep the state each N presentations too, not only after passes.",
        ),
        click.option(
            "--keep-checkpoints",
            type=NUMBER,
            metavar="K",
            default=CHECKPOINTS_KEPT,
            show_default=True,
            help="How many of the last checkpoints stay.",
        ),
        click.option(
            "--again",
            type=Place(),
            shell_complete=completion.runs,
            metavar="RUN",
            help="Do the run in a folder again, from what it kept, and compare.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Earlier:
    """A run that a command starts from: its folder, its run.json, and where it comes from."""

    folder: Path
    about: dict[str, Any]
    origin: Origin


def earlier_run(options: dict[str, Any]) -> Earlier | None:
    """Return the run that --resume or --again names, None without them.

    Raises: click.UsageError for options that contradict one another; DataError, TrainError where
    there is no run, or none that serves.
    """
    resume, again = options["resume"], options["again"]
    if options["fork"] and resume is None:
        raise click.UsageError("--fork goes on elsewhere with the run that --resume names")
    if again is not None:
        for name in (
            "file",
            "resume",
            "passes",
            "seed",
            "optimizer",
            "start",
            "data",
            *FLAGS,
            "settings",
        ):
            if options[name] not in (None, False, {}):
                word = {"file": "FILE", "start": "--from", "settings": "--set"}.get(
                    name, f"--{name}"
                )
                raise click.UsageError(f"--again takes all from the run; leave {word} out")
    if resume is not None and not options["fork"] and (options["out"] or options["no_folder"]):
        word = "--out" if options["out"] else "--no-folder"
        raise click.UsageError(f"--resume goes on in the folder of the run; {word} needs --fork")
    place = again if resume is None else resume
    if place is None:
        if options["file"] is None:
            raise click.UsageError("Missing argument 'FILE'.")
        return None
    folder = run_folder(place)
    about = finished(folder) if again is not None else read_about(folder)
    return Earlier(folder, about, read_origin(folder, about))


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a run begins with: a program, its settings and seed, and the run before, if any.

    `data_is_given` by who asks, not by the run before.
    """

    path: Path
    settings: dict[str, str]
    data: str | None
    data_is_given: bool
    seed: int
    earlier: Earlier | None
    is_as_it_was: bool

    @property
    def experiment(self) -> str | None:
        """The name of the experiment; None for the last of the program."""
        return None if self.earlier is None else self.earlier.about["net"]["name"]

    def train_options(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return what `Experiment.train` is told: the options, or what the run before was told."""
        names = ("passes", "optimizer", *FLAGS, "start", "resume", "fork")
        told = {name: options[name] for name in (*names, "checkpoint_every", "keep_checkpoints")}
        if self.earlier is not None and options["again"] is not None:
            about, origin = self.earlier.about, self.earlier.origin
            told |= {name: about[name] for name in ("passes", "optimizer")}
            told |= {"reference": False, "historical": False, "engine": origin.engine}
            told["start"] = origin.start
        return {**told, "seed": self.seed}

    def load(self, session: Session) -> Program:
        """Evaluate the program; say on stderr if it is no longer what it was in the run before."""
        if self.earlier is None or not self.is_as_it_was:
            return session.load(self.path)
        origin = self.earlier.origin
        now = _text_now(origin.program)
        if now is not None and now != origin.source:
            print_text(
                f"note: {origin.program} changed since; the run has the program as it was, in "
                f"{self.earlier.folder / SOURCE}",
                err=True,
            )
        return session.load_again(origin)


def _text_now(program: str) -> str | None:
    """Return the text that a program has by now; None for one that is gone, or no file."""
    try:
        text = source_text(read_file(Path(program)))
    except DataError:
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def beginning(options: dict[str, Any]) -> Beginning:
    """Return what the options and the run that they name begin with.

    Raises: as `earlier_run` does, and SnError for a FILE that is not there.
    """
    file, settings, seed = options["file"], options["settings"], options["seed"]
    earlier = earlier_run(options)
    if earlier is None:
        return Beginning(find_net(file), settings, options["data"], True, seed or 0, None, False)
    settings = {**earlier.origin.settings, **settings}
    seed = earlier.about["seed"] if seed is None else seed
    path = Path(earlier.origin.program) if file is None else find_net(file)
    is_given = options["data"] is not None  # what the run says, a stranger may have written
    data = options["data"] if is_given else earlier.origin.data
    return Beginning(path, settings, data, is_given, seed, earlier, file is None)
