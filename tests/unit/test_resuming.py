"""Going on: to the same bits as without a stop, for every optimizer, engine and place to stop."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sn.errors import DataError, Notice, SettingError, TrainError
from sn.net.expr import const, variable
from sn.net.init import Init, Uniform
from sn.optim.adaptive import Adam
from sn.optim.base import Optimizer, Scale, optimizer
from sn.optim.first_order import Batch, Sgd
from sn.optim.schedule import Formula, Linear, PerPass
from sn.optim.second_order import BatchNewton, Damping, DiagonalNewton, Form
from sn.results.checkpoints import Position, checkpoints
from sn.results.folder import Outcome, read_about, read_log
from sn.results.lines import json_line, pass_object
from sn.results.lock import FolderLock
from sn.results.origin import read_origin
from sn.results.record import PassRecord, RunRecord
from sn.train import loop
from sn.train.engines import ReferenceEngine
from sn.train.keeping import Keeping
from sn.train.loop import Job, train
from sn.train.observer import Observer
from sn.train.stopping import Stop
from tests import sample_jobs
from tests.sample_jobs import COUNT, ENGINES, job, sha256, stopped, without_times

HALF = PerPass((0.0, 0.5))
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


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "CHUNK", 1)
    # nobody takes the power away here, and it takes the most of the time
    monkeypatch.setattr(os, "fsync", lambda handle: None)


def made(kind: str, rule: Optimizer, **options: object) -> Job:
    """A job, or a skipped test where the engine lacks the optimizer."""
    try:
        return job(kind, rule, **options)  # type: ignore[arg-type]
    except TrainError as error:
        assert kind == "historical" and "the historical arithmetic has no" in error.message
        pytest.skip(error.message)


def resumed(some: Job, folder: Path, **options: object) -> RunRecord:
    return train(some, None, [], Keeping(resume=folder, **options))  # type: ignore[arg-type]


engines = pytest.mark.parametrize(
    "kind", [pytest.param(k, marks=[pytest.mark.kernels] * (k == "kernels")) for k in ENGINES]
)


@engines
@pytest.mark.parametrize("name", RULES)
def test_four_passes_are_two_and_two(name: str, kind: str, tmp_path: Path) -> None:
    rule, order = RULES[name], "constant"
    whole = train(made(kind, rule, order=order), None, [])
    train(made(kind, rule, order=order, passes=2), tmp_path / "run", [])
    record = resumed(made(kind, rule, order=order), tmp_path / "run")
    assert sha256(record) == sha256(whole)
    assert without_times(record) == without_times(whole)


@engines
@pytest.mark.parametrize("name", RULES)
def test_a_stop_in_a_pass_changes_nothing(name: str, kind: str, tmp_path: Path) -> None:
    """The order of each pass is another."""
    rule, folder = RULES[name], tmp_path / "run"
    whole = train(made(kind, rule), None, [])
    stopped(made(kind, rule), folder, 7)
    assert checkpoints(folder)[0].name == "checkpoint-0-7.safetensors"
    stopped(made(kind, rule), folder, 2 * COUNT + 13, Keeping(resume=folder))
    assert checkpoints(folder)[0].name == "checkpoint-2-13.safetensors"
    stopped(made(kind, rule), folder, 3 * COUNT, Keeping(resume=folder))
    record = resumed(made(kind, rule), folder)
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


# --- what a run may be told when it goes on ---


def test_a_finished_run_goes_on_with_more_passes(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    train(job("reference", SGD, passes=3), folder, [])
    record = resumed(job("reference", SGD, passes=5), folder)
    assert sha256(record) == sha256(train(job("reference", SGD, passes=5), None, []))
    about = read_about(folder)
    assert (about["outcome"], about["passes"]) == (Outcome.FINISHED, 5)
    assert [(one["pass"], one["shown"]) for one in about["resumed"]] == [(3, 0)]
    assert len(read_log(folder)) == 5


def test_a_finished_run_stays_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    whole = train(job("reference", SGD), folder, [])
    log = (folder / "log.jsonl").read_bytes()
    weights = (folder / "weights.safetensors").read_bytes()
    record = resumed(job("reference", SGD), folder)
    assert record.passes == whole.passes
    assert (folder / "log.jsonl").read_bytes() == log
    assert (folder / "weights.safetensors").read_bytes() == weights


def test_an_untrained_run_can_be_trained(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    train(job("reference", SGD, passes=0), folder, [])
    assert [line["pass"] for line in read_log(folder)] == [0]
    again = resumed(job("reference", SGD, passes=0), folder)
    assert [one.number for one in again.passes] == [0]
    record = resumed(job("reference", SGD, passes=2), folder)
    assert sha256(record) == sha256(train(job("reference", SGD, passes=2), None, []))
    assert [line["pass"] for line in read_log(folder)] == [1, 2]


@pytest.mark.parametrize("passes", [1, 2])
def test_a_run_cannot_end_before_where_it_is(passes: int, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    stopped(job("reference", SGD), folder, 2 * COUNT + 5)
    with pytest.raises(
        TrainError, match="stands after 5 presentations of pass 3, so it cannot"
    ) as found:
        resumed(job("reference", SGD, passes=passes), folder)
    assert found.value.hint is not None and "3 or more" in found.value.hint
    assert read_about(folder)["outcome"] == Outcome.INTERRUPTED


CHANGES: dict[str, tuple[Callable[[], Job], str]] = {
    "seed": (lambda: job("reference", SGD, seed=4), "seed was 3, now it is 4"),
    "engine": (
        lambda: job("historical", SGD),
        "engine was reference, now it is historical",
    ),
    "rate": (
        lambda: job("reference", Sgd(learning_rate=0.03)),
        "learning-rate was 0.02, now it is 0.03",
    ),
    "rule": (
        lambda: job("reference", Adam(learning_rate=0.02)),
        'optimizer was "Sgd", now it is "Adam"',
    ),
    "order": (
        lambda: job("reference", SGD, order="constant"),
        'order was "shuffled", now it is "constant"',
    ),
    "stop": (
        lambda: job("reference", SGD, stop=Stop(patience=3)),
        "stop patience was null, now it is 3",
    ),
    "init": (
        lambda: job("reference", SGD, init=Init(Uniform(1.0))),
        'init was "(uniform 2.4 fan-in)", now it is "(uniform 1 constant)"',
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_another_run_is_refused_by_name(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    train(job("reference", SGD, passes=1), folder, [])
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    changed, said = CHANGES[name]
    with pytest.raises(TrainError, match="this is not the run in") as found:
        resumed(changed(), folder)
    assert said in found.value.message
    assert found.value.hint is not None and "--fork" in found.value.hint
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_other_data_and_another_net_are_refused_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    train(job("reference", SGD, passes=1), folder, [])
    some = job("reference", SGD)
    other = replace(some, data=replace(some.data, hash="fedcba9876543210fedc"))
    with pytest.raises(TrainError, match=r"data was made up 0123456789abcdef, now it is made up f"):
        resumed(other, folder)
    one = some.table.layers[1]
    layers = (some.table.layers[0], replace(one, border=-1.0), *some.table.layers[2:])
    with pytest.raises(TrainError, match=r"layer h was 3 x 3 x 3, .* border 0, now .* border -1"):
        resumed(replace(some, table=replace(some.table, layers=layers)), folder)
    src = some.table.src.copy()
    src[0] += 1
    with pytest.raises(TrainError, match=r"connections was \d+ \w+, now it is \d+ \w+"):
        resumed(replace(some, table=replace(some.table, src=src)), folder)


def test_a_fork_goes_on_elsewhere_and_may_differ(tmp_path: Path) -> None:
    folder, other = tmp_path / "run", tmp_path / "fork"
    train(job("reference", SGD, passes=2), folder, [])
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    faster = job("reference", Sgd(learning_rate=0.2))
    record = train(faster, other, [], Keeping(resume=folder, is_fork=True))
    assert [one.number for one in record.passes] == [1, 2, 3, 4]
    assert sha256(record) != sha256(train(job("reference", SGD), None, []))
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    about = read_about(other)
    assert about["forked"]["folder"] == str(folder)
    assert about["forked"]["changed"] == ["learning-rate was 0.02, now it is 0.2"]
    assert [line["pass"] for line in read_log(other)] == [1, 2, 3, 4]
    same = train(job("reference", SGD), None, [], Keeping(resume=folder, is_fork=True))
    assert sha256(same) == sha256(train(job("reference", SGD), None, []))


def test_a_fork_that_cannot_take_the_state_says_why(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    train(job("reference", SGD, passes=2), folder, [])
    adam = job("reference", Adam(learning_rate=0.01))
    with pytest.raises(DataError, match="found none") as found:
        train(adam, tmp_path / "fork", [], Keeping(resume=folder, is_fork=True))
    assert not (tmp_path / "fork").exists()
    assert found.value.hint is not None and "--from" in found.value.hint


@pytest.mark.kernels
@pytest.mark.parametrize("kind", ["kernels", "reference"])
def test_a_fork_has_the_rates_of_its_own_optimizer(kind: str, tmp_path: Path) -> None:
    """Rates of weights are in the state; a rate of 0 leaves the weights where they were."""
    folder = tmp_path / "run"
    whole = train(job(kind, RULES["a rate per weight"], passes=2), folder, [])
    frozen = job(kind, Sgd(learning_rate=0.0, scale=Scale.FAN_IN))
    record = train(frozen, None, [], Keeping(resume=folder, is_fork=True))
    assert record.n_passes == 4 and sha256(record) == sha256(whole)


def test_a_fork_within_a_pass_may_not_differ(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    stopped(job("reference", SGD), folder, COUNT + 5, Keeping(keep_checkpoints=3))
    whole = train(job("reference", SGD), None, [])
    same = train(job("reference", SGD), None, [], Keeping(resume=folder, is_fork=True))
    assert sha256(same) == sha256(whole)
    with pytest.raises(TrainError, match="in the middle of pass 2.*seed was 3, now it is 4"):
        train(job("reference", SGD, seed=4), None, [], Keeping(resume=folder, is_fork=True))


@pytest.mark.parametrize("numbers", [(0, 2), (None, 0), (2.5, 2), (-1, 2)])
def test_numbers_that_keep_nothing_are_refused(numbers: tuple[int | None, int]) -> None:
    with pytest.raises(SettingError, match="must be a whole number of at least 1"):
        Keeping(*numbers)


def test_a_run_stays_in_its_folder(tmp_path: Path) -> None:
    train(job("reference", SGD, passes=1), tmp_path / "run", [])
    with pytest.raises(TrainError, match="goes on there, not in"):
        train(job("reference", SGD), tmp_path / "other", [], Keeping(resume=tmp_path / "run"))


def test_what_is_no_run_is_told(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none", tmp_path / "checkpoint-1.safetensors"):
        with pytest.raises(DataError, match="is not a run folder"):
            resumed(job("reference", SGD), place)


def test_a_run_of_an_earlier_sn_is_told(tmp_path: Path) -> None:
    train(job("reference", SGD, passes=1), tmp_path / "run", [])
    path = tmp_path / "run" / "run.json"
    about = json.loads(path.read_text())
    del about["identity"]
    path.write_text(json.dumps(about))
    with pytest.raises(TrainError, match="an earlier SN wrote it"):
        resumed(job("reference", SGD), tmp_path / "run")


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


# --- Ctrl-C ---


class Pressed(ReferenceEngine):
    """Has Ctrl-C pressed inside a presentation, or while it scores."""

    presses, at, shown, in_scoring = 0, 30, 0, False

    def present(self, order: NDArray[np.int32]) -> None:
        self.shown += len(order)
        for _ in range(self.presses if self.shown == self.at and not self.in_scoring else 0):
            signal.raise_signal(signal.SIGINT)
        super().present(order)

    def outputs(self, which: str) -> NDArray[np.float32]:
        for _ in range(self.presses if self.shown >= self.at and self.in_scoring else 0):
            signal.raise_signal(signal.SIGINT)
        return super().outputs(which)


def pressed(presses: int, folder: Path, in_scoring: bool = False) -> None:
    some = job("reference", SGD)
    some.engine.__class__ = Pressed
    assert isinstance(some.engine, Pressed)
    some.engine.presses, some.engine.in_scoring = presses, in_scoring
    with pytest.raises(KeyboardInterrupt):
        train(some, folder, [])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert read_about(folder)["outcome"] == Outcome.INTERRUPTED


def test_a_press_lets_the_presentation_end_and_is_kept(tmp_path: Path) -> None:
    pressed(1, tmp_path / "run")
    assert [file.name for file in checkpoints(tmp_path / "run")] == ["checkpoint-1-6.safetensors"]
    record = resumed(job("reference", SGD), tmp_path / "run")
    assert sha256(record) == sha256(train(job("reference", SGD), None, []))


def test_two_presses_end_a_presentation_at_once(tmp_path: Path) -> None:
    pressed(2, tmp_path / "run")
    assert checkpoints(tmp_path / "run") == []


class Foreign(ReferenceEngine):
    """Is interrupted right after a pass was begun, by a handler that is not SN's."""

    begun, folder, before = 0, Path(), 0

    def begin_pass(self, order: NDArray[np.int32]) -> None:
        super().begin_pass(order)
        self.begun += 1
        if self.begun == 2:
            self.before = checkpoints(self.folder)[0].stat().st_ino  # another if written anew
            raise KeyboardInterrupt


