"""Sweeps of small nets: the same bits wherever runs ran, whatever stopped them."""

from __future__ import annotations

import csv
import errno
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from sn.commands import main
from sn.commands.sweep import Progression
from sn.emit import streams
from sn.errors import TrainError
from sn.lisp.gate import Allow
from sn.page.sweep import picture_files
from sn.pool import processes
from sn.pool.perform import Keeper
from sn.pool.processes import Processes
from sn.pool.runs import Ended, Run, Wanted, bundle_of
from sn.progress.block import block
from sn.progress.course import Course
from sn.results import sweeps
from sn.results.arrays import content_hash, told_as_train_error
from sn.session import Session

ROOT = Path(__file__).resolve().parents[2]
NET = """\
(setq inputs  '((-1 -1) (-1 1) (1 -1) (1 1)))
(setq answers '((-1)    (1)    (1)    (-1)))
(setq rate 0.1)
(setq width 2)
(defnet small
  (layer input (2)) (layer hidden (width)) (layer output (1))
  (connect input hidden (full)) (connect hidden output (full)))
(experiment small
  (data (patterns inputs answers)) (criterion sign)
  (optimizer slow (sgd (learning-rate rate)))
  (optimizer fast (sgd (learning-rate 0.2)))
  (passes 3))
"""
RANDOM = ["--vary", "rate=0.01..0.5 log", "--vary", "optimizer=slow,fast", "--search", "random"]


@pytest.fixture(autouse=True)
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pytest.importorskip("optuna")
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "small.sn"
    path.write_text(NET, encoding="utf-8")
    return path


def sweep(*words: str, out: str = "here", code: int = 0) -> Path:
    """Run a sweep, and return its folder."""
    assert main(["sweep", "small.sn", *words, "--out", out]) == code
    return Path(out)


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "trials.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def told(folder: Path) -> Any:
    return json.loads((folder / "results.json").read_text(encoding="utf-8"))


@pytest.mark.kernels
def test_the_table_does_not_depend_on_how_many_run_at_once() -> None:
    for search in (["--search", "grid", "--points", "2"], RANDOM[-2:]):
        words = [*RANDOM[:-2], *search, "--seeds", "2", "--trials", "4"]
        one = sweep(*words, "--jobs", "1", out=f"one-{search[1]}")
        two = sweep(*words, "--jobs", "2", out=f"two-{search[1]}")
        assert (one / "trials.csv").read_bytes() == (two / "trials.csv").read_bytes()
        assert len(rows(one)) == 4
        assert all(len(row["sha256"].split()) == 2 for row in rows(one))


@pytest.mark.kernels
def test_a_trial_is_what_a_run_by_hand_comes_to() -> None:
    words = [*RANDOM, "--trials", "2", "--seeds", "2", "--for", "train-misses"]
    folder = sweep(*words, "--jobs", "1")
    row = rows(folder)[1]
    misses = []
    for seed in (0, 1):
        experiment = Session({"rate": row["set rate"]}, seed=seed).load("small.sn").experiment()
        record = experiment.train(seed=seed, optimizer=row["set optimizer"], progress=False)
        assert record.train.misses is not None
        misses.append(record.train.misses)
    assert float(row["value"]) == sum(misses) / 2
    assert row["sought"] == "train-misses" and row["chosen_on"] == "train"


@pytest.mark.kernels
def test_the_form_of_the_program_is_swept_and_options_go_before_it(net: Path) -> None:
    net.write_text(NET + "(sweep (rate 0.1 0.2 0.3) (width 2 3))")
    folder = sweep("--search", "grid", "--vary", "width=4", "--jobs", "1")
    assert [(row["set rate"], row["set width"]) for row in rows(folder)] == [
        ("0.1", "4"),
        ("0.2", "4"),
        ("0.3", "4"),
    ]


