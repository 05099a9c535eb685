"""Training: the experiments of a session, trained from its prompt as often as one likes.

    (train)  (train 5)  (train 'sgd)    Ctrl-C stops it, (train) goes on
    (trained)                           the net as it stands: (net-weights (trained) "h1.weight")
    (rebuild)                           describes net and experiment anew, (train) takes the weights
    (train-anew)                        forgets them

Where nothing was changed a run goes on as if it had never stopped, bit for bit. Where the net, the
data or the optimizer is another one, a new run begins with the weights that still fit.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from sn.data import Part
from sn.errors import EvalError, did_you_mean
from sn.experiment import Experiment
from sn.limits import PASSES
from sn.lisp.forms import Symbol
from sn.lisp.machine import Machine
from sn.networds import LispNet
from sn.results.about import read_about
from sn.results.arrays import read_arrays
from sn.results.checkpoints import checkpoints, position_of
from sn.results.folder import Outcome, RunFolder
from sn.results.record import DataUsed
from sn.session import Program
from sn.train.identity import identity
from sn.train.observer import Observer
from sn.train.state import WEIGHTS
from sn.trained.net import TrainedNet, open_trained
from sn.trained.reading import Contents

Watching = Callable[[], contextlib.AbstractContextManager[Sequence[Observer]]]


@dataclass(frozen=True, slots=True)
class Run:
    """How an experiment was trained: the folder of the run, and the net as it stands."""

    folder: Path
    net: TrainedNet
    optimizer: str


class Training:
    """The runs of a session, by the name of the net.

    `program` gives what was described so far. `watching` opens what is shown of a run, and gives
    who watches; `say` tells a person a sentence. Without `is_kept` runs are in a folder of the
    system's, and gone with `close`.
    """

    WORDS: ClassVar = {"train": "train", "trained": "trained", "train-anew": "anew"}

    def __init__(
        self,
        program: Callable[[], Program],
        watching: Watching,
        say: Callable[[str], None],
        is_kept: bool,
    ) -> None:
        self._program, self._watching, self._say = program, watching, say
        self._is_kept = is_kept
        self._hidden: tempfile.TemporaryDirectory[str] | None = None
        self._runs: dict[str, Run] = {}
        self._stopped = ""  # what to say of the run that was interrupted

    def close(self) -> None:
        """Remove what is not kept."""
        if self._hidden is not None:
            self._hidden.cleanup()

    def what_stands(self) -> str:
        """Say where the run stands that was interrupted just now, and how it goes on."""
        said, self._stopped = self._stopped, ""
        return said

    def train(self, it: Machine, *what: float | Symbol) -> LispNet:
        """(train ['NET] [PASSES] ['OPTIMIZER])

        Train the experiment that was described last, or that of a net, and return the net that
        comes out. It starts from the weights as they stand, fresh ones the first time, and shows
        how it goes. Ctrl-C stops it, and (train) goes on to where it would have ended; at an end
        it goes on for as many passes as the experiment says, or PASSES. An experiment that was
        changed takes over all weights that still fit.
        """
        experiment, passes, optimizer = self._asked(what)
        run = self._runs.get(experiment.name)
        optimizer = optimizer or (run.optimizer if run is not None else experiment.optimizers[0])
        if optimizer not in experiment.optimizers:
            optimizer = experiment.optimizers[0]
        if run is None:
            return self._begin(experiment, passes, optimizer, {})
        if not _is_same(experiment, optimizer, run.folder):
            return self._begin(experiment, passes, optimizer, {"start": run.net})
        return self._go_on(experiment, passes, run)

    def trained(self, name: Symbol | None = None) -> LispNet:
        """(trained ['NET])

        Return the net as it stands: `net-weights`, `net-states`, `net-test`, `net-predict` and
        `net-confusion` look at it. It has its fresh weights where nothing was trained yet.
        """
        experiment = self._program().experiment(None if name is None else name.name)
        run = self._runs.get(experiment.name)
        if run is not None:
            return LispNet(run.net)
        seed = self._program().session.seed
        weights = experiment.spec.init.draw(experiment.table, seed)
        return LispNet(_NetHere(experiment.trained(weights, seed=seed), experiment))

    def anew(self, name: Symbol | None = None) -> None:
        """(train-anew ['NET])

        Forget what was trained: the next (train) starts from fresh weights. The folder of the run
        stays.
        """
        self._runs.pop(self._program().experiment(None if name is None else name.name).name, None)

    def _asked(self, what: Sequence[float | Symbol]) -> tuple[Experiment, int | None, str]:
        """Return what is to be trained, how long and by which optimizer, "" for any."""
        program, passes, words = self._program(), None, []
        for one in what:
            if isinstance(one, Symbol):
                words.append(one.name)
            else:
                passes = PASSES.take("passes", int(one))
        net = next((word for word in words if word in program.session.world.experiments), None)
        experiment = program.experiment(net)
        others = [word for word in words if word != net]
        for word in others:
            if word not in experiment.optimizers:
                known = [*experiment.optimizers, *program.session.world.experiments]
                raise EvalError(
                    f"there is no experiment and no optimizer '{word}'",
                    hint=did_you_mean(word, known) or "there are: " + ", ".join(known),
                )
        return experiment, passes, others[-1] if others else ""

    def _begin(
        self, experiment: Experiment, passes: int | None, optimizer: str, start: dict[str, Any]
    ) -> LispNet:
        """Begin a run in a folder of its own."""
        if self._is_kept:
            folder = RunFolder.create(None, experiment.name).path
        else:
            self._hidden = self._hidden or tempfile.TemporaryDirectory(prefix="sn-repl-")
            folder = Path(tempfile.mkdtemp(dir=self._hidden.name))
        passes = experiment.spec.passes if passes is None else passes
        return self._run(experiment, folder, optimizer, passes, {"folder": folder, **start})

    def _go_on(self, experiment: Experiment, passes: int | None, run: Run) -> LispNet:
        """Go on with a run: to its end if it was stopped, else for more passes."""
        about, done = read_about(run.folder), _passes_done(run.folder)
        planned = about["passes"] if passes is None and about["outcome"] != Outcome.FINISHED else 0
        if planned <= done:
            planned = done + (experiment.spec.passes if passes is None else passes)
        return self._run(experiment, run.folder, run.optimizer, planned, {"resume": run.folder})

    def _run(
        self,
        experiment: Experiment,
        folder: Path,
        optimizer: str,
        passes: int,
        options: dict[str, Any],
    ) -> LispNet:
        program, seed = experiment.program, self._program().session.seed
        before = tuple(program.observers)
        try:
            with self._watching() as observers:
                program.watch(*before, *observers)
                experiment.train(passes, seed=seed, optimizer=optimizer, progress=False, **options)
        except KeyboardInterrupt:
            self._stopped = f" {_stands(folder)}; (train) goes on from there"
            raise
        finally:
            program.watch(*before)
            net = _net_of(experiment, folder, optimizer, seed)
            if net is not None:
                self._runs[experiment.name] = Run(folder, net, optimizer)
        assert net is not None  # a run that ended has a checkpoint
        self._tell_stop(experiment, folder, passes)
        return LispNet(net)

    def _tell_stop(self, experiment: Experiment, folder: Path, passes: int) -> None:
        """Say why a run ended before its passes were over."""
        done = _passes_done(folder)
        if done < passes:
            self._say(f"ended after pass {done} of {passes}, as (stop ...) says")


class _NetHere(TrainedNet):
    """A net whose data the session has, whatever its name."""

    def __init__(self, net: TrainedNet, experiment: Experiment) -> None:
        super().__init__(Contents(net.table, net.weight_vector, net.about, net.curvature_vector))
        self._data = experiment.spec.data

    def sets(self, data: Any = None) -> dict[str, Part]:
        """Return the sets that it is trained on, or those of other data."""
        return dict(self._data.load()[0].sets) if data is None else super().sets(data)


def _is_same(experiment: Experiment, optimizer: str, folder: Path) -> bool:
    """Whether the run in a folder is one of this experiment, so that it can be gone on with."""
    spec = experiment.spec
    dataset, _ = spec.data.load()
    about = read_about(folder)
    now = identity(
        experiment.table,
        spec,
        optimizer,
        DataUsed(dataset.name, dataset.hash),
        about["seed"],
        "kernels",
        dataset.blocks,
    )
    return bool(about.get("identity") == now)


def _passes_done(folder: Path) -> int:
    """Return how many passes are behind the last checkpoint of a run, one under way among them."""
    found = checkpoints(folder)
    position = position_of(found[0]) if found else None
    return 0 if position is None else position.passes + bool(position.shown)


def _stands(folder: Path) -> str:
    found = checkpoints(folder)
    return str(position_of(found[0])) if found else "before the first pass"


def _net_of(experiment: Experiment, folder: Path, optimizer: str, seed: int) -> TrainedNet | None:
    """Return the net as the last checkpoint of a run has it, None where it came to none."""
    found: list[Path] = []
    with contextlib.suppress(OSError):
        found = checkpoints(folder)
    if not found:
        return None
    if read_about(folder)["outcome"] == Outcome.FINISHED:
        return _NetHere(open_trained(folder), experiment)
    weights = read_arrays(found[0])[0][WEIGHTS]
    net = experiment.trained(weights, optimizer, seed, _passes_done(folder))
    return _NetHere(net, experiment)
