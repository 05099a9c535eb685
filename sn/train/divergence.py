"""Divergence: where a number that is not finite came from, pattern by pattern.

When the weights of a run stop being finite, its state before is presented again until the first
bad number appears; the message names the pattern and the layer, or the formula.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sn.codes import Code
from sn.errors import TrainError
from sn.net.table import ConnectionTable
from sn.optim.rules import Curvature
from sn.train.engines import Engine, Floats32, Order
from sn.train.experiment import ExperimentSpec
from sn.train.failing import failing_formula
from sn.train.state import EngineState
from sn.train.targets import Desired

HINT = "lower the learning rate, or start from smaller weights"
FORMULA_HINT = "write it so that it is finite there: (if TEST ... ...) chooses between two formulas"


@dataclass(frozen=True, slots=True, eq=False)
class Traced:
    """What it takes to present patterns again; targets are (n, n_outputs) float32."""

    spec: ExperimentSpec
    optimizer: str
    table: ConnectionTable
    engine: Engine
    targets: Floats32 | Desired


def during_chunk(
    job: Traced, before: EngineState, part: Order, order: Order, number: int, done: int
) -> TrainError:
    """Return the error of a chunk of pass `number`, whose weights were finite `before`.

    `order` is that of the whole pass, `done` how many patterns were presented before the chunk.
    """
    return _failed_formula(job, before, part, order, number) or _diverged(
        job, before, part, number, done
    )


def after_step(job: Traced, at_start: EngineState, order: Order, number: int) -> TrainError:
    """Return the error of the one step at the end of pass `number`."""
    weights = job.engine.get_weights()
    return _failed_formula(job, at_start, order, order, number) or TrainError(
        f"training diverged: layer {_layer_of_bad_weight(job, weights)} has weights that are "
        f"not finite after the step of pass {number}",
        code=Code.DIVERGED,
        span=job.spec.span,
        hint=HINT,
    )


def _failed_formula(
    job: Traced, before: EngineState, part: Order, order: Order, number: int
) -> TrainError | None:
    """Present patterns from a state on until a formula fails, and say which; None if none does.

    Curvatures of a sample may fail before any pattern is presented: then it is in the sample.
    """
    phases = job.spec.rule_of(job.optimizer, number).phases
    second = phases.curvature is not Curvature.NONE
    sample = order[: phases.sample.count if phases.sample is not None else 0]
    job.engine.set_state(before)
    for pattern in (*part, *sample):
        weights = job.engine.get_weights()
        if not np.isfinite(weights).all():
            # what follows are samples, which were shown to the weights of the start
            job.engine.set_state(before)
            weights = job.engine.get_weights()
        with np.errstate(all="ignore"):
            job.engine.present(np.array([pattern], np.int32))
        shown = job.table.shown(job.engine.states())
        desired = job.targets[pattern]
        found = failing_formula(
            job.table, job.spec.cost, weights, np.asarray(shown), desired, second
        )
        if found is not None:
            return TrainError(
                f"{found}, for pattern {int(pattern)} in pass {number}",
                code=Code.DIVERGED,
                span=job.spec.span,
                hint=FORMULA_HINT if found.is_usual else HINT,
            )
    return None


def _diverged(job: Traced, before: EngineState, part: Order, number: int, done: int) -> TrainError:
    """Repeat a chunk pattern by pattern and say where the first bad number appears."""
    table = job.table
    job.engine.set_state(before)
    for index, pattern in enumerate(part):
        job.engine.present(part[index : index + 1])
        weights, states = job.engine.get_weights(), job.engine.states()
        if np.isfinite(weights).all():
            continue
        place = next(
            (
                layer.name
                for layer in table.layers
                if not np.isfinite(states[layer.first : layer.first + layer.size]).all()
            ),
            None,
        )
        if place is None:
            place = _layer_of_bad_weight(job, weights)
        step = done + index + 1
        return TrainError(
            f"training diverged: layer {place} has numbers that are not finite after pattern "
            f"{int(pattern)} (presentation {step}, pass {number})",
            code=Code.DIVERGED,
            span=job.spec.span,
            hint=HINT,
        )
    raise AssertionError("a chunk diverges only as a whole")


def _layer_of_bad_weight(job: Traced, weights: Floats32) -> str:
    """Return the layer that the first weight which is not finite leads into."""
    table = job.table
    bad = int(np.flatnonzero(~np.isfinite(weights))[0])
    unit = int(table.dst[np.flatnonzero(table.wid == bad)[0]])
    return table.layers[int(table.layer_of[unit])].name
