"""Going on: to the same bits as without a stop, for every optimizer, engine and place to stop."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sn.describe import optimizers
from sn.errors import DataError, Notice, TrainError
from sn.net.expr import const, variable
from sn.optim.adaptive import Adam
from sn.optim.base import Optimizer, Scale, optimizer
from sn.optim.first_order import Batch, Sgd
from sn.optim.schedule import Formula, Linear, PerPass
from sn.optim.second_order import BatchNewton, Damping, DiagonalNewton, Form
from sn.results.about import read_about, read_log
from sn.results.checkpoints import Position, checkpoints
from sn.results.lines import json_line, pass_object
from sn.results.origin import read_origin
from sn.results.record import PassRecord
from sn.train import loop
from sn.train.keeping import Keeping
from sn.train.loop import Job, train
from sn.train.observer import Observer
from sn.train.stopping import Stop
from tests import sample_jobs
from tests.sample_jobs import COUNT, ENGINES, job, resumed, sha256, stopped, without_times

pytestmark = pytest.mark.usefixtures("small_chunks")

HALF = PerPass((0.0, 0.5))
assert optimizers  # which brings all of them
# every optimizer that a program can name, and what keeps more than others between presentations
RULES: dict[str, Optimizer] = {
    **{name: optimizer.get(name)(learning_rate=0.02) for name in optimizer},
    "momentum and decay": Sgd(learning_rate=0.02, momentum=0.5, decay=0.01),
    "a rate per weight": Sgd(learning_rate=0.3, scale=Scale.FAN_IN),
    "batch with momentum": Batch(learning_rate=0.005, momentum=0.5, decay=0.01),
    "sampled newton": DiagonalNewton(learning_rate=0.01, samples=9),
    "full newton": DiagonalNewton(learning_rate=0.01, curvature=Form.FULL, momentum=0.3),
    "clipped newton": DiagonalNewton(learning_rate=0.01, damping=Damping.CLIP, limit=2.0),
    "batch newton with momentum": BatchNewton(learning_rate=0.1, momentum=0.5),
    "decays of layers": Sgd(learning_rate=0.02, decay=0.01, decays={"out": 0.1, "": 0.0}),
    "adam, a rate per weight": Adam(learning_rate=0.01, scale=Scale.FAN_IN),
    "schedules per pass": Sgd(
        learning_rate=0.02, schedules={"learning_rate": Linear(0.02, 0.01, 4), "momentum": HALF}
    ),
    "schedules per presentation": Sgd(
        learning_rate=0.02,
        layers={"out": 0.04},
        schedules={"learning_rate": Formula(const(1) / (49 + variable("presentation")))},
    ),
    "batch by schedule": Batch(
        learning_rate=0.01, schedules={"learning_rate": Formula(0.01 / variable("pass"))}
    ),
}
SGD = RULES["sgd"]
NEWTON = RULES["full newton"]


# what SN 2.8 has no arithmetic for
NOT_HISTORICAL = {
    "adam",
    "adam, a rate per weight",
    "adagrad",
    "adamw",
    "rmsprop",
    "rprop",
    "decays of layers",
    "clipped newton",
    "conjugate-gradient",
    "nesterov",
    "sampled newton",
}
pairs = pytest.mark.parametrize(
    ("kind", "name"),
    [
        pytest.param(kind, name, marks=[pytest.mark.kernels] * (kind != "reference"))
        for kind in ENGINES
        for name in RULES
        if kind != "historical" or name not in NOT_HISTORICAL
    ],
)


@pytest.mark.parametrize("name", sorted(NOT_HISTORICAL))
def test_what_the_historical_engine_lacks_is_refused(name: str) -> None:
    with pytest.raises(TrainError, match="the historical arithmetic has no"):
        job("historical", RULES[name])


@pairs
def test_four_passes_are_two_and_two(name: str, kind: str, tmp_path: Path) -> None:
    rule, order = RULES[name], "constant"
    whole = train(job(kind, rule, order=order), None, [])
    train(job(kind, rule, order=order, passes=2), tmp_path / "run", [])
    record = resumed(job(kind, rule, order=order), tmp_path / "run")
    assert sha256(record) == sha256(whole)
    assert without_times(record) == without_times(whole)


@pairs
def test_a_stop_in_a_pass_changes_nothing(name: str, kind: str, tmp_path: Path) -> None:
    """The order of each pass is another."""
    rule, folder = RULES[name], tmp_path / "run"
    whole = train(job(kind, rule), None, [])
    stopped(job(kind, rule), folder, 7)
    assert checkpoints(folder)[0].name == "checkpoint-0-7.safetensors"
    stopped(job(kind, rule), folder, 2 * COUNT + 13, Keeping(resume=folder))
    assert checkpoints(folder)[0].name == "checkpoint-2-13.safetensors"
    stopped(job(kind, rule), folder, 3 * COUNT, Keeping(resume=folder))
    record = resumed(job(kind, rule), folder)
    assert sha256(record) == sha256(whole)
    assert without_times(record) == without_times(whole)
    assert [line["pass"] for line in read_log(folder)] == [1, 2, 3, 4]


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(sorted(RULES)),
    stops=st.lists(st.integers(1, 4 * COUNT - 1), min_size=1, max_size=4),
    every=st.one_of(st.none(), st.integers(1, 60)),
    kept=st.integers(1, 3),
)
def test_no_row_of_stops_changes_anything(
    name: str,
    stops: list[int],
    every: int | None,
    kept: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    rule, folder = RULES[name], tmp_path_factory.mktemp("runs") / "run"
    whole = train(job("reference", rule), None, [])
    place = None
    for stop in sorted(set(stops)):
        stopped(job("reference", rule), folder, stop, Keeping(every, kept, place))
        assert checkpoints(folder)[0].name == Position(*divmod(stop, COUNT)).file or (
            stop % COUNT == 0 and checkpoints(folder)[0].name.endswith(f"-{COUNT}.safetensors")
        )
        assert len(checkpoints(folder)) <= kept
        place = folder
    record = train(job("reference", rule), None, [], Keeping(every, kept, folder))
    assert sha256(record) == sha256(whole)
    assert without_times(record) == without_times(whole)
    assert read_log(folder) == tuple(
        map(json.loads, map(json_line, map(pass_object, record.passes)))
    )


# --- checkpoints ---


def test_a_checkpoint_is_written_each_so_many_presentations(tmp_path: Path) -> None:
    written: list[str] = []

    class Look(Observer):
        def advanced(self, presentations: int) -> None:
            found = [file.name for file in checkpoints(tmp_path / "run")]
            written.extend(name for name in found if name not in written)

    train(job("reference", SGD, passes=2), tmp_path / "run", [Look()], Keeping(10, 3))
    assert written == [f"checkpoint-{at}.safetensors" for at in ("0-10", "0-20", "1-6", "1-16")]
    left = [file.name for file in checkpoints(tmp_path / "run")]
    assert left == [f"checkpoint-{at}.safetensors" for at in ("2", "1-16", "1-6")]


@pytest.mark.parametrize("every", [5, 7, COUNT, 1000])
def test_a_run_goes_on_from_every_checkpoint(every: int, tmp_path: Path) -> None:
    whole = train(job("reference", NEWTON, passes=3), tmp_path / "run", [], Keeping(every, 1000))
    assert len(checkpoints(tmp_path / "run")) == {5: 15, 7: 11, COUNT: 3, 1000: 1}[every]
    for file in checkpoints(tmp_path / "run"):
        record = resumed(job("reference", NEWTON, passes=3), file, keep_checkpoints=1000)
        assert sha256(record) == sha256(whole)
        assert [line["pass"] for line in read_log(tmp_path / "run")] == [1, 2, 3]


def test_without_more_ado_a_checkpoint_is_written_each_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And after the last pass; a pass takes 0.4 seconds here."""
    monkeypatch.setattr(loop.time, "perf_counter", lambda: passed[0])
    passed = [0.0]

    class Tick(Observer):
        def pass_finished(self, record: PassRecord) -> None:
            passed[0] += 0.4

    train(job("reference", SGD, passes=7), tmp_path / "run", [Tick()], Keeping(None, 1000))
    left = [file.name for file in checkpoints(tmp_path / "run")]
    assert left == [f"checkpoint-{number}.safetensors" for number in (7, 6, 3)]


