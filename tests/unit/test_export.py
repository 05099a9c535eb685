"""Nets written as C, JavaScript and ONNX give what the twin gives; the command that writes them."""

from __future__ import annotations

import ctypes
import io
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sn.commands import main
from sn.data.scaling import Scaling
from sn.errors import SnError, UnknownNameError
from sn.export.c import LANES, c, identifier
from sn.export.formats import FORMATS, exported
from sn.export.javascript import javascript, standalone
from sn.export.loops import one_line
from sn.export.portable import Program
from sn.lower.recognise import lower
from sn.net.reference import Reference
from sn.net.table import ConnectionTable, freeze
from sn.trained.net import TrainedNet, open_trained
from sn.trained.writing import write_trained
from tests.sample_nets import ALL_KINDS, FAMILIES, described, family, lms, shipped, tables
from tests.unit.test_combine import CONV, WAVE, combined
from tests.unit.test_trained_net import STAND_IN, net_of

onnx_model = pytest.importorskip("sn.export.onnx", reason="needs onnx").onnx_model
ort = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
TINY = "(layer in (2)) (layer out (1)) (connect in out (full))"
NODE, GCC = shutil.which("node"), shutil.which("gcc")
needs_node = pytest.mark.skipif(NODE is None, reason="needs node, which runs JavaScript")
needs_gcc = pytest.mark.skipif(GCC is None, reason="needs gcc")

CLOSE = 1e-5
# units of whole layers in another order than the rows say, so that a plan moves them
SHUFFLED = (
    "(defnet mixed (layer in (4 4)) (layer h (9)) (layer out (3)) (connect in h (scheme"
    " (lambda (from to) (let ((rows ()) (at '(4 0 8 2 6 1 7 3 5))) (each ((k (range 0 8)))"
    " (each ((u '(0 1))) (each ((v '(0 1))) (setq rows (cons (list (nth k at)"
    " (+ (* 4 (+ (div k 3) u)) (mod k 3) v) (+ (* 2 u) v)) rows))))) rows))))"
    " (connect h out (full)))"
)
# what C is compiled for here: between them every loop and every function of one number
IN_C = (
    "conv that wraps within a border",
    "conv with a dilation, a stride and a border",
    "local with a table of maps",
    "subsample after conv",
    "slices of the input",
    "scheme of shared weights",
    "elu",
    "gelu",
    "a Lisp expression of all functions",
)


@dataclass(frozen=True)
class Sample:
    """A net with weights, some patterns and what the twin says of them."""

    table: ConnectionTable
    weights: NDArray[np.float32]
    patterns: NDArray[np.float32]
    outputs: NDArray[np.float64]

    @property
    def program(self) -> Program:
        return Program(lower(self.table))


def sample(table: ConnectionTable, seed: int = 0, count: int = 2 * LANES + 3) -> Sample:
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=table.n_weights) / np.sqrt(table.fan_in_of_weight)
    weights = weights.astype(np.float32)
    patterns = rng.uniform(-1, 1, (count, table.n_inputs)).astype(np.float32)
    twin = Reference(table, lms(table))
    states = [twin.forward(weights.astype(float), one.astype(float))[1] for one in patterns]
    return Sample(table, weights, patterns, np.array(states)[:, table.output_units])


@pytest.fixture(scope="module")
def samples() -> dict[str, Sample]:
    """Every kind of net once."""
    found = {name: sample(freeze(family(name))) for name in FAMILIES}
    for name, text in (("all kinds", ALL_KINDS), ("mixed", SHUFFLED)):
        found[name] = sample(freeze(described(text)))
    for name in ("lenet-1", "zipcode", "ladder/4-relu-dropout"):
        found[name] = sample(shipped(name).table, count=3)
    return found


def in_node(
    nets: Mapping[str, str], patterns: Mapping[str, NDArray[np.float32]]
) -> dict[str, NDArray[np.float64]]:
    """Run texts of JavaScript that make functions of a pattern; all in one process."""
    parts = ",\n".join(f"{json.dumps(name)}: {text}" for name, text in nets.items())
    given = json.dumps({name: patterns[name].tolist() for name in nets})
    code = f"""const nets = {{{parts}}}, given = {given}, found = {{}};
    for (const name in nets) {{ const net = nets[name];
      found[name] = given[name].map((pattern) => Array.from(net(pattern))); }}
    console.log(JSON.stringify(found));"""
    assert NODE is not None
    done = subprocess.run([NODE, "-"], input=code, capture_output=True, text=True, check=True)
    return {name: np.array(out) for name, out in json.loads(done.stdout).items()}


