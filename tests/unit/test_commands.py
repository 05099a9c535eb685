"""The commands on a session that gives known answers."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import textwrap
import types
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sn.commands import main
from sn.describe.world import World
from sn.errors import Notice, SnInternalError, Span, TrainError
from sn.graphics import Screen
from sn.lisp.files import Files
from sn.results.check_report import CheckReport, ConnectionReport, LayerReport
from sn.results.checkpoints import Position
from sn.results.folder import RunFolder, RunHeader
from sn.results.origin import Origin
from sn.results.record import DataUsed, NetCounts, PassRecord, Reference, RunRecord, Scores
from sn.shipped import nets_folder

ROOT = Path(__file__).resolve().parents[2]
NET = NetCounts("tiny", 1256, 64660, 9760)
DATA = DataUsed("mnist-1989", "0123")
PAPER = Reference("paper (1989)", 2.5e-3, 10, 1.8e-2, 102, 23, 7291, 2007)
NOTE = "data: mnist-1989; the real digits: `sn data get zipcode`"
REPORT = CheckReport(
    "tiny",
    (LayerReport("input", (16, 16), 256, "input"), LayerReport("h1", (12, 8, 8), 768, "tanh")),
    (ConnectionReport("input -> h1", "conv", 19968, 1068, 19200, "conv 5x5 stride 2"),),
    1024,
    19968,
    1068,
)


def score(number: int) -> PassRecord:
    return PassRecord(
        number, Scores(0.08 / number, 700, 7291), Scores(0.09 / number, 210, 2007), 0.07
    )


@dataclass
class FakeSession:
    """Stands where sn.session.Session will: records the call and plays a short run."""

    settings: dict[str, str] = field(default_factory=dict)
    observers: Any = ()
    calls: Any = None
    warnings: tuple[Notice, ...] = ()
    stops_with: BaseException | None = None

    world: Any = field(default_factory=World)
    networks: Any = field(default_factory=lambda: {"tiny": None})
    is_empty: bool = False
    status: int | None = None
    files: Files = field(default_factory=Files)
    screen: Screen = field(default_factory=Screen)

    def load(self, path: Path) -> FakeSession:
        self.calls["load"] = (path, self.settings)
        print("(printed by the program)")
        return self

    def experiment(self, name: str | None = None) -> FakeSession:
        return self

    def check(self) -> CheckReport:
        return REPORT

    @property
    def experiments(self) -> dict[str, Any]:
        return {}

    def dump(self, path: Path, stage: str) -> str:
        return f"; {path.name} at {stage}"

    def train(
        self, *, passes, seed, optimizer, folder, reference, historical, start, **keeping: Any
    ) -> RunRecord:
        self.calls["train"] = (passes, seed, optimizer, folder, reference)
        if isinstance(self.stops_with, TrainError):
            raise self.stops_with
        disk = None
        if folder is not None:
            disk = RunFolder.create(folder, "tiny")
            disk.start(RunHeader(NET, DATA, "sgd", {}, seed, 2), Origin(source="(defnet tiny)"))
        self.tell("data_chosen", DATA.name, NOTE)
        for notice in self.warnings:
            self.tell("warned", notice)
        self.tell("compile_started", "tiny")
        self.tell("compile_finished", 2.7, False)
        self.tell("started", 2 * 7291, 2)
        for number in (1, 2):
            self.tell("advanced", 7291)
            self.tell("pass_finished", score(number))
            if disk is not None:
                disk.write_checkpoint(Position(number), {"w": np.zeros(3, np.float32)}, {})
            if self.stops_with is not None:
                self.tell("interrupted")
                raise self.stops_with
        record = RunRecord(
            net=NET,
            data=DATA,
            optimizer=optimizer or "sgd",
            options={},
            seed=seed,
            passes=(score(1), score(2)),
            compile_seconds=2.7,
            train_seconds=1.25,
            evaluate_seconds=0.125,
            us_per_presentation=7.5,
            weights={"w": np.zeros(3, np.float32)},
            reference=PAPER,
            folder=folder,
        )
        self.tell("finished", record)
        return record

    def tell(self, event: str, *values: Any) -> None:
        for observer in self.observers:
            getattr(observer, event)(*values)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """Put the fake in place of sn.session; return what it was called with."""
    calls: dict[str, Any] = {"stops_with": None}

    def make(
        settings: Any = None, observers: Any = (), seed: int = 0, *others: Any, **more: Any
    ) -> FakeSession:
        calls["seed"] = seed
        odd = calls.get("warnings", ())
        return FakeSession(settings or {}, observers, calls, odd, calls["stops_with"])

    module = types.ModuleType("sn.session")
    module.Session = make  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sn.session", module)
    monkeypatch.chdir(tmp_path)
    program = ";;; tiny: two layers\n(defnet tiny)\n(setq mu 0.05 name 1)\n"
    (tmp_path / "tiny.sn").write_text(program)
    return calls


def test_run_prints_a_line_per_pass_and_the_table(session: dict[str, Any], capsys) -> None:
    assert main(["run", "tiny.sn", "--out", "here"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out == textwrap.dedent("""\
        (printed by the program)
        pass   1  train 8.00e-2  700 misses   9.60 %  test 9.00e-2  210 misses  10.46 %
        pass   2  train 4.00e-2  700 misses   9.60 %  test 4.50e-2  210 misses  10.46 %

                           this run  paper (1989)
        train error         4.00e-2       2.50e-3
        train misses   700 (9.60 %)   10 (0.14 %)
        test error          4.50e-2       1.80e-2
        test misses   210 (10.46 %)  102 (5.08 %)
        passes                    2            23

        network     tiny: 1,256 units, 64,660 connections, 9,760 parameters
        data        mnist-1989; the real digits: `sn data get zipcode`
        optimizer   sgd, seed 0
        compiling   2.70 s
        training    1.25 s, 7.50 µs per presentation; evaluating 0.12 s
        folder      here
        a page      sn report --open here
        """)


ODD = Notice("map 3 of h1 feeds nothing", Span("tiny.sn", 2, 1, 2, 7), "leave it out")
ODD_TEXT = """\
tiny.sn:2:1: warning[SN0700]: map 3 of h1 feeds nothing
   2 | (defnet tiny)
     | ^^^^^^^
  hint: leave it out
