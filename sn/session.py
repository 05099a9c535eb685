"""Session: where language, nets, data and training meet.

Whatever a command, the REPL or Python asks for is a call here:

    program = Session().load("nets/zipcode.sn")
    record = program.experiment().train(seed=1)

Read next: describe/network.py for the net forms, train/loop.py for what a run is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sn import networds  # noqa: F401 - its words are part of the language
from sn.cache.files import cache_folder
from sn.codes import Code
from sn.compiled import Compiled, Nets
from sn.data.places import search_folders
from sn.describe.data import read_data_text
from sn.describe.settings import check_mentioned, folded, value_of
from sn.describe.world import World
from sn.display import brief
from sn.errors import DataError, SnError, TrainError, did_you_mean, ended, read_source
from sn.experiment import Experiment
from sn.graphics.screen import Screen
from sn.limits import SEED, STAGES, one_of
from sn.lisp.files import Files
from sn.lisp.forms import Value, show, to_list
from sn.lisp.gate import Allow, Gate
from sn.lower.ir import Plan
from sn.net.layer import Network
from sn.net.loss import default_loss
from sn.net.table import ConnectionTable
from sn.optim.rules import RuleSpec, UpdateRule
from sn.program_text import program_text
from sn.results.check_report import CheckReport
from sn.results.origin import Origin, ReadFile
from sn.results.record import RunRecord
from sn.shipped import find_net, nets_folder
from sn.sn28 import new_interpreter
from sn.sn28.fast import described
from sn.train.experiment import DataSource
from sn.train.gradient_check import (
    GradientReport,
    check_gradients,
    random_examples,
)
from sn.train.observer import Observer
from sn.trained.about import SourceText
from sn.trained.keeping import sources_of
from sn.trained.net import TrainedNet
from sn.trained.reading import Contents

if TYPE_CHECKING:
    from sn.figure.picture import Figure


class Session:
    """One interpreter and what its programs describe.

    `settings` are variables that hold against whatever the program assigns to them at its top
    level; values are Lisp text, so "0.01", "(1 2)" and "shuffled" all work. A program that draws
    random numbers without (seed N) draws them from `seed`, that of the run. `data` stands in for
    what its experiments name: a data set, a file, or a form such as (csv "FILE" (label 4)); unless
    it `data_is_given` by who asks, its files are those that programs may read.
    Raises: SettingError for settings that are not text, and a seed that has more than 64 bits.
    """

    def __init__(
        self,
        settings: Mapping[str, str] | None = None,
        observers: Sequence[Observer] = (),
        seed: int = 0,
        data: str | None = None,
        allow: Allow | None = None,
        make_folder: Callable[[], Path] | None = None,
        data_is_given: bool = True,
    ) -> None:
        self.data, self.data_is_given = data, data_is_given
        self.observers = tuple(observers)
        self.allow = allow or Allow()
        self.world = World(train_further=self._trained_further)
        self.files = Files(self._gate(Path()))
        self.files.make_folder = make_folder
        self.folder = Path()  # where programs start to read, until they chdir
        self.interpreter = new_interpreter(files=self.files)
        self.interpreter.world = self.world
        self.screen: Screen = self.interpreter.screen
        self.nets = Nets()
        self.seed = SEED.take("seed", seed)
        self.interpreter.random.begin(self.seed)
        self.settings = folded(settings)
        self.command: tuple[str, ...] = ()  # the words of the command line that asks for it
        self.argv: tuple[str, ...] = ()  # the name of the program, and the words it is given

    def __repr__(self) -> str:
        nets = ", ".join(self.world.networks) or "no nets"
        return brief(f"session: {nets}")

    def evaluate(self, text: str, file: str = "<text>") -> Value:
        """Evaluate a program and return the value of its last form.

        Raises: SnError with the place of what is wrong; `file` is what it calls the text.
        """
        with self._texts_kept():
            return self.interpreter.run(text, file)

    def read_data(self, text: str, is_given: bool = True) -> DataSource:
        """Return the data that a text says: a name, a file, or a form as in an experiment.

        Unless it `is_given` by who asks, its files are those that programs may read.
        Raises: SnError with the place in the text.
        """
        return read_data_text(self.interpreter, text, is_given)

    def load(self, path: str | Path) -> Program:
        """Evaluate the program in a file, or the net of this name that comes with SN.

        Raises: SnError with the place of what is wrong in it, or the name of a setting that the
        program has no variable for; for a file that is not here, with the nearest names;
        NotAllowedError where it touches what it may not.
        """
        file = find_net(path)
        return self.load_text(file, program_text(file), file.parent)

    def load_text(self, file: Path, source: str, own: Path) -> Program:
        """Evaluate a program, whose text the file need not hold, to its end; it reads below `own`.

        Raises: SnError as `load` does.
        """
        it = self.interpreter
        check_mentioned(self.settings, source, str(file))
        pinned = {name: value_of(it, name, text) for name, text in self.settings.items()}

        def pin(_: Value = None) -> None:
            for name, value in pinned.items():
                it.set_global(name, value)

        pin()
        it.set_global("argv", to_list(self.argv or (str(file),)))
        self.files.gate = self._gate(own)
        with self._texts_kept(), it.bound({"file-being-loaded": str(file)}):
            status = ended(lambda: it.run_stream(it.reader(source, str(file)), pin))
        return Program(self, file, source, status)

    def load_again(self, origin: Origin) -> Program:
        """Evaluate the program of a run as it was, whatever became of its files since.

        A run may be a stranger's, so that it reads below the current folder, and below that of its
        program only where the program is still there. Data that this session was given stays.
        Raises: SnError as `load` does.
        """
        self.files.stand_ins = {read.path: read.content for read in origin.read}
        self.folder = self.files.current = Path(origin.folder)
        self.seed, self.argv = origin.seed, origin.argv
        if self.data is None:
            self.data, self.data_is_given = origin.data, False
        self.interpreter.random.begin(self.seed)
        file = Path(origin.program)
        is_there = read_source(origin.program) == origin.source
        return self.load_text(file, origin.source, file.parent if is_there else Path())

    def _gate(self, own: Path) -> Gate:
        """Return what a program may touch that has `own` as its folder."""
        shared = (*search_folders(), nets_folder(), Path(__file__).parent)
        return Gate(own, shared, self.allow, (cache_folder(),))

    @contextmanager
    def _texts_kept(self) -> Iterator[None]:
        """Let errors keep what was read: no file may hold it, or not any more."""
        try:
            yield
        except SnError as error:
            error.keep_texts(self.interpreter.texts)
            # how the evaluator came to know is no news for who wrote the program
            error.__suppress_context__ = True
            raise

    def _trained_further(self, net: TrainedNet, passes: int | None) -> TrainedNet:
        """Return what training a net further makes of it, for a program in Lisp."""
        record = train_further(net, self.files.gate, passes=passes)
        weights = net.weight_vector.copy()
        for parameter in net.table.parameters:
            weights[parameter.wid] = record.weights[parameter.name]
        about = replace(net.about, passes=net.about.passes + record.n_passes)
        return TrainedNet(Contents(net.table, weights, about))

    def check(self, path: str | Path) -> CheckReport:
        """Build the net of a program and report what it is made of.

        Raises: SnError as `load` does, NetError when it describes no net.
        """
        return self.load(path).check()

    def check_gradients(self, path: str | Path) -> GradientReport:
        """Compare the derivatives of a program's net with differences, and its kernels.

        Raises: SnError as `load` does, NetError when it describes no net.
        """
        return self.load(path).check_gradients()

    def dump(self, path: str | Path, stage: str) -> str:
        """Return what the compiler made of a program's net at one of the STAGES of limits.py.

        Raises: SettingError when there is no such stage, SnError as `load` does.
        """
        if one_of("a stage", stage, STAGES) == "forms":
            file = find_net(path)
            it = self.interpreter
            return "\n".join(
                show(form, it.numbers) for form in it.read(program_text(file), str(file))
            )
        return self.load(path).dump(stage)


@dataclass(frozen=True)
class Program:
    """An evaluated file: what nets and experiments it describes; `status` is what (exit) gave."""

    session: Session
    path: Path
    source: str
    status: int | None = None

    def __repr__(self) -> str:
        parts = [
            f"{noun if len(names) == 1 else f'{noun}s'} {', '.join(names)}"
            for noun, names in (
                ("net", self.networks),
                ("experiment", self.session.world.experiments),
            )
            if names
        ]
        return brief(f"program {self.path}: {'; '.join(parts) or 'no nets'}")

    @property
    def observers(self) -> tuple[Observer, ...]:
        """Who watches its runs."""
        return self.session.observers

    def watch(self, *observers: Observer) -> None:
        """Let these watch its runs, and nobody else."""
        self.session.observers = observers

    def origin(self, engine: str) -> Origin:
        """Return where a run on an engine comes from."""
        files = self.session.files
        return Origin(
            engine,
            self.session.data,
            self.session.settings,
            self.session.command,
            str(self.path.resolve()),
            str(self.session.folder.resolve()),
            self.source,
            tuple(ReadFile(name, content) for name, content in files.seen.items()),
            self.session.seed,
            argv=self.session.argv,
        )

    @property
    def depends_on_seed(self) -> bool:
        """Whether it drew random numbers from the session's seed, having set none itself."""
        return self.session.interpreter.random.drew_unseeded

    @property
    def sources(self) -> tuple[SourceText, ...]:
        """Its file and those that it loaded, named as seen from its folder."""
        it = self.session.interpreter
        return sources_of(self.path, self.source, it.loaded, it.texts)

    @property
    def pictures(self) -> dict[str, Figure]:
        """What is seen in the windows that it opened, by name of the window."""
        from sn.graphics.picture import pictures_of  # most programs draw nothing

        return pictures_of(self.session.screen)

    @property
    def networks(self) -> dict[str, Network]:
        """Every net, by name."""
        return self.session.world.networks

    @property
    def experiments(self) -> dict[str, Experiment]:
        """Every experiment, by the name of its net."""
        return {name: self.experiment(name) for name in self.session.world.experiments}

    @property
    def is_empty(self) -> bool:
        """Whether the file holds nothing but blanks and comments."""
        return not re.sub(r";.*", "", self.source).strip()

    @property
    def network(self) -> Network:
        """The net of the program; of several, the last; of a program of SN 2.8 its live net.

        Raises: NetError when it describes none.
        """
        return list(self._all_networks.values())[-1]

    @property
    def _all_networks(self) -> dict[str, Network]:
        # where there are none, what a program of SN 2.8 made
        return self.networks or described(self.session.interpreter, self.path)

    def experiment(self, name: str | None = None) -> Experiment:
        """Return an experiment by the name of its net; without a name the last one.

        Raises: TrainError when the program has none, or none of that name.
        """
        specs = self.session.world.experiments
        if not specs:
            self.network  # noqa: B018 - a program without a net gets that message first
            raise TrainError(
                f"{self.path} describes a network but no experiment",
                code=Code.NO_EXPERIMENT,
                hint="(experiment NET (data ...) (optimizer ...)) says how to train it",
            )
        if name is None:
            name = list(specs)[-1]
        if name not in specs:
            hint = did_you_mean(str(name), specs) or "there are: " + ", ".join(specs)
            raise TrainError(
                f"{self.path} has no experiment '{name}'", hint=hint, code=Code.UNKNOWN
            )
        spec, given = specs[name], self.session.data
        if given is not None:
            is_given = self.session.data_is_given
            spec = replace(spec, data=self.session.read_data(given, is_given))
        return Experiment(self, spec)

    def compiled(self, name: str) -> Compiled:
        """Return a net, by name, with what the compiler makes of it."""
        network = self._all_networks[name]
        spec = self.session.world.experiments.get(name)
        cost = spec.cost if spec else default_loss(network.layers)
        return self.session.nets.compiled(name, network, cost)

    @property
    def _of_network(self) -> Compiled:
        return self.compiled(self.network.name)

    @property
    def table(self) -> ConnectionTable:
        """The connection table of `network`."""
        return self._of_network.table

    @property
    def plan(self) -> Plan:
        """What the compiler recognises in the table."""
        return self._of_network.plan

    def check(self) -> CheckReport:
        """Report layers, connections, totals as papers count them, and loose ends.

        Raises: NetError when there is no net.
        """
        return self._of_network.report()

    def figure(self, unit: str | None = None) -> Figure:
        """Return a figure of the net as SVG, or of what one unit of it sees, such as `h2:3:1:2`.

        Raises: NetError when there is no net, SettingError when there is no such unit.
        """
        from sn.figure import figure_of  # most programs are never drawn

        return figure_of(self.plan, unit)

    def check_gradients(self, seed: int = 0) -> GradientReport:
        """Compare the derivatives of the net with differences, and its kernels with the twin.

        Patterns are those of its experiment where the data is here, else random; so are weights.
        Differences are relative to the largest value; `passes` of the report is the verdict.
        Raises: NetError when there is no net, SettingError for a seed outside its limits.
        """
        seed = SEED.take("seed", seed)
        spec = self.session.world.experiments.get(self.network.name)
        examples = random_examples(self.table, seed)
        if spec is not None and spec.data.is_here():
            examples = self.experiment(self.network.name).examples(seed)
        net = self._of_network
        rules = spec.optimizers.values() if spec is not None else ()
        has_batches = any(one.phases.in_batches for one in rules)
        batches = partial(net.kernels, in_batches=True) if has_batches else None
        return check_gradients(net.table, net.cost, net.kernels, examples, seed, batches)

    def dump(self, stage: str) -> str:
        """Return one stage of the compiler as text: one of STAGES but the forms.

        Raises: SettingError when there is no such stage.
        """
        one_of("a stage", stage, STAGES[1:])
        spec = self.session.world.experiments.get(self.network.name)
        chosen = next(iter(spec.optimizers.values())) if spec else None
        rule: UpdateRule = chosen.rule if chosen else RuleSpec()
        in_batches = chosen is not None and chosen.phases.in_batches
        return self._of_network.dump(stage, rule, in_batches)


