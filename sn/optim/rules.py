"""Rules: what an update does to a weight, as expressions over what a weight has at hand.

An `UpdateRule` says the next weight and the next value of every *slot*, a number that it keeps
per weight under a name. `advance` evaluates the trees in float64, for the twin; emit/update.py
compiles the very same trees, so a rule is written once. Numbers such as momentum and mu are read
at run time.

The second half has the rules of SN 2.8: steps, momentum, decay and diagonal curvatures, put
together by options. With step r, descent d, second derivative h, curvature average c, momentum
alpha and decay:

    c' = (1 - gamma) c + gamma h          r' = r, or r / (mu + |c'|), or r / clip(|c'|)
    v' = alpha v + (1 - alpha) r' d       w' = (1 - decay [r']) w + v'

Where r is 0 the weight is frozen: plain decay leaves it alone too, where SN 2.8 decays it.

Source: SN 2.8, update-weight, update-w-newton, update-lmggradient (sn-network, 5.3 and 5.4);
the clipped step is that of the later Torch trainers.
Read next: first_order.py, second_order.py, conjugate.py.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sn.net.expr import Expr, call, const, evaluate, substitute, variable, variables_of

Floats = NDArray[np.float64]


class Curvature(StrEnum):
    """Which second derivatives are computed: none, Gauss-Newton (never negative), or full."""

    NONE = "none"
    GAUSS_NEWTON = "gauss-newton"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Hyper:
    """The numbers of a rule, as kernels read them: in this order, from the start of `h`."""

    momentum: float = 0.0
    decay: float = 0.0
    gamma: float = 0.0
    mu: float = 0.0
    limit: float = 0.0
    beta1: float = 0.0
    beta2: float = 0.0
    eps: float = 0.0
    grow: float = 0.0
    shrink: float = 0.0
    least: float = 0.0
    clip: float = 0.0
    average: float = 0.0


HYPER = tuple(one.name for one in fields(Hyper))

# What a rule computes from: the weight, the descent direction (the sum of x_i g_j over its
# connections), the second derivative (the sum of x_i^2 h_j, of rules that ask for it), the
# learning rate of its node, and the numbers of `Hyper`.
WEIGHT, DESCENT, BEND, RATE = map(variable, ("weight", "descent", "bend", "rate"))
MOMENTUM, DECAY, GAMMA, MU, LIMIT, BETA1, BETA2, EPS, GROW, SHRINK, LEAST, CLIP, AVERAGE = map(
    variable, HYPER
)
# the decay of the node of a weight, where layers or biases have one of their own
OWN_DECAY = variable("own_decay")
INPUTS = ("weight", "descent", "bend", "rate", *HYPER, OWN_DECAY.name)
# the slot of a weight's own learning rate, for rules that need one: filled before they run
STEPS = "steps"


@dataclass(frozen=True, slots=True)
class Slot:
    """A number that a rule keeps, 0 at first, and its next value; None: it stays as it is.

    The value is an expression of old values; the slot's own is the variable of its name.
    """

    name: str
    value: Expr | None = None

    @property
    def old(self) -> Expr:
        """The value before the update."""
        return variable(self.name)


@dataclass(frozen=True)
class UpdateRule:
    """The next weight, None where it stays, and what is kept per weight.

    `counters` are kept once for all weights: they advance before each presentation, so the
    formulas of weights see their next values. `curvature` says which second derivative `bend` is.
    With `is_clipped` descents are made shorter first, all together; see `clip_factor`.
    """

    weight: Expr | None
    slots: tuple[Slot, ...] = ()
    counters: tuple[Slot, ...] = ()
    curvature: Curvature = Curvature.NONE
    is_clipped: bool = False

    @property
    def second(self) -> bool:
        """Whether curvatures are computed."""
        return self.curvature is not Curvature.NONE

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the slots, in their order in a kernel's memory."""
        return tuple(slot.name for slot in self.slots)

    @property
    def has_decays(self) -> bool:
        """Whether nodes have decays of their own."""
        formulas = (self.weight, *(slot.value for slot in self.slots))
        return any(e is not None and OWN_DECAY.name in variables_of(e) for e in formulas)

    def with_own_decays(self) -> UpdateRule:
        """Return the rule with the decay of the node in the place of one for all."""

        def own(e: Expr | None) -> Expr | None:
            return None if e is None else substitute(e, DECAY.name, OWN_DECAY)

        slots = tuple(Slot(slot.name, own(slot.value)) for slot in self.slots)
        return UpdateRule(own(self.weight), slots, self.counters, self.curvature)

    def clipped(self) -> UpdateRule:
        """Return the rule with descents that are kept to a length."""
        return UpdateRule(self.weight, self.slots, self.counters, self.curvature, True)

    def averaged(self) -> UpdateRule:
        """Return the rule with a running average of the weights, in the slot AVERAGED.

        It starts at 0; the average of ones beside it, AVERAGED_TOTAL, says how much of it there is.
        """
        moved = WEIGHT if self.weight is None else self.weight
        slot = Slot(AVERAGED.name, average(AVERAGE, AVERAGED.old, moved))
        total = Slot(AVERAGED_TOTAL.name, average(AVERAGE, AVERAGED_TOTAL.old, const(1)))
        slots, counters = (*self.slots, slot), (*self.counters, total)
        return UpdateRule(self.weight, slots, counters, self.curvature, self.is_clipped)

    @property
    def has_average(self) -> bool:
        """Whether it is an average of the weights that answers."""
        return AVERAGED.name in self.names

    @property
    def has_steps(self) -> bool:
        """Whether weights have learning rates of their own, in the slot STEPS."""
        return STEPS in self.names


