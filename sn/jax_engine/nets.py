"""Nets: one or many nets of a table while they are trained by JAX, pass by pass.

What a `KernelEngine` does for one net, for as many as there are: sample curvatures before a pass,
present, step. The first axis of every array here is that of the nets. They may differ in weights,
orders, draws and the numbers of their optimizers; the rule is one. What is done once a pass is
done in NumPy, in float64, as all engines do it.

Read next: programs.py for what JAX compiles, engine.py for the engine of one net, many.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from sn.jax_engine.devices import NETS, PATTERNS, dealt, mesh, spread
from sn.jax_engine.formulas import Array
from sn.jax_engine.function import Floats32, NetFunction
from sn.jax_engine.programs import BLOCK, Programs, Shown, Size, size_for
from sn.jax_engine.shown import Data
from sn.jax_engine.stepping import Carry, Numbers
from sn.jax_engine.weights import Pieces
from sn.net.loss import Loss
from sn.net.tangent import Tangent
from sn.optim.base import ALL, Optimizer, Reduction
from sn.optim.normalised import Normalised
from sn.optim.rules import AVERAGED, AVERAGED_TOTAL, HYPER, STEPS, Memory, averaged, damped
from sn.train.clock import Clock
from sn.train.draws import Draws

Floats = NDArray[np.float64]
Orders = NDArray[np.int32]
Counts = NDArray[np.int32]
# Numbers that a block with rates of its own for each step may take along; chosen here.
MOST_RATES = 2**24


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What steps have left, in weight order: weights and slots (n_nets, n_weights), counters
    (n_nets,); all float32.
    """

    weights: Floats32
    slots: Mapping[str, NDArray[Any]]
    counters: Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """What was done last: from which weights, what was shown, and the work, None for sums alone."""

    before: Carry
    shown: Shown
    orders: Orders
    counts: Counts
    work: Callable[..., Carry] | None


