"""The training loop: order, scores, what is left on disk, and how a run stops early."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sn.data import NamedData
from sn.errors import TrainError
from sn.net.init import Init, Uniform
from sn.net.reference import Reference
from sn.net.table import ConnectionTable, freeze
from sn.optim.base import Optimizer, optimizer
from sn.optim.first_order import Sgd
from sn.results.about import read_about, read_log
from sn.results.arrays import read_arrays
from sn.results.origin import Origin
from sn.results.record import DataUsed, PassRecord, RunRecord
from sn.session import Session
from sn.train import loop
from sn.train.checkpoint import read_run
from sn.train.criteria import largest
from sn.train.engines import Engine
from sn.train.experiment import ExperimentSpec
from sn.train.loop import Job, train
from sn.train.observer import Observer
from sn.train.orders import order_of_pass
from sn.train.scoring import score
from sn.train.twin import ReferenceEngine
from tests.sample_nets import described, lms

LINEAR = "(defnet sample (layer in (3)) (layer out (2) (linear)) (connect in out (full)))"
DEEP = (
    "(defnet sample (layer in (3)) (layer h (4) (relu)) (layer out (2) (linear))"
    " (connect in h (full)) (connect h out (full)))"
)


@dataclass
class Problem:
    """Patterns that a linear layer can fit, in two classes, for a net of 3 inputs."""

    table: ConnectionTable
    count: int = 60
    inputs: NDArray[np.float32] = field(init=False)
    targets: NDArray[np.float32] = field(init=False)
    labels: NDArray[np.uint8] = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(0)
        self.inputs = rng.uniform(-1, 1, (self.count, 3)).astype(np.float32)
        self.labels = (self.inputs.sum(axis=1) > 0).astype(np.uint8)
        self.targets = np.where(self.labels[:, None] == [0, 1], 1, -1).astype(np.float32)

    def job(self, rule: Optimizer, *, order: str = "constant", passes: int = 3) -> Job:
        error = lms(self.table)
        spec = ExperimentSpec("sample", NamedData(("made up",)), error, {"it": rule}, order=order)
        sets = {"train": self.inputs, "test": self.inputs[:20]}
        twin = Reference(self.table, error)
        return Job(
            spec=replace(spec, init=Init(Uniform(1.0))),
            table=self.table,
            engine=ReferenceEngine(twin, self.table, rule, sets, self.targets),
            data=DataUsed("made up", "none"),
            targets={"train": self.targets, "test": self.targets[:20]},
            criterion=largest(),
            optimizer="it",
            seed=1,
            passes=passes,
            compile_seconds=0.0,
            origin=Origin(source="(the program)"),
        )


def problem(text: str = LINEAR) -> Problem:
    return Problem(freeze(described(text)))


SLOW = Sgd(learning_rate=0.02)


# --- order ---


def test_the_constant_order_is_that_of_the_file() -> None:
    assert order_of_pass("constant", 5, 3, 7).tolist() == [0, 1, 2, 3, 4]


def test_a_shuffled_order_is_a_permutation_of_the_seed_and_the_pass() -> None:
    orders = {
        (seed, number): tuple(order_of_pass("shuffled", 100, seed, number).tolist())
        for seed in (0, 1, 2)
        for number in (1, 2, 3)
    }
    assert all(sorted(order) == list(range(100)) for order in orders.values())
    assert len(set(orders.values())) == len(orders)
    for (seed, number), order in orders.items():
        assert tuple(order_of_pass("shuffled", 100, seed, number).tolist()) == order
    assert order_of_pass("shuffled", 100, 0, 1).dtype == np.int32


class Shown(ReferenceEngine):
    """Writes down which patterns it was shown."""

    def watch(self) -> list[int]:
        self.seen: list[int] = []
        return self.seen

    def present(self, order: NDArray[np.int32]) -> None:
        self.seen += order.tolist()
        super().present(order)


@pytest.mark.parametrize("order", ["constant", "shuffled"])
def test_each_pass_shows_each_pattern_once(order: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "CHUNK", 7)
    some = problem()
    job = some.job(SLOW, order=order)
    engine = job.engine
    assert isinstance(engine, ReferenceEngine)
    engine.__class__ = Shown
    assert isinstance(engine, Shown)
    seen = engine.watch()
    train(job, None, [])
    passes = np.array(seen).reshape(3, some.count)
    for number, shown in enumerate(passes, 1):
        assert shown.tolist() == order_of_pass(order, some.count, job.seed, number).tolist()


# --- scores ---


def test_the_error_is_half_the_square_per_output() -> None:
    """Source: the unit in which SN's perf and the 1989 paper report."""
    outputs = np.array([[0.5, -1.0], [1.0, 0.0]], np.float32)
    targets = np.array([[1.0, -1.0], [-1.0, 1.0]], np.float32)
    found = score(outputs, targets, largest())
    assert found.error == pytest.approx(0.5 * (0.25 + 0 + 4 + 1) / 4)
    assert (found.misses, found.patterns) == (1, 2)