AVERAGED, AVERAGED_TOTAL = Slot("averaged"), Slot("averaged_total")


def clip_factor(length: Expr) -> Expr:
    """Return what descents of a length are multiplied by, so that it is CLIP at most.

    Source: Pascanu, Mikolov and Bengio 2013, with PyTorch's guard against a length of 0.
    """
    return call("min", const(1), CLIP / (length + const(1e-6)))


def average(keep: Expr, old: Expr, new: Expr) -> Expr:
    """Return keep old + (1 - keep) new, a running average."""
    return call("fma", 1 - keep, new, old * keep)


@dataclass(slots=True)
class Memory:
    """What a rule remembers, by the name of the slot: (n_weights,) float64, counters (1,).

    A slot that was not written yet is 0, and not among `slots`.
    """

    count: int
    slots: dict[str, Floats] = field(default_factory=dict)

    @classmethod
    def empty(cls, count: int) -> Memory:
        """Return the memory before the first update."""
        return cls(count)

    def __getitem__(self, name: str) -> Floats:
        return self.slots[name] if name in self.slots else np.zeros(self.count)

    def __setitem__(self, name: str, value: Floats) -> None:
        self.slots[name] = value


def advance(
    rule: UpdateRule,
    hyper: Hyper,
    steps: Floats,
    weights: Floats,
    memory: Memory,
    descent: Floats,
    curvature: Floats,
    decays: Floats | None = None,
) -> Floats:
    """Return the weights after one update and change `memory`: the twin of emit/update.py.

    Shapes: all (n_weights,) float64; `steps` the learning rate of each weight, whether the rule
    reads it per node or per weight; `descent` the sum of x_i g_j, `curvature` of x_i^2 h_j over a
    weight's connections; `decays` the decay of each weight, where they are not all the same.
    """
    known: dict[str, Floats | float] = dict(asdict(hyper))
    if rule.is_clipped:
        length = variable("length")
        factor = evaluate(clip_factor(length), {"length": np.sqrt(descent @ descent), **known})
        descent = descent * factor
    for counter in rule.counters:
        known[counter.name] = memory.slots.get(counter.name, np.zeros(1))
    counted = {c.name: evaluate(c.value, known) for c in rule.counters if c.value is not None}
    memory.slots.update(counted)
    known |= counted
    known |= {slot.name: memory[slot.name] for slot in rule.slots if slot.name != STEPS}
    known |= {"weight": weights, "descent": descent, "bend": curvature, "rate": steps}
    known[STEPS] = steps
    if decays is not None:
        known[OWN_DECAY.name] = decays
    memo: dict[Expr, Floats] = {}
    moved = weights if rule.weight is None else evaluate(rule.weight, known, memo=memo)
    memory.slots.update(
        {s.name: evaluate(s.value, known, memo=memo) for s in rule.slots if s.value is not None}
    )
    return moved


