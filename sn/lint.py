"""Lint: what is probably not meant in a program, beyond what its net alone shows.

    notices, rates = lint(program.experiments, looks_deep=True)

Patterns that come class by class are told where they are at hand; the largest stable learning rate
is estimated where somebody asks for it, as it takes seconds. Read next: `train/stability.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from sn.codes import Code
from sn.data.own import OwnData
from sn.data.readers.arrays import Arrays
from sn.errors import Notice, SnError
from sn.experiment import Experiment
from sn.optim.first_order import Sgd
from sn.train.cautions import of_order
from sn.train.gradient_check import random_examples
from sn.train.stability import Stability, estimate, jacobian, wanted_patterns


def lint(
    experiments: Mapping[str, Experiment], looks_deep: bool = False
) -> tuple[list[Notice], list[Stability]]:
    """Return warnings of the experiments of a program, and what is estimated of their rates.

    With `looks_deep` files of data are read and rates estimated. Data that is not here or that is
    wrong is left to who trains.
    """
    notices: list[Notice] = []
    rates: list[Stability] = []
    for experiment in experiments.values():
        notices += _of_order(experiment, looks_deep)
        if looks_deep:
            found = _rates(experiment)
            rates += found
            notices += [_too_large(experiment, one) for one in found if not one.is_stable]
    return notices, rates


def streamed_notes(experiments: Mapping[str, Experiment]) -> list[str]:
    """Return what is told of data that stay in their files, of each experiment that has such."""
    notes = []
    for experiment in experiments.values():
        with suppress(SnError):
            dataset, note = experiment.spec.data.load()
            notes += [note] if dataset.is_streamed else []
    return notes


def _of_order(experiment: Experiment, reads_files: bool) -> tuple[Notice, ...]:
    """Warn of classes in long runs, if the data can be had in a moment."""
    spec = experiment.spec
    order = spec.order or spec.data.order
    is_large = isinstance(spec.data, OwnData) and not isinstance(spec.data.source, Arrays)
    if order != "constant" or not spec.data.is_here() or (is_large and not reads_files):
        return ()
    with suppress(SnError):
        return of_order(order, spec.data.load()[0], spec.span)
    return ()


def _rates(experiment: Experiment) -> list[Stability]:
    """Estimate the largest stable rate of each optimizer that goes straight down."""
    spec, table = experiment.spec, experiment.table
    rules = {
        name: rule
        for name, rule in spec.optimizers.items()
        if isinstance(rule, Sgd) and rule.learning_rate > 0
    }
    count = wanted_patterns(table)
    if not rules or not count:
        return []
    n_patterns = count
    examples = random_examples(table, 0)
    with suppress(SnError):
        if spec.data.is_here():
            examples = experiment.examples(count=count)
            n_patterns = len(spec.data.load()[0].train)
    weights = spec.init.draw(table, 0)
    slopes = jacobian(table, spec.cost, weights, examples)
    found = (
        estimate(name, rule, table, slopes, examples, n_patterns) for name, rule in rules.items()
    )
    return [one for one in found if one is not None]


def _too_large(experiment: Experiment, one: Stability) -> Notice:
    return Notice(
        f"the learning rate {one.rate:g} of optimizer {one.optimizer} is above "
        f"{one.largest_rate:.2g}, from where on steps overshoot: the largest curvature is "
        f"{one.curvature:.3g}, {one.source}",
        span=experiment.spec.places.get(one.optimizer, experiment.spec.span),
        hint=f"begin with (learning-rate {one.largest_rate / 4:.1g}), or scale the inputs to "
        "about 1; the initial weights count too",
        code=Code.RATE,
    )
