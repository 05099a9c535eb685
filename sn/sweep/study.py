"""Study: Optuna, which says what is tried next and what is given up, and keeps it.

One process asks and tells, so that workers need not know the storage. Each point is drawn with a
seed of its own, from that of the sweep and the number of the trial: a sweep that was stopped goes
on as it would have. Optuna's own dashboard opens the storage.
"""

from __future__ import annotations

import contextlib
import warnings
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from sn.describe.axes import Axis, Choices
from sn.errors import TrainError
from sn.results.sweeps import DONE, FAILED, JOURNAL, PRUNED, Sweep, without_password
from sn.sweep.checking import check_trials, damaged, open_storage
from sn.sweep.evolution import Evolution
from sn.sweep.space import Point, Space, number_text

_STATES = {DONE: TrialState.COMPLETE, PRUNED: TrialState.PRUNED, FAILED: TrialState.FAIL}
_OURS = {state: name for name, state in _STATES.items()}


@dataclass(frozen=True, slots=True)
class Asked:
    """A trial: its number, its point, and how it ended, None while it has not."""

    number: int
    point: Point
    state: str | None


class Study:
    """The trials of a sweep, in its storage."""

    def __init__(self, sweep: Sweep, space: Space, folder: Path, passes: int) -> None:
        """Open the storage, and make the study there unless it is there.

        Raises: TrainError when the storage cannot be opened.
        """
        optuna.logging.set_verbosity(optuna.logging.CRITICAL)  # it is told in our words
        self._sweep, self._space = sweep, space
        self._shown = without_password(sweep.storage or str(folder / JOURNAL))
        self._kinds = {axis.name: _distribution(axis) for axis in space.axes}
        with self._told(is_opened=True):
            self._storage: BaseStorage = open_storage(sweep.storage, folder)
            self._study = optuna.create_study(
                storage=self._storage,
                study_name=sweep.study,
                load_if_exists=True,
                direction="minimize",
                pruner=_pruner(sweep.prune, passes),
            )
            if self._study.directions != [optuna.study.StudyDirection.MINIMIZE]:
                raise damaged(self._shown, f"'{sweep.study}' seeks something else")
            if not self._study.user_attrs:
                self._study.set_metric_names([sweep.target])
                self._study.set_user_attr("sn sweep", f"{sweep.file}: {space}")
                self._study.set_user_attr("sought on", sweep.target)

    @contextlib.contextmanager
    def _told(self, is_opened: bool = False) -> Iterator[None]:
        """Word what goes wrong with the storage; Optuna's own warnings are not for users of SN."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        except (OSError, ImportError, ValueError, optuna.exceptions.OptunaError) as error:
            raise self._wrong(error, is_opened) from error
        except Exception as error:  # of SQLAlchemy, which Optuna brings, and of drivers
            if not type(error).__module__.startswith(("sqlalchemy", "redis", "psycopg", "MySQL")):
                raise
            raise self._wrong(error, is_opened) from error

    def _wrong(self, error: Exception, is_opened: bool) -> TrainError:
        cause = error.__cause__ or error
        words = str(cause).strip().split("\n")[0] or type(cause).__name__
        hint = "no run is lost: when it answers again, or has room, --resume goes on"
        if isinstance(cause, OSError) and cause.strerror:
            words = cause.strerror.lower()
        if isinstance(cause, ImportError):
            words = f"it needs {cause.name}, which is not here"
            hint = f"`pip install {cause.name}` brings the driver of the database"
        elif is_opened and self._sweep.storage is not None and error.__cause__ is None:
            # no database said so: the URL is at fault
            hint = "--storage takes a URL, as sqlite:///FILE or postgresql://USER@HOST/NAME"
        return TrainError(f"the storage of the sweep, '{self._shown}', failed: {words}", hint=hint)

    def trials(self) -> list[Asked]:
        """Return all trials that there are, in order."""
        with self._told():
            found = self._study.get_trials(deepcopy=False)
            check_trials(found, self._kinds, self._shown)
            return [Asked(one.number, self._point(one), _OURS.get(one.state)) for one in found]

    def ask(self) -> Asked:
        """Return a trial that was not there before."""
        with self._told():
            number = len(self._study.get_trials(deepcopy=False))
            self._study.sampler = self._sampler(number)
            trial = self._study.ask(self._kinds)
            return Asked(trial.number, self._texts(trial.params), None)

    def report(self, number: int, pass_: int, value: float) -> bool:
        """Note the figure of a trial after a pass; return whether the trial is given up."""
        with self._told():
            identity = self._identity(number)
            self._storage.set_trial_intermediate_value(identity, pass_, value)
            return self._study.pruner.prune(self._study, self._storage.get_trial(identity))

    def tell(self, number: int, state: str, value: float | None) -> None:
        """Note how a trial ended."""
        with self._told():
            values = value if state == DONE else None
            self._study.tell(number, values, _STATES[state], skip_if_finished=True)

    def importance(self) -> dict[str, float]:
        """Return which share of the good trials' difference from others each name explains.

        Source: Watanabe, Bansal, Hutter 2023, PED-ANOVA, as Optuna has it. Too few trials, or
        those that all came to the same, give nothing.
        """
        from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances  # slow

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                evaluator = PedAnovaImportanceEvaluator()
                found = get_param_importances(self._study, evaluator=evaluator)
        except (ValueError, RuntimeError, ZeroDivisionError, ImportError):
            return {}
        names = [axis.name for axis in self._space.axes if axis.name in found]
        shares = {name: float(found[name]) for name in names}
        return shares if all(0 <= share <= 1 for share in shares.values()) else {}

    def close(self) -> None:
        """Let a database go, with all connections to it."""
        self._storage.remove_session()
        engine = getattr(getattr(self._storage, "_backend", None), "engine", None)
        if engine is not None:
            engine.dispose()

    def _identity(self, number: int) -> int:
        found: FrozenTrial = self._study.get_trials(deepcopy=False)[number]
        return int(found._trial_id)

    def _point(self, trial: FrozenTrial) -> Point:
        """Return the point of a trial; one that was stopped while it was asked for is filled up."""
        params = dict(trial.params)
        lacking = [name for name in self._kinds if name not in params]
        if lacking and not trial.state.is_finished():
            point = self._own_point(trial.number) or self._space.at_random(
                self._sweep.seed, trial.number
            )
            for name in lacking:
                kind = self._kinds[name]
                params[name] = _param(kind, point[name])
                inner = kind.to_internal_repr(params[name])
                self._storage.set_trial_param(trial._trial_id, name, inner, kind)
        return self._texts(params)

    def _texts(self, params: Mapping[str, Any]) -> Point:
        found = {}
        for axis in self._space.axes:
            value = params[axis.name]
            is_text = isinstance(axis.values, Choices)
            found[axis.name] = value if is_text else number_text(value, isinstance(value, int))
        return found

    def _own_point(self, number: int) -> Point | None:
        """Return the point that a trial has by its number alone, if it has one."""
        match self._sweep.search:
            case "grid":
                return self._space.on_grid(number, self._sweep.points)
            case "random":
                return self._space.at_random(self._sweep.seed, number)
        return None

    def _sampler(self, number: int) -> optuna.samplers.BaseSampler:
        seed = zlib.crc32(f"{self._sweep.seed} {number}".encode())
        own = self._own_point(number)
        if own is not None:
            params = {name: _param(self._kinds[name], text) for name, text in own.items()}
            random = optuna.samplers.RandomSampler(seed=seed)
            return optuna.samplers.PartialFixedSampler(params, random)
        if self._sweep.search == "cmaes":
            return Evolution(
                seed=seed,
                independent_sampler=optuna.samplers.RandomSampler(seed=seed),
                warn_independent_sampling=False,
            )
        return optuna.samplers.TPESampler(seed=seed, constant_liar=True)


def _distribution(axis: Axis) -> BaseDistribution:
    values = axis.values
    if isinstance(values, Choices):
        return CategoricalDistribution(values.texts)
    if values.is_whole:
        return IntDistribution(int(values.low), int(values.high), log=values.is_log)
    return FloatDistribution(values.low, values.high, log=values.is_log)


def _param(kind: BaseDistribution, text: str) -> Any:
    if isinstance(kind, CategoricalDistribution):
        return text
    return int(text) if isinstance(kind, IntDistribution) else float(text)


def _pruner(name: str, passes: int) -> optuna.pruners.BasePruner:
    match name:
        case "median":
            return optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=1)
        case "hyperband":
            return optuna.pruners.HyperbandPruner(min_resource=1, max_resource=max(passes, 1))
    return optuna.pruners.NopPruner()
