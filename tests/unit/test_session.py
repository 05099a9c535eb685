"""The session, as Python sees it: load, look, train, read the weights."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sn
from sn.data import load as load_data
from sn.errors import DataError, NetError, SettingError, SnError, TrainError
from sn.opened import open_run
from sn.results.record import PassRecord, RunRecord
from sn.results.table import final_table
from sn.session import Program, Session, load
from sn.shipped import nets_folder
from sn.train.observer import Observer

# a net of one layer learns the digits to some extent in a fraction of a second
SMALL = """
(setq rate 0.001)
(defnet small (layer in (16 16)) (layer out (10)) (connect in out (full)))
(experiment small (data "mnist-1989") (optimizer sgd (sgd (learning-rate rate)))
  (optimizer slow (sgd (learning-rate 0.0001))) (passes 2))
"""


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache of this module's own, empty at first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SN_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("SN_DATA", raising=False)
        yield


def program(tmp_path: Path, text: str, settings: dict[str, str] | None = None) -> Program:
    file = tmp_path / "small.sn"
    file.write_text(text)
    return sn.load(file, settings)


# name -> shape, as the 1989 net is published
ZIPCODE = {
    "h1.weight": (12, 1, 5, 5),
    "h1.bias": (12, 8, 8),
    "h2.weight": (12, 8, 5, 5),
    "h2.bias": (12, 4, 4),
    "h3.weight": (30, 192),
    "h3.bias": (30,),
    "output.weight": (10, 30),
    "output.bias": (10,),
}


def test_the_weights_of_the_1989_net_have_names_and_shapes() -> None:
    table = sn.load(nets_folder() / "zipcode.sn").table
    assert {p.name: p.wid.shape for p in table.parameters} == ZIPCODE


@pytest.mark.kernels
def test_a_small_net_from_python(tmp_path: Path) -> None:
    experiment = program(tmp_path, SMALL).experiment()
    assert (experiment.name, experiment.optimizers) == ("small", ("sgd", "slow"))
    record = experiment.train(passes=1, seed=3)
    assert isinstance(record, RunRecord)
    assert (record.net.units, record.net.connections, record.net.parameters) == (266, 2570, 2570)
    assert (record.optimizer, record.seed, len(record.passes)) == ("sgd", 3, 1)
    assert record.data.name == "mnist-1989"
    assert record.train.patterns == 7291
    assert record.test.patterns == 2007
    assert record.test.misses < 600
    assert record.test.error < 0.15
    assert {name: array.shape for name, array in record.weights.items()} == {
        "out.weight": (10, 256),
        "out.bias": (10,),
    }
    assert all(array.dtype == np.float32 for array in record.weights.values())


@pytest.mark.kernels
def test_the_optimizer_and_the_passes_are_the_experiments(tmp_path: Path) -> None:
    record = program(tmp_path, SMALL).experiment("small").train(optimizer="slow")
    assert len(record.passes) == 2
    assert record.options["learning_rate"] == 0.0001


@pytest.mark.kernels
def test_settings_hold_against_the_program(tmp_path: Path) -> None:
    experiment = program(tmp_path, SMALL, {"rate": "0.005"}).experiment()
    assert experiment.spec.optimizers["sgd"].learning_rate == 0.005


@pytest.mark.parametrize("text", ["", "1 2", "("])
def test_a_setting_is_one_value(tmp_path: Path, text: str) -> None:
    with pytest.raises(SnError):
        program(tmp_path, SMALL, {"rate": text})


class Listener(Observer):
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.presentations = 0

    def data_chosen(self, name: str, note: str) -> None:
        self.heard.append(f"data {name}")

    def compile_started(self, net: str) -> None:
        self.heard.append(f"compiling {net}")

    def compile_finished(self, seconds: float, cached: bool) -> None:
        self.heard.append("compiled")

    def started(self, presentations: int, passes: int) -> None:
        self.heard.append(f"started {presentations} {passes}")

    def advanced(self, presentations: int) -> None:
        self.presentations += presentations

    def pass_finished(self, record: PassRecord) -> None:
        self.heard.append(f"pass {record.number}")

    def finished(self, record: RunRecord) -> None:
        self.heard.append("finished")


@pytest.mark.kernels
def test_observers_hear_every_step_in_order(tmp_path: Path) -> None:
    file = tmp_path / "small.sn"
    file.write_text(SMALL)
    listener = Listener()
    Session(observers=[listener]).load(file).experiment().train()
    assert listener.heard == [
        "data mnist-1989",
        "compiling small",
        "compiled",
        "started 14582 2",
        "pass 1",
        "pass 2",
        "finished",
    ]
    assert listener.presentations == 14582


def test_a_check_reports_what_the_net_is_made_of() -> None:
    report = Session().check(nets_folder() / "zipcode.sn")
    totals = (report.total_units, report.total_connections, report.total_parameters)
    assert totals == (1256, 64660, 9760)
    assert [layer.name for layer in report.layers] == ["input", "h1", "h2", "h3", "output"]
    parts = {part.label: part for part in report.connections}
    assert parts["h1 -> h2"].scheme == "conv"
    assert (parts["h1 -> h2"].connections, parts["h1 -> h2"].parameters) == (38400, 2400)
    assert parts["h1 -> h2"].plan.startswith("conv 5x5, stride 2")
    assert parts["bias -> h1"].plan == "bias per unit"


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ("forms", "(defnet small"),
        ("table", "table small: 266 units, 2570 connections, 2570 weights"),
        ("plan", "in -> out  full 10 x 256, 2560 connections"),
        ("schedule", "dense.sections.full_forward LAYER_1 LAYER_0 FULL_1"),
        ("source", '"""Kernels of a net of 266 units'),
    ],
)
def test_every_stage_can_be_dumped(tmp_path: Path, stage: str, words: str) -> None:
    file = tmp_path / "small.sn"
    file.write_text(SMALL)
    assert words in Session().dump(file, stage)