def as_function(program: Program, weights: NDArray[np.float32]) -> str:
    stored = json.dumps(program.stored(weights).tolist())
    return (
        f"(() => {{ const net = ({javascript(program)})(), w = Float32Array.from({stored});"
        " return (pattern) => net.run(pattern, w); })()"
    )


def compiled(text: str, folder: Path, *flags: str) -> ctypes.CDLL:
    source, made, library = (folder / name for name in ("net.c", "net.o", "net.so"))
    source.write_text(text)
    assert GCC is not None
    strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"]
    command = [GCC, *strict, *(flags or ("-O1",)), "-fPIC", "-c", "-o", made, source]
    subprocess.run(command, check=True)
    # linked without flags: -ffast-math would have the library turn small numbers to 0 in the whole
    # process that loads it
    subprocess.run([GCC, "-shared", "-o", library, made, "-lm"], check=True)
    return ctypes.CDLL(str(library))


def called(
    library: ctypes.CDLL, table: ConnectionTable, patterns: NDArray[np.float32]
) -> NDArray[np.float32]:
    function = getattr(library, f"{identifier(table.name)}_outputs")
    outputs = np.full((len(patterns), table.n_outputs), np.nan, np.float32)
    # what lies in the memory before must not matter
    work = np.full(2 * table.n_units * LANES, np.nan, np.float32)
    address = ctypes.c_void_p
    function(
        address(patterns.ctypes.data),
        address(outputs.ctypes.data),
        ctypes.c_long(len(patterns)),
        address(work.ctypes.data),
    )
    return outputs


def run_onnx(model: bytes, patterns: NDArray[np.float32]) -> NDArray[np.float32]:
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"patterns": patterns})
    return np.asarray(found)


def test_the_mixed_net_is_one_whose_plan_moves_units() -> None:
    plan = lower(freeze(described(SHUFFLED)))
    assert not plan.is_plain


@needs_node
def test_javascript_computes_every_kind_of_net(samples: dict[str, Sample]) -> None:
    functions = {name: as_function(one.program, one.weights) for name, one in samples.items()}
    found = in_node(functions, {name: one.patterns for name, one in samples.items()})
    worst = {name: float(np.abs(found[name] - one.outputs).max()) for name, one in samples.items()}
    assert {name: error for name, error in worst.items() if not error < 1e-7} == {}


def test_onnx_computes_every_kind_of_net(samples: dict[str, Sample]) -> None:
    for name, one in samples.items():
        found = run_onnx(onnx_model(one.program, one.weights), one.patterns)
        assert np.abs(found - one.outputs).max() < CLOSE, name


@needs_gcc
@pytest.mark.parametrize("name", [*IN_C, "all kinds", "mixed", "zipcode"])
def test_c_computes_every_kind_of_net(
    name: str, samples: dict[str, Sample], tmp_path: Path
) -> None:
    one = samples[name]
    library = compiled(c(one.program, one.weights), tmp_path)
    assert np.abs(called(library, one.table, one.patterns) - one.outputs).max() < CLOSE


@needs_node
@needs_gcc
def test_connections_that_combine_by_a_formula(tmp_path: Path) -> None:
    one = sample(combined(freeze(described(CONV)), WAVE, "in -> h", "h -> h2"))
    in_c = called(compiled(c(one.program, one.weights), tmp_path), one.table, one.patterns)
    in_js = in_node({"net": as_function(one.program, one.weights)}, {"net": one.patterns})["net"]
    in_onnx = run_onnx(onnx_model(one.program, one.weights), one.patterns)
    for found in (in_c, in_js, in_onnx):
        assert np.abs(found - one.outputs).max() < CLOSE