@pytest.mark.parametrize(
    ("outputs", "label", "misses"),
    [
        ([0.1, 0.9, 0.2], 1, 0),
        ([0.1, 0.9, 0.2], 0, 1),
        # of equal outputs the first is the answer
        ([0.5, 0.5, 0.2], 0, 0),
        ([0.5, 0.5, 0.2], 1, 1),
        ([0.0, 0.0, 0.0], 2, 1),
        ([-1.0, -3.0, -2.0], 0, 0),
    ],
)
def test_the_largest_output_is_the_answer(outputs: list[float], label: int, misses: int) -> None:
    row = np.array([outputs], np.float32)
    target = np.eye(3, dtype=np.float32)[[label]]
    assert score(row, target, largest()).misses == misses


def test_no_patterns_make_no_error() -> None:
    empty = np.zeros((0, 2), np.float32)
    found = score(empty, empty, largest())
    assert (found.error, found.misses, found.patterns) == (0.0, 0, 0)


# --- learning ---


def least_squares(some: Problem) -> tuple[NDArray[np.float64], float]:
    """The best weights of a linear layer, (1 + inputs, outputs), and their error."""
    design = np.column_stack([np.ones(some.count), some.inputs.astype(np.float64)])
    best, *_ = np.linalg.lstsq(design, some.targets.astype(np.float64), rcond=None)
    return best, 0.5 * float(np.mean((design @ best - some.targets) ** 2))


def test_plain_gradient_reaches_the_least_squares_fit() -> None:
    """A linear layer makes a convex problem: the error falls, down to that of the best fit."""
    some = problem()
    record = train(some.job(SLOW, passes=60), None, [])
    errors = [one.train.error for one in record.passes]
    assert errors[0] > errors[5] > errors[-1]
    best, least = least_squares(some)
    assert least < errors[-1] < 1.03 * least
    found = np.column_stack([record.weights["out.bias"], record.weights["out.weight"]])
    assert found == pytest.approx(best.T, abs=0.1)


Session()  # registers every optimizer
RATES = {"diagonal-newton": 0.02, "batch-newton": 0.5, "conjugate-gradient": 1.0, "adagrad": 0.1}


@pytest.mark.parametrize("name", list(optimizer))
def test_every_optimizer_lowers_a_convex_error(name: str) -> None:
    some = problem()
    rule = optimizer.get(name)(learning_rate=RATES.get(name, 0.01))
    before = train(some.job(Sgd(learning_rate=0.0), passes=1), None, []).train.error
    after = train(some.job(rule, passes=15), None, []).train.error
    assert after < 0.5 * before


def test_conjugate_gradient_solves_a_quadratic_in_as_many_passes_as_it_has_curvatures() -> None:
    """Both outputs see the same 4 inputs, bias included: 4 curvatures, 4 passes."""
    some = problem()
    rule = optimizer.get("conjugate-gradient")(learning_rate=1.0)
    errors = [one.train.error for one in train(some.job(rule, passes=4), None, []).passes]
    _, least = least_squares(some)
    assert errors[2] > 1.0001 * least
    assert errors[3] == pytest.approx(least, rel=1e-6)


# --- observers and files ---