@pytest.mark.kernels
@pytest.mark.parametrize(("stage", "words"), [("llvm", "define"), ("asm", "ret")])
def test_machine_code_can_be_dumped(tmp_path: Path, stage: str, words: str) -> None:
    file = tmp_path / "small.sn"
    file.write_text(SMALL)
    text = Session().dump(file, stage)
    assert words in text
    assert "; --- train ---" in text


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("(setq x 1)", NetError, "describes no network"),
        (SMALL.split("(experiment")[0], TrainError, "describes a network but no experiment"),
    ],
)
def test_what_a_program_lacks_is_said(
    tmp_path: Path, text: str, kind: type[SnError], words: str
) -> None:
    with pytest.raises(kind, match=words) as found:
        program(tmp_path, text).experiment()
    assert found.value.hint


def test_unknown_stages_are_refused(tmp_path: Path) -> None:
    some = program(tmp_path, SMALL)
    for dump in (some.dump, lambda stage: Session().dump(some.path, stage)):
        with pytest.raises(SettingError, match="a stage must be one of . words, found .plam") as it:
            dump("plam")
        assert it.value.hint == "did you mean 'plan'?"
        with pytest.raises(SettingError, match="found 3") as it:
            dump(3)
        assert "there are: " in it.value.hint and "table, plan" in it.value.hint
    with pytest.raises(SettingError, match="found 'forms'"):
        some.dump("forms")  # a program is not its text


def test_two_engines_at_once_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="two engines"):
        program(tmp_path, SMALL).experiment().train(reference=True, historical=True)


def test_unknown_experiments_and_optimizers_are_refused(tmp_path: Path) -> None:
    some = program(tmp_path, SMALL)
    with pytest.raises(TrainError, match="has no experiment 'smal'") as found:
        some.experiment("smal")
    assert found.value.hint == "did you mean 'small'?"
    with pytest.raises(TrainError, match="has no experiment '5'"):
        some.experiment(5)
    with pytest.raises(TrainError, match="has no optimizer 'fast'") as found:
        some.experiment().train(optimizer="fast")
    assert found.value.hint == "it has: sgd, slow"


def test_data_of_another_size_are_refused(tmp_path: Path) -> None:
    for change, words in (("(16 16)", "256 numbers a pattern"), ("(10)", "10 classes")):
        with pytest.raises(DataError, match=words):
            program(tmp_path, SMALL.replace(change, "(7)")).experiment().train()


@pytest.mark.kernels
def test_kernels_that_diverge_stop_the_run(tmp_path: Path) -> None:
    deep = SMALL.replace("(connect in out (full))", "(connect in h (full)) (connect h out (full))")
    deep = deep.replace("(layer out (10))", "(layer h (4) (relu)) (layer out (10) (linear))")
    deep = deep.replace("0.001", "1000")
    with pytest.raises(TrainError) as found:
        program(tmp_path, deep).experiment().train()
    assert re.fullmatch(
        r"training diverged: layer (h|out) has numbers that are not finite after pattern \d+ "
        r"\(presentation \d+, pass 1\)",
        found.value.message,
    )
    assert found.value.span is not None
    assert found.value.span.line == 4


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "nowhen.sn").write_text("")
    with pytest.raises(SnError, match=r"there is no file '.*nowhere\.sn'") as found:
        sn.load(tmp_path / "nowhere.sn")
    assert found.value.hint == "did you mean 'nowhen.sn'?"