"""


@pytest.mark.parametrize("words", [["--json"], []])
def test_run_warns_before_it_trains(session: dict[str, Any], capsys, words: list[str]) -> None:
    session["warnings"] = (ODD,)
    assert main(["run", "tiny.sn", "--no-folder", *words]) == 0
    assert ODD_TEXT in capsys.readouterr().err


def test_check_warns_on_stderr_or_in_its_object(
    session: dict[str, Any], capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeSession, "check", lambda *_: replace(REPORT, warnings=(ODD,)))
    assert main(["check", "tiny.sn"]) == 0
    assert capsys.readouterr().err == ODD_TEXT
    assert main(["check", "tiny.sn", "--json"]) == 0
    out, err = capsys.readouterr()
    (found,) = json.loads(out)["warnings"]
    assert err == "(printed by the program)\n"
    assert found["message"] == ODD.message
    assert found["hint"] == ODD.hint
    assert (found["span"]["file"], found["span"]["line"], found["span"]["column"]) == (
        "tiny.sn",
        2,
        1,
    )


def test_run_hands_its_options_to_the_session(session: dict[str, Any], capsys) -> None:
    words = "run tiny.sn --passes 2 --seed 7 --optimizer newton --no-folder --reference"
    assert main([*words.split(), "--set", "mu=0.02", "--set", "name=a=b"]) == 0
    assert session["load"] == (Path("tiny.sn"), {"mu": "0.02", "name": "a=b"})
    assert session["train"] == (2, 7, "newton", None, True)
    assert session["seed"] == 7
    assert not Path("runs").exists()


def test_run_makes_a_fresh_folder_below_runs(session: dict[str, Any], capsys) -> None:
    assert main(["run", "tiny.sn"]) == 0
    (folder,) = Path("runs").iterdir()
    assert folder.name.startswith("tiny-")
    assert (folder / "run.json").exists()


def test_run_takes_an_unused_folder_back(session: dict[str, Any], capsys) -> None:
    session["stops_with"] = TrainError("no optimizer is called 'adm'")
    assert main(["run", "tiny.sn"]) == 1
    assert list(Path("runs").iterdir()) == []


def test_run_json_prints_objects_and_nothing_else(session: dict[str, Any], capsys) -> None:
    assert main(["run", "tiny.sn", "--json", "--out", "here"]) == 0
    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["type"] for line in lines] == ["pass", "pass", "result"]
    assert lines[-1]["run"] == "here"
    assert err == "(printed by the program)\n"


def test_run_interrupted_names_the_checkpoint(session: dict[str, Any], capsys) -> None:
    session["stops_with"] = KeyboardInterrupt()
    assert main(["run", "tiny.sn", "--out", "here"]) == 130
    err = capsys.readouterr().err
    assert "the state after pass 1 is in 'here/checkpoint-1.safetensors'" in err
    assert "`sn run --resume here`" in err
    assert err.endswith("interrupted\n")


@pytest.mark.parametrize("file", ["zipcod", "zipcode.sb", "nets"])
def test_a_file_that_is_not_there_is_told(session: dict[str, Any], capsys, file: str) -> None:
    Path("nets").mkdir()
    assert main(["run", file]) == 1
    assert f"'{file}'" in capsys.readouterr().err


def test_check_prints_layers_connections_and_totals(session: dict[str, Any], capsys) -> None:
    assert main(["check", "tiny.sn"]) == 0
    assert capsys.readouterr().out == textwrap.dedent("""\
        (printed by the program)
        tiny

        layer  shape       units  activation
        input  16 x 16       256  input
        h1     12 x 8 x 8    768  tanh

        connection   scheme  connections  parameters  multiply-adds  plan
        input -> h1  conv         19,968       1,068         19,200  conv 5x5 stride 2

        in all 1,024 units, 19,968 connections, 1,068 parameters
        """)


def test_check_json_is_the_report(session: dict[str, Any], capsys) -> None:
    assert main(["check", "tiny.sn", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["layers"][1]["shape"] == [12, 8, 8]
    assert report["connections"][0]["plan"] == "conv 5x5 stride 2"
    assert report["total_parameters"] == 1068


def test_dump_prints_or_writes_a_stage(session: dict[str, Any], capsys) -> None:
    assert main(["dump", "tiny.sn"]) == 0
    assert capsys.readouterr().out == "; tiny.sn at source\n"
    assert main(["dump", "tiny.sn", "--stage", "plan", "-o", "plan.txt"]) == 0
    assert Path("plan.txt").read_text() == "; tiny.sn at plan\n"
    assert main(["dump", "tiny.sn", "-o", "no/such/folder.txt"]) == 1
    assert "cannot write 'no/such/folder.txt'" in capsys.readouterr().err


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Replace the shipped nets by a folder with one net; the tests run in another folder."""
    nets = tmp_path / "nets"
    nets.mkdir()
    (nets / "demo.sn").write_text("\n;;; A net for the tests.\n(defnet demo)\n")
    monkeypatch.setattr("sn.shipped.nets_folder", lambda: nets)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return nets


