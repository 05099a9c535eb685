"""The folder of a sweep that somebody else sent: nothing in it is run, or written through."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sn.commands import main
from sn.errors import DataError, SnError, TrainError
from sn.results.sweeps import JOURNAL, RESULTS, RUNS, SWEEP

NET = """\
(setq rate 0.1) (setq width 2)
(defnet small
  (layer input (2)) (layer hidden (width)) (layer output (1))
  (connect input hidden (full)) (connect hidden output (full)))
(experiment small
  (data (patterns '((-1 -1) (-1 1) (1 -1) (1 1)) '((-1) (1) (1) (-1)))) (criterion sign)
  (optimizer sgd (sgd (learning-rate rate))) (passes 2))
"""
VARY = ["--vary", "rate=0.01..0.5 log", "--vary", "width=2..3"]


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep of nine trials."""
    pytest.importorskip("optuna")
    place, before = tmp_path_factory.mktemp("sent"), Path.cwd()
    os.chdir(place)
    try:
        Path("small.sn").write_text(NET, encoding="utf-8")
        words = ["--search", "cmaes", "--trials", "9", "--jobs", "1", "--for", "train-error"]
        assert main(["sweep", "small.sn", *VARY, *words, "--out", "sweep"]) == 0
    finally:
        os.chdir(before)
    return place


@pytest.fixture
def here(sent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, in the current folder."""
    shutil.copytree(sent, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    return tmp_path / "copy" / "sweep"


class _Touches:
    """What touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self._path,)


def _with_attribute(journal: Path, name: str, value: object) -> None:
    """Give the first trial that came to its end an attribute of Optuna's own."""
    lines = journal.read_text(encoding="utf-8").splitlines()
    at = next(n for n, line in enumerate(lines) if '"op_code":6' in line and '"state":1' in line)
    ended = json.loads(lines[at])
    said = {"op_code": 9, "worker_id": ended["worker_id"], "trial_id": ended["trial_id"]}
    lines.insert(at, json.dumps({**said, "system_attr": {name: value}}))
    journal.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.kernels
