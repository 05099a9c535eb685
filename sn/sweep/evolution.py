"""Evolution: CMA-ES as Optuna has it, without what it keeps as pickles.

Optuna's sampler keeps the state of the search in the storage as a pickle, and whoever reads one
runs what is in it. Here the state is made again from the figures of the trials, which say all.
"""

from __future__ import annotations

from typing import Any

from optuna.samplers import CmaEsSampler
from optuna.trial import FrozenTrial


class Evolution(CmaEsSampler):
    """CMA-ES whose state follows from the trials: each generation is told again, in its order.

    A generation is the first of its trials to have ended, so that one that ends late changes
    nothing. Two methods of Optuna's class are replaced, of those between which it unpickles:
    where `_restore_optimizer` finds nothing it asks `_init_optimizer`, and what comes whole from
    there is not kept.
    """

    _ended: tuple[FrozenTrial, ...] = ()

    def _restore_optimizer(self, completed_trials: list[FrozenTrial]) -> None:
        self._ended = tuple(completed_trials)

    def _init_optimizer(self, trans: Any, direction: Any) -> Any:
        made = super()._init_optimizer(trans, direction)
        generations: dict[object, list[FrozenTrial]] = {}
        for one in self._ended:
            of = one.system_attrs.get(self._attr_key_generation)
            generations.setdefault(of, []).append(one)
        while True:
            found = generations.get(made.generation, [])
            if len(found) < made.population_size:
                return made
            first = sorted(found, key=_when)[: made.population_size]
            made.tell([(trans.transform(one.params), one.value) for one in first])


def _when(trial: FrozenTrial) -> tuple[str, int]:
    """Return a key that sorts trials by when they ended."""
    end = trial.datetime_complete
    return "" if end is None else end.isoformat(), trial.number
