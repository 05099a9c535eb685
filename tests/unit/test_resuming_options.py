"""What a run may be told when it goes on, and what would make it another run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sn.errors import DataError, SettingError, TrainError
from sn.net.init import Init, Uniform
from sn.optim.adaptive import Adam
from sn.optim.base import Scale
from sn.optim.first_order import Sgd
from sn.optim.second_order import DiagonalNewton, Form
from sn.results.about import read_about, read_log
from sn.results.folder import Outcome
from sn.train.keeping import Keeping
from sn.train.loop import Job, train
from sn.train.stopping import Stop
from tests.sample_jobs import COUNT, job, resumed, sha256, stopped

pytestmark = pytest.mark.usefixtures("small_chunks")

SGD = Sgd(learning_rate=0.02)
NEWTON = DiagonalNewton(learning_rate=0.01, curvature=Form.FULL, momentum=0.3)


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
    own_rates = Sgd(learning_rate=0.3, scale=Scale.FAN_IN)
    whole = train(job(kind, own_rates, passes=2), folder, [])
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
