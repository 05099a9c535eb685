"""Who uses data that stay in their file: commands, pages, sweeps; and how much memory it takes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import sn
from sn.commands import main
from sn.lisp.gate import Allow
from sn.session import Session

Captured = pytest.CaptureFixture[str]
PROGRAM = """
(setq rate 0.01)
(defnet small
  (layer input (4 4))
  (layer output (3) (nlf-tanh 0.66666666 0))
  (connect input output (full)))
(experiment small
  (data (npy "x.npy" "y.npy") (split (test 0.25)) (scale unit) (stream (block 8) (buffer 4)))
  (optimizer sgd (sgd (learning-rate rate)))
  (passes 2))
"""
DATA = '(data (npy "x.npy" "y.npy") (split (test 0.25)) (scale unit) (stream yes))'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a program, its data, and nothing else, which is the current one."""
    monkeypatch.chdir(tmp_path)
    kinds = np.arange(400) % 3
    stream = np.random.default_rng(1)
    values = 100 * (np.arange(16) % 3 == kinds[:, None]) + stream.integers(0, 90, (400, 16))
    np.save("x.npy", values.reshape(400, 4, 4).astype(np.uint8))
    np.save("y.npy", kinds)
    (tmp_path / "small.sn").write_text(PROGRAM)
    return tmp_path


def said(capsys: Captured, *words: str, code: int = 0) -> str:
    assert main(list(words)) == code
    both = capsys.readouterr()
    return both.err if code else both.out


@pytest.mark.kernels
def test_a_run_its_test_and_its_page(folder: Path, capsys: Captured) -> None:
    out = said(capsys, "run", "small.sn", "--out", "run", "--seed", "1")
    assert "streamed in blocks of 8, 4 shuffled together; 300 for training," in out
    end = sn.load("small.sn").experiment().train(seed=1, progress=False).end
    lines = said(capsys, "test", "run", "--data", DATA, "--json").splitlines()
    found = {one["set"]: one for one in map(json.loads, lines)}
    assert end.test is not None
    assert found["test"]["misses"] == end.test.misses
    assert found["train"]["error"] == pytest.approx(end.train.error, rel=1e-12)
    said(capsys, "report", "run", "--data", DATA, "-o", "page.html")
    assert "test pattern" in Path("page.html").read_text(encoding="utf-8")