def test_other_versions_are_warned_of(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    train(job("reference", SGD, passes=1), folder, [])
    path = folder / "run.json"
    about = json.loads(path.read_text())
    about["versions"]["numpy"] = "1.0"
    path.write_text(json.dumps(about))
    told: list[Notice] = []

    class Hear(Observer):
        def warned(self, notice: Notice) -> None:
            told.append(notice)

    train(job("reference", SGD, passes=1), None, [Hear()], Keeping(resume=folder))
    assert told[0].message == (
        f"other versions than the run was started with: numpy was 1.0, now it is {np.__version__}"
    )


def test_what_came_after_the_checkpoint_is_cut_off(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    train(job("reference", SGD), folder, [], Keeping(5, 100))
    before = (folder / "log.jsonl").read_text().splitlines()
    watcher = sample_jobs.StopAt(10**6)
    place = folder / "checkpoint-2-17.safetensors"
    train(job("reference", SGD), None, [watcher], Keeping(None, 100, place))
    assert watcher.passes == [3, 4]
    after = (folder / "log.jsonl").read_text().splitlines()
    assert after[:2] == before[:2]
    assert [json.loads(line)["pass"] for line in after] == [1, 2, 3, 4]
    names = [file.name for file in checkpoints(folder)]
    assert "checkpoint-3-3.safetensors" not in names and "checkpoint-2-17.safetensors" in names


def test_a_log_cut_in_a_line_is_mended(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    train(job("reference", SGD, passes=2), folder, [])
    whole = (folder / "log.jsonl").read_bytes()
    (folder / "log.jsonl").write_bytes(whole[:-40])
    resumed(job("reference", SGD, passes=3), folder)
    assert (folder / "log.jsonl").read_bytes().startswith(whole)
    assert len(read_log(folder)) == 3


def test_a_damaged_checkpoint_gives_way_to_the_one_before(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    whole = train(job("reference", SGD), None, [])
    stopped(job("reference", SGD), folder, 60, Keeping(checkpoint_every=5))
    newest = checkpoints(folder)[0]
    content = bytearray(newest.read_bytes())
    content[-3] ^= 1  # a number of the state, so only the hash can tell
    newest.write_bytes(content)
    told: list[Notice] = []

    class Hear(Observer):
        def warned(self, notice: Notice) -> None:
            told.append(notice)

    record = train(job("reference", SGD), None, [Hear()], Keeping(resume=folder))
    assert sha256(record) == sha256(whole)
    assert "is damaged" in told[0].message and str(newest) in told[0].message
    for file in checkpoints(folder):
        file.write_bytes(b"nothing")
    with pytest.raises(DataError, match="cannot be read as safetensors"):
        resumed(job("reference", SGD), folder)


def test_a_run_that_came_to_no_checkpoint_starts_again(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    stopped(job("reference", SGD), folder, 5)
    for file in checkpoints(folder):
        file.unlink()
    assert sha256(resumed(job("reference", SGD), folder)) == sha256(
        train(job("reference", SGD), None, [])
    )


def test_a_run_that_started_from_given_weights_starts_from_them_again(tmp_path: Path) -> None:
    """Without a checkpoint yet, and wherever they came from."""
    folder = tmp_path / "run"
    some = job("reference", SGD)
    weights = np.linspace(-0.3, 0.3, some.table.n_weights).astype(np.float32)

    def begun() -> Job:
        made = job("reference", SGD)
        return replace(made, origin=replace(made.origin, start=weights))

    whole = train(begun(), None, [])
    assert sha256(whole) != sha256(train(some, None, []))
    stopped(begun(), folder, 5)
    for file in checkpoints(folder):
        file.unlink()
    for keeping in (Keeping(resume=folder, is_fork=True), Keeping(resume=folder)):
        assert sha256(train(job("reference", SGD), None, [], keeping)) == sha256(whole)
    found = read_origin(folder, read_about(folder)).start
    assert found is not None and np.array_equal(found, weights)


# --- stop and keep best ---


def test_the_best_weights_so_far_are_remembered(tmp_path: Path) -> None:
    """A rate so large that the error goes up and down: the best pass is before the stop."""
    rule, stop = Sgd(learning_rate=0.9), Stop(keep_best=True, patience=4)
    whole = train(job("reference", rule, stop=stop, passes=12), None, [])
    assert whole.kept is not None and whole.kept < whole.n_passes < 12
    folder = tmp_path / "run"
    stopped(job("reference", rule, stop=stop, passes=12), folder, whole.kept * COUNT + 30)
    record = resumed(job("reference", rule, stop=stop, passes=12), folder)
    assert (record.kept, record.n_passes) == (whole.kept, whole.n_passes)
    assert sha256(record) == sha256(whole)
    # what goes on from the end goes on from the last weights, and stops as the whole run does
    again = resumed(job("reference", rule, stop=stop, passes=20), folder)
    assert sha256(again) == sha256(whole)
