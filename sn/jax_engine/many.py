"""Many: the training loop of nets that are trained at once, each from its own seed and settings.

A pass is one program for all of them; scores, stops and the best weights are those of each alone,
as in train/loop.py. A net that diverges is told of and left where it is, the others go on.

Read next: nets.py for a pass, ../contest.py for who compares what comes out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace

import numpy as np

from sn.jax_engine.devices import n_sharing
from sn.jax_engine.function import Floats32, NetFunction
from sn.jax_engine.jobs import ManyJob, One, Outcome
from sn.jax_engine.nets import Nets, Orders
from sn.optim.base import Optimizer
from sn.results.record import NetCounts, PassRecord, RunRecord
from sn.train.cautions import of_end
from sn.train.judging import report_of, scores_of
from sn.train.orders import order_of_pass
from sn.train.stopping import is_best


@dataclass(slots=True, eq=False)
class _Course:
    """How one net fares: its passes, its best weights, and what it ended with."""

    passes: list[PassRecord] = field(default_factory=list)
    saturated: list[bool] = field(default_factory=list)
    best: tuple[int, Floats32] | None = None
    ended: Floats32 | None = None
    fault: str = ""

    @property
    def goes_on(self) -> bool:
        return self.ended is None and not self.fault


class _Clockwork:
    """Seconds of a run of many nets, by what they were spent on."""

    def __init__(self) -> None:
        self.compile = self.train = self.evaluate = self.last_pass = 0.0


def train_many(job: ManyJob, told: Callable[[int], None] = lambda passes: None) -> list[Outcome]:
    """Train all nets; return what became of each, in their order.

    `told` hears how many passes were done since the last call, those of all nets together.
    """
    return _Many(job, told).go()


class _Many:
    """Nets while they are trained; those that fill up the devices come after the others."""

    def __init__(self, job: ManyJob, told: Callable[[int], None]) -> None:
        self._job, self._told, self._seconds = job, told, _Clockwork()
        self._courses = [_Course() for _ in job.ones]
        self._parts = job.spec.parts(job.optimizer)
        self._function = NetFunction(job.plan, job.spec.cost)
        self._ones = _filled_up(job.ones)
        fresh = [one.spec.init.draw(job.table, one.seed) for one in self._ones]
        self._weights = np.stack(fresh).astype(np.float32)

    def go(self) -> list[Outcome]:
        job = self._job
        nets = self._nets_of(0)
        if not job.passes:
            self._score(nets, 0)
        for number in range(1, job.passes + 1):
            phase = (job.spec.phase_of(job.optimizer, number) or 1) - 1
            begins = 1 + sum(part.passes for part in self._parts[:phase])
            if phase and number == begins:
                self._weights = nets.get_weights()
                nets = self._nets_of(phase)
            self._pass(nets, number)
            self._score(nets, number)
            if not any(course.goes_on for course in self._courses):
                break
        self._end(nets)
        return [self._outcome(nets, net) for net in range(len(job.ones))]

    def _nets_of(self, phase: int) -> Nets:
        """Return the nets with the optimizers of a phase, from the weights so far."""
        job, name = self._job, self._parts[phase].optimizer
        rules: list[Optimizer] = [one.spec.optimizers[name] for one in self._ones]
        draws = [one.draws[phase] for one in self._ones]
        found = [one for one in draws if one is not None]
        nets = Nets(
            self._function,
            job.spec.cost,
            rules,
            job.patterns,
            job.targets["train"],
            found or None,
            n_sharing(len(job.ones)),
        )
        self._seconds.compile += nets.compile_seconds
        nets.set_weights(self._weights)
        return nets

    def _pass(self, nets: Nets, number: int) -> None:
        job, started = self._job, time.perf_counter()
        kind, count = job.spec.order or job.spec.data.order, len(job.targets["train"])
        orders = np.stack([order_of_pass(kind, count, one.seed, number) for one in self._ones])
        nets.begin_pass(orders)
        with np.errstate(all="ignore"):  # what is no number is told of its net
            nets.learn(batches(orders, nets.batch))
            nets.end_pass()
        self._seconds.last_pass = time.perf_counter() - started
        self._seconds.train += self._seconds.last_pass

    def _score(self, nets: Nets, number: int) -> None:
        """Score every net that goes on, and end those that are to stop."""
        job, started, going = self._job, time.perf_counter(), 0
        weights, trained = nets.get_weights(), nets.get_trained()
        outputs = {which: nets.outputs(which) for which in job.targets}
        for net, course in enumerate(self._courses):
            if not course.goes_on:
                continue
            going += 1
            if not np.isfinite(weights[net]).all():
                course.fault = f"training diverged in pass {number}"
                continue
            given = {which: some[net] for which, some in outputs.items()}
            self._judge(course, number, given, trained[net])
        self._seconds.evaluate += time.perf_counter() - started
        self._told(going if number else 0)

    def _judge(
        self, course: _Course, number: int, given: Mapping[str, Floats32], weights: Floats32
    ) -> None:
        job = self._job
        scores, is_saturated = scores_of(job.judging, job.targets, given)
        phase = job.spec.phase_of(job.optimizer, number)
        seconds = self._seconds.last_pass / len(self._courses)
        told = scores["train"], scores.get("test"), seconds
        course.passes.append(PassRecord(number, *told, scores.get("validation"), phase))
        course.saturated = [*course.saturated[-1:], is_saturated]
        if job.spec.stop.keep_best and is_best(course.passes):
            course.best = number, weights.copy()
        if number >= job.passes or job.spec.stop.is_due(course.passes):
            course.ended = weights.copy()

    def _end(self, nets: Nets) -> None:
        """Go back to the weights that each net keeps, so that what is told is told of these."""
        kept = nets.get_weights()
        for net, course in enumerate(self._courses):
            if course.best is not None:
                kept[net] = course.best[1]
            elif course.ended is not None:
                kept[net] = course.ended
        nets.set_weights(kept)
        self._kept = kept
        self._outputs = {which: nets.outputs(which) for which in self._job.targets}

    def _outcome(self, nets: Nets, net: int) -> Outcome:
        job, course, one = self._job, self._courses[net], self._job.ones[net]
        if course.fault:
            return Outcome(one.seed, None, course.fault)
        passes, count, n_nets = course.passes, len(job.targets["train"]), len(job.ones)
        warned: tuple[str, ...] = ()
        if passes[-1].number:
            ends = passes[-1].sets, job.targets, job.criterion, one.spec.cost
            found = of_end(*ends, all(course.saturated), job.judged)
            warned = tuple(notice.message for notice in found)
        table, seconds = job.table, self._seconds
        trained = sum(each.seconds for each in passes)
        shown = count * max(passes[-1].number, 1)
        record = RunRecord(
            NetCounts(table.name, table.counted_units, table.n_rows, table.n_weights),
            job.data,
            job.optimizer,
            one.spec.options(job.optimizer),
            one.seed,
            tuple(passes),
            seconds.compile,
            trained,
            seconds.evaluate / n_nets,
            trained / shown * 1e6,
            {each.name: self._kept[net][each.wid] for each in table.parameters},
            one.spec.reference,
            None,
            (*job.warnings, *warned),
            None if course.best is None else course.best[0],
            {
                which: report_of(job.judging, job.targets[which], outputs[net])
                for which, outputs in self._outputs.items()
            },
        )
        return Outcome(one.seed, record)


def batches(orders: Orders, size: int) -> Sequence[Orders]:
    """Return the batches of orders, (n_nets, n): (n_nets, up to size) each."""
    return [orders[:, first : first + size] for first in range(0, orders.shape[1], size)]


def _filled_up(ones: tuple[One, ...]) -> tuple[One, ...]:
    """Return as many as the devices share evenly: the last one several times over."""
    last = ones[-1]
    more = [
        replace(last, draws=tuple(copy(one) for one in last.draws))  # each draws for itself
        for _ in range(-len(ones) % n_sharing(len(ones)))
    ]
    return (*ones, *more)