@pytest.mark.kernels
def test_predictions_are_told_part_by_part(
    folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    said(capsys, "run", "small.sn", "--out", "run")
    for how in ("--json", "--csv"):
        whole = said(capsys, "predict", "run", "x.npy", how)
        with monkeypatch.context() as patch:
            patch.setattr("sn.trained.patterns.MOST_AT_ONCE", 37)
            assert said(capsys, "predict", "run", "x.npy", how) == whole
    assert said(capsys, "predict", "run", "x.npy").count("\n") == 401
    net, patterns = sn.open("run"), np.load("x.npy")
    expected = net.predict(patterns)
    assert net.predict("x.npy").tolist() == expected.tolist()
    assert net.predict(np.load("x.npy", mmap_mode="r")).tolist() == expected.tolist()
    monkeypatch.setattr("sn.trained.net.MOST_AT_ONCE", 37)
    np.testing.assert_array_equal(net.outputs(patterns), sn.open("run").outputs("x.npy"))


@pytest.mark.kernels
def test_what_was_told_before_a_bad_pattern_stays(
    folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    said(capsys, "run", "small.sn", "--out", "run")
    patterns = np.load("x.npy").astype(np.float32)
    patterns[50, 1, 2] = np.inf
    np.save("bad.npy", patterns)
    monkeypatch.setattr("sn.trained.patterns.MOST_AT_ONCE", 20)
    assert main(["predict", "run", "bad.npy", "--csv"]) == 1
    both = capsys.readouterr()
    assert both.out.count("\n") == 41
    assert "bad.npy: input 6 of pattern 50 is inf, expected a finite number" in both.err


# --- sweeps ---


def test_a_worker_that_lacks_the_file_is_a_message(folder: Path) -> None:
    optuna = pytest.importorskip("optuna", reason="sweeps need optuna")
    assert optuna
    from sn.pool.perform import Keeper  # behind what it needs
    from sn.pool.runs import Run, Wanted, bundle_of, sent

    experiment = Session().load("small.sn").experiment()
    dataset, _ = experiment.spec.data.load()
    bundle = bundle_of(experiment, dataset.hash, Allow(), True)
    keeper, run = Keeper(), Run(bundle.hash, (("rate", "0.3"),), "sgd", 1, 0)
    keeper.put(bundle.hash, bundle)
    (folder / "x.npy").rename("elsewhere.npy")
    wanted = keeper.do(run)
    assert wanted == Wanted(dataset.hash)
    with pytest.raises(sn.SnError, match="is streamed from its file, which does not travel, and w"):
        sent(dataset, Wanted(dataset.hash, "cannot read x.npy"), "worker 3")
    assert isinstance(wanted, Wanted) and "cannot read" in wanted.why
    assert sent(bundle, wanted, "worker 3") is bundle


@pytest.mark.kernels
def test_every_worker_reads_the_file_by_itself(folder: Path) -> None:
    pytest.importorskip("optuna", reason="sweeps need optuna")
    from sn.pool.perform import Keeper  # behind what it needs
    from sn.pool.runs import Ended, Run, bundle_of

    experiment = Session().load("small.sn").experiment()
    dataset, _ = experiment.spec.data.load()
    bundle = bundle_of(experiment, dataset.hash, Allow(), True)
    run = Run(bundle.hash, (("rate", "0.3"),), "sgd", 2, 0)
    found = []
    for keeper in (Keeper(), Keeper()):
        keeper.put(bundle.hash, bundle)
        ended = keeper.do(run)
        assert isinstance(ended, Ended)
        found.append(ended.outcome)
    one, two = found
    assert one.state == "done" and one.bits == two.bits and one.data == dataset.hash


# --- memory ---

# not getrusage, which counts the process that started it too
MEASURE = """
import sys
from sn.commands import main
code = main(sys.argv[1:])
rows = open("/proc/self/status").read().splitlines()
print(next(row.split()[1] for row in rows if row.startswith("VmHWM")), file=sys.stderr)
raise SystemExit(code)
"""
WIDE = """
(defnet wide
  (layer input (256))
  (layer output (10) (nlf-tanh 0.66666666 0))
  (connect input output (full)))
(experiment wide
  (data (npy "x.npy" "y.npy") (scale (-1 1)) {stream})
  (optimizer sgd (sgd (learning-rate 0.001)))
  (passes 1))
"""


def peak(folder: Path, count: int, stream: str) -> tuple[int, float, str]:
    """Train on so many patterns of 256 bytes; return the code, the megabytes and what was said."""
    kinds = np.arange(count, dtype=np.int64) * 7 % 10
    np.save(folder / "x.npy", ((kinds[:, None] * np.arange(256)) % 256).astype(np.uint8))
    np.save(folder / "y.npy", kinds.astype(np.uint8))
    (folder / "wide.sn").write_text(WIDE.format(stream=stream))
    words = ["run", str(folder / "wide.sn"), "--no-folder", "--memory", "120M"]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *words], capture_output=True, text=True, check=False
    )
    *told, last = done.stderr.strip().splitlines()
    return done.returncode, int(last) / 1024, done.stdout + "\n".join(told)


@pytest.mark.slow
@pytest.mark.kernels
@pytest.mark.skipif(sys.platform != "linux", reason="other systems count memory otherwise")
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """128 MB of bytes, 512 MB as float32, are trained on within a few windows more than 1,000."""
    code, small, _ = peak(tmp_path, 1000, "(stream (block 1024) (buffer 8))")
    assert code == 0
    code, large, text = peak(tmp_path, 500_000, "(stream (block 1024) (buffer 8))")
    assert code == 0, text
    assert large < small + 60
    code, _, text = peak(tmp_path, 500_000, "(stream no)")
    assert code == 1
    assert "would take 128 MB, at most 120 MB are allowed" in text
    assert "(stream) reads npy, idx and raw files a block at a time" in text