def averaged(memory: Memory) -> Floats | None:
    """Return the running average of the weights, (n_weights,); None before the first step."""
    total = memory.slots.get(AVERAGED_TOTAL.name)
    return None if total is None or not total.any() else memory[AVERAGED.name] / total


# --- the rules of SN 2.8 ---


class Step(StrEnum):
    """How large a step is: per node of the plan, per weight, or divided by a curvature."""

    NODE = "node"
    WEIGHT = "weight"
    NEWTON = "newton"
    CLIP = "clip"


class Decay(StrEnum):
    """How weights decay: not, by `decay` (SN's iterative kernels), or by decay times the step."""

    NONE = ""
    PLAIN = "plain"
    SCALED = "scaled"


VELOCITY, CURVATURE, OWN_STEP = Slot("velocity"), Slot("curvature"), Slot(STEPS)
DESCENTS, CURVATURES = Slot("descents"), Slot("curvatures")


@dataclass(frozen=True, init=False)
class RuleSpec(UpdateRule):
    """An update rule of SN 2.8, made from options.

    `gather` leaves the weights alone and adds descents and curvatures up, in the slots
    "descents" and "curvatures".
    """

    step: Step = Step.NODE
    momentum: bool = False
    decay: Decay = Decay.NONE
    gather: bool = False

    def __init__(
        self,
        step: Step = Step.NODE,
        momentum: bool = False,
        decay: Decay = Decay.NONE,
        curvature: Curvature = Curvature.NONE,
        gather: bool = False,
    ) -> None:
        if gather:
            weight, slots = None, _sums(curvature is not Curvature.NONE)
        else:
            weight, slots = _moved(step, momentum, decay)
        UpdateRule.__init__(self, weight, slots, (), curvature)
        options = {"step": step, "momentum": momentum, "decay": decay, "gather": gather}
        for name, value in options.items():
            object.__setattr__(self, name, value)


def _sums(second: bool) -> tuple[Slot, ...]:
    descents = Slot(DESCENTS.name, DESCENTS.old + DESCENT)
    curvatures = Slot(CURVATURES.name, CURVATURES.old + BEND)
    return (descents, curvatures) if second else (descents,)


@cache
def _moved(step: Step, momentum: bool, decay: Decay) -> tuple[Expr, tuple[Slot, ...]]:
    """Return the next weight and the slots of a rule that moves it."""
    slots = []
    base = OWN_STEP.old if step is Step.WEIGHT else RATE
    size = base
    if step is Step.WEIGHT:
        slots.append(OWN_STEP)
    elif step is not Step.NODE:
        bend = call("fma", GAMMA, BEND, CURVATURE.old * (1 - GAMMA))
        slots.append(Slot(CURVATURE.name, bend))
        size = _damped(step, bend)
    elif not (momentum or decay):
        return call("fma", size, DESCENT, WEIGHT), ()
    delta = size * DESCENT
    if momentum:
        delta = average(MOMENTUM, VELOCITY.old, delta)
        slots.append(Slot(VELOCITY.name, delta))
    weight = WEIGHT
    if decay is Decay.PLAIN:
        is_frozen = call("eq", base, const(0))
        weight = WEIGHT * call("if", is_frozen, const(1), 1 - DECAY)
    elif decay is Decay.SCALED:
        weight = call("fma", -(DECAY * size), WEIGHT, WEIGHT)
    return weight + delta, tuple(slots)


@cache
def _damped(how: Step, curvature: Expr) -> Expr:
    """The rate divided by mu + |c|, or by |c| kept between mu and the limit."""
    size = call("abs", curvature)
    if how is Step.NEWTON:
        return RATE / (size + MU)
    return RATE / call("min", call("max", size, MU), LIMIT)


def damped(how: Step, steps: Floats, hyper: Hyper, curvature: Floats) -> Floats:
    """Return steps divided by mu + |c| (SN 2.8), or by |c| kept between mu and the limit."""
    known = asdict(hyper) | {"rate": steps, CURVATURE.name: curvature}
    divided: Floats = evaluate(_damped(how, CURVATURE.old), known)
    return divided