class Nets:
    """Nets and what their optimizers remember.

    `optimizers` has one for each net, all of one rule; `draws` likewise, or None for no chance.
    `patterns` are float32 (n, n_inputs), `targets` those of "train", (n, n_outputs). Many nets are
    dealt out to so many `devices`, which divide their number.
    """

    def __init__(
        self,
        function: NetFunction,
        cost: Loss,
        optimizers: Sequence[Optimizer],
        patterns: Mapping[str, Floats32],
        targets: Floats32,
        draws: Sequence[Draws] | None = None,
        devices: int = 1,
    ) -> None:
        self.function, self._cost, self._optimizers = function, cost, tuple(optimizers)
        self.count, self._is_many = len(optimizers), len(optimizers) > 1
        self._table = function.plan.original
        self.clocks = [Clock(one) for one in optimizers]
        self.phases, self.n_patterns = optimizers[0].phases, len(targets)
        self.batch = self._batch()
        if not self._is_many:
            devices = dealt(size_for(self.batch, function, 1).side)
        axis = NETS if self._is_many else PATTERNS
        self._over = mesh(axis, devices) if devices > 1 else None
        self.data = Data(patterns, targets, draws, self._put, self._is_many)
        self._programs = self._for_steps()
        self._sampling = self._for_samples()
        self._rates = [one.steps(self._table) for one in optimizers]
        self._held: tuple[tuple[Optimizer, ...], Numbers] | None = None
        self._block: _Block | None = None
        self.set_weights(np.zeros((self.count, self._table.n_weights), np.float32))
        self.compile_seconds = self._compile()

    @property
    def is_gathered(self) -> bool:
        """Whether programs give sums alone, and steps are taken here."""
        return self.phases.has_step or self.phases.is_normalised

    def _batch(self) -> int:
        """How many patterns go into a step, or into a sum on the way to the step of a pass."""
        if self.phases.has_step:
            return min(BLOCK, self.n_patterns)
        batch = self.phases.batch
        return self.n_patterns if batch == ALL else min(batch, self.n_patterns)

    def _for_steps(self) -> Programs:
        first = self._optimizers[0]
        size = size_for(self.batch, self.function, self.count)
        self._varies = not self.is_gathered and any(
            one.varies_in_pass for some in self._optimizers for one in some.schedules.values()
        )
        if self._varies:  # each step brings its own rates along
            fits = MOST_RATES // max(self._table.n_weights * self.count, 1)
            size = Size(size.batch, size.side, max(min(size.steps, fits), 1))
        is_mean = first.reduction is Reduction.MEAN
        rule = self.phases.present
        return Programs(self.function, rule, size, self._is_many, is_mean, self._varies, self._over)

    def _for_samples(self) -> Programs | None:
        sample = self.phases.sample
        if sample is None:
            return None
        size = size_for(min(sample.count, BLOCK, self.n_patterns), self.function, self.count)
        return Programs(self.function, sample.rule, size, self._is_many, over=self._over)

    def _compile(self) -> float:
        """Run the programs once without a pattern; return the seconds that it took."""
        started = time.perf_counter()
        nobody = np.zeros((self.count, 0), np.int32)
        if self.is_gathered:
            self._sums(self._programs, nobody)
        else:
            self._learn_block([nobody])
        if self._sampling is not None:
            self._sums(self._sampling, nobody, is_sample=True)
        weights = self._carry.weights
        for which in self.data.sets:
            self._programs.outputs(weights, self.data.pieces(which)[0][0])
        jax.block_until_ready(self._carry)
        self._block = None
        return time.perf_counter() - started

    # --- to the devices and back ---

    def _put(self, value: NDArray[np.generic], is_dealt: bool) -> Array:
        return spread(np.asarray(value, order="C"), self._over, is_dealt and self._is_many)

    def _own(self, value: Any) -> Any:
        """Bring what each net has, an array or a tree of them, to its device; one net alone has no
        axis of nets there.
        """
        return jax.tree.map(lambda one: self._put(one if self._is_many else one[0], True), value)

    def _each(self, value: Any) -> Any:
        """Return what each net has, an array or a tree of them, the axis of nets first."""
        return jax.tree.map(
            lambda one: np.asarray(one) if self._is_many else np.asarray(one)[None], value
        )

    def _packed(self, weights: NDArray[np.generic]) -> Pieces:
        """Bring numbers of weights, (n_nets, n_weights), to the devices."""
        pieces: Pieces = self._own(self.function.pack(weights))
        return pieces

    def _unpacked(self, pieces: Pieces) -> Floats32:
        return self.function.unpack(self._each(pieces))

    # --- weights and states ---

    def set_weights(self, weights: Floats32) -> None:
        """Start from weights, (n_nets, n_weights) in weight order, with an empty memory."""
        rule, each = self.phases.present, np.zeros(self.count, np.float32)
        names = [slot.name for slot in rule.slots if slot.name != STEPS]
        slots = {name: np.zeros_like(weights) for name in names}
        self.take(Kept(weights, slots, {counter.name: each for counter in rule.counters}))
        self.memories = [Memory.empty(weights.shape[1]) for _ in range(self.count)]
        self.steps: Floats = np.stack(self._rates)
        self.gathered = np.zeros((2, *weights.shape), np.float32)
        self.normalised: list[Normalised] = []
        if self.phases.is_normalised:
            self.normalised = [Normalised(one, self._table) for one in self._optimizers]
            for one, own in zip(self.normalised, weights, strict=True):
                one.start(own.astype(np.float64))
        self._held = None
        for clock in self.clocks:
            clock.reset()

    def take(self, kept: Kept) -> None:
        """Go on from what steps have left."""
        slots = {name: self._packed(slot) for name, slot in kept.slots.items()}
        counters = {name: self._own(one) for name, one in kept.counters.items()}
        self._carry = Carry(self._packed(kept.weights), slots, counters)

    def take_steps(self, steps: Floats) -> None:
        """Go on with the steps of weights that a sample left: (n_nets, n_weights)."""
        self.steps, self._held = steps, None

    @property
    def kept(self) -> Kept:
        """What steps have left, on this machine."""
        slots = {name: self._unpacked(slot) for name, slot in self._carry.slots.items()}
        counters = {name: self._each(one) for name, one in self._carry.counters.items()}
        return Kept(self.get_weights(), slots, counters)

    def get_weights(self) -> Floats32:
        """Return the weights in weight order: (n_nets, n_weights)."""
        return self._unpacked(self._carry.weights)

    def get_trained(self) -> Floats32:
        """Return the weights that answer: those, or their running averages."""
        weights = self.get_weights()
        if self.normalised:
            return np.stack([one.trained() for one in self.normalised]).astype(np.float32)
        if not self._optimizers[0].rule.has_average:
            return weights
        if self.phases.has_step:
            found = [averaged(memory) for memory in self.memories]
            rows = zip(weights, found, strict=True)
            return np.stack([own if one is None else one for own, one in rows]).astype(np.float32)
        kept = self.kept
        total = kept.counters[AVERAGED_TOTAL.name][:, None]
        with np.errstate(divide="ignore", invalid="ignore"):  # before the first step there is none
            mean = kept.slots[AVERAGED.name] / total
        return np.where(total > 0, mean, weights)

    # --- passes ---

    def begin_pass(self, orders: Orders) -> None:
        """Clear what is gathered; sample the curvatures of first patterns, and freeze steps.

        Shapes: orders: (n_nets, n), as everywhere.
        """
        for clock in self.clocks:
            clock.begin_pass()
        self.gathered[:] = 0
        sample = self.phases.sample
        if sample is None or self._sampling is None:
            return
        some = orders[:, : sample.count]
        total = self._sums(self._sampling, some, is_sample=True)[1]
        for net, clock in enumerate(self.clocks):
            now, mean = clock.of_pass(), total[net] / some.shape[1]
            rates = now.steps(self._table) if clock.runs else self._rates[net]
            with np.errstate(all="ignore"):  # what is no number is told by the loop
                self.steps[net] = damped(sample.damping, rates, now.hyper, mean)
        self._held = None

    def learn(self, batches: Sequence[Orders]) -> None:
        """Show batches, (n_nets, up to `batch`) each, and take their steps, or gather their sums.

        A step reads the rates of its time where these change within a pass.
        """
        if self.is_gathered:
            for batch in batches:
                self._gather(batch)
            return
        steps = self._programs.size.steps
        for first in range(0, len(batches), steps):
            self._learn_block(batches[first : first + steps])
        jax.block_until_ready(self._carry.weights)

    def _learn_block(self, batches: Sequence[Orders]) -> None:
        """Take as many steps as a block has, or fewer."""
        size = self._programs.size
        shown, orders, counts = self.data.block(batches, size)
        nows = []
        for batch in batches:
            nows.append(tuple(clock.coming() for clock in self.clocks))
            for clock in self.clocks:
                clock.count(batch.shape[1])
        numbers = Numbers(*map(self._own, self._numbers_of_block(nows, size.steps)))
        work = partial(self._programs.steps, numbers=numbers, shown=shown)
        self._block = _Block(self._carry, shown, orders, counts, work)
        self._carry = self._done(self._block, counts)

    def _done(self, block: _Block, counts: Counts) -> Carry:
        """Return what the steps of a block leave, of which so many patterns count."""
        assert block.work is not None
        orders, given = self._own(block.orders), self._put(counts, False)
        return block.work(block.before, orders=orders, counts=given)

    def _numbers_of_block(self, nows: Sequence[tuple[Optimizer, ...]], steps: int) -> Numbers:
        if not self._varies:
            return self._numbers(nows[0])
        own = [self._numbers(now) for now in nows]
        own += [own[-1]] * (steps - len(own))
        return Numbers(*jax.tree.map(lambda *some: np.stack(some, axis=1), *own))

    def _numbers(self, now: tuple[Optimizer, ...]) -> Numbers:
        """Return the numbers of a step on this machine, from the optimizers of a moment."""
        if self._held is not None and all(a is b for a, b in zip(self._held[0], now, strict=True)):
            return self._held[1]
        pack, table = self.function.pack, self._table
        rates = np.stack([self._rates_now(net, one) for net, one in enumerate(now)])
        hyper = [
            [getattr(numbers, name) for name in HYPER] for numbers in (one.hyper for one in now)
        ]
        own = [one.own_decays(table) for one in now]
        decays = np.stack([np.zeros(table.n_weights) if one is None else one for one in own])
        steps = rates if self.phases.sample is None else self.steps
        found = Numbers(np.array(hyper, np.float32), pack(rates), pack(steps), pack(decays))
        self._held = now, found
        return found

    def _rates_now(self, net: int, now: Optimizer) -> Floats:
        return now.steps(self._table) if self.clocks[net].runs else self._rates[net]

    def _sums(
        self, programs: Programs, order: Orders, is_sample: bool = False
    ) -> tuple[Floats, Floats]:
        """Return the sums of descents and curvatures, (n_nets, n_weights) in weight order.

        What is shown for a sample is shown again.
        """
        rule, weights = self.phases.present, self._carry.weights
        if is_sample and self.phases.sample is not None:
            rule = self.phases.sample.rule
        total = np.zeros((2, self.count, self._table.n_weights))
        for shown, part, count in self.data.parts(order, programs.size.room, is_sample):
            given = self._own(part), self._put(np.array(count, np.int32), False)
            found = programs.sums(weights, shown, *given, curvature=rule.curvature)
            total += np.stack([self._unpacked(one) for one in found])
            if not is_sample:
                counts = np.array([count], np.int32)
                self._block = _Block(self._carry, shown, part[:, None], counts, None)
        return total[0], total[1]

    def _gather(self, batch: Orders) -> None:
        """Add up what patterns say; with lengths and directions, take the step of the batch."""
        nows = [clock.coming() for clock in self.clocks]
        descents, curvatures = self._sums(self._programs, batch)
        for clock in self.clocks:
            clock.count(batch.shape[1])
        if self.phases.has_step:
            self.gathered += np.stack([descents, curvatures]).astype(np.float32)
            return
        moved = []
        for net, now in enumerate(nows):
            descent = now.reduced(descents[net], batch.shape[1])
            moved.append(self.normalised[net].step(now, self._rates_now(net, now), descent))
        self._move(np.stack(moved))

    def _move(self, weights: Floats) -> None:
        with np.errstate(over="ignore", invalid="ignore"):  # the loop tells it, with the layer
            self._carry = self._carry._replace(weights=self._packed(weights))

    def end_pass(self) -> None:
        """Take the one step of the pass, where there is one."""
        if not self.phases.has_step:
            return
        weights = self.get_weights().astype(np.float64)
        for net, clock in enumerate(self.clocks):
            now, sums = clock.of_pass(), self.gathered[:, net].astype(np.float64)
            weights[net] = now.finish_pass(
                self._rates_now(net, now),
                weights[net],
                self.memories[net],
                now.reduced(sums[0], self.n_patterns),
                now.reduced(sums[1], self.n_patterns),
                partial(self._along, weights[net].copy()),
                now.own_decays(self._table),
            )
        self._move(weights)

    def _along(self, weights: Floats, direction: Floats) -> float:
        return Tangent(self._table, self._cost).along(weights, direction, *self.data.host)

    # --- what is read off ---

    def outputs(self, which: str) -> Floats32:
        """Return the outputs for all patterns of a set: (n_nets, n, n_outputs)."""
        return self._answers(self.data.pieces(which))

    def answer(self, patterns: Floats32) -> Floats32:
        """Return the outputs for patterns, (n, n_inputs): (n_nets, n, n_outputs)."""
        return self._answers(self.data.cut(patterns))

    def _answers(self, pieces: Iterable[tuple[Array, int]]) -> Floats32:
        weights = self._packed(self.get_trained())
        found = [
            self._each(self._programs.outputs(weights, patterns))[:, :count]
            for patterns, count in pieces
        ]
        return np.concatenate(found, axis=1)

    def states(self) -> Floats32:
        """Return the states of all units in the last step, (n_nets, n_units): those of its last
        pattern, and not finite where they were so for any of its patterns.
        """
        block = self._block
        if block is None:
            return np.zeros((self.count, self._table.n_units), np.float32)
        last, before = int(np.flatnonzero(block.counts)[-1]), block.before
        if block.work is not None:
            earlier = np.arange(len(block.counts)) < last
            before = self._done(block, np.where(earlier, block.counts, 0).astype(np.int32))
        order = block.orders[:, last, : block.counts[last]]
        found = [
            self._each(self._programs.states(before.weights, block.shown, self._own(part)))
            for part in np.split(order, range(BLOCK, order.shape[1], BLOCK), axis=1)
        ]
        states = np.concatenate(found, axis=1)
        bad = ~np.isfinite(states).all(axis=1)
        return np.where(bad, np.float32(np.nan), states[:, -1])