def test_nets_lists_what_comes_with_sn(shipped: Path, capsys) -> None:
    assert main(["nets"]) == 0
    assert capsys.readouterr().out == "net   what it is\ndemo  A net for the tests.\n"
    assert main(["nets", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "name": "demo",
        "title": "A net for the tests.",
        "path": str(shipped / "demo.sn"),
    }


def test_nets_copy_never_replaces_a_file_unasked(shipped: Path, capsys) -> None:
    assert main(["nets", "copy", "demo"]) == 0
    mine = Path("demo.sn")
    assert mine.read_text() == (shipped / "demo.sn").read_text()
    mine.write_text("(my work)")
    assert main(["nets", "copy", "demo.sn"]) == 1
    assert "is not replaced" in capsys.readouterr().err
    assert mine.read_text() == "(my work)"
    assert main(["nets", "copy", "demo", "--force"]) == 0
    assert "defnet" in mine.read_text()


def test_nets_copy_takes_a_file_or_a_folder(shipped: Path, capsys) -> None:
    Path("deep").mkdir()
    assert main(["nets", "copy", "demo", "deep"]) == 0
    assert main(["nets", "copy", "demo", "other.sn"]) == 0
    assert Path("deep/demo.sn").exists() and Path("other.sn").exists()
    assert main(["nets", "copy", "demo", "no/such.sn"]) == 1
    assert main(["nets", "copy", "demo", str(shipped), "--force"]) == 1
    assert "comes with SN itself" in capsys.readouterr().err


def test_an_unknown_net_gets_the_nearest_name(shipped: Path, capsys) -> None:
    assert main(["nets", "copy", "dmo"]) == 1
    assert "did you mean 'demo'?" in capsys.readouterr().err
    assert main(["check", "dmo"]) == 1
    assert "did you mean 'demo'?" in capsys.readouterr().err


def test_the_nets_of_a_checkout_are_found() -> None:
    assert nets_folder() == ROOT / "nets"


def test_an_installation_without_nets_is_a_fault(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sn.shipped.__file__", str(tmp_path / "sn" / "shipped.py"))
    with pytest.raises(SnInternalError, match="missing"):
        nets_folder()
    (tmp_path / "sn" / "_nets").mkdir(parents=True)
    assert nets_folder() == tmp_path / "sn" / "_nets"


def read_terminal(terminal: int) -> str:
    """Return all that is written to a pseudo-terminal until its last writer closes it."""
    shown = b""
    try:
        while part := os.read(terminal, 4096):
            shown += part
    except OSError:
        # Linux reports the end as an input/output error
        pass
    finally:
        os.close(terminal)
    return shown.decode()


@pytest.mark.parametrize("as_json", [False, True])
def test_a_terminal_gets_a_bar_and_stdout_stays_clean(tmp_path: Path, as_json: bool) -> None:
    program = textwrap.dedent("""
        import sys, types, importlib.util
        spec = importlib.util.spec_from_file_location("fake", sys.argv[1])
        fake = importlib.util.module_from_spec(spec)
        sys.modules["fake"] = fake
        spec.loader.exec_module(fake)
        module = types.ModuleType("sn.session")
        make = lambda settings, observers, *more: fake.FakeSession(settings, observers, {})
        module.Session = make
        sys.modules["sn.session"] = module
        sys.exit(fake.main(sys.argv[2:]))
    """)
    (tmp_path / "tiny.sn").write_text("(defnet tiny)")
    ours, theirs = pty.openpty()
    words = ["run", "tiny.sn", "--no-folder", *(["--json"] if as_json else [])]
    with (tmp_path / "stdout").open("wb") as stdout:
        process = subprocess.Popen(
            [sys.executable, "-c", program, __file__, *words],
            stdout=stdout,
            stderr=theirs,
            cwd=tmp_path,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "80", "PYTHONPATH": str(ROOT)},
        )
    os.close(theirs)
    shown = read_terminal(ours)
    assert process.wait(10) == 0, shown
    printed = (tmp_path / "stdout").read_bytes()
    assert "compiled tiny in 2.7 s" in shown
    assert "pass 2/2" in shown and "100 %" in shown
    assert b"\x1b" not in printed
    first = printed.splitlines()[0]
    assert first.startswith(b'{"type":"pass"' if as_json else b"(printed by the program)")


def test_a_run_without_published_figures_shows_its_own(
    session: dict[str, Any], capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = FakeSession.train
    monkeypatch.setattr(
        FakeSession,
        "train",
        lambda self, **options: replace(whole(self, **options), reference=None),
    )
    assert main(["run", "tiny.sn", "--no-folder"]) == 0
    out = capsys.readouterr().out
    assert "paper" not in out
    assert "folder" not in out
    assert "test misses   210 (10.46 %)" in out
