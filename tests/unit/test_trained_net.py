"""Trained nets: they predict from the file alone what the kernels that trained them do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sn
from sn.data.base import NamedData, Part, load
from sn.data.rows import TargetKind
from sn.errors import DataError, NetError
from sn.kernels import compile_net
from sn.lower.recognise import lower
from sn.net.activations import linear
from sn.net.costs import cost
from sn.net.reference import Reference
from sn.net.table import ConnectionTable, freeze
from sn.optim import adaptive, first_order, second_order
from sn.optim.rules import RuleSpec
from sn.results.record import DataUsed
from sn.results.reports import ClassReport, ValueReport
from sn.session import Session
from sn.shipped import nets_folder
from sn.train import criteria
from sn.trained.net import TrainedNet, named
from sn.trained.optimizers import rule_of
from sn.trained.reading import Contents
from sn.trained.words import facts, title
from tests.numpy_reader import numpy_outputs
from tests.sample_nets import FAMILIES, described, family, lms, presentation
from tests.unit.test_trained_file import KEYED, RAGGED, RAW, about, written

STAND_IN = NamedData(("mnist-1989",))


def net_of(table: ConnectionTable, **others: Any) -> TrainedNet:
    weights = presentation(table).weights.astype(np.float32)
    return TrainedNet(Contents(table, weights, about(table, **others)))


def last_states(net: TrainedNet, pattern: Any) -> Any:
    twin = Reference(net.table, lms(net.table))
    state = twin.forward(net.weight_vector.astype(float), np.ravel(pattern))[1]
    return state[net.layers[-1].units.ravel()]


# --- with kernels ---


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """Three passes of the 1989 net on the stand-in; the folder of the run and its record."""
    folder = tmp_path_factory.mktemp("run")
    program = Session().load(nets_folder() / "zipcode.sn")
    experiment = program.experiment()
    experiment = replace(experiment, spec=replace(experiment.spec, data=STAND_IN))
    return folder, experiment.train(passes=3, seed=0, folder=folder)


@pytest.mark.kernels
def test_300_digits_are_predicted_as_the_kernels_scored_them(run: tuple[Path, Any]) -> None:
    folder, record = run
    net, digits = sn.open(folder), load("mnist-1989")
    first = Part(digits.test.inputs[:300], digits.test.targets[:300])
    wrong = net.predict(first.inputs) != first.targets
    assert np.count_nonzero(wrong) == net.test(first).misses == 23
    assert net.test() == record.test
    assert net.test("train") == record.train
    file = folder / "zipcode.sn.safetensors"
    from_file = numpy_outputs(file, first.inputs.astype(np.float64))
    np.testing.assert_allclose(from_file, net.outputs(first.inputs), rtol=0, atol=1e-6)
    assert np.count_nonzero(from_file.argmax(axis=1) != first.targets) == 23


@pytest.mark.kernels
def test_the_net_of_a_run_is_that_of_its_record(run: tuple[Path, Any]) -> None:
    folder, record = run
    net = sn.open(str(folder))
    for name, array in record.weights.items():
        np.testing.assert_array_equal(net.weights[name], array)
    assert net.curvature is not None
    assert {name: array.shape for name, array in net.curvature.items()} == {
        name: array.shape for name, array in record.weights.items()
    }
    assert all(array.min() >= 0 and array.max() > 0 for array in net.curvature.values())
    np.testing.assert_array_equal(net.confusion(), record.reports["test"].confusion)
    assert net.about.data == record.data
    assert net.about.scores["test"]["misses"] == record.test.misses
    assert (net.about.passes, net.about.seed, net.about.optimizer) == (3, 0, "newton")
    assert [source.name for source in net.about.sources] == ["zipcode.sn"]
    assert net.about.sources[0].text == (nets_folder() / "zipcode.sn").read_text("utf-8")
    assert repr(net) == (
        "<trained net zipcode: 256-768-192-30-10, 9,760 weights, 3 passes of newton on mnist-1989>"
    )


@pytest.mark.kernels
def test_a_net_that_is_read_finds_the_kernels_that_trained_it(run: tuple[Path, Any]) -> None:
    net = sn.open(run[0])
    kernels = compile_net(net.plan, net.about.cost, rule_of(net.about.options))
    assert kernels.was_cached


@pytest.mark.kernels
def test_equal_runs_leave_equal_files(run: tuple[Path, Any], tmp_path: Path) -> None:
    folder, _ = run
    experiment = Session().load(nets_folder() / "zipcode.sn").experiment()
    spec = replace(experiment.spec, data=STAND_IN)
    replace(experiment, spec=spec).train(passes=3, seed=0, folder=tmp_path)
    name = "zipcode.sn.safetensors"
    assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


ACCEPTED = {
    "own scheme": f"(defnet sample {FAMILIES['scheme of shared weights']})",
    "keys": KEYED,
    "ragged": RAGGED,
    "raw": RAW,
    "border and stride": f"(defnet sample {FAMILIES['conv with a stride and a border']})",
    "subsample": f"(defnet sample {FAMILIES['subsample after conv']})",
    "a function in Lisp": f"(defnet sample {FAMILIES['a Lisp expression of all functions']})",
}


@pytest.mark.kernels
@pytest.mark.parametrize("name", ACCEPTED)
def test_the_file_alone_gives_what_the_kernels_do(name: str, tmp_path: Path) -> None:
    session = Session()
    session.evaluate(ACCEPTED[name])
    table = freeze(list(session.world.networks.values())[-1])
    path = written(table, tmp_path / "net.sn.safetensors")
    weights = presentation(table).weights.astype(np.float32)
    patterns = np.random.default_rng(1).uniform(-1, 1, (20, table.layers[0].size))
    kernels = compile_net(lower(table), lms(table), RuleSpec())
    taken = patterns.astype(np.float32)
    expected = kernels.evaluate(kernels.pack(weights), kernels.batches(taken), len(taken))
    net = sn.open(path)
    np.testing.assert_array_equal(net.outputs(patterns), expected)
    np.testing.assert_allclose(net.outputs(patterns, reference=True), expected, atol=2e-6)
    np.testing.assert_allclose(numpy_outputs(path, taken.astype(float)), expected, atol=2e-6)


@pytest.mark.kernels
def test_the_best_weights_are_those_in_the_file(tmp_path: Path) -> None:
    experiment = Session().load(nets_folder() / "zipcode.sn").experiment()
    stop = replace(experiment.spec.stop, keep_best=True)
    rule = first_order.Sgd(learning_rate=0.03)  # so large that the first pass is the best
    spec = replace(experiment.spec, data=STAND_IN, stop=stop, optimizers={"sgd": rule})
    record = replace(experiment, spec=spec).train(passes=3, folder=tmp_path)
    assert record.kept == 1
    net = sn.open(tmp_path)
    assert net.about.passes == 1
    for name, array in record.weights.items():
        np.testing.assert_array_equal(net.weights[name], array)
    assert net.test("train") == record.passes[0].train


# --- by the twin ---


def test_patterns_may_have_the_shape_of_the_layer() -> None:
    net = net_of(freeze(described(RAGGED)))
    flat = np.linspace(-1, 1, 72).reshape(2, 36)
    expected = net.outputs(flat, reference=True)
    np.testing.assert_allclose(expected[0], last_states(net, flat[0]), rtol=1e-6)
    for shape in ((2, 6, 6), (2, 36)):
        np.testing.assert_array_equal(net.outputs(flat.reshape(shape), reference=True), expected)
    for one in (flat[0], flat[0].reshape(6, 6), flat[0].tolist()):
        np.testing.assert_array_equal(net.outputs(one, reference=True), expected[:1])
    assert net.outputs(np.zeros((0, 36)), reference=True).shape == (0, 4)


@pytest.mark.parametrize(
    ("patterns", "said"),
    [
        (np.zeros((2, 35)), "expected patterns of 36 numbers, (n, 36), found the shape (2, 35)"),
        (np.zeros((2, 3, 12)), "found the shape (2, 3, 12)"),
        (0.5, "found the shape ()"),
        ([["a"] * 36], "the patterns are not numbers"),
        ([[1.0], [2.0, 3.0]], "the patterns are not numbers"),
        (np.full((1, 36), np.nan), "input 0 of pattern 0 is nan, expected a finite number"),
    ],
)
def test_patterns_that_do_not_fit_are_told(patterns: Any, said: str) -> None:
    with pytest.raises(DataError) as caught:
        net_of(freeze(described(RAGGED))).outputs(patterns, reference=True)
    assert said in caught.value.message


def test_states_have_the_shape_of_their_layer() -> None:
    net = net_of(freeze(described(RAGGED)))
    flat = np.linspace(-1, 1, 72).reshape(2, 36)
    assert net.states(flat[0], "h2").shape == (3, 2, 2)
    assert net.states(flat, "h2").shape == (2, 3, 2, 2)
    np.testing.assert_array_equal(net.states(flat, "h2")[0], net.states(flat[0], "h2"))
    np.testing.assert_allclose(net.states(flat[0], "in"), flat[0].reshape(6, 6), rtol=1e-6)
    np.testing.assert_allclose(net.states(flat[0], "out"), last_states(net, flat[0]), rtol=1e-6)
    with pytest.raises(NetError, match="net ragged has no layer 'h3'") as caught:
        net.states(flat, "h3")
    assert caught.value.hint == "did you mean 'h'?"


def test_classes_are_predicted_by_name() -> None:
    net = net_of(freeze(family("full")), classes=("ash", "oak", "yew"))
    patterns = np.random.default_rng(0).uniform(-1, 1, (9, 5))
    outputs = net.outputs(patterns, reference=True)
    expected = [("ash", "oak", "yew")[number] for number in outputs.argmax(axis=1)]
    assert net.predict(patterns, reference=True).tolist() == expected
    assert len(set(expected)) > 1


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        (("0", "1", "10", "-3"), [0, 1, 10, -3]),
        (("00", "1"), ["00", "1"]),
        (("1.5", "2"), ["1.5", "2"]),
        (("²", "2"), ["²", "2"]),
        (("-", "2"), ["-", "2"]),
    ],
)
def test_names_that_are_whole_numbers_are_numbers(classes: tuple[str, ...], expected: Any) -> None:
    assert named(classes).tolist() == expected


def test_one_unit_tells_two_classes_from_half_way_on() -> None:
    net = net_of(freeze(described(RAW)), low=-0.2, high=1.0, classes=("no", "yes"))
    outputs = np.array([[0.39], [0.4], [-1.0], [1.0]])
    assert net.chosen(outputs).tolist() == [0, 1, 0, 1]
    np.testing.assert_allclose(net.confidence(outputs), [0.02 / 1.2, 0, 1, 1], atol=1e-12)


def test_confidence_is_the_difference_of_the_two_largest() -> None:
    net = net_of(freeze(family("full")), low=-1, high=1)
    outputs = np.array([[1, -1, -1], [0.5, 0.1, 0.5], [2, -3, 1], [0, 3, -2.0]])
    np.testing.assert_allclose(net.confidence(outputs), [1, 0, 0.5, 1])


def test_confidence_of_softmax_is_its_probability() -> None:
    net = net_of(freeze(family("full")), cost=cost.get("softmax")(3), low=0, high=1)
    outputs = np.array([[0, 0, 0], [1000, 0, 0], [np.log(2), 0, 0.0]])
    np.testing.assert_allclose(net.confidence(outputs), [1 / 3, 1, 0.5])


def test_labels_are_predicted_each_for_itself() -> None:
    net = net_of(
        freeze(family("full")), kind=TargetKind.LABELS, criterion=criteria.middle(0.0), low=-1
    )
    patterns = np.random.default_rng(0).uniform(-1, 1, (9, 5))
    outputs = net.outputs(patterns, reference=True)
    np.testing.assert_array_equal(net.predict(patterns, reference=True), outputs >= 0)


def test_values_are_predicted_as_they_are() -> None:
    net = net_of(freeze(family("full")), kind=TargetKind.VALUES, criterion=None, classes=())
    patterns = np.random.default_rng(0).uniform(-1, 1, (9, 5))
    outputs = net.outputs(patterns, reference=True)
    np.testing.assert_array_equal(net.predict(patterns, reference=True), outputs)
    with pytest.raises(DataError, match="tells values, and no classes"):
        net.confusion(Part(patterns.astype(np.float32), outputs))


@pytest.mark.kernels
def test_a_criterion_of_the_program_is_not_evaluated(tmp_path: Path) -> None:
    known = criteria.Criterion("lisp", lambda y, d: np.zeros(len(y), np.bool_))
    path = written(freeze(family("full")), tmp_path / "a", criterion=known)
    net = sn.open(path)
    part = Part(np.zeros((2, 5), np.float32), np.zeros(2, np.int32))
    assert net.test(part).misses is None
    told = dict(facts(net.table, net.about))
    assert told["cost"].endswith("criterion a function of the program")
    assert net.about.criterion is not None
    with pytest.raises(DataError, match="a function of its program"):
        net.about.criterion.misses(np.zeros((2, 3)), np.zeros((2, 3)))


def test_inputs_in_parts_are_taken_as_one_pattern(tmp_path: Path) -> None:
    net = net_of(freeze(family("several inputs")))
    assert net.wanted().shape == (net.table.n_inputs,) == (46,)
    assert dict(facts(net.table, net.about))["inputs"] == "46, in parts, as they are"
    shown = np.linspace(-1, 1, 46)
    np.testing.assert_allclose(
        net.outputs(shown, reference=True)[0], last_states(net, shown), rtol=1e-6
    )


@pytest.mark.kernels
def test_values_are_scored_without_misses() -> None:
    net = net_of(freeze(family("full")), kind=TargetKind.VALUES, criterion=None, classes=())
    patterns = np.random.default_rng(0).uniform(-1, 1, (9, 5)).astype(np.float32)
    part = Part(patterns, net.outputs(patterns) + np.float32(0.5))
    assert net.test(part).misses is None
    assert net.test(part).error == pytest.approx(0.125)
    report = net.report(part)
    assert isinstance(report, ValueReport)
    np.testing.assert_allclose(report.rms, 0.5, rtol=1e-6)


@pytest.mark.kernels
def test_confusions_count_the_class_of_each_pattern() -> None:
    net = net_of(freeze(family("full")), classes=("a", "b", "c"))
    patterns = np.random.default_rng(0).uniform(-1, 1, (30, 5)).astype(np.float32)
    said = net.chosen(net.outputs(patterns))
    meant = (said + (np.arange(30) % 5 == 0)) % 3
    found = net.confusion(Part(patterns, meant.astype(np.int32)))
    expected = np.zeros((3, 3), int)
    for one, other in zip(meant, said, strict=True):
        expected[one, other] += 1
    np.testing.assert_array_equal(found, expected)
    report = net.report(Part(patterns, meant.astype(np.int32)))
    assert isinstance(report, ClassReport)
    assert report.misses.sum() == 6


def test_a_set_that_is_not_there_is_told() -> None:
    digits = load("mnist-1989")
    net = net_of(
        freeze(described("(defnet n (layer in (256)) (layer out (10)) (connect in out (full)))"))
    )
    net = TrainedNet(
        Contents(
            net.table,
            net.weight_vector,
            replace(net.about, data=data_used("mnist-1989", digits.hash)),
        )
    )
    with pytest.raises(DataError, match="the data has no set 'tests'") as caught:
        net.test("tests")
    assert caught.value.hint == "did you mean 'test'?"
    other = TrainedNet(
        Contents(
            net.table, net.weight_vector, replace(net.about, data=data_used("mnist-1989", "ab"))
        )
    )
    with pytest.raises(DataError, match="is not what net n was trained on"):
        other.test("test")


def data_used(name: str, content: str) -> Any:
    return DataUsed(name, content)


def test_a_page_of_a_notebook_escapes_what_a_user_wrote() -> None:
    table = freeze(family("full"))
    hostile = replace(table.layers[1], name="<script>", activation=replace(linear(), name="a & b"))
    layers = (table.layers[0], hostile, table.layers[2])
    page = net_of(replace(table, name="<b>", layers=layers))._repr_html_()
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert "<b>" not in page and "a &amp; b" in page
    assert page.count("<tr>") == 4


@pytest.mark.parametrize(
    "rule",
    [
        first_order.Sgd(learning_rate=0.1),
        first_order.Sgd(learning_rate=0.1, momentum=0.5, layers={"h": 0.2}),
        second_order.DiagonalNewton(),
        second_order.DiagonalNewton(curvature=second_order.Form.FULL, decay=0.1),
        second_order.DiagonalNewton(samples=10),
        adaptive.Adam(learning_rate=0.1),
    ],
)
def test_the_rule_of_the_training_is_found_again(rule: Any) -> None:
    fields = {name: getattr(rule, name) for name in rule.__dataclass_fields__}
    options = {"optimizer": type(rule).__name__, **fields, "cost": "lms"}
    assert rule_of(options) == rule.phases.present
    words = {key: str(value) if isinstance(value, str) else value for key, value in options.items()}
    assert rule_of(words) == rule.phases.present


def test_the_rule_of_the_last_phase_is_found_again() -> None:
    first = {"passes": 1, "optimizer": "Sgd", "learning_rate": 0.1}
    last = {"passes": 2, "optimizer": "DiagonalNewton", "learning_rate": 0.1, "name": "n"}
    options = {"optimizer": "phases", "phases": {"1": first, "2": last}}
    assert rule_of(options) == second_order.DiagonalNewton(learning_rate=0.1).phases.present
    told = title(freeze(family("full")), about(freeze(family("full")), options=options, passes=3))
    assert "3 passes in phases on" in told


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"phases": {}},
        {"phases": {"1": 5}},
        {"phases": 5},
        {"optimizer": "Mine"},
        {"optimizer": "Sgd"},
        {"optimizer": "Sgd", "learning_rate": -1},
        {"optimizer": "Sgd", "learning_rate": "fast"},
        {"optimizer": "Sgd", "learning_rate": 0.1, "scale": "huge"},
    ],
)
def test_settings_that_say_nothing_give_the_plain_rule(options: dict[str, Any]) -> None:
    assert rule_of(options) == RuleSpec()