def test_a_net_that_comes_with_sn_is_known_by_its_name(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)  # where no folder of nets is
    assert sn.load("zipcode").path == nets_folder() / "zipcode.sn"
    assert sn.load(Path("zipcode"), seed=1).network.name == "zipcode"
    assert Session().check("zipcode").total_units == 1256
    assert Session().dump("zipcode", "forms").startswith("(setq h1-to-h2")
    (tmp_path / "zipcode").write_text(
        "(defnet mine (layer a (2)) (layer b (1)) (connect a b (full)))"
    )
    assert sn.load("zipcode").network.name == "mine"  # a file that is here comes first


@pytest.mark.parametrize(
    ("wrong", "words", "hint"),
    [
        ("zipcod", "'zipcod' is neither a file here nor a net", "did you mean 'zipcode'"),
        ("", "a file or folder was expected, found none", ""),
        ("(defnet a (layer b (2)))", r"there is no file '\(defnet a", "not the program itself"),
        ("(" * 400, r"there is no file '\({40}'$", "not the program itself"),
        ("x" * 400, "'x+' is neither a file here nor a net", "`sn nets` lists"),
        ("x" * 400 + "/a.sn", "there is no file 'x+/a.sn'", "`sn nets` lists"),
        (5, "expected the path of a file or the name of a net, found int", ""),
        (None, "expected the path of a file or the name of a net, found NoneType", ""),
    ],
)
def test_a_wrong_name_of_a_net_is_told(wrong: Any, words: str, hint: str) -> None:
    with pytest.raises(SnError) as found:
        sn.load(wrong)
    assert re.search(words, found.value.message)
    assert hint in (found.value.hint or "")


def test_a_program_can_come_through_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(SMALL,))
    writer.start()
    assert sn.load(pipe).network.name == "small"
    writer.join()


def test_the_top_level_lists_what_is_for_users() -> None:
    listed = dir(sn)
    assert listed == sorted(listed)
    assert {"load", "open", "Session", "Program", "Experiment", "data", "SnError"} <= {*listed}
    for name in listed:
        assert getattr(sn, name) is not None
    assert sn.load is load
    assert sn.data.load is load_data
    assert {"load", "csv", "npz", "Dataset", "Part"} <= {*dir(sn.data)}
    assert all(hasattr(sn.data, name) for name in dir(sn.data))
    assert sn.open is open_run
    classes = [getattr(sn, name) for name in listed if name.endswith("Error")]
    assert len(classes) > 5 and all(issubclass(one, SnError) for one in classes)
    with pytest.raises(AttributeError, match="module 'sn' has no attribute 'lode'"):
        sn.lode  # noqa: B018 - asked for, to be refused


def test_importing_sn_imports_next_to_nothing() -> None:
    program = "import sys, sn; dir(sn); sn.SnError; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = {*done.stdout.split()}
    assert not {"numba", "numpy", "rich", "lark", "sn.session", "sn.data"} & loaded
    assert "sn.errors" in loaded


@pytest.mark.kernels
def test_the_twin_can_be_asked_for(tmp_path: Path) -> None:
    """--reference: the same run in float64, row by row."""
    text = SMALL.replace("(passes 2)", "(passes 1)")
    experiment = program(tmp_path, text).experiment()
    fast, slow = experiment.train(seed=1), experiment.train(seed=1, reference=True)
    assert slow.compile_seconds == 0
    assert fast.train.error == pytest.approx(slow.train.error, rel=1e-4)
    assert abs(fast.train.misses - slow.train.misses) <= 3
    for name, weights in fast.weights.items():
        assert weights == pytest.approx(slow.weights[name], abs=1e-4)


@pytest.mark.kernels
def test_no_passes_score_the_untrained_net(tmp_path: Path) -> None:
    experiment = program(tmp_path, SMALL).experiment()
    record = experiment.train(passes=0, seed=2, folder=tmp_path / "run")
    assert (record.n_passes, record.train_seconds, record.us_per_presentation) == (0, 0, 0)
    drawn = experiment.spec.init.draw(experiment.table, 2)
    weight = next(p for p in experiment.table.parameters if p.name == "out.weight")
    assert np.array_equal(record.weights["out.weight"], drawn[weight.wid])
    trained = experiment.train(passes=1, seed=2)
    assert trained.test.misses < record.test.misses
    assert [one.label for one in final_table(record)][-1] == "passes"
    assert final_table(record)[-1].ours == "0"


def test_a_program_without_an_end_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sn.program_text.LONGEST_PROGRAM", 1000)
    for file in (Path("/dev/zero"), tmp_path / "long.sn"):
        if not file.exists():
            file.write_text(";" * 1001)
        with pytest.raises(SnError, match="is no program: it has more than 1 kB"):
            sn.load(file)
    (tmp_path / "fits.sn").write_text(";" * 1000)
    assert sn.load(tmp_path / "fits.sn").is_empty
