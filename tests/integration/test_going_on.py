"""`sn run --resume` and `--again` as a user types them, in processes that are interrupted."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sn.commands import main
from sn.results.about import read_about, read_log
from sn.results.lock import FolderLock
from sn.session import Session

pytestmark = pytest.mark.kernels

PROGRAM = """
(setq rate 0.002)
(load "layers.sn")
(experiment tiny (data "mnist-1989") (targets -0.8 0.8) (order shuffled) (passes 4)
  (optimizer newton (diagonal-newton (learning-rate rate)))
  (optimizer plain (sgd (learning-rate rate))))
"""
LAYERS = "(defnet tiny (layer input (16 16)) (layer out (10)) (connect input out (full)))"
SN = [sys.executable, "-c", "import sys; from sn.commands import main; sys.exit(main())"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiny.sn").write_text(PROGRAM)
    Path("layers.sn").write_text(LAYERS)


def sha256(folder: str) -> str:
    return hashlib.sha256(Path(folder, "weights.safetensors").read_bytes()).hexdigest()


def log(folder: str) -> list[dict[str, object]]:
    return [{k: v for k, v in line.items() if k != "seconds"} for line in read_log(Path(folder))]


def test_four_passes_are_two_and_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "tiny.sn", "--out", "whole"]) == 0
    assert main(["run", "tiny.sn", "--out", "run", "--passes", "2"]) == 0
    capsys.readouterr()
    assert main(["run", "--resume", "run", "--passes", "4", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line.get("pass") for line in lines] == [3, 4, None]
    assert sha256("run") == sha256("whole")
    assert log("run") == log("whole")


def test_ctrl_c_prints_the_command_that_goes_on() -> None:
    """The folder has a name that a shell would take apart."""
    folder, words = "it's a run", ["run", "tiny.sn", "--passes", "150", "--json", "--set"]
    words += ["rate=0.001", "--seed", "5", "--optimizer", "plain"]
    assert main([*words, "--out", "whole"]) == 0
    with subprocess.Popen(
        [*SN, *words, "--out", folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # tests started in the background of a shell ignore SIGINT, and so would the command
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as run:
        assert run.stdout is not None
        first = run.stdout.readline()
        run.send_signal(signal.SIGINT)
        rest, err = run.communicate()
    assert run.returncode == 130, err
    assert "Traceback" not in err
    assert read_about(Path(folder))["outcome"] == "interrupted"
    done = 1 + len(rest.splitlines())
    assert json.loads(first)["pass"] == 1 and done < 150
    command = err.split("`")[1]
    assert command == "sn run --resume 'it'\"'\"'s a run'"
    assert main(shlex.split(command)[1:]) == 0
    assert sha256(folder) == sha256("whole")
    assert log(folder) == log("whole")
    resumed = read_about(Path(folder))["resumed"]
    assert resumed[0]["command"] == shlex.split(command)


def test_two_runs_of_two_processes_are_kept_apart() -> None:
    words = [*SN, "run", "tiny.sn", "--passes", "100000", "--out", "run"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        run.stdout.readline()
        second = subprocess.run(
            [*SN, "run", "--resume", "run"], capture_output=True, text=True, check=False
        )
        run.kill()
    assert second.returncode == 1
    assert f"the run in 'run' is going on: process {run.pid} writes there" in second.stderr
    assert Path("run", ".lock").exists()
    FolderLock(Path("run")).release()  # the kernel took it from the process that was killed


def test_a_run_is_done_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "tiny.sn", "--passes", "2", "--set", "rate=0.001", "--out", "run"]) == 0
    about = read_about(Path("run"))
    assert about["settings"] == {"rate": "0.001"}
    assert about["command"][:3] == ["sn", "run", "tiny.sn"]
    assert about["program"]["path"] == str(Path("tiny.sn").resolve())
    assert [one["path"] for one in about["read"]] == [str(Path("layers.sn").resolve())]
    assert about["read"][0]["sha256"] == hashlib.sha256(LAYERS.encode()).hexdigest()
    assert len(about["table"]) == 64 and len(about["data"]["hash"]) == 64
    capsys.readouterr()
    assert main(["run", "--again", "run"]) == 0
    assert f"equal to run: all scores, and weights of sha256 {weights_hash('run')}" in " ".join(
        capsys.readouterr().out.split()
    )


def test_a_run_from_other_weights_is_done_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "tiny.sn", "--passes", "1", "--out", "old"]) == 0
    words = ["run", "tiny.sn", "--passes", "1", "--seed", "3"]
    assert main([*words, "--from", "old", "--out", "run"]) == 0
    assert main([*words, "--out", "fresh"]) == 0
    assert weights_hash("run") != weights_hash("fresh")
    shutil.rmtree("old")
    capsys.readouterr()
    assert main(["run", "--again", "run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["differences"] == []
    assert main(["run", "--again", "run", "--from", "fresh"]) == 2
    assert "leave --from out" in capsys.readouterr().err


def weights_hash(folder: str) -> str:
    found: str = read_about(Path(folder))["result"]["weights_sha256"]
    return found


def test_what_became_of_the_files_does_not_matter(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "tiny.sn", "--passes", "1", "--out", "run"]) == 0
    Path("tiny.sn").write_text(PROGRAM.replace("0.002", "0.5"))
    Path("layers.sn").unlink()
    Path("elsewhere").mkdir()
    os.chdir("elsewhere")
    capsys.readouterr()
    assert main(["run", "--again", "../run", "--json"]) == 0
    out, err = capsys.readouterr()
    last = json.loads(out.splitlines()[-1])
    assert last == {"type": "again", "run": "../run", "differences": []}
    assert "tiny.sn changed since; the run has the program as it was" in " ".join(err.split())
    assert main(["run", "--resume", "../run", "--passes", "2"]) == 0
    assert main(["run", "../tiny.sn", "--resume", "../run", "--passes", "3"]) == 1
    assert "no file is called 'layers.sn'" in capsys.readouterr().err


def test_what_a_program_drew_is_drawn_again(capsys: pytest.CaptureFixture[str]) -> None:
    """From the seed of its session, which from Python need not be that of the run."""
    Path("tiny.sn").write_text(PROGRAM.replace("0.002", "(* 0.002 (+ 1 (rand)))"))
    experiment = Session(seed=5).load("tiny.sn").experiment()
    experiment.train(passes=1, seed=2, folder="run")
    assert main(["run", "--again", "run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["differences"] == []
    assert main(["run", "--resume", "run", "--passes", "2"]) == 0


def test_what_differs_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "tiny.sn", "--passes", "2", "--out", "run"]) == 0
    path = Path("run", "source.sn")
    path.write_text(path.read_text().replace("0.002", "0.003"))
    capsys.readouterr()
    assert main(["run", "--again", "run", "--no-folder"]) == 1
    err = capsys.readouterr().err
    for words in (
        "option learning_rate was 0.002, now it is 0.003",
        "pass 1 train error was",
        f"the sha256 of the weights was {weights_hash('run')[:16]}, now it is",
    ):
        assert words in err
    assert "pass 2" not in err


def test_a_changed_program_is_refused_by_name_and_forked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["run", "tiny.sn", "--passes", "2", "--out", "run"]) == 0
    words = ["run", "tiny.sn", "--resume", "run", "--set", "rate=0.01", "--passes", "3"]
    assert main(words) == 1
    assert "learning-rate was 0.002, now it is 0.01" in capsys.readouterr().err
    assert main([*words, "--fork", "--out", "fork"]) == 0
    assert [line["pass"] for line in read_log(Path("fork"))] == [1, 2, 3]
    assert main(["run", "--again", "fork"]) == 1
    assert "it went on from that in 'run', with changes, and what it" in capsys.readouterr().err
    Path("layers.sn").write_text(LAYERS.replace("(10)", "(10) (linear)"))
    assert main(["run", "tiny.sn", "--resume", "run", "--passes", "3"]) == 1
    assert "layer out was 10, " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run"], "Missing argument"),
        (["run", "--fork", "tiny.sn"], "--fork goes on elsewhere with the run that --resume names"),
        (["run", "--again", "x", "--seed", "2"], "leave --seed out"),
        (["run", "--again", "x", "tiny.sn"], "leave FILE out"),
        (["run", "--again", "x", "--set", "a=1"], "leave --set out"),
        (["run", "--again", "x", "--resume", "y"], "leave --resume out"),
        (["run", "--resume", "x", "--out", "y"], "--out needs --fork"),
        (["run", "--resume", "x", "--no-folder"], "--no-folder needs --fork"),
        (["run", "tiny.sn", "--checkpoint-every", "0"], "whole number of at least 1"),
    ],
)
def test_options_that_contradict_are_usage_errors(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert said in capsys.readouterr().err


def test_a_run_that_did_not_finish_cannot_be_compared(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "tiny.sn", "--passes", "1", "--out", "run"]) == 0
    path = Path("run", "run.json")
    path.write_text(path.read_text().replace('"finished"', '"running"'))
    assert main(["run", "--again", "run"]) == 1
    assert "`sn run --resume run` goes on with it" in capsys.readouterr().err


def test_a_killed_run_goes_on() -> None:
    """More of this: `make crash`."""
    words = ["run", "tiny.sn", "--passes", "60", "--checkpoint-every", "1000"]
    assert main([*words, "--out", "whole"]) == 0
    for number, seconds in enumerate((0.0, 0.1, 0.3)):
        folder = f"run{number}"
        with subprocess.Popen([*SN, *words, "--out", folder], stdout=subprocess.PIPE) as run:
            assert run.stdout is not None
            run.stdout.readline()
            time.sleep(seconds)
            run.kill()
        assert main(["run", "--resume", folder]) == 0
        assert sha256(folder) == sha256("whole")
        assert log(folder) == log("whole")