@settings(max_examples=15, deadline=None)
@given(table=tables(), seed=st.integers(0, 2**32 - 1))
def test_onnx_computes_random_nets(table: ConnectionTable, seed: int) -> None:
    one = sample(table, seed, count=3)
    found = run_onnx(onnx_model(one.program, one.weights), one.patterns)
    assert np.abs(found - one.outputs).max() < CLOSE * max(1.0, np.abs(one.outputs).max())


@pytest.mark.slow
@needs_node
@needs_gcc
@settings(max_examples=40, deadline=None)
@given(table=tables(), seed=st.integers(0, 2**32 - 1))
def test_random_nets_in_c_and_javascript(
    tmp_path_factory: pytest.TempPathFactory, table: ConnectionTable, seed: int
) -> None:
    one = sample(table, seed)
    library = compiled(c(one.program, one.weights), tmp_path_factory.mktemp("c"))
    in_js = in_node({"net": as_function(one.program, one.weights)}, {"net": one.patterns})["net"]
    for found in (called(library, one.table, one.patterns), in_js):
        assert np.abs(found - one.outputs).max() < CLOSE * max(1.0, np.abs(one.outputs).max())


def small(body: str) -> TrainedNet:
    return net_of(freeze(described(f"(defnet n {body})")))


@needs_node
@needs_gcc
def test_inputs_are_scaled_and_missing_ones_filled(tmp_path: Path) -> None:
    one = sample(
        freeze(described("(defnet s (layer in (3)) (layer out (2)) (connect in out (full)))"))
    )
    scaling = Scaling(np.array([2021.5, 0, -1]), np.array([0.25, 1, 3]), np.array([2020.0, 0.5, 0]))
    raw = np.array([[2019, 1, -0.5], [np.nan, np.nan, np.nan]], np.float32)
    twin, weights = Reference(one.table, lms(one.table)), one.weights.astype(float)
    wanted = [
        twin.forward(weights, row.astype(float))[1][one.table.output_units] for row in scaling(raw)
    ]
    library = compiled(c(one.program, one.weights, scaling), tmp_path)
    model = onnx_model(one.program, one.weights, scaling)
    module = standalone(one.program, one.weights, scaling).replace(
        "export const outputs = ", "return "
    )
    text = f"(() => {{ {module} }})()"
    in_js = in_node({"s": text.replace("return (pattern)", "return (pattern)")}, {"s": raw[:1]})[
        "s"
    ]
    for found in (called(library, one.table, raw), run_onnx(model, raw)):
        assert np.abs(found - wanted).max() < CLOSE
    assert np.abs(in_js - wanted[:1]).max() < 1e-6


@pytest.mark.kernels
@needs_node
@needs_gcc
def test_all_test_digits_get_the_answers_of_the_kernels(tmp_path: Path) -> None:
    experiment = shipped("zipcode").experiment()
    experiment = replace(experiment, spec=replace(experiment.spec, data=STAND_IN))
    experiment.train(passes=1, folder=tmp_path)
    net = open_trained(tmp_path)
    digits = net.sets()["test"].inputs
    outputs = net.outputs(digits)
    library = compiled(exported(net, "c").decode(), tmp_path)
    text = as_function(Program(net.plan), net.weight_vector)
    for found in (
        called(library, net.table, digits),
        run_onnx(exported(net, "onnx"), digits),
        in_node({"net": text}, {"net": digits})["net"],
    ):
        assert found.shape == (2007, 10)
        assert np.abs(found - outputs).max() < CLOSE
        assert (found.argmax(axis=1) == outputs.argmax(axis=1)).all()


@pytest.mark.slow
@needs_gcc
def test_c_takes_less_than_ten_microseconds_a_digit(tmp_path: Path) -> None:
    one = sample(shipped("zipcode").table, count=2000)
    library = compiled(c(one.program, one.weights), tmp_path, "-O3", "-march=native")
    times = []
    for _ in range(7):
        start = time.process_time()
        called(library, one.table, one.patterns)
        times.append((time.process_time() - start) / len(one.patterns))
    assert min(times) < 1e-5, f"{1e6 * min(times):.1f} microseconds a digit"