def test_a_pickle_in_the_journal_is_refused(
    here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pickled = pickle.dumps(_Touches(tmp_path / "ran")).hex()
    _with_attribute(here / JOURNAL, "cma:optimizer:0", pickled)
    assert main(["sweep", "--resume", "sweep", "--trials", "11", "--jobs", "1"]) == 1
    assert "something else than numbers" in capsys.readouterr().err
    assert not (tmp_path / "ran").exists()


def test_the_search_of_cmaes_unpickles_nothing(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where a pickle gets past the check of trials."""
    from sn.sweep import study

    def nothing(*_: object) -> None:
        """Look at no trial."""

    pickled = pickle.dumps(_Touches(tmp_path / "ran")).hex()
    _with_attribute(here / JOURNAL, "cma:optimizer:0", pickled)
    monkeypatch.setattr(study, "check_trials", nothing)
    opened = _study(here)
    assert len(opened.trials()) == 9
    opened.ask()
    assert not (tmp_path / "ran").exists()


def _study(folder: Path) -> Any:
    from sn.results.sweeps import read_sweep
    from sn.sweep.space import Space, read_axes
    from sn.sweep.study import Study

    said = read_sweep(folder)
    return Study(said, Space(read_axes(said.vary)), folder, 2)


def test_cmaes_learns_from_the_trials_alone() -> None:
    """Its state is told again for each trial: the same twice, and better as it goes."""
    optuna = pytest.importorskip("optuna")
    from sn.sweep.evolution import Evolution

    kinds = {name: optuna.distributions.FloatDistribution(-1, 1) for name in "ab"}
    studies = []
    for _ in range(2):
        study = optuna.create_study()
        for number in range(60):
            random = optuna.samplers.RandomSampler(seed=number)
            study.sampler = Evolution(seed=number, independent_sampler=random)
            trial = study.ask(kinds)
            study.tell(trial, trial.params["a"] ** 2 + (trial.params["b"] - 0.3) ** 2)
        studies.append(study.trials)
    assert [one.params for one in studies[0]] == [one.params for one in studies[1]]
    generations = [one.system_attrs.get("cma:generation") for one in studies[0]]
    assert generations == [None, *(number // 6 for number in range(59))]
    assert all(set(one.system_attrs) <= {"cma:generation"} for one in studies[0])
    first, last = ([one.value for one in part] for part in (studies[0][1:13], studies[0][-12:]))
    assert sum(last) < sum(first) / 4


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_journal_that_is_a_link_is_not_written_through(
    here: Path, tmp_path: Path, link: Callable[[Path, Path], None]
) -> None:
    outside = tmp_path / "outside"
    outside.write_text("no line end")
    (here / JOURNAL).unlink()
    link(outside, here / JOURNAL)
    with pytest.raises(TrainError, match="is a link"):
        _study(here)
    assert outside.read_text() == "no line end"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_a_journal_that_is_a_pipe_is_not_waited_for(here: Path) -> None:
    (here / JOURNAL).unlink()
    os.mkfifo(here / JOURNAL)
    with pytest.raises(TrainError, match="something else than the journal"):
        _study(here)


def test_runs_that_are_a_link_are_not_written_through(here: Path, tmp_path: Path) -> None:
    from sn.results.sweeps import SweepFolder, read_sweep

    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / ".mine.part").touch()
    shutil.rmtree(here / RUNS)
    (here / RUNS).symlink_to(outside)
    with pytest.raises(TrainError, match="is a link, expected a folder"):
        SweepFolder.reopen(here, read_sweep(here))
    assert (outside / ".mine.part").exists()


def _journal(change: Callable[[list[Any]], object]) -> Callable[[Path], None]:
    def made(folder: Path) -> None:
        path = folder / JOURNAL
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        change(lines)
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    return made


def _of(lines: list[Any], code: int) -> Any:
    return next(line for line in lines if line["op_code"] == code)


@pytest.mark.parametrize(
    "change",
    [
        _journal(lambda lines: _of(lines, 5).update(param_name="other")),
        _journal(lambda lines: _of(lines, 5).update(param_value_internal=1e300)),
        _journal(lambda lines: _of(lines, 6).update(values=["x"])),
        _journal(lambda lines: _of(lines, 6).update(values=[10**400])),
        _journal(lambda lines: _of(lines, 6).update(state=4)),
        _journal(lambda lines: _of(lines, 0).update(directions=[2])),
        _journal(lambda lines: _of(lines, 0).update(directions=[1, 1])),
        _journal(lambda lines: lines.insert(3, {"op_code": 99})),
        _journal(lambda lines: lines.insert(3, [])),
        lambda folder: (folder / JOURNAL).write_text("[" * 100_000 + "\n"),
    ],
)
def test_a_journal_of_something_else_is_told(here: Path, change: Callable[[Path], None]) -> None:
    change(here)
    with pytest.raises(DataError, match=r"the trials in .*journal\.log' cannot be read"):
        _study(here).trials()


@pytest.mark.parametrize(
    ("field", "value"),
    [("points", 0), ("search", "x"), ("prune", []), ("trials", 0), ("vary", []), ("seeds", -1)],
)
def test_a_sweep_of_nothing_is_told(here: Path, field: str, value: object) -> None:
    said = json.loads((here / SWEEP).read_text())
    (here / SWEEP).write_text(json.dumps({**said, field: value}))
    with pytest.raises(DataError, match=r"sweep\.json' cannot be read: "):
        _study(here)


@pytest.mark.kernels
@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("seeds", 10**12, "a trial of 1,000,000,000,000 seeds would take 2e+03 TB"),
        ("target", "train-x", "cannot be gone on with: --for says what is sought, found 'train-x'"),
        ("target", "error", "cannot be gone on with: what is sought is 'error'"),
        ("vary", ["rate=1..."], "cannot be gone on with: a range has two numbers"),
    ],
)
def test_what_a_sweep_asks_for_is_told(
    here: Path, field: str, value: object, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = json.loads((here / SWEEP).read_text())
    (here / SWEEP).write_text(json.dumps({**said, field: value}))
    assert main(["sweep", "--resume", "sweep"]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "change",
    [
        {"passes": [{"train_error": 1.0}]},
        {"passes": [{"pass": 1, "train_error": 10**400}]},
        {"state": "new"},
        {"key": "other"},
    ],
)
def test_a_run_that_cannot_have_been_is_done_again(here: Path, change: dict[str, Any]) -> None:
    from sn.results.sweeps import SweepFolder, read_sweep

    path = min((here / RUNS).glob("*.json"))
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    files, wrong = SweepFolder.reopen(here, read_sweep(here))
    files.release()
    assert len(wrong) == 1 and path.name in wrong[0] and path.stem not in files.found


def test_means_beyond_all_numbers_are_infinite() -> None:
    pytest.importorskip("optuna")
    from sn.results.sweeps import Outcome
    from sn.sweep.going import Trial

    made = Outcome("k", {}, "sgd", 0, "done", [{"pass": 1, "train_error": 1e308}], 1, "", "", "")
    trial = Trial(0, {}, "done", None, (made,) * 3)
    assert trial.mean("train_error") == float("inf") and trial.spread("train_error") == 0.0


def test_a_grid_of_too_many_points_is_refused() -> None:
    from sn.sweep.space import Space, read_axes

    with pytest.raises(SnError, match="a grid of 1,000,000,000 points for each range is more"):
        Space(read_axes(["a=0..1 real"])).grid(10**9)


@pytest.mark.parametrize(
    "numbers",
    [[1e308, -1e308, 1e-320], [1e20, 1e20, 1e20], [5e-324] * 3, [1e308, 1e308, 1e308]],
)
def test_figures_of_any_size_are_drawn(here: Path, numbers: list[float]) -> None:
    from sn.page.sweep import picture_files, sweep_page

    said = json.loads((here / RESULTS).read_text())
    for trial, number in zip(said["trials"], numbers * 3, strict=True):
        trial["value"] = number
        trial["settings"]["rate"] = str(numbers[trial["trial"] % 3] * -1)
    (here / RESULTS).write_text(json.dumps(said))
    pictures = picture_files(here)
    assert pictures and not any("nan" in one or "inf" in one for one in pictures.values())
    assert "<svg" in sweep_page(here)