class Counter(Observer):
    """Counts calls; `stop_at` presentations it is as if the user had pressed Ctrl-C."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.calls: list[str] = []
        self.presentations = 0
        self.stop_at = stop_at

    def started(self, presentations: int, passes: int) -> None:
        self.calls.append(f"started {presentations} {passes}")

    def advanced(self, presentations: int) -> None:
        self.presentations += presentations
        if self.stop_at is not None and self.presentations >= self.stop_at:
            raise KeyboardInterrupt

    def pass_finished(self, record: PassRecord) -> None:
        self.calls.append(f"pass {record.number}")

    def interrupted(self) -> None:
        self.calls.append("interrupted")

    def finished(self, record: RunRecord) -> None:
        self.calls.append("finished")


def test_a_finished_run_leaves_its_files(tmp_path: Path) -> None:
    job = problem().job(SLOW)
    counter = Counter()
    record = train(job, tmp_path / "run", [counter])
    assert counter.calls == ["started 180 3", "pass 1", "pass 2", "pass 3", "finished"]
    assert counter.presentations == 180
    about = read_about(tmp_path / "run")
    assert about["outcome"] == "finished"
    assert about["seed"] == 1
    assert [line["pass"] for line in read_log(tmp_path / "run")] == [1, 2, 3]
    assert (tmp_path / "run" / "source.sn").read_text() == "(the program)"
    arrays, _ = read_arrays(tmp_path / "run" / "weights.safetensors")
    assert {name: array.shape for name, array in arrays.items()} == {
        "out.weight": (2, 3),
        "out.bias": (2,),
    }
    for name, array in arrays.items():
        assert np.array_equal(array, record.weights[name])


def test_ctrl_c_leaves_a_checkpoint_where_the_run_is(tmp_path: Path) -> None:
    counter = Counter(stop_at=100)
    with pytest.raises(KeyboardInterrupt):
        train(problem().job(SLOW), tmp_path / "run", [counter])
    assert counter.calls == ["started 180 3", "pass 1", "interrupted"]
    assert read_about(tmp_path / "run")["outcome"] == "interrupted"
    shown = counter.presentations - 60
    assert 40 <= shown <= 60
    path = tmp_path / "run" / f"checkpoint-1-{shown}.safetensors"
    assert [file.name for file in (tmp_path / "run").glob("checkpoint-*")] == [path.name]
    state = read_run(path, problem().job(SLOW).engine.get_state())
    job = problem().job(SLOW)
    job.engine.set_weights(job.spec.init.draw(job.table, job.seed))
    order = order_of_pass("constant", 60, job.seed, 1)
    job.engine.present(np.concatenate([order, order[:shown]]))
    assert np.array_equal(state.engine.weights, job.engine.get_state().weights)


@pytest.mark.parametrize("chunk", [1, 7, 60, 1000])
def test_chunks_do_not_change_what_is_computed(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = train(problem(DEEP).job(SLOW, order="shuffled"), None, [])
    monkeypatch.setattr(loop, "CHUNK", chunk)
    found = train(problem(DEEP).job(SLOW, order="shuffled"), None, [])
    for name, array in expected.weights.items():
        assert np.array_equal(found.weights[name], array)


# --- divergence ---


def first_bad_presentation(engine: Engine, count: int) -> int:
    """Present one by one; the number, from 1, of the presentation that spoils the weights."""
    for number in range(count):
        engine.present(np.array([number], np.int32))
        if not np.isfinite(engine.get_weights()).all():
            return number + 1
    raise AssertionError("the net does not diverge")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("text", "rate"), [(LINEAR, 1e30), (DEEP, 1e15), (DEEP, 40.0)])
def test_a_diverging_run_names_layer_pattern_and_presentation(
    text: str, rate: float, tmp_path: Path
) -> None:
    rule = Sgd(learning_rate=rate)
    probe = problem(text).job(rule)
    probe.engine.set_weights(probe.spec.init.draw(probe.table, probe.seed))
    step = first_bad_presentation(probe.engine, 60)
    with pytest.raises(TrainError) as found:
        train(problem(text).job(rule), tmp_path / "run", [])
    match = re.fullmatch(
        r"training diverged: layer (\w+) has numbers that are not finite after pattern (\d+) "
        r"\(presentation (\d+), pass 1\)",
        found.value.message,
    )
    assert match is not None
    assert match[1] in ("h", "out")
    assert (int(match[2]), int(match[3])) == (step - 1, step)
    assert found.value.hint is not None
    assert "lower the learning rate" in found.value.hint
    about = read_about(tmp_path / "run")
    assert about["outcome"] == "failed"
    assert about["reason"] == found.value.message


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_batch_step_that_diverges_is_noticed_in_its_pass() -> None:
    with pytest.raises(TrainError, match="not finite"):
        train(problem().job(optimizer.get("batch")(learning_rate=1e38), passes=1), None, [])


def test_the_pattern_is_named_in_a_shuffled_order_too() -> None:
    rule = Sgd(learning_rate=1e30)
    with np.errstate(all="ignore"), pytest.raises(TrainError) as found:
        train(problem().job(rule, order="shuffled"), None, [])
    match = re.search(r"pattern (\d+) \(presentation (\d+), pass 1\)", found.value.message)
    assert match is not None
    assert int(match[1]) == order_of_pass("shuffled", 60, 1, 1)[int(match[2]) - 1]
