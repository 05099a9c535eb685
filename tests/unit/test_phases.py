"""Phases: which pass is in which, weights that go on, and runs that go on in the middle of one."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import sn
from sn.commands import main
from sn.errors import SettingError, SnError
from sn.optim.base import Optimizer
from sn.optim.first_order import Batch, Sgd
from sn.optim.schedule import PerPass
from sn.optim.second_order import BatchNewton, DiagonalNewton
from sn.results.about import read_about, read_log
from sn.session import Session
from sn.train.engines import Engine
from sn.train.keeping import Keeping
from sn.train.loop import Job, train
from sn.train.phases import Phase, PhasedEngine, curvatures, phase_of
from tests.sample_jobs import COUNT, ENGINES, engine, phased_job, sha256, stopped, without_times

engines = pytest.mark.parametrize(
    "kind", [pytest.param(k, marks=[pytest.mark.kernels] * (k == "kernels")) for k in ENGINES]
)
SGD = Sgd(learning_rate=0.02, momentum=0.5)
CHANGING = Sgd(learning_rate=0.1, schedules={"learning_rate": PerPass((0.1, 0.01))})
NEWTON = DiagonalNewton(learning_rate=0.01)
ROWS: dict[str, tuple[tuple[int, Optimizer], ...]] = {
    "momentum, newton": ((1, SGD), (2, NEWTON)),
    "the same twice": ((2, SGD), (1, SGD)),
    "schedules": ((2, CHANGING), (2, CHANGING)),
    "batch first": ((1, Batch(learning_rate=0.005, momentum=0.5)), (1, SGD), (1, NEWTON)),
    "batch last": ((1, SGD), (2, BatchNewton(learning_rate=0.1))),
}


def test_a_pass_is_in_the_phase_that_it_falls_into() -> None:
    assert [phase_of([2, 1, 3], number) for number in range(1, 9)] == [0, 0, 1, 2, 2, 2, 2, 2]
    assert phase_of([4], 9) == 0


def passes(some: Engine, first: int, last: int) -> None:
    for number in range(first, last + 1):
        order = np.random.default_rng(number).permutation(COUNT).astype(np.int32)
        some.begin_pass(order)
        for part in (order[:5], order[5:]):
            some.present(part)
        some.end_pass()


@engines
@pytest.mark.parametrize("name", ROWS)
def test_weights_go_on_and_all_else_starts_afresh(name: str, kind: str) -> None:
    """As one engine after the other, each with the weights of the one before and nothing else."""
    row = ROWS[name]
    whole = PhasedEngine([(count, engine(kind, rule)) for count, rule in row])
    weights = np.linspace(-0.3, 0.3, len(whole.get_weights())).astype(np.float32)
    whole.set_weights(weights)
    first = 1
    for count, rule in row:
        alone = engine(kind, rule)
        alone.set_weights(weights)
        passes(whole, first, first + count - 1)
        passes(alone, first, first + count - 1)
        first += count
        before, weights = weights, alone.get_weights()
        assert np.abs(weights - before).max() > 1e-4
        assert np.array_equal(whole.get_weights(), weights)
        for which in ("train", "test"):
            assert np.array_equal(whole.outputs(which), alone.outputs(which))
    # the last phase has no end
    passes(whole, first, first)
    passes(alone, first, first)
    assert np.array_equal(whole.get_weights(), alone.get_weights())


def test_the_curvatures_are_those_of_the_phase() -> None:
    row = ((1, SGD), (1, NEWTON))
    some = PhasedEngine([(count, engine("reference", rule)) for count, rule in row])
    some.set_weights(np.full(len(some.get_weights()), 0.1, np.float32))
    passes(some, 1, 1)
    assert curvatures(some.get_state(), [1, 1]) is None
    passes(some, 2, 2)
    found = curvatures(some.get_state(), [1, 1])
    assert found is not None and found.max() > 0


@engines
@pytest.mark.parametrize("name", ROWS)
def test_a_stop_anywhere_changes_nothing(
    name: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda handle: None)

    def make() -> Job:
        return phased_job(kind, ROWS[name])

    whole = train(make(), None, [])
    total = len(whole.passes)
    assert total == sum(count for count, _ in ROWS[name])
    folder = tmp_path / "run"
    stopped(make(), folder, COUNT + 7)
    stopped(make(), folder, 2 * COUNT, Keeping(resume=folder))
    record = train(make(), None, [], Keeping(resume=folder))
    assert sha256(record) == sha256(whole)
    assert without_times(record) == without_times(whole)
    expected = [1 + phase_of([n for n, _ in ROWS[name]], n) for n in range(1, total + 1)]
    assert [one.phase for one in record.passes] == expected
    assert [line["phase"] for line in read_log(folder)] == expected


# --- the form ---

NET = "(defnet n (layer a (256)) (layer b (10)) (connect a b (full)))"
RULES = "(optimizer fast (sgd (epsilon 0.001))) (optimizer fine (sgd (epsilon 0.0001)))"


def program(options: str, rules: str = RULES) -> str:
    return f'{NET} (experiment n (data "mnist-1989") {rules} {options})'


TWO = "(phase (passes 2) (optimizer fast)) (phase (optimizer fine) (passes (+ 1 2)))"


def test_phases_are_read() -> None:
    session = Session()
    session.evaluate(program(TWO))
    spec = session.world.experiments["n"]
    assert spec.phases == (Phase(2, "fast"), Phase(3, "fine"))
    assert (spec.passes, spec.runs) == (5, ("phases", "fast", "fine"))
    assert [spec.phase_of("phases", number) for number in range(7)] == [None, 1, 1, 2, 2, 2, 2]
    assert spec.phase_of("fast", 1) is None
    rates = [spec.rule_of("phases", number).learning_rate for number in (1, 2, 3, 9)]
    assert rates == [0.001, 0.001, 0.0001, 0.0001]
    assert spec.rule_of("fine", 1).learning_rate == 0.0001
    options = spec.options("phases")
    assert options["optimizer"] == "phases"
    told = {n: (p["passes"], p["name"], p["learning_rate"]) for n, p in options["phases"].items()}
    assert told == {"1": (2, "fast", 0.001), "2": (3, "fine", 0.0001)}
    assert "phases" not in spec.options("fast")


@pytest.mark.parametrize(
    ("options", "under", "message", "hint"),
    [
        (
            "(phase (passes 2))",
            "(phase (passes 2))",
            "says nothing about its optimizer",
            "(phase (",
        ),
        ("(phase (optimizer fast))", "(phase (optimizer fast))", "nothing about its passes", "("),
        ("(phase (passes 0) (optimizer fast))", "0", "the number of passes must be a whole", ""),
        ("(phase (passes 1) (optimizer fas))", "fas", "there is no optimizer 'fas'", "'fast'"),
        ("(phase (passes 1) (rule fast))", "rule", "phase has no option 'rule'", "(passes N)"),
        ("(phase (passes 1 2) (optimizer fast))", "2", "passes needs 1 argument, found 2", ""),
        ("(phase 1 fast)", "1", "expected an option of phase, such as (passes N)", ""),
        (f"(passes 9) {TWO}", "(passes 9)", "the phases say how many passes there are", "leave"),
        (
            "(optimizer phases (sgd (epsilon 1))) (phase (passes 1) (optimizer fast))",
            "(phase (passes 1) (optimizer fast))",
            "an optimizer cannot be called 'phases'",
            "",
        ),
    ],
)
def test_wrong_phases_are_told_at_their_place(
    options: str, under: str, message: str, hint: str
) -> None:
    with pytest.raises(SnError) as caught:
        Session().evaluate(program(options))
    error = caught.value
    assert message in error.message and hint in (error.hint or "")
    assert error.span is not None
    assert program(options)[error.span.column - 1 : error.span.end_column] == under


def test_phases_of_unknown_optimizers_are_refused_in_python_too() -> None:
    session = Session()
    session.evaluate(program(TWO))
    spec = session.world.experiments["n"]
    with pytest.raises(SettingError, match="no optimizer 'none'"):
        replace(spec, phases=(Phase(1, "none"),))
    with pytest.raises(SettingError, match="passes must be a whole number of at least 1"):
        Phase(0, "fast")


@pytest.mark.kernels
def test_a_run_goes_through_its_phases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "n.sn"
    path.write_text(program(TWO))
    assert main(["run", str(path), "--json", "--out", str(tmp_path / "run"), "--passes", "3"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line.get("phase") for line in lines] == [1, 1, 2, None]
    assert lines[-1]["optimizer"] == "phases"
    about = read_about(tmp_path / "run")
    assert [one["name"] for one in about["options"]["phases"].values()] == ["fast", "fine"]
    path.write_text(program(TWO.replace("(passes 2)", "(passes 3)")))
    assert main(["run", str(path), "--resume", str(tmp_path / "run"), "--passes", "5"]) == 1
    assert "phases 1 passes was 2, now it is 3" in " ".join(capsys.readouterr().err.split())
    path.write_text(program(TWO))
    assert main(["run", str(path), "--resume", str(tmp_path / "run"), "--passes", "5"]) == 0
    shown = capsys.readouterr().out
    assert "phase 2" in shown
    assert "phases: fast for 2, then fine for 3 passes, seed 0" in " ".join(shown.split())
    # the rates of the two phases, one after the other
    whole = sn.load(path).experiment().train()
    assert len(whole.passes) == 5
    assert (
        whole.passes[4].train.error
        == json.loads((tmp_path / "run" / "log.jsonl").read_text().splitlines()[4])["train"][
            "error"
        ]
    )
    alone = sn.load(path).experiment().train(optimizer="fast", passes=2)
    assert [one.train for one in alone.passes] == [one.train for one in whole.passes[:2]]
    assert alone.passes[0].phase is None
    assert (
        main(["compare", str(path), "--seeds", "1", "--passes", "1", "--out", str(tmp_path / "c")])
        == 0
    )
    assert "phases" in capsys.readouterr().out