@pytest.mark.kernels
@pytest.mark.parametrize("search", ["tpe", "cmaes"])
def test_searches_that_learn_are_the_same_twice(search: str) -> None:
    words = ["--vary", "rate=0.001..0.5 log", "--vary", "width=2..4", "--for", "train-error"]
    folder = sweep(*words, "--search", search, "--trials", "14", "--jobs", "1")
    again = sweep(*words, "--search", search, "--trials", "14", "--jobs", "1", out="again")
    assert (folder / "trials.csv").read_bytes() == (again / "trials.csv").read_bytes()
    values = [float(row["value"]) for row in rows(folder)]
    assert len(values) == 14 and len(set(values)) > 10
    assert told(folder)["best"] == values.index(min(values))


def test_a_page_has_every_picture_and_no_text_of_a_name_becomes_markup(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trials = [
        {
            "trial": number,
            "state": "done",
            "settings": {"rate": str(0.1 * (number + 1)), "kind": f'"<b{number}>"'},
            "value": 5.0 + number,
            "sd": None,
            "error": "",
        }
        for number in range(4)
    ]
    axes = [{"name": "rate", "values": "0.1..1", "is_log": True}]
    axes.append({"name": "kind", "values": '"<b0>"', "is_log": False})
    said = {"file": "<i>.sn", "target": "test-misses", "chosen_on": "test", "axes": axes}
    said |= {"seeds": 1, "search": "tpe", "importance": {"rate": 0.75, "kind": 0.25}}
    said |= {"notes": ["chosen on the test set"], "remarks": [], "trials": trials, "command": []}
    Path("results.json").write_text(json.dumps(said), encoding="utf-8")
    Path("sweep.json").write_text("{}", encoding="utf-8")
    drawn = picture_files(Path())
    assert set(drawn) == {f"{n}.svg" for n in "history importance slice-1 slice-2 parallel".split()}
    for picture in drawn.values():
        assert ElementTree.fromstring(picture).tag.endswith("svg")
    assert main(["report", "."]) == 0
    page = Path("report.html").read_text(encoding="utf-8")
    assert "chosen on the test set" in page and page.count("<svg") == 5
    assert "<b0>" not in page and "<i>" not in page
    Path("results.json").write_text('{"file": 3}', encoding="utf-8")
    assert main(["report", "."]) == 1
    assert "results.json' cannot be read" in capsys.readouterr().err


@pytest.mark.kernels
def test_a_sweep_goes_on_and_up_to_more_trials(capsys: pytest.CaptureFixture[str]) -> None:
    short = sweep(*RANDOM, "--trials", "2", "--jobs", "1", out="short")
    whole = sweep(*RANDOM, "--trials", "5", "--jobs", "1", out="whole")
    assert main(["sweep", "--resume", "short", "--trials", "5", "--jobs", "1"]) == 0
    assert (short / "trials.csv").read_bytes() == (whole / "trials.csv").read_bytes()
    assert len(list((short / "runs").iterdir())) == 5


@pytest.mark.kernels
def test_a_bar_hears_of_each_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[int] = []
    started: list[tuple[int, int, int]] = []
    monkeypatch.setattr(Progression, "advanced", lambda _, runs: heard.append(runs))
    monkeypatch.setattr(Progression, "started", lambda _, *counts: started.append(counts))
    words = ["--vary", "rate=0.1,0.2", "--seeds", "3", "--jobs", "2"]
    sweep(*words, "--search", "grid")
    assert started == [(2, 6, 0)] and sum(heard) == 6 and max(heard) == 1
    heard.clear()
    sweep(*words, "--search", "random", "--trials", "6", out="often")  # settings more than once
    assert started[1:] == [(6, 18, 0)] and sum(heard) == 18
    heard.clear()
    assert main(["sweep", "--resume", "often", "--trials", "7"]) == 0
    assert started[2:] == [(7, 21, 18)] and sum(heard) == 3


def test_a_terminal_shows_a_bar_over_all_and_what_is_best() -> None:
    course = Course("trial")
    course.start(12, 4)
    course.resume()
    course.advance(3)
    course.advance(3)
    course.goes_on(3)
    course.said = "best test misses 102, trial 1: rate 0.0031"
    head, best = (line.plain for line in block(course, 60, 12))
    assert head.startswith("trial 3/4  ━━━━") and " 50 %" in head and head.endswith(" left")
    assert best == course.said


@pytest.mark.kernels
def test_there_are_no_more_trials_than_settings_unless_it_is_said() -> None:
    folder = sweep("--vary", "rate=0.1,0.2", "--vary", "width=2..3", "--jobs", "1")
    assert len(rows(folder)) == 4


@pytest.mark.kernels
def test_a_sweep_that_is_killed_goes_on_with_each_trial_once(net: Path) -> None:
    net.write_text(NET.replace("(passes 3)", "(passes 400)"))
    words = ["sweep", "small.sn", *RANDOM, "--trials", "24", "--jobs", "2", "--out", "killed"]
    process = subprocess.Popen([sys.executable, "-m", "sn", *words], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(list(Path("killed").glob("runs/*.json"))) < 3:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    journal = Path("killed/journal.log")
    with journal.open("ab") as file:  # as one that was killed while it wrote
        # what loses its power leaves lines that never came to the disk, or halves of them
        file.write(b'\0\0\0\n{"op_code": 4, "worker')
    assert main(["sweep", "--resume", "killed"]) == 0
    whole = sweep(*words[2:-2], out="whole")
    assert Path("killed/trials.csv").read_bytes() == (whole / "trials.csv").read_bytes()
    assert [row["trial"] for row in rows(whole)] == [str(n) for n in range(24)]


@pytest.mark.kernels
def test_a_worker_that_is_killed_is_replaced(net: Path) -> None:
    net.write_text(NET.replace("(passes 3)", "(passes 600)"))
    words = [*RANDOM, "--trials", "12", "--jobs", "2"]
    command = [sys.executable, "-m", "sn", "sweep", "small.sn", *words, "--out", "hit"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(list(Path("hit").glob("runs/*.json"))) < 2:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    found = subprocess.run(
        ["pgrep", "-P", str(process.pid), "-f", "spawn_main"], capture_output=True, text=True
    )
    os.kill(int(found.stdout.split()[0]), signal.SIGKILL)
    assert process.wait(timeout=300) == 0
    assert (
        Path("hit/trials.csv").read_bytes()
        == (sweep(*words, out="whole") / "trials.csv").read_bytes()
    )


@pytest.mark.kernels
def test_runs_that_do_badly_are_given_up(net: Path) -> None:
    net.write_text(NET.replace("(passes 3)", "(passes 60)"))
    words = ["--vary", "rate=0.00001..0.5 log", "--for", "train-error", "--search", "random"]
    folder = sweep(*words, "--prune", "median", "--trials", "20", "--jobs", "1")
    states = [row["state"] for row in rows(folder)]
    assert states.count("pruned") > 2 and states.count("done") > 5
    passes = {row["state"]: int(row["passes"]) for row in rows(folder)}
    assert passes["done"] == 60 > passes["pruned"]
    whole = sweep(*words, "--trials", "20", "--jobs", "1", out="whole")
    both = zip(rows(folder), rows(whole), strict=True)
    assert all(a["sha256"] == b["sha256"] for a, b in both if a["state"] == "done")


@pytest.mark.kernels
def test_a_run_that_diverges_fails_alone(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--vary", "rate=0.1,1e38", "--search", "grid", "--jobs", "1"]
    folder = sweep(*words, "--optimizer", "slow", "--passes", "200")
    assert [row["state"] for row in rows(folder)] == ["done", "failed"]
    assert rows(folder)[1]["error"]
    assert "trial 1 failed" in capsys.readouterr().out
    before = (folder / "trials.csv").read_bytes()
    assert main(["sweep", "--resume", "here"]) == 0
    assert "2 of 2 runs are done already" in capsys.readouterr().err
    assert (folder / "trials.csv").read_bytes() == before


@pytest.mark.kernels
def test_a_trial_whose_workers_died_is_done_when_the_sweep_goes_on(
    net: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    net.write_text(NET.replace("(passes 3)", "(passes 3000)"))
    words = ["--vary", "rate=0.1,0.2,0.3", "--search", "grid", "--jobs", "1"]
    hand_out, given = Processes._hand_out, []

    def killed(workers: Processes) -> None:
        hand_out(workers)
        for one in workers._workers:
            if one.run is not None and one.run.settings == (("rate", "0.2"),):
                given.append(one.process.pid)
                one.process.kill()

    monkeypatch.setattr(Processes, "_hand_out", killed)
    folder = sweep(*words)
    assert len({*given}) == 3
    assert [row["state"] for row in rows(folder)] == ["done", "failed", "done"]
    assert "3 processes ended in it, the last one with exit code -9" in rows(folder)[1]["error"]
    assert "trial 1 was lost" in capsys.readouterr().out and len(list(folder.glob("runs/*"))) == 2
    monkeypatch.undo()
    monkeypatch.chdir(net.parent)
    assert main(["sweep", "--resume", "here"]) == 0
    assert (
        Path("here/trials.csv").read_bytes()
        == (sweep(*words, out="whole") / "trials.csv").read_bytes()
    )
    assert [row["state"] for row in rows(folder)] == ["done"] * 3


def test_a_worker_asks_for_what_it_lacks() -> None:
    experiment = Session().load("small.sn").experiment()
    dataset, _ = experiment.spec.data.load()
    bundle = bundle_of(experiment, dataset.hash, Allow(), True)
    run = Run(bundle.hash, (("rate", "0.3"),), "slow", 0, 0)
    keeper = Keeper()
    assert keeper.do(run) == Wanted(bundle.hash)


@pytest.mark.kernels
def test_a_program_that_is_gone_is_done_as_it_was(net: Path) -> None:
    experiment = Session().load("small.sn").experiment()
    dataset, _ = experiment.spec.data.load()
    bundle = bundle_of(experiment, dataset.hash, Allow(), True)
    run = Run(bundle.hash, (("rate", "0.3"),), "slow", 2, 0)
    here, elsewhere = Keeper(), Keeper()
    for keeper in (here, elsewhere):
        keeper.put(bundle.hash, bundle)
    one = here.do(run)
    net.unlink()
    two = elsewhere.do(run)
    assert isinstance(one, Ended) and isinstance(two, Ended)
    assert one.outcome.state == "done" and one.outcome.weights
    assert one.outcome.bits == two.outcome.bits and one.run.key == two.run.key


@pytest.mark.kernels
def test_data_that_a_worker_lacks_is_sent_and_presented_in_its_order(net: Path) -> None:
    """The file of the data and the program are gone, as on another machine."""
    rows = [f"{a},{b},{(a + b) % 3}" for a in range(6) for b in range(5)]
    Path("below").mkdir()
    program, data = Path("below/own.sn"), Path("below/own.csv")
    data.write_text("\n".join(rows) + "\n", encoding="utf-8")
    program.write_text(
        "(setq rate 0.1) (defnet own (layer input (2)) (layer output (3))"
        " (connect input output (full)))"
        '(experiment own (data (csv "own.csv" (label 2)))'
        " (optimizer sgd (sgd (learning-rate rate))) (passes 2))",
        encoding="utf-8",
    )
    experiment = Session().load(program).experiment()
    dataset, _ = experiment.spec.data.load()
    bundle = bundle_of(experiment, dataset.hash, Allow(), True)
    run = Run(bundle.hash, (("rate", "0.3"),), "sgd", 2, 0)
    here, elsewhere = Keeper(), Keeper()
    for keeper in (here, elsewhere):
        keeper.put(bundle.hash, bundle)
    one = here.do(run)
    record = Session({"rate": "0.3"}).load(program).experiment().train(passes=2, progress=False)
    program.unlink()
    data.unlink()
    assert elsewhere.do(run) == Wanted(dataset.hash)
    elsewhere.put(dataset.hash, dataset)
    two = elsewhere.do(run)
    assert isinstance(one, Ended) and isinstance(two, Ended)
    assert one.outcome.state == two.outcome.state == "done"
    assert one.outcome.bits == two.outcome.bits
    assert one.outcome.weights == content_hash(record.weights)
    assert one.outcome.data == dataset.hash


def test_other_versions_are_refused(net: Path) -> None:
    experiment = Session().load("small.sn").experiment()
    dataset, _ = experiment.spec.data.load()
    bundle = bundle_of(experiment, dataset.hash, Allow(), True)
    other = replace(bundle, versions=(("sn", "9.9"), *bundle.versions[1:]))
    keeper = Keeper()
    keeper.put(other.hash, other)
    with pytest.raises(TrainError, match=r"a worker has sn .*, where sn 9\.9 is expected"):
        keeper.do(Run(other.hash, (), "slow", 1, 0))


@pytest.mark.kernels
def test_data_that_varies_is_read_for_each_setting(net: Path) -> None:
    net.write_text(
        NET.replace("'((-1)    (1)    (1)    (-1))", "(list '(-1) '(1) '(1) (list corner))")
        .replace("(setq rate", "(setq corner -1) (setq rate")
        .replace("(setq inputs", "(setq corner -1) (setq inputs")
    )
    words = ["--vary", "corner=-1,1", "--search", "grid", "--jobs", "1", "--for", "train-error"]
    folder = sweep(*words, "--optimizer", "slow", "--passes", "50")
    values = []
    for text in ("-1", "1"):
        experiment = Session({"corner": text}).load("small.sn").experiment()
        record = experiment.train(passes=50, optimizer="slow", progress=False)
        values.append(repr(record.train.error))
    assert [row["value"] for row in rows(folder)] == values and values[0] != values[1]


@pytest.mark.kernels
def test_ctrl_c_ends_a_sweep_with_what_stands(net: Path) -> None:
    net.write_text(NET.replace("(passes 3)", "(passes 400)"))
    words = ["sweep", "small.sn", *RANDOM, "--trials", "40", "--jobs", "2", "--out", "stopped"]
    process = subprocess.Popen(
        [sys.executable, "-m", "sn", *words], stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 120
    while not list(Path("stopped").glob("runs/*.json")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "`sn sweep --resume stopped` goes on from there" in said and "Traceback" not in said
    assert not Path("stopped/.lock").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "nothing varies in this sweep"),
        (["--vary", "rat=0..1"], "setting rat: small.sn has no variable 'rat'"),
        (["--vary", "optimizer=slow,fats"], "the experiment has no optimizer 'fats' to vary"),
        (["--vary", "rate=0.1..0.2", "--for", "test-misses"], "have no test set"),
        (["--vary", "rate=0.1..0.2", "--search", "cmaes"], "cmaes searches over two ranges"),
        (["--vary", "rate=0.2..0.1"], "from its lowest number to its highest"),
    ],
)
def test_slips_are_told_before_anything_runs(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sweep", "small.sn", *words]) == 1
    assert message in capsys.readouterr().err
    assert not Path("runs").exists()


@pytest.mark.kernels
def test_another_program_is_no_sweep_to_go_on_with(
    net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep(*RANDOM, "--trials", "1", "--jobs", "1")
    net.write_text(NET.replace("0.2", "0.3"))
    assert main(["sweep", "--resume", "here", "--trials", "2"]) == 1
    assert "its program, settings or data changed since" in capsys.readouterr().err


@pytest.mark.kernels
def test_a_storage_that_is_locked_is_a_message_and_nothing_is_lost(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = [*RANDOM, "--jobs", "1", "--storage", "sqlite:///trials.db?timeout=0.2"]
    folder = sweep(*words, "--trials", "2")
    held = sqlite3.connect("trials.db")
    held.execute("begin exclusive")
    again = ["sweep", "--resume", "here", "--trials", "4", *words[-4:]]
    assert main(again) == 1
    said = capsys.readouterr().err
    assert "trials.db" in said and "locked" in said and "--resume goes on" in said
    held.close()
    assert main(again) == 0
    plain = sweep(*RANDOM, "--jobs", "1", "--trials", "4", out="plain")
    assert (folder / "trials.csv").read_bytes() == (plain / "trials.csv").read_bytes()


@pytest.mark.kernels
def test_a_full_disk_is_a_message_and_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written, write = [], sweeps.write_whole

    def full(path: Path, content: bytes) -> None:
        written.append(path)
        if len(written) > 3:
            with told_as_train_error(path):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(path, content)

    monkeypatch.setattr(sweeps, "write_whole", full)
    sweep(*RANDOM, "--trials", "5", "--jobs", "1", code=1)
    said = capsys.readouterr().err
    assert "no space left on device" in said and "2 runs of the sweep are in 'here'" in said
    monkeypatch.setattr(sweeps, "write_whole", write)
    assert main(["sweep", "--resume", "here", "--jobs", "1"]) == 0
    whole = sweep(*RANDOM, "--trials", "5", "--jobs", "1", out="whole")
    assert Path("here/trials.csv").read_bytes() == (whole / "trials.csv").read_bytes()


def test_without_optuna_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.startswith(("optuna", "sn.sweep"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert main(["sweep", "small.sn", *RANDOM]) == 1
    assert "pip install 'sn[sweep]' brings it" in capsys.readouterr().err


@pytest.mark.kernels
def test_equal_tables_are_lowered_once_and_bits_do_not_know(net: Path) -> None:
    net.write_text(
        NET.replace("(layer hidden (width))", "(layer hidden (width) (nlf-tanh 1 slope))")
    )
    text = net.read_text()
    net.write_text(text.replace("(setq width 2)", "(setq width 2) (setq slope 0)"))
    experiment = Session().load("small.sn").experiment()
    dataset, _ = experiment.spec.data.load()
    bundle = bundle_of(experiment, dataset.hash, Allow(), True)
    one = Keeper()
    one.put(bundle.hash, bundle)
    said = [("rate", "0.3"), ("rate", "0.2"), ("width", "3"), ("slope", "0.1"), ("rate", "0.3")]
    tables = set()
    for name, value in said:
        run = Run(bundle.hash, ((name, value),), "slow", 2, 0)
        fresh = Keeper()
        fresh.put(bundle.hash, bundle)
        found, alone = one.do(run), fresh.do(run)
        assert isinstance(found, Ended) and isinstance(alone, Ended)
        assert found.outcome.state == "done" and found.outcome.bits == alone.outcome.bits
        last = one.evaluated[(run.program, run.settings)]
        tables.add(id(last.table))
        assert last.plan.table is last.table
    assert len(tables) == 3  # that of two rates, another width, another formula


@pytest.mark.kernels
def test_a_run_of_a_sweep_uses_one_core(net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {*range(8)}, raising=False)
    experiment = Session().load("small.sn").experiment()
    dataset, _ = experiment.spec.data.load()
    bundle = bundle_of(experiment, dataset.hash, Allow(), True)
    keeper, seen = Keeper(), list[int]()
    keeper.put(bundle.hash, bundle)
    run = Run(bundle.hash, (), "slow", 2, 0)
    keeper.do(run, lambda _, record: bool(seen.append(streams.cores())))
    assert seen == [1, 1] and streams.cores() == 8


def test_workers_have_one_thread_and_the_command_keeps_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    monkeypatch.setattr(processes, "_work", told_of_threads)
    workers = Processes(1, {})
    workers.submit(Run("", (), "", None, 0))
    assert workers._workers[0].pipe.recv() == ["1", "1"]
    workers.close()
    assert os.environ["OMP_NUM_THREADS"] == "7" and "OPENBLAS_NUM_THREADS" not in os.environ


def told_of_threads(pipe: Any, *_: object) -> None:
    """Stand in for a worker, and tell what its libraries are told."""
    pipe.send([os.environ.get(f"{name}_NUM_THREADS") for name in ("OMP", "OPENBLAS")])
