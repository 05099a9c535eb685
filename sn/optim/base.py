"""What every optimizer has: a learning rate, rates of single layers, and a rule to run.

The engines ask an optimizer for the `Phases` of a pass, the numbers of its rules and the step of
each weight: which patterns sample the curvature, what presenting a pattern does, and whether one
step ends the pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import MISSING, Field, dataclass, field, fields
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.errors import SettingError, TrainError
from sn.limits import DECAY, RATE, Limit, check_fields, limit_of, option_name, setting
from sn.net.table import ConnectionTable
from sn.optim.rules import Curvature, Hyper, Memory, Step, UpdateRule, advance
from sn.optim.schedule import Schedule
from sn.registry import Registry

BIASES = ""  # under which the decay of biases stands among those of layers
BIAS_UNIT = 0
ALL = 0  # a batch of all patterns of a pass
LAYER = "layer "  # what the names of schedules of layers start with
Floats = NDArray[np.float64]
Along = Callable[[Floats], float]


@dataclass(frozen=True, slots=True)
class Sampling:
    """Curvatures of the first patterns of a pass, whose mean is frozen into steps of weights.

    `rule` adds them up in its slot "curvatures"; `damping` makes steps of their mean.
    """

    count: int
    rule: UpdateRule
    damping: Step


@dataclass(frozen=True, slots=True)
class Phases:
    """What a pass is: sample first, where there is a `sample`; `present` each pattern; step.

    With `has_step`, presenting adds descents (and curvatures) up, and `Optimizer.finish_pass`
    moves the weights at the end; without, weights move after each `batch` of patterns, ALL of a
    pass or so many. With `is_normalised`, presenting adds descents up too, and each step moves
    lengths and directions of weights; see normalised.py.
    """

    present: UpdateRule
    sample: Sampling | None = None
    has_step: bool = False
    batch: int = 1
    is_normalised: bool = False

    @property
    def in_batches(self) -> bool:
        """Whether kernels of batches run it: those have all descents of a step at hand."""
        return self.batch != 1 or self.present.is_clipped or self.is_normalised

    @property
    def curvature(self) -> Curvature:
        """Which second derivatives are computed, in the sample or while presenting."""
        return (self.sample.rule if self.sample is not None else self.present).curvature


class Reduction(StrEnum):
    """What the one step of a pass follows: the sum of the patterns' descents, or their mean."""

    SUM = "sum"
    MEAN = "mean"