@pytest.mark.parametrize(
    "name",
    ["*/ int x; /*", "a\nb", "</script><script>alert(1)", "\\u000a", "é" * 300, "??/", "-->"],
)
def test_a_comment_holds_no_more_than_harmless_letters(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9 .,:;+=>%()_|#'?-]{0,200}", one_line(name))


def test_names_reach_no_code() -> None:
    hostile = '|x */ #include "a" </script> `${1}` "\\|'
    net = described(
        f"(defnet {hostile} (layer {hostile} (2)) (layer out (1)) (connect {hostile} out (full)))"
    )
    plain = described("(defnet a (layer b (2)) (layer out (1)) (connect b out (full)))")
    for write in (
        lambda table: javascript(Program(lower(table))),
        lambda table: c(Program(lower(table)), np.zeros(table.n_weights, np.float32)),
    ):
        text, known = write(freeze(net)), write(freeze(plain))
        assert 'include "a"' not in text and "</script>" not in text and "`" not in text
        assert _code(text).count("\n") == _code(known).count("\n")


def _code(text: str) -> str:
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)


def test_an_identifier_is_made_of_any_name() -> None:
    assert identifier("zipcode") == "zipcode"
    assert identifier("LeNet-1") == "lenet_1"
    assert identifier("1989") == "net_1989"
    assert identifier("é/../x").isascii() and identifier("é/../x").isidentifier()
    assert identifier("") == "net_"


def test_json_and_npz_hold_the_weights_by_name() -> None:
    net = small(
        "(layer in (4 4)) (layer h (2 2 2)) (layer out (3)) (connect in h (conv (kernel 3 3)))"
        " (connect h out (full))"
    )
    found = json.loads(exported(net, "json"))
    by_name = {one["name"]: np.array(one["values"], np.float32) for one in found["weights"]}
    with np.load(io.BytesIO(exported(net, "npz"))) as arrays:
        assert set(arrays) == set(net.weights) == set(by_name)
        for name, values in net.weights.items():
            assert np.array_equal(arrays[name], values)
            assert np.array_equal(by_name[name], values)
    assert [layer["shape"] for layer in found["layers"]] == [[4, 4], [2, 2, 2], [3]]


def test_json_tells_what_is_done_to_inputs() -> None:
    none, table = np.full(2, np.nan), freeze(described(f"(defnet n {TINY})"))
    for scaling, wanted in (
        (Scaling(np.zeros(2), np.ones(2), none), None),
        (Scaling(np.ones(2), np.ones(2), none), {"shift": [1, 1], "factor": [1, 1]}),
        (
            Scaling(np.zeros(2), np.ones(2), np.array([0.5, 7])),
            {"shift": [0, 0], "factor": [1, 1], "fill": [0.5, 7]},
        ),
    ):
        found = json.loads(exported(net_of(table, scaling=scaling), "json"))
        assert found.get("inputs") == wanted


def test_an_unknown_format_gets_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="there is no format 'onx'") as caught:
        exported(small(TINY), "onx")
    assert caught.value.hint == "did you mean 'onnx'?"
    assert set(FORMATS) == {"c", "js", "json", "npz", "onnx"}


@pytest.mark.kernels
def test_the_command_writes_a_file_and_replaces_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    net = small(TINY)
    write_trained(tmp_path / "n.sn.safetensors", net.table, net.weight_vector, net.about)
    assert main(["export", "n.sn.safetensors", "--to", "c"]) == 0
    assert capsys.readouterr().out.startswith("n.c: one file of C99, without libraries; ")
    before = (tmp_path / "n.c").read_bytes()
    assert main(["export", "n.sn.safetensors", "-o", "n.c"]) == 1
    assert "'n.c' is here already and is not replaced" in capsys.readouterr().err
    assert (tmp_path / "n.c").read_bytes() == before
    assert main(["export", "n.sn.safetensors", "-o", "n.c", "--force"]) == 0
    assert main(["export", "n.sn.safetensors", "-o", "weights.txt"]) == 2
    assert "say what to write: --to c|js|json|npz|onnx" in capsys.readouterr().err


def test_without_the_library_onnx_the_message_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "sn.export.onnx", None)
    with pytest.raises(SnError) as caught:
        exported(small(TINY), "onnx")
    assert caught.value.hint == "pip install 'sn[onnx]' brings it"
