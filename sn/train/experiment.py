"""Experiments: what an `experiment` form says, checked and ready to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from sn.data.base import Dataset
from sn.data.rows import TargetKind
from sn.display import brief, many
from sn.errors import SettingError, Span
from sn.limits import PASSES, Limit, check_fields, exact_text, in_float32, option_name, setting
from sn.net.init import Init
from sn.net.loss import Loss
from sn.optim.base import Optimizer
from sn.results.record import Reference
from sn.train.criteria import Criterion, largest, middle
from sn.train.draws import Augmentation
from sn.train.phases import PHASES, Phase, phase_of
from sn.train.stopping import Stop

ORDERS = ("constant", "shuffled")
DEFAULT_TARGETS = (-1.0, 1.0)


class DataSource(Protocol):
    """Where the patterns of an experiment come from: names of data sets, or files of the user."""

    @property
    def order(self) -> str:
        """The order of presentation, one of ORDERS, unless the experiment says one."""
        ...

    def is_here(self) -> bool:
        """Whether the data can be looked for on this machine at all."""
        ...

    def load(self) -> tuple[Dataset, str]:
        """Return the data and a note for the user.

        Raises: DataError when it is not here or is not what it should be.
        """
        ...


@dataclass(frozen=True, slots=True)
class AtOutput:
    """What one of several output layers is told: the targets of its wrong and its right units, the
    name of its cost, and how much that counts beside others.
    """

    targets: tuple[float, float]
    cost: str = "lms"
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class ExperimentSpec:
    """One experiment on one net. The first optimizer is the default.

    `targets` are the desired states of the wrong and the right output units; `order` is one of
    ORDERS: every pass as the file has the patterns, or a fresh random order per pass; None is
    what the data has by default.
    `places` are where the program describes each optimizer. `criterion` says which patterns are
    misses, None for what is usual with such targets; `stop` when a run ends before its last pass.
    With `phases` a run goes through them unless it is told to use one optimizer alone; `passes`
    are their passes together then. `outputs` says what each of several output layers is told, by
    name; `cost` has the costs of all of them then, and `targets` are those of the last, which
    answers. `augmentation` is what happens to patterns at random when training shows them.
    Raises: SettingError for targets or passes that no experiment can have.
    """

    net: str
    data: DataSource
    cost: Loss
    optimizers: Mapping[str, Optimizer]
    targets: tuple[float, float] = DEFAULT_TARGETS
    init: Init = field(default_factory=Init)
    passes: int = setting(PASSES, 23)
    order: str | None = None
    reference: Reference | None = None
    criterion: Criterion | None = None
    stop: Stop = field(default_factory=Stop)
    phases: tuple[Phase, ...] = ()
    span: Span | None = None
    places: Mapping[str, Span] = field(default_factory=dict)
    outputs: Mapping[str, AtOutput] = field(default_factory=dict)
    augmentation: Augmentation | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        check_targets(*self.targets)
        for phase in self.phases:
            if phase.optimizer not in self.optimizers or PHASES in self.optimizers:
                raise SettingError(f"a phase has no optimizer '{phase.optimizer}'")

    def __repr__(self) -> str:
        names = ", ".join(self.optimizers)
        return brief(f"experiment {self.net}: {many(self.passes, 'pass')} of {names}")

    @property
    def runs(self) -> tuple[str, ...]:
        """What can be trained: all phases, where there are, and each optimizer; the first first."""
        return (PHASES, *self.optimizers) if self.phases else tuple(self.optimizers)

    def parts(self, run: str) -> tuple[Phase, ...]:
        """Return the phases of one of `runs`; of an optimizer alone one, which has no end."""
        return self.phases if self.phases and run == PHASES else (Phase(1, run),)

    def phase_of(self, run: str, number: int) -> int | None:
        """Return which phase, from 1, pass `number` is in; None where there are none, or for 0."""
        if not self.phases or run != PHASES or not number:
            return None
        return 1 + phase_of([phase.passes for phase in self.phases], number)

    def rule_of(self, run: str, number: int) -> Optimizer:
        """Return the optimizer of pass `number`, from 1."""
        return self.optimizers[self.parts(run)[(self.phase_of(run, number) or 1) - 1].optimizer]

    def at_rate(self, rate: float, optimizer: str) -> ExperimentSpec:
        """Return the experiment with another learning rate of one of its optimizers.

        Raises: SettingError for one outside its limits, or in the place of one that changes.
        """
        rule = self.optimizers.get(optimizer)
        if rule is None or "learning_rate" in rule.schedules:
            what = "phases have" if rule is None else f"optimizer {optimizer} has"
            raise SettingError(
                f"{what} learning rates that change while a run lasts: none can stand for them",
                hint="leave the rates out, or take an optimizer with one",
            )
        optimizers = {**self.optimizers, optimizer: replace(rule, learning_rate=rate)}
        return replace(self, optimizers=optimizers)

    def options(self, run: str) -> dict[str, Any]:
        """Return what a run's record keeps of the settings."""
        phases = {
            str(index): {
                "passes": part.passes,
                "name": part.optimizer,
                **_settings(self.optimizers[part.optimizer]),
            }
            for index, part in enumerate(self.parts(run), 1)
        }
        only = run in self.optimizers
        return {
            **(_settings(self.optimizers[run]) if only else {"optimizer": run, "phases": phases}),
            "cost": self.cost.name,
            "targets": list(self.targets),
            "init": str(self.init),
            "order": self.order or self.data.order,
            "criterion": str(self.criterion) if self.criterion is not None else None,
            "stop": {
                "error": self.stop.error,
                "patience": self.stop.patience,
                "keep_best": self.stop.keep_best,
            },
            **({} if self.augmentation is None else {"augmentation": str(self.augmentation)}),
            **self._outputs(),
        }

    def _outputs(self) -> dict[str, Any]:
        """Return what the record keeps of several output layers."""
        if not self.outputs:
            return {}
        told = {
            name: {"cost": one.cost, "targets": list(one.targets), "weight": one.weight}
            for name, one in self.outputs.items()
        }
        return {"outputs": told}

    def targets_at(self, layer: str) -> tuple[float, float]:
        """Return the targets of an output layer, by its name."""
        return self.outputs[layer].targets if layer in self.outputs else self.targets

    def criterion_for(self, kind: TargetKind, n_outputs: int) -> Criterion | None:
        """Return the criterion for targets of a kind, None where nothing is right or wrong.

        Unless the experiment says another: of classes the largest output answers, one unit alone
        and several labels at once answer from the middle of the two targets on.
        """
        if self.criterion is not None:
            return self.criterion
        if kind is TargetKind.VALUES:
            return None
        is_one_of_several = kind is TargetKind.CLASSES and n_outputs > 1
        return largest() if is_one_of_several else middle(sum(self.targets) / 2)


def _settings(chosen: Optimizer) -> dict[str, Any]:
    """What is set about an optimizer; schedules as a program says them, beside how they start."""
    names = [name for name in chosen.__dataclass_fields__ if name != "schedules"]
    schedules = {option_name(name): str(one) for name, one in chosen.schedules.items()}
    return {
        "optimizer": type(chosen).__name__,
        **{name: getattr(chosen, name) for name in names},
        **({"schedules": schedules} if schedules else {}),
    }


def check_targets(low: float, high: float) -> tuple[float, float]:
    """Return the targets of the wrong and the right units.

    Raises: SettingError when the right one is not the larger: a miss is counted where the largest
    output is at a wrong unit.
    """
    low, high = (Limit().given("a target", target) for target in (low, high))
    if not in_float32(low) < in_float32(high):
        raise SettingError(
            f"the targets must be two numbers, the lower first, found {exact_text(low)} "
            f"and {exact_text(high)}",
            hint="(targets LOW HIGH): wrong units should say LOW, the right one HIGH, the largest",
        )
    return low, high
