"""Comparing small nets: labels, facts, processes, and the command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import sn
from sn.commands import main
from sn.contest import compare, contenders
from sn.errors import SnError, TrainError
from sn.facts import facts
from sn.pool.processes import Processes
from sn.pool.runs import Run
from sn.progress.watching import Nobody
from sn.results.comparison import Comparison
from sn.results.record import RunRecord
from sn.session import Session
from tests import drawn

ROOT = Path(__file__).resolve().parents[2]
NET = """\
;;; one layer
(setq rate 0.001)
(defnet {name}
  (layer input (16 16))
  (layer output (10) (nlf-tanh 0.66666666 0))
  (connect input output {scheme}))
(experiment {name}
  (data "mnist-1989")
  (optimizer slow (sgd (learning-rate rate)))
  (optimizer fast (sgd (learning-rate 0.01)))
  (passes 2))
"""


class Recorder(Nobody):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.total: tuple[int, int] | None = None
        self.passes = 0
        self.runs: list[tuple[str, int]] = []

    def started(self, runs: int, passes: int) -> None:
        self.total = (runs, passes)

    def advanced(self, passes: int) -> None:
        self.passes += passes

    def run_finished(self, label: str, record: RunRecord) -> None:
        self.runs.append((label, record.seed))


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "small.sn"
    path.write_text(NET.format(name="small", scheme="(full)"), encoding="utf-8")
    return path


@pytest.fixture
def other(tmp_path: Path) -> Path:
    path = tmp_path / "other.sn"
    path.write_text(NET.format(name="other", scheme="(full)").replace("0.001", "0.002"))
    return path


def scores(found: Comparison) -> list[tuple[object, ...]]:
    """Everything that must not depend on processes."""
    return [
        (entry.label, entry.facts, [(p.train, p.test) for run in entry.runs for p in run.passes])
        for entry in found.entries
    ]


def test_a_single_file_is_compared_with_all_its_optimizers(net: Path) -> None:
    found = contenders([net])
    assert [(one.label, one.name, one.optimizer) for one in found] == [
        ("slow", "small", "slow"),
        ("fast", "small", "fast"),
    ]


def test_several_files_take_part_with_their_first_optimizer(net: Path, other: Path) -> None:
    assert [one.label for one in contenders([net, other])] == ["small", "other"]
    both = contenders([net, other], ["fast", "slow"])
    assert [one.label for one in both] == ["small fast", "small slow", "other fast", "other slow"]


def test_a_file_named_twice_takes_part_once(net: Path) -> None:
    assert len(contenders([net, net], ["slow", "slow"])) == 1


def test_files_of_one_name_are_told_apart_by_their_folder(net: Path) -> None:
    Path("below").mkdir()
    Path("below/small.sn").write_text(net.read_text())
    found = contenders([Path("small.sn"), Path("below/small.sn")])
    assert [one.label for one in found] == ["small", str(Path("below/small"))]


def test_an_unknown_optimizer_gets_the_nearest(net: Path) -> None:
    with pytest.raises(TrainError, match="no optimizer 'fasd'") as caught:
        contenders([net], ["fasd"])
    assert caught.value.hint == "did you mean 'fast'?"
    assert caught.value.span is not None


def test_facts_tell_what_differs_and_nothing_else(net: Path, other: Path) -> None:
    one, two = (facts(c.experiment, c.optimizer) for c in contenders([net, other]))
    assert {key for key in one if one[key] != two[key]} == {"learning-rate"}
    assert one["input -> output"] == "full 10 x 256, 2,560 connections"
    assert one["layer output"] == "10, 1.7159 tanh(0.66667 x)"
    assert one["rule"] == "sgd"


def test_facts_tell_one_table_of_maps_from_another() -> None:
    nets = [ROOT / "nets" / f"zipcode{name}.sn" for name in ("", "-overlap", "-full")]
    base, overlap, full = (facts(c.experiment, c.optimizer) for c in contenders(nets))
    assert {key for key in base if base[key] != overlap[key]} == {"maps of h1 -> h2"}
    assert base["maps of h1 -> h2"] == "0-7 (4 maps), 4-11 (4 maps), 0-3 8-11 (4 maps)"
    assert overlap["maps of h1 -> h2"].startswith("0-7, 1-8, 2-9, 3-10, 4-11, 0 5-11,")
    assert full["maps of h1 -> h2"] == "each sees all"


def test_plain_rows_are_told_apart_by_their_content(net: Path, other: Path) -> None:
    rows = "(scheme (lambda (from to) '((0 0) (1 {n}) (9 7))))"
    nets = []
    for n in (3, 4):
        path = net.with_name(f"rows{n}.sn")
        text = NET.format(name="rows", scheme=rows.format(n=n))
        path.write_text(text.replace("(connect", "(connect input output (full)) (connect", 0))
        nets.append(path)
    one, two = (facts(c.experiment, c.optimizer) for c in contenders(nets))
    assert {key for key in one if one[key] != two[key]} == {"input -> output"}


@pytest.mark.kernels
def test_processes_change_nothing_and_hear_the_settings(net: Path, other: Path) -> None:
    those = contenders([net, other], settings={"rate": "0.005"})
    assert those[0].experiment.spec.optimizers["slow"].learning_rate == 0.005
    alone, together = Recorder(), Recorder()
    here = compare(those, range(3), watcher=alone)
    apart = compare(those, range(3), jobs=2, watcher=together)
    assert scores(here) == scores(apart)
    assert (here.jobs, apart.jobs) == (1, 2)
    order = [("small", 0), ("small", 1), ("small", 2), ("other", 0), ("other", 1), ("other", 2)]
    assert alone.runs == together.runs == order
    assert alone.total == together.total == (6, 12)
    assert alone.passes == together.passes == 12


@pytest.mark.kernels
def test_python_compares_in_one_call(net: Path) -> None:
    found = sn.compare(net, seeds=2, passes=1)
    assert found.seeds == (0, 1)
    assert scores(found) == scores(compare(contenders([net]), [0, 1], passes=1))
    chosen = sn.compare(net, optimizers="fast", seeds=[3], passes=1, settings={"rate": "0.001"})
    assert [(one.label, one.runs[0].seed) for one in chosen.entries] == [("fast", 3)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"seeds": 0}, "seeds must be a whole number of at least 1, found 0"),
        ({"seeds": []}, "at least one seed, found none"),
        ({"seeds": [-1]}, "a seed must be"),
        ({"jobs": 0}, "jobs must be"),
        ({"passes": -1}, "passes must be"),
        ({"progress": 3}, "progress must be True, False or None"),
        ({"optimizers": ["fastt"]}, "has no optimizer 'fastt'"),
    ],
)
def test_what_python_asks_wrongly_is_told(net: Path, arguments: Any, words: str) -> None:
    with pytest.raises(SnError, match=words):
        sn.compare(net, **arguments)


def test_python_compares_what_there_is() -> None:
    with pytest.raises(SnError, match="nothing was named that is to be compared"):
        sn.compare()
    with pytest.raises(SnError, match="'zipcod' is neither a file here nor a net") as found:
        sn.compare("zipcod")
    assert "'zipcode'" in (found.value.hint or "")
    assert [one.name for one in contenders(["zipcode", "zipcode-full"])] == [
        "zipcode", "zipcode-full",
    ]  # fmt: skip


@pytest.mark.kernels
def test_a_run_in_a_comparison_is_the_run_alone(net: Path) -> None:
    (one,) = contenders([net], ["fast"])
    found = compare([one], [4], passes=1)
    record = one.experiment.train(passes=1, seed=4, optimizer="fast")
    assert found.entries[0].runs[0].passes[0].test == record.passes[0].test
    assert len(found.entries[0].runs[0].passes) == 1


@pytest.mark.kernels
def test_an_edited_file_is_read_again(net: Path) -> None:
    first = compare(contenders([net], ["slow"]), [0])
    net.write_text(net.read_text().replace("0.001", "0.002"))
    again = compare(contenders([net], ["slow"]), [0])
    assert scores(first) != scores(again)


@pytest.mark.kernels
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_that_fails_is_named(net: Path, jobs: int) -> None:
    text = net.read_text().replace("(nlf-tanh 0.66666666 0)", "(linear)")
    net.write_text(text.replace("0.01", "10"))
    with pytest.raises(SnError, match="fast, seed 0: training diverged") as caught:
        compare(contenders([net], ["fast"]), range(2), jobs=jobs)
    assert caught.value.span is not None
    assert "lower the learning rate" in (caught.value.hint or "")


@pytest.mark.kernels
def test_the_command_prints_and_keeps_a_comparison(
    net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "small.sn", "--seeds", "2", "--jobs", "1", "--out", "here"]) == 0
    out, err = capsys.readouterr()
    assert "2 passes over mnist-1989; 2 seeds each" in out
    assert "against slow, seed by seed" in out
    assert "learning-rate  slow: 0.001; fast: 0.01" in out
    assert err.splitlines()[0].startswith("run 1/4  slow, seed 0: train ")
    kept = {path.name for path in Path("here").iterdir()}
    assert {"comparison.md", "comparison.csv", "comparison.json", "passes.csv"} <= kept
    assert main(["compare", "small.sn", "--out", "here"]) == 1
    assert "already holds a comparison" in capsys.readouterr().err


@pytest.mark.kernels
def test_the_last_object_is_the_comparison(net: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net.write_text('(print "hello")\n' + net.read_text())
    words = ["compare", "small.sn", "--optimizers", "fast", "--seeds", "2", "--json"]
    assert main([*words, "--jobs", "2", "--passes", "1", "--set", "rate=0.1"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["type"] for line in lines] == ["run", "run", "comparison"]
    assert [line["seed"] for line in lines[:2]] == [0, 1]
    (entry,) = lines[-1]["entries"]
    assert (entry["name"], entry["optimizer"], entry["seeds"]) == ("small", "fast", 2)
    folder = Path(lines[-1]["folder"])
    assert folder.parent == Path("runs") and folder.name.startswith("compare-")
    kept = json.loads((folder / "comparison.json").read_text())
    assert kept["entries"] == lines[-1]["entries"]


@pytest.mark.kernels
def test_without_matplotlib_there_is_a_note(
    net: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "sn.results.plots", None)
    monkeypatch.delattr("sn.results.plots", raising=False)
    words = ["compare", "small.sn", "--seeds", "1", "--passes", "1", "--jobs", "1", "--out", "here"]
    assert main(words) == 0
    assert "warning: no curves were drawn: matplotlib is not here" in capsys.readouterr().err
    assert not list(Path("here").glob("curves.*"))
    assert "curves" not in Path("here/comparison.md").read_text()


@pytest.mark.kernels
def test_several_nets_are_drawn_side_by_side(
    net: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("other.sn").write_text(net.read_text())
    words = ["compare", "small.sn", "other.sn", "--seeds", "1", "--passes", "1", "--jobs", "1"]
    assert main([*words, "--out", "here"]) == 0
    told = drawn.words(Path("here/nets.svg").read_text(encoding="utf-8"))
    assert told.count("small") == 2  # the net of either file is called so
    assert "![the nets](nets.svg)" in Path("here/comparison.md").read_text()

    def fail(_: object) -> None:
        assert json.loads(Path("there/comparison.json").read_text())["type"] == "comparison"
        raise ValueError("no pencil")

    monkeypatch.setattr("sn.figure.side_by_side", fail)
    assert main([*words, "--out", "there"]) == 0
    assert "warning: the nets were not drawn: ValueError: no pencil" in capsys.readouterr().err
    assert not Path("there/nets.svg").exists()
    assert "nets.svg" not in Path("there/comparison.md").read_text()


@pytest.mark.kernels
def test_a_picture_that_fails_costs_no_figures(
    net: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plots = pytest.importorskip("sn.results.plots", reason="needs matplotlib, the extra 'plot'")

    def fail(*_: object) -> None:
        # the numbers are there before
        assert json.loads(Path("here/comparison.json").read_text())["type"] == "comparison"
        raise ValueError("no such font")

    monkeypatch.setattr(plots, "save_curves", fail)
    words = ["compare", "small.sn", "--seeds", "1", "--passes", "1", "--jobs", "1", "--out", "here"]
    assert main(words) == 0
    err = capsys.readouterr().err
    assert "warning: no curves were drawn: matplotlib failed: ValueError: no such font" in err
    names = {path.name for path in Path("here").iterdir()}
    runs = {"compare.json", "run-0.safetensors", "run-1.safetensors"}
    assert names - runs == {"comparison.md", "comparison.csv", "comparison.json", "passes.csv"}


def test_a_comparison_that_fails_leaves_no_folder(
    net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "small.sn", "--optimizers", "none"]) == 1
    assert not Path("runs").exists()
    assert main(["compare", "smal.sn"]) == 1
    assert "did you mean 'small.sn'?" in capsys.readouterr().err


def test_a_wrong_setting_is_told_before_training(
    net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "small.sn", "--set", "rat=1"]) == 1
    assert "no variable 'rat'" in capsys.readouterr().err
    assert not Path("runs").exists()


@pytest.mark.kernels
def test_an_interrupt_waits_until_no_worker_is_being_started(
    net: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit, submitted = Processes.submit, []
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def interrupted(workers: Processes, run: Run) -> None:
        signal.raise_signal(signal.SIGINT)
        submitted.append(run)
        submit(workers, run)

    monkeypatch.setattr(Processes, "submit", interrupted)
    try:
        with pytest.raises(KeyboardInterrupt):
            compare(contenders([net]), range(2), jobs=2, passes=1)
        assert len(submitted) == 2
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_files_are_needed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare"]) == 2


@pytest.mark.kernels
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_whoever_ends_it_leaves_no_process_behind(net: Path, how: signal.Signals) -> None:
    words = [sys.executable, str(ROOT / "cli.py"), "compare", str(net)]
    with subprocess.Popen(
        [*words, "--seeds", "500", "--jobs", "2", "--passes", "20"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # tests started in the background of a shell ignore SIGINT, and so would the command
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("run 1/")
        if how is signal.SIGINT:
            # a terminal tells the whole group
            os.killpg(process.pid, how)
        else:
            process.kill()
        # the pipes end when no worker holds them any more
        out, err = process.communicate(timeout=60)
    assert out == ""
    assert "Traceback" not in err
    if how is signal.SIGINT:
        assert process.returncode == 130
        assert err.splitlines()[-1] == "interrupted"


def test_facts_tell_how_nets_are_judged_stopped_and_fed(net: Path) -> None:
    text = net.read_text()
    other = net.with_name("other.sn")
    other.write_text(
        text.replace(
            "(passes 2)", "(passes 2) (criterion (tolerance 0.5)) (stop (patience 3)) (keep best)"
        )
    )
    one, two = (facts(c.experiment, c.optimizer) for c in contenders([net, other]))
    assert {name for name in two if one.get(name) != two[name]} == {
        "criterion",
        "stop without progress",
        "weights kept",
    }
    assert (one["criterion"], two["criterion"]) == ("as usual", "tolerance 0.5")
    rows = net.with_name("rows.csv")
    rows.write_text("".join(f"{','.join(['0'] * 255 + [str(n)])},{n % 10}\n" for n in range(20)))
    found = []
    for scale in ("none", "unit"):
        form = '(data "mnist-1989")', f'(data (csv "rows.csv" (label 256)) (scale {scale}))'
        other.write_text(text.replace(*form))
        (contender,) = contenders([other], ["fast"])
        found.append(facts(contender.experiment, "fast")["data"])
    assert all(name.startswith("rows.csv [") for name in found) and found[0] != found[1]


@pytest.mark.kernels
def test_a_worker_that_grows_with_its_seed_is_stopped(
    net: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The process that reads the program draws with seed 0, and sees nothing of it."""
    drawn = Session(seed=1).evaluate("(rand)")
    grows = f"(when (< (abs (- (rand) {drawn!r})) 1e-9) (setq l ())"
    net.write_text(f"{grows} (while t (setq l (cons (range 1 1000) l))))\n" + net.read_text())
    words = ["compare", "small.sn", "--optimizers", "fast", "--seeds", "2", "--jobs", "2"]
    assert main([*words, "--passes", "1", "--memory", "40M"]) == 1
    assert "more than 40 MB of memory" in capsys.readouterr().err
