"""Sizes of nets: counted before they are made, refused with their place, built in linear time."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from sn import memory
from sn.compiled import Compiled
from sn.data.rows import TargetKind
from sn.errors import LowerError, MemoryLimitError, NetError, SnError, render
from sn.limits import in_float32
from sn.lower.ordered import _ranks
from sn.net.expr import Expr, constants_of, evaluate, variable
from sn.net.layer import Layer, Network
from sn.net.loss import default_loss
from sn.net.stable import stable
from sn.net.table import counts_of_groups
from sn.optim.rules import RuleSpec
from sn.session import Session
from sn.train.targets import desired_outputs
from tests.refusals import refused

LIMIT = 50_000_000  # of small_memory
pytestmark = pytest.mark.usefixtures("small_memory")


def form_at(program: str, error: SnError) -> str:
    """What stands under the carets of an error."""
    assert error.span is not None
    lines = program.split("\n")[error.span.line - 1 : error.span.end_line]
    lines[-1] = lines[-1][: error.span.end_column]
    return "\n".join(lines)[error.span.column - 1 :]


NETS = {
    "(layer h (1e8))": "a net of 100,000,002 units and 0 connections would take",
    "(layer h (1e4 1e4 1e4))": "a net has at most 2,147,483,647 units, this one would have",
    "(layer h (1e6) (bias none))": "a net of 1,000,002 units and 0 connections would take 75 MB",
    "(layer h (6e5))": "a net of 600,002 units and 600,000 connections would take 135 MB",
    "(layer h (1e18))": "a net has at most 2,147,483,647 units, this one would have 1.00e+18",
}


@pytest.mark.parametrize("layer", NETS)
def test_a_layer_is_counted_before_it_is_made(layer: str) -> None:
    program = f"(defnet big (layer in (1))\n  {layer})"
    error = refused(program)
    assert error.message.startswith(NETS[layer])
    assert form_at(program, error) == layer


CONNECTIONS = {
    "(connect a b (full))": "a net of 20,001 units and 100,010,000 connections",
    "(connect a b (conv (kernel 50 50)))": "a net of 20,001 units and 25,010,000 connections",
    "(connect a b (conv (kernel 5000 5000)))": "a net has at most 2,147,483,647 connections",
    "(connect a b (local (kernel 1e9 1e9)))": "this one would have 1.00e+22 connections",
    "(connect a b (conv (kernel 1e18 1e18)))": "would have 1.00e+40 connections",
    "(connect a b (conv (kernel 3 3) (offset 1e18 1)))": "units, this one would have 1.02e+20",
    "(connect a b (conv (kernel 3 3) (offset 1e4 1)))": "units, 1,020,200 of them border, "
    "and 10,000 connections",
    "(connect a b (conv (kernel 3 3) (dilation 1e18 1)))": "units, this one would have",
    "(connect a b (conv (kernel 3 3) (stride 1e18 1)))": "units, this one would have",
}


@pytest.mark.parametrize("connect", CONNECTIONS)
def test_connections_are_counted_before_they_are_made(connect: str) -> None:
    program = f"(defnet big (layer a (100 100) (border 0)) (layer b (100 100))\n  {connect})"
    error = refused(program)
    assert CONNECTIONS[connect] in error.message
    assert form_at(program, error) == connect


def test_lengths_that_are_never_walked_may_be_as_long_as_they_like() -> None:
    """One window has no stride, one tap no dilation; on a ring only what is left over counts."""
    size = "1e18"
    session = Session()
    session.evaluate(
        f"(defnet far (layer a (4)) (layer b (1)) (layer c (1)) (layer d (1) (linear))"
        f" (connect a b (conv (kernel 4) (stride {size})))"
        f" (connect a c (conv (kernel 1) (dilation {size}) (offset 0)))"
        f" (connect a d (conv (kernel 4) (offset {size}) (wrap)))"
        f" (connect b c (full)) (connect c d (full)))"
    )
    net = session.world.networks["far"]
    dst, src, _, _ = net.rows()
    ring = src[(dst == 7) & (src > 0) & (src < 5)] - 1
    first = -int(1e18) % 4
    assert ring.tolist() == [(first + tap) % 4 for tap in range(4)]


def test_subsampling_windows_are_counted_too() -> None:
    program = (
        "(defnet big (layer a (9 9)) (layer b (1 1))\n (connect a b (subsample (kernel 1e18 9))))"
    )
    assert refused(program).message.startswith("0 windows of 1.00e+18 with stride 1.00e+18 fit")


def test_a_net_counts_what_it_has_already() -> None:
    layers = " ".join(f"(layer h{i} (400))" for i in range(4))
    links = " ".join(f"(connect h{i} h{i + 1} (full))" for i in range(3))
    error = refused(f"(defnet big {layers} {links})")
    assert isinstance(error, MemoryLimitError)
    assert "480,000" not in error.message and "321,200 connections" not in error.message


def cell_by_cell(
    frames: dict[tuple[int, int, int], int], first: int, grid: np.ndarray, widths: tuple[int, ...]
) -> np.ndarray:
    """What a border is, said plainly: each new site gets the next number, row by row."""
    maps, rows, cols = grid.shape
    top, left, down, right = widths
    wide = np.full((maps, top + rows + down, left + cols + right), -1)
    wide[:, top : top + rows, left : left + cols] = grid
    for plane, row, col in np.argwhere(wide < 0).tolist():
        site = (plane, row - top, col - left)
        wide[plane, row, col] = frames.setdefault(site, first + len(frames))
    return wide


def test_border_units_are_numbered_as_windows_come_to_need_them() -> None:
    net = Network("some")
    layer: Layer = net.add_layer("a", (2, 3, 4), border=-1.0)
    frames: dict[tuple[int, int, int], int] = {}
    first = net.n_units
    for widths in ((1, 0, 0, 1), (0, 2, 1, 0), (1, 0, 0, 1), (2, 2, 2, 3), (0, 0, 1, 0)):
        wanted = cell_by_cell(frames, first, layer.units, widths)
        assert net.padded(layer, layer.units, *widths).tolist() == wanted.tolist()
    assert net.n_units == first + len(frames)
    assert {net.constants[unit] for unit in frames.values()} == {-1.0}


def test_more_groups_than_int16_has_numbers() -> None:
    net = Network("many")
    a, b = net.add_layer("a", (40_000,)), net.add_layer("b", (40_000,))
    for unit in range(40_000):
        one = np.array([unit], np.int32)
        group = net.add_group(f"statement {unit}", "mine")
        net.connect(group, b.first + one, a.first + one, net.add_weights(1))
    assert net.rows()[3].tolist() == list(range(40_000))


def test_too_many_units_are_refused_whatever_the_memory() -> None:
    memory.set_limit(10**18)
    error = refused("(defnet big (layer in (3e9)))")
    assert isinstance(error, NetError)
    assert error.message == (
        "a net has at most 2,147,483,647 units, this one would have 3,000,000,001 units"
    )


def test_building_takes_time_in_proportion_to_the_layers() -> None:
    """3000 layers: 1.5 s of one core; 13 s where each layer looked at all others."""
    program = (
        "(defnet deep (layer l0 (1)) (for (i 1 3000)"
        ' (layer (sprintf "l%d" i) (1))'
        ' (connect (sprintf "l%d" (1- i)) (sprintf "l%d" i) (full))))'
    )
    session = Session()
    started = time.process_time()
    session.evaluate(program)
    net = session.world.networks["deep"]
    compiled = Compiled(net, default_loss(net.layers))
    assert len(compiled.report().connections) == 6000
    assert time.process_time() - started < 6


def test_connections_and_weights_are_counted_statement_by_statement() -> None:
    group = np.array([2, 0, 2, 2, 0, 4], np.int16)
    wid = np.array([7, 1, 7, 3, 0, 7], np.int32)
    connections, weights = counts_of_groups(group, wid, 6)
    assert connections.tolist() == [2, 0, 3, 0, 1, 0]
    assert weights.tolist() == [2, 0, 2, 0, 1, 0]


CORPUS = sorted(
    file
    for folder in ("sizes", "overflow")
    for file in (Path(__file__).resolve().parents[1] / "corpus" / folder).glob("*.sn")
)


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_bad_program_of_the_corpus_is_refused_at_its_place(file: Path) -> None:
    program = file.read_text(encoding="utf-8")
    expected = program.split("\n", 1)[0].removeprefix("; expect: ")
    error = refused(program)
    assert expected in error.message
    assert error.span is not None
    assert error.span.line > 1
    assert len(render(error, {"test.sn": program}.get, 80)) < 2000


@pytest.mark.parametrize(
    ("e", "wanted"),
    [
        (1e308 * (1e308 * variable("a")), 0.0),
        (1e-308 * (1e-308 * variable("a")), 0.0),
        (variable("a") / 1e-310, 0.0),
    ],
)
def test_constants_that_overflow_together_stay_apart(e: Expr, wanted: float) -> None:
    assert evaluate(e, {"a": 0.0}) == wanted
    assert all(np.isfinite(value) and value for value in constants_of(e))
    assert evaluate(stable(e), {"a": 0.0}) == wanted


def test_a_formula_is_refused_while_it_grows() -> None:
    e = variable("a")
    with pytest.raises(NetError, match="more than 100,000 operations"):
        for _ in range(100):
            e = e * e
    assert e.depth == 16


NET = "(defnet a (layer i (2)) (layer o (1)) (connect i o (full)))"
EXPERIMENT = "(experiment a (data (patterns '((1 2) (3 4)) '(0 1)){d}) (optimizer s ({o})) {e})"
# the number that is refused, in place of X, with what is said of it
SETTINGS = {
    "(init (uniform X))": ("1e39", "the width must fit 32 bits, found 1e+39"),
    "(init (gaussian X))": ("1e38", "the deviation must be at most 1e+37, found 1e+38"),
    "(init (constant X))": ("-1e39", "the constant must fit 32 bits, found -1e+39"),
    "(init (uniform 1) (biases (constant X)))": ("1e300", "the constant must fit 32 bits"),
    "(targets X 1)": ("-1e39", "a target must fit 32 bits"),
    "(targets 0 X)": ("1e-60", "found 1e-60, which is 0 in the 32 bits of a kernel"),
    "(passes X)": ("1e308", "the number of passes must fit 64 bits, found 1e+308"),
    "(phase (passes X) (optimizer s))": ("1e19", "must fit 64 bits"),
    "(stop (patience X))": ("1e308", "the patience must fit 64 bits"),
    "(criterion (tolerance X))": ("1e308", "a bound of tolerance must fit 32 bits"),
    '(reference "t" (train-misses X))': ("1e308", "train-misses must fit 64 bits"),
}
RULES = {
    "sgd (learning-rate X)": ("1e39", "the learning-rate must fit 32 bits, found 1e+39"),
    "adam (learning-rate X)": ("1e-50", "found 1e-50, which is 0 in the 32 bits of a kernel"),
    "sgd (learning-rate 1) (momentum X)": ("0.99999999999", "which is 1 in the 32 bits"),
    "sgd (learning-rate 1) (layer o X)": ("1e39", "the learning rate must fit 32 bits"),
    "sgd (learning-rate (step 1 X 1))": ("1e308", "the factor of a step must fit 32 bits"),
    "sgd (learning-rate (step 1 2 X))": ("1e308", "the passes of a step must fit 64 bits"),
    "sgd (learning-rate (linear X 0 2))": ("1e39", "the learning-rate must fit 32 bits"),
    "sgd (learning-rate (list 1 X))": ("1e39", "the learning-rate must fit 32 bits"),
    "diagonal-newton (learning-rate 1) (mu X)": ("1e-60", "which is 0 in the 32 bits"),
    "diagonal-newton (learning-rate 1) (gamma X)": ("1e-60", "which is 0 in the 32 bits"),
    "adam (learning-rate 1) (beta2 X)": ("0.9999999999", "found 0.9999999999, which is 1 in"),
}
DATA = {
    "(rows 0 X)": ("1e308", "a row must fit 64 bits"),
    "(split (every X))": ("1e308", "every of a split must fit 64 bits"),
    "(scale (0 X))": ("1e39", "an end of the range must fit 32 bits"),
    "(shape X)": ("1e308", "a size must fit 64 bits"),
}


@pytest.mark.parametrize(
    ("text", "number", "message"),
    [
        *(
            (EXPERIMENT.format(d="", o="sgd (learning-rate 1)", e=k), *v)
            for k, v in SETTINGS.items()
        ),
        *((EXPERIMENT.format(d="", o=k, e=""), *v) for k, v in RULES.items()),
        *((EXPERIMENT.format(d=k, o="sgd (learning-rate 1)", e=""), *v) for k, v in DATA.items()),
    ],
)
def test_a_setting_that_overflows_or_vanishes_is_refused(
    text: str, number: str, message: str
) -> None:
    memory.set_limit(None)
    program = NET + "\n" + text.replace("X", number)
    error = refused(program)
    assert message in error.message
    assert form_at(program, error) == number


def test_an_initial_weight_of_a_function_fits_32_bits() -> None:
    rule = "sgd (learning-rate 1)"
    law = "(init (function (lambda (unit from) 1e39)) (biases (constant 0)))"
    error = refused(NET + EXPERIMENT.format(d="", o=rule, e=law))
    assert "an initial weight must fit 32 bits, found 1e+39 for o.weight[0, 0]" in error.message


@pytest.mark.parametrize(
    ("number", "kept"), [(0.1, 0.1), (1e-50, 0.0), (1 - 1e-11, 1.0), (3.4e38, 3.4e38), (-0.0, 0)]
)
def test_a_number_in_32_bits(number: float, kept: float) -> None:
    assert in_float32(number) == float(np.float32(kept))


def test_a_border_and_a_unit_hold_what_32_bits_hold() -> None:
    error = refused("(defnet a (layer i (2) (border 1e39)))")
    assert error.message == "the border must fit 32 bits, found 1e+39"
    error = refused("(newneurons 1) (nval 1 1e39)")
    assert error.message == "the state of a unit must fit 32 bits, found 1e+39"


def compiled(program: str) -> Compiled:
    """The last net of a program, with its default cost."""
    session = Session()
    session.evaluate(program, "test.sn")
    net = list(session.world.networks.values())[-1]
    return Compiled(net, default_loss(net.layers))


def test_a_net_of_too_many_parts_is_not_compiled() -> None:
    chain = (
        '(layer (sprintf "l%d" i) (1)) (connect (sprintf "l%d" (1- i)) (sprintf "l%d" i) (full))'
    )
    deep = compiled(f"(defnet deep (layer l0 (1)) (for (i 1 501) {chain}))")
    with pytest.raises(LowerError) as caught:
        deep.kernels(RuleSpec())
    assert caught.value.message.startswith(
        "net deep comes to 1,002 sections of code, at most 1,000"
    )
    assert caught.value.span is not None


def test_kernels_are_asked_for_before_they_are_made() -> None:
    small = compiled(NET)
    assert small.plan.nodes
    memory.set_limit(1000)
    with pytest.raises(MemoryLimitError) as caught:
        small.kernels(RuleSpec())
    assert caught.value.message.startswith("the kernels of net a with 3 connections would take")


def test_places_of_windows_are_the_nearest_of_those_that_many_take() -> None:
    keys = np.array([0.0] * 4 + [2.0] * 4 + [6.0] * 4 + [1.0])
    common, rank = _ranks(keys)
    assert common.tolist() == [0, 2, 6]
    assert rank.tolist() == [0] * 4 + [1] * 4 + [2] * 4 + [0]  # of two equally near the first
    common, rank = _ranks(np.array([5.0, 5.0]))
    assert common.tolist() == [5]
    assert rank.tolist() == [0, 0]


def test_targets_of_many_classes_are_asked_for() -> None:
    with pytest.raises(MemoryLimitError, match=r"the targets of 1,000 patterns at 10,000 output"):
        desired_outputs(np.arange(1000), TargetKind.CLASSES, 10_000, -1.0, 1.0)


def test_patterns_that_a_function_makes_are_asked_for_after_the_first() -> None:
    made = "(lambda (n) (list '(1 2 3 4 5 6 7 8 9) '(1)))"
    error = refused(
        f"{NET}(experiment a (data (function 1e6 {made})) (optimizer s (sgd (learning-rate 1))))"
    )
    assert error.message.startswith("1,000,000 patterns of 10 numbers would take 1.12 GB")
