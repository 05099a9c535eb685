"""Cautions: what a run warns of, though it is not wrong: steps far too large, nothing learned.

`of_rate` looks at an optimizer before the run, `of_end` at the outputs after it. Each
caution is a `Notice`: a message, a place and a hint.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sn.codes import Code
from sn.data.base import Dataset
from sn.data.rows import TargetKind
from sn.errors import Notice, Span
from sn.net import expr
from sn.net.activations import Activation
from sn.net.costs import Cost
from sn.net.loss import Loss, split
from sn.net.table import ConnectionTable
from sn.results.record import Scores
from sn.train.criteria import Criterion
from sn.train.experiment import ExperimentSpec
from sn.train.scoring import divisor, error_of
from sn.train.targets import Desired

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Times = NDArray[np.int64] | None

# A step down a mean gradient overshoots from 2 / (largest curvature) on, which is below 2 for
# all units that see two inputs near 1; chosen here.
LARGEST_MEAN_RATE = 1.0
HINT = "lower the learning rate, start from smaller weights, or give the net more passes"
NEAR = 1e-3  # of the range of a unit: as near to its limit, a slope is below 0.4 % of the largest
FAR = 1e4  # a total input at which a unit that has a limit is there
MOST_ANSWERS = 64  # targets that are tried as the answer to all patterns
FEW = 20  # patterns: fewer are no runs to speak of
STEPS = 257  # how many constant outputs are tried


def of_start(
    spec: ExperimentSpec, optimizer: str, table: ConnectionTable, dataset: Dataset
) -> tuple[Notice, ...]:
    """Warn of what can be seen before a run: its rate, its order, its published figures."""
    order = spec.order or spec.data.order
    return (
        *(
            notice
            for name in dict.fromkeys(part.optimizer for part in spec.parts(optimizer))
            for notice in of_rate(spec, name, table, len(dataset.train))
        ),
        *of_order(order, dataset, spec.span),
        *of_reference(spec, dataset),
    )


def of_order(order: str, dataset: Dataset, span: Span | None) -> tuple[Notice, ...]:
    """Warn of classes that come in long runs, one after the other, in an order that keeps them.

    The net would forget each class while it is shown the next. Runs are long when neighbours
    differ four times less often than in a random order.
    """
    targets = dataset.train.targets
    count = len(targets)
    if order != "constant" or dataset.kind is not TargetKind.CLASSES or count < FEW:
        return ()
    targets = np.asarray(targets)
    shares = np.bincount(targets) / count
    expected = (count - 1) * (1 - float(np.sum(shares**2)))
    if 4 * np.count_nonzero(np.diff(targets)) >= expected:
        return ()
    ends = np.flatnonzero(np.diff(targets, prepend=-1, append=-1))
    return (
        Notice(
            f"the patterns of {dataset.name} come class by class, up to "
            f"{int(np.diff(ends).max()):,} of one class on end, and (order constant) keeps that",
            span=span,
            hint="(order shuffled) shows them in a fresh random order every pass",
            code=Code.ORDER,
        ),
    )


def of_reference(spec: ExperimentSpec, dataset: Dataset) -> tuple[Notice, ...]:
    """Warn of published figures that are of other patterns than those that are trained."""
    paper = spec.reference
    if paper is None or paper.data is None or paper.data == dataset.name:
        return ()
    return (
        Notice(
            f"the figures of {paper.title} are of the data set {paper.data}, those of this run "
            f"are of {dataset.name}",
            span=spec.span,
            code=Code.OTHER_DATA,
        ),
    )


def of_rate(
    spec: ExperimentSpec, name: str, table: ConnectionTable, count: int
) -> tuple[Notice, ...]:
    """Warn of a rate on the sum over a batch, of `count` patterns at most, that looks like one for
    each.
    """
    rule = spec.optimizers[name]
    if not rule.steps_along_sum:
        return ()
    if not rule.phases.has_step:
        count = min(rule.phases.batch or count, count)
    largest = float(rule.steps(table).max(initial=0.0))
    if largest * count <= LARGEST_MEAN_RATE:
        return ()
    rate = max(rule.learning_rate, *rule.layers.values()) if rule.layers else rule.learning_rate
    return (
        Notice(
            f"the learning rate {rate:g} of optimizer {name} applies to the sum over {count:,} "
            f"patterns, as {rate * count:g} would to their mean",
            span=spec.places.get(name, spec.span),
            hint=f"(reduction mean) follows the mean; on the sum, {rate:g} for each pattern is "
            f"(learning-rate {rate / count:.2g})",
            code=Code.RATE,
        ),
    )


def of_end(
    found: dict[str, Scores],
    targets: Mapping[str, Floats32 | Desired],
    criterion: Criterion | None,
    cost: Loss,
    is_stuck: bool,
    judged: slice = slice(None),
) -> tuple[Notice, ...]:
    """Warn of a run that learned nothing.

    `found` are the scores on each set after the last pass, `targets` what was desired in each,
    (n, n_outputs), where labels and values that are streamed are not looked at; `is_stuck` when
    all outputs were saturated in the last passes;
    `judged` are the columns that the criterion looks at.
    """
    said = []
    for which, what in (("train", "training"), ("test", "test")):
        misses = found[which].misses if which in found else None
        if misses is None or criterion is None:
            continue
        rows, times = _distinct(targets[which])
        guessed = misses_of_guessing(rows[:, judged], criterion, times)
        if guessed and misses >= guessed:
            said.append(
                f"the net is no better than guessing: it misses {misses:,} of "
                f"{found[which].patterns:,} {what} patterns; the most frequent class as the answer "
                f"to all misses {guessed:,}"
            )
            break
    rows, times = _distinct(targets["train"])
    best = error_of_constants(rows, cost, times)
    if best is not None and found["train"].error >= best:
        said.append(
            f"the training error, {found['train'].error:.3g}, is no better than that of constant "
            f"outputs, {best:.3g}"
        )
    if is_stuck and found["train"].misses:
        said.append(
            "every output is saturated for every training pattern, where its slope is next to "
            "nothing, so the net can hardly learn any more"
        )
    # what helps is the same for all, and is said once
    return tuple(
        Notice(text, hint=HINT if text is said[-1] else None, code=Code.NOTHING_LEARNED)
        for text in said
    )


def _distinct(targets: Floats32 | Desired) -> tuple[Floats32, Times]:
    """Return targets, and how many patterns have each, None for one each.

    No targets stand for those that are streamed and no classes.
    """
    if not isinstance(targets, Desired):
        return targets, None
    return targets.distinct() or (np.zeros((0, targets.n_outputs), np.float32), None)


def misses_of_guessing(targets: Floats32, criterion: Criterion, times: Times = None) -> int:
    """Return how many patterns the best of the targets, as the answer to all, leaves wrong.

    0 where that is none; targets are (n, n_outputs), `times` how many patterns have each, (n,).
    """
    if criterion.name == "max":  # many classes: counted rather than tried
        counts = np.bincount(targets.argmax(axis=1), times)
        return int(counts.sum()) - int(counts.max(initial=0))
    answers = np.unique(targets, axis=0)
    if len(answers) > MOST_ANSWERS:  # real values: nobody answers those by guessing
        return 0
    each = np.ones(len(targets), np.int64) if times is None else times
    left = (
        int(each[~criterion.right(np.broadcast_to(one, targets.shape), targets)].sum())
        for one in answers
    )
    return min(left, default=0)


def error_of_constants(targets: Floats32, cost: Loss, times: Times = None) -> float | None:
    """Return the error of the best outputs that do not depend on the pattern, None for none.

    Each output is tried at evenly spaced values between its targets; `times` as above.
    """
    if not targets.size:
        return None
    parts = split(cost, targets.shape[1])
    found = [_error_of_constants(targets[:, part], one, times) for part, one in parts]
    errors = [error for error in found if error is not None]
    return sum(errors) if len(errors) == len(found) else None


def _error_of_constants(targets: Floats32, cost: Cost, times: Times) -> float | None:
    """Return the same of one output layer."""
    if cost.share is not None:
        mean = np.average(targets.astype(np.float64), axis=0, weights=times)
        shares = np.maximum(mean, np.finfo(float).tiny)
        best = np.log(shares)
        if not cost.reductions:  # each output by itself: the odds of 1 against 0
            best -= np.log1p(-np.minimum(shares, 1 - np.finfo(float).eps))
        if times is None:
            return error_of(cost, np.broadcast_to(best, targets.shape), targets)
        errors = [error_of(cost, best[None, :], row[None, :]) for row in targets]
        return float(np.average(errors, weights=times))
    if cost.reductions:  # of a cost of one's own: nothing is known of what its best outputs are
        return None
    total, count = 0.0, len(targets) if times is None else int(times.sum())
    with np.errstate(all="ignore"):
        for column in targets.T.astype(np.float64):
            desired, which = np.unique(column, return_inverse=True)
            each = np.bincount(which, times)
            tried = np.linspace(desired[0], desired[-1], STEPS)[:, None]
            costs = np.broadcast_to(
                expr.evaluate(cost.value, {"y": tried, "d": desired[None, :]}),
                (STEPS, len(desired)),
            )
            sums = costs @ each
            finite = sums[np.isfinite(sums)]
            if not finite.size:
                return None
            total += float(finite.min())
    return total / divisor(cost, targets.shape[1]) / count


def all_saturated(activation: Activation, outputs: Floats32) -> bool:
    """Whether every output is as near to a limit of its unit as makes its slope vanish.

    A unit without a limit on one side, such as relu, is saturated at the other.
    """
    if not outputs.size:
        return False
    ends = np.array([-FAR, -FAR / 2, FAR / 2, FAR])
    with np.errstate(all="ignore"):
        values = np.broadcast_to(expr.evaluate(activation.value, {"a": ends}), 4)
    limits = [
        float(far)
        for far, near in ((values[0], values[1]), (values[3], values[2]))
        if np.isfinite(far) and abs(far - near) <= 1e-6 * max(1.0, abs(far))
    ]
    if not limits:
        return False
    room = NEAR * (max(limits) - min(limits))
    # the first pattern tells most nets apart, and costs nothing beside a pass
    for some in (outputs[:1], outputs):
        distance = np.min([np.abs(some - limit) for limit in limits], axis=0)
        if not np.all(distance <= room):
            return False
    return True