def train_further(net: TrainedNet, gate: Gate | None = None, **options: Any) -> RunRecord:
    """Train a net from its weights by the program in its file; return the record of the run.

    `options` are those of `Experiment.train`. The program is evaluated with the variables that were
    set for it and the files that it loaded as they were; other files are looked for from the
    current folder, below which it reads; a `gate` says something else.
    Raises: SnError for a program that cannot be evaluated, and as `Experiment.train` does.
    """
    if not net.about.sources:
        raise DataError(f"the file of net {net.name} has no program to train it by")
    program, *loaded = net.about.sources
    gate = gate or Gate(Path())
    session = Session(net.about.settings, seed=net.about.seed, allow=gate.allow)
    session.files.stand_ins = {
        str(Path(source.name).resolve()): source.text.encode() for source in loaded
    }
    file = Path(Path(program.name).name)
    experiment = session.load_text(file, program.text, gate.own or Path()).experiment(net.name)
    return experiment.train(start=net, **options)


def load(
    path: str | Path,
    settings: Mapping[str, str] | None = None,
    seed: int = 0,
    allow: Allow | None = None,
) -> Program:
    """Evaluate a program and return its nets and experiments; see `Session`.

    `path` is a file, or the name of a net that comes with SN: "zipcode". `settings` are Lisp text
    by name of a variable, `seed` is where its random numbers come from. What it writes is kept in
    memory, but for the folders that `allow` opens: `sn.Allow(read=["data"], write=["out"])`.
    Raises: SnError with the place of what is wrong, SettingError for settings and seed,
    NotAllowedError where the program touches what it may not.
    """
    return Session(settings, seed=seed, allow=allow).load(path)