def test_a_pass_is_never_begun_twice(tmp_path: Path) -> None:
    """Schedules count passes as they begin."""
    some = job("reference", SGD)
    some.engine.__class__ = Foreign
    assert isinstance(some.engine, Foreign)
    some.engine.folder = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        train(some, tmp_path / "run", [], Keeping(COUNT))
    assert [file.name for file in checkpoints(tmp_path / "run")] == ["checkpoint-1.safetensors"]
    assert checkpoints(tmp_path / "run")[0].stat().st_ino == some.engine.before


def test_a_press_ends_scoring_at_once_and_loses_nothing(tmp_path: Path) -> None:
    pressed(1, tmp_path / "run", in_scoring=True)
    assert [file.name for file in checkpoints(tmp_path / "run")] == ["checkpoint-2.safetensors"]
    assert [line["pass"] for line in read_log(tmp_path / "run")] == [1]
    record = resumed(job("reference", SGD), tmp_path / "run")
    assert sha256(record) == sha256(train(job("reference", SGD), None, []))
    assert [line["pass"] for line in read_log(tmp_path / "run")] == [1, 2, 3, 4]


# --- the lock ---


def test_two_runs_are_kept_apart(tmp_path: Path) -> None:
    folder = tmp_path / "run"

    class Second(Observer):
        said: TrainError | None = None

        def started(self, presentations: int, passes: int) -> None:
            with pytest.raises(TrainError, match="is going on") as found:
                resumed(job("reference", SGD), folder)
            self.said = found.value

    second = Second()
    train(job("reference", SGD), folder, [second])
    assert second.said is not None
    assert f"process {os.getpid()} writes there" in second.said.message
    assert not (folder / ".lock").exists()
    resumed(job("reference", SGD), folder)


def test_a_lock_that_a_killed_run_left_is_taken(tmp_path: Path) -> None:
    (tmp_path / ".lock").write_text("1 elsewhere\n")
    lock = FolderLock(tmp_path)
    assert (tmp_path / ".lock").read_text().split()[0] == str(os.getpid())
    lock.release()
    lock.release()
    assert list(tmp_path.iterdir()) == []