class Scale(StrEnum):
    """What divides the learning rate of a unit: nothing, F, sqrt F, or sqrt(F c).

    F is its fan-in, bias included; c is how many connections share the weight of its last one.
    Source: SN 2.8, epsi, epsi-sqrt, mask-epsi (sn-network, 6.3).
    """

    NONE = "none"
    FAN_IN = "fan-in"
    SQRT_FAN_IN = "sqrt-fan-in"
    MASK = "mask"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Optimizer:
    """Fields shared by all; `layers` gives single layers a learning rate of their own.

    `decays` gives them a decay of their own, of optimizers that have one, and under "" all biases.

    `schedules` has what changes while a run lasts, by the name of the field, or by "layer NAME"
    for the learning rate of a layer; `at` gives the optimizer of a moment. The fields themselves
    are then what holds at the start. Where the learning rate has a schedule, layers without one
    of their own keep their proportion to it.
    Raises: SettingError for a number outside the limit of its field, or a schedule of a setting
    that cannot change.
    """

    learning_rate: float = setting(RATE)
    scale: Scale = Scale.NONE
    layers: Mapping[str, float] = field(default_factory=dict)
    decays: Mapping[str, float] = field(default_factory=dict)
    schedules: Mapping[str, Schedule] = field(default_factory=dict)

    def __repr__(self) -> str:
        said = [
            f"{one.name}={getattr(self, one.name)!r}"
            for one in fields(self)
            if getattr(self, one.name) != _usual(one)
        ]
        return f"{type(self).__name__}({', '.join(said)})"

    def __post_init__(self) -> None:
        check_fields(self)
        for layer, rate in self.layers.items():
            RATE.given(f"the learning-rate of layer {layer}", rate)
        for layer, decay in self.decays.items():
            DECAY.given(f"the decay of {f'layer {layer}' if layer else 'biases'}", decay)
        limits = schedulable(type(self))
        for name, changing in self.schedules.items():
            is_layer = name.startswith(LAYER) and name.removeprefix(LAYER) in self.layers
            limit = RATE if is_layer else limits.get(name)
            if limit is None:
                raise SettingError(f"{option_name(name)} cannot change while a run lasts")
            for number in changing.ends:
                limit.take(option_name(name), number)
        changing_rate = self.schedules.get("learning_rate")
        if changing_rate is not None and changing_rate.at(1, 1) == 0 and self._following:
            raise SettingError(
                f"layer {self._following[0]} follows the learning rate, which starts at 0",
                hint="give the layer a schedule of its own",
            )

    @property
    def _following(self) -> tuple[str, ...]:
        """The layers with a rate in proportion to the learning rate."""
        own = self.schedules
        return tuple(name for name, rate in self.layers.items() if rate and LAYER + name not in own)

    def at(self, number: int, presentation: int) -> Optimizer:
        """Return the optimizer of a presentation of pass `number`, both from 1.

        Raises: TrainError where a schedule gives a number outside the limit of its setting.
        """
        return self.holding(self.numbers(number, presentation), number, presentation)

    def numbers(self, number: int, presentation: int) -> tuple[float, ...]:
        """Return what the schedules give, in their order."""
        return tuple(one.at(number, presentation) for one in self.schedules.values())

    def holding(self, numbers: tuple[float, ...], number: int, presentation: int) -> Optimizer:
        """Return this optimizer with the `numbers` that its schedules gave for a presentation."""
        given = dict(zip(self.schedules, numbers, strict=True))
        now, known = copy(self), self.__dataclass_fields__
        for name, value in given.items():
            limit = limit_of(known[name]) if name in known else RATE
            with self._told(name, number, presentation):
                (limit or RATE).take(option_name(name), value)
            if name in known:
                object.__setattr__(now, name, value)
        layers = {name: given.get(LAYER + name, rate) for name, rate in self.layers.items()}
        if "learning_rate" in given and self._following:
            start = self.schedules["learning_rate"].at(1, 1)
            for name in self._following:
                layers[name] *= given["learning_rate"] / start
                with self._told("learning_rate", number, presentation):
                    RATE.take(f"the learning-rate of layer {name}", layers[name])
        object.__setattr__(now, "layers", layers)
        return now

    @contextmanager
    def _told(self, name: str, number: int, presentation: int) -> Iterator[None]:
        """Tell when a schedule gave what its setting cannot be."""
        try:
            yield
        except SettingError as error:
            raise TrainError(
                f"{error.message} by its schedule, in pass {number} at presentation {presentation}",
                span=getattr(self.schedules[name], "span", None),
            ) from error

    def uses(self, name: str) -> bool:
        """Whether a setting is anything but 0, at the start or later, anywhere."""
        if name == "decay" and any(self.decays.values()):
            return True
        return getattr(self, name) != 0 or name in self.schedules

    @property
    def rule(self) -> UpdateRule:
        """What becomes of a weight, after a pattern or in the one step of a pass."""
        raise NotImplementedError

    @property
    def hyper(self) -> Hyper:
        """The numbers of the rule."""
        return Hyper()

    @property
    def phases(self) -> Phases:
        """What happens in a pass: weights move after each pattern."""
        return Phases(self.rule)

    @property
    def remembered(self) -> tuple[str, ...]:
        """The slots that `finish_pass` or, without it, each update leaves for the next."""
        return tuple(slot.name for slot in self.rule.slots if slot.value is not None)

    @property
    def reduction(self) -> Reduction:
        """What the one step of a pass follows; SN 2.8 sums."""
        return Reduction.SUM

    @property
    def steps_along_sum(self) -> bool:
        """Whether weights move by the learning rate times a sum over all patterns."""
        return False

    def reduced(self, total: Floats, count: int) -> Floats:
        """Return what a step follows of a sum over so many patterns."""
        return total / count if self.reduction is Reduction.MEAN else total

    def layer_rate(self, layer: str) -> float:
        """Return the learning rate of the connections into a layer, before `scale`."""
        return self.layers.get(layer, self.learning_rate)

    def decay_of(self, layer: str, is_bias: bool) -> float:
        """Return the decay of the connections into a layer, or of its biases."""
        usual = float(getattr(self, "decay", 0.0))
        return (
            self.decays[BIASES]
            if is_bias and BIASES in self.decays
            else self.decays.get(layer, usual)
        )

    def own_decays(self, table: ConnectionTable) -> Floats | None:
        """Return the decay of each weight: (n_weights,) float64; None where all have the same.

        Biases are the weights of connections from the unit that is always 1.
        """
        if not self.decays:
            return None
        found = np.zeros(table.n_weights)
        for index in table.computed:
            layer = table.layers[index]
            rows = (table.dst >= layer.first) & (table.dst < layer.first + layer.size)
            for is_bias in (False, True):
                mine = rows & ((table.src == BIAS_UNIT) == is_bias)
                found[table.wid[mine]] = self.decay_of(layer.name, is_bias)
        return found

    def _decaying(self, rule: UpdateRule) -> UpdateRule:
        """Return a rule with the decays of nodes, where some have their own."""
        return rule.with_own_decays() if self.decays else rule

    def unit_steps(self, table: ConnectionTable) -> Floats:
        """Return the learning rate of the connections into each unit: (n_units,) float64.

        Units without incoming connections get 0.
        """
        rates = np.zeros(table.n_units)
        for layer in table.layers:
            rates[layer.first : layer.first + layer.size] = self.layer_rate(layer.name)
        fed = table.fan_in > 0
        divisor = table.fan_in[fed].astype(float)
        if self.scale is Scale.MASK:
            shared = np.bincount(table.wid, minlength=table.n_weights)
            last = np.searchsorted(table.dst, np.flatnonzero(fed), side="right") - 1
            divisor *= shared[table.wid[last]]
        if self.scale is Scale.NONE:
            divisor[:] = 1
        elif self.scale is not Scale.FAN_IN:
            divisor = np.sqrt(divisor)
        steps = np.zeros(table.n_units)
        steps[fed] = rates[fed] / divisor
        return steps

    def steps(self, table: ConnectionTable) -> Floats:
        """Return the learning rate of each weight: (n_weights,) float64.

        It is that of the unit the weight feeds; where units of different rates share a weight,
        that of the last one. SN gives each connection the rate of its own unit.
        """
        steps = np.zeros(table.n_weights)
        steps[table.wid] = self.unit_steps(table)[table.dst]
        return steps

    def finish_pass(
        self,
        steps: Floats,
        weights: Floats,
        memory: Memory,
        descent: Floats,
        curvature: Floats,
        along: Along,
        decays: Floats | None = None,
    ) -> Floats:
        """Return the weights after the one step of a pass; change `memory`.

        Shapes: all (n_weights,) float64; `descent` and `curvature` are `reduced` over the pass;
        `along(d)` is the curvature of the cost, summed over the pass, along a direction d.
        """
        return advance(self.rule, self.hyper, steps, weights, memory, descent, curvature, decays)


def _usual(one: Field[Any]) -> Any:
    """What a field has when nothing is said."""
    return one.default if one.default_factory is MISSING else one.default_factory()


optimizer: Registry[type[Optimizer]] = Registry("optimizer")


def schedulable(kind: type[Optimizer]) -> dict[str, Limit]:
    """Return the fields of an optimizer that may have a schedule, with their limits."""
    found = {one.name: limit_of(one) for one in fields(kind)}
    return {name: limit for name, limit in found.items() if limit and not limit.is_whole}
