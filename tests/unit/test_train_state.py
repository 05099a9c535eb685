"""States of engines: what a checkpoint of another run holds is told, not taken and not a crash."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sn.errors import DataError, TrainError
from sn.net.reference import Reference
from sn.net.table import freeze
from sn.optim.adaptive import Adam
from sn.optim.base import Optimizer
from sn.optim.conjugate import ConjugateGradient
from sn.optim.first_order import Sgd
from sn.results.arrays import write_arrays
from sn.train.checkpoint import read_run
from sn.train.engines import Engine
from sn.train.historical import HistoricalEngine
from sn.train.state import EngineState, from_arrays, to_arrays
from sn.train.twin import ReferenceEngine
from tests.sample_nets import family, lms

LIKE = EngineState(
    np.zeros(4, np.float32),
    {"velocity": np.zeros(4, np.float32)},
    {"updates": np.zeros(1, np.float32)},
)


def twin(optimizer: Optimizer, name: str = "conv") -> Engine:
    table = freeze(family(name))
    none = {"train": np.zeros((0, 49), np.float32)}
    targets = np.zeros((0, 4), np.float32)
    return ReferenceEngine(Reference(table, lms(table)), table, optimizer, none, targets)


def test_names_say_what_an_array_is() -> None:
    assert list(to_arrays(LIKE)) == ["weights", "slots.velocity", "counters.updates"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"weights": None}, "expected weights (4) float32, found none"),
        ({"slots.velocity": None}, "expected slots.velocity (4) float32, found none"),
        ({"counters.updates": None}, "expected counters.updates (1) float32, found none"),
        ({"slots.rest": np.ones(2)}, "expected no slots.rest, found one (2) float64"),
        (
            {"weights": np.zeros(5, np.float32)},
            "expected weights (4) float32, found (5) float32",
        ),
        ({"weights": np.zeros(4)}, "expected weights (4) float32, found (4) float64"),
        (
            {"counters.updates": np.zeros((), np.float32)},
            "expected counters.updates (1) float32, found () float32",
        ),
    ],
)
def test_what_does_not_fit_is_told(
    changed: dict[str, np.ndarray | None], said: str, tmp_path: Path
) -> None:
    arrays = {n: a for n, a in (to_arrays(LIKE) | changed).items() if a is not None}
    with pytest.raises(TrainError) as found:
        from_arrays(arrays, LIKE)
    assert found.value.message == f"the state is not one of this net and optimizer: {said}"
    assert found.value.hint is not None
    assert "the optimizer and the engine that wrote it" in found.value.hint
    path = tmp_path / "checkpoint.safetensors"
    write_arrays(path, arrays, {})
    with pytest.raises(DataError) as read:
        read_run(path, LIKE)
    assert read.value.message == f"'{path}': {found.value.message}"
    assert read.value.hint == found.value.hint


def test_a_checkpoint_of_before_is_told_from_one_of_another_rule(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    write_arrays(path, {"weights": LIKE.weights, "velocity": LIKE.slots["velocity"]}, {})
    with pytest.raises(DataError, match="expected no velocity, found one") as found:
        read_run(path, LIKE)
    assert found.value.hint is not None
    assert found.value.hint.startswith("an earlier SN wrote it")


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (twin(Sgd(learning_rate=0.1)), "expected no slots.velocity, found one"),
        (twin(Adam(learning_rate=0.1)), "expected counters."),
        (twin(ConjugateGradient()), r"expected slots.previous \(\d+\) float64, found none"),
        (twin(Sgd(learning_rate=0.1, momentum=0.5), "full"), r"expected weights \(\d+\) float64"),
    ],
)
def test_an_engine_takes_only_states_of_its_own(other: Engine, said: str) -> None:
    state = twin(Sgd(learning_rate=0.1, momentum=0.5)).get_state()
    with pytest.raises(TrainError, match=said):
        other.set_state(state)


def test_the_historical_engine_takes_only_states_of_its_own() -> None:
    rule = Sgd(learning_rate=0.1, momentum=0.5)
    table = freeze(family("conv"))
    none = {"train": np.zeros((0, 49), np.float32)}
    engine = HistoricalEngine(table, lms(table), rule, none, np.zeros((0, 4), np.float32))
    state = engine.get_state()
    assert state.slots["sigma"].shape == (table.n_rows,)
    again = from_arrays(to_arrays(state), state)
    engine.set_state(again)
    with pytest.raises(TrainError, match="expected slots.delta"):
        engine.set_state(twin(rule).get_state())
