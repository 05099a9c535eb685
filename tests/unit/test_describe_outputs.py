"""Several output layers: what each is told, what it costs, and what a run makes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sn
from sn.data.rows import TargetKind
from sn.errors import DataError, TrainError
from sn.experiment import Experiment
from sn.facts import facts
from sn.net.costs import cost
from sn.net.expr import evaluate
from sn.net.loose_ends import loose_ends
from sn.net.loss import Costs
from sn.net.table import freeze
from sn.results.arrays import read_arrays, write_arrays
from sn.session import Program, Session
from sn.train.criteria import largest
from sn.train.scoring import score
from sn.train.targets import desired_at, judged
from sn.trained.header import HEADER
from tests.numpy_reader import numpy_outputs
from tests.sample_nets import described

NET = (
    "(defnet n (layer in (2)) (layer a (3) (linear) (output)) (layer b (2) (tanh) (output))"
    " (connect in a (full)) (connect a b (full)) (connect in b (full)))"
)
OPTIMIZER = "(optimizer s (sgd (learning-rate 0.1)))"


def program(text: str, tmp_path: Path) -> Program:
    path = tmp_path / "n.sn"
    path.write_text(text, encoding="utf-8")
    return Session().load(path)


def experiment(options: str, tmp_path: Path, net: str = NET) -> Experiment:
    """The experiment on a net, whose data is given to `train`."""
    form = f'(experiment n (data "mnist-1989") {OPTIMIZER} {options})'
    return program(f"{net}\n{form}", tmp_path).experiment()


def rows(count: int = 30, seed: int = 0) -> Any:
    return np.random.default_rng(seed).uniform(-1, 1, (count, 2)).astype(np.float32)


def test_the_last_layer_is_the_output_unless_layers_say_so() -> None:
    one = freeze(described(NET.replace(" (output)", "")))
    assert [layer.name for layer in one.output_layers] == ["b"]
    two = freeze(described(NET))
    assert [layer.name for layer in two.output_layers] == ["a", "b"]
    assert (two.n_outputs, two.output_units.tolist()) == (5, [3, 4, 5, 6, 7])


def test_an_output_that_feeds_nothing_is_no_loose_end() -> None:
    net = NET.replace("(connect a b (full)) ", "")
    assert loose_ends(freeze(described(net))) == ()
    assert loose_ends(freeze(described(NET))) == ()


def test_units_made_one_by_one_may_be_inputs_and_outputs() -> None:
    table = freeze(
        described(
            "(setq in (newneurons 2)) (setq more (newneurons 3)) (setq a (newneurons 1))"
            " (setq b (newneurons 2)) (connect in a) (connect more b)"
            " (defnet raw (layer in (units in)) (layer more (units more) (input))"
            " (layer a (units a) (output)) (layer b (units b) (output)))"
        )
    )
    assert [(layer.name, layer.start) for layer in table.input_layers] == [("in", 0), ("more", 2)]
    assert [layer.name for layer in table.output_layers] == ["a", "b"]
    assert table.n_inputs == 5


def test_what_an_output_leaves_out_is_that_of_the_experiment(tmp_path: Path) -> None:
    options = "(targets -0.5 0.5) (cost mean-square) (output a (cost softmax) (targets 0 1))"
    spec = experiment(options, tmp_path).spec
    assert isinstance(spec.cost, Costs)
    assert [one.name for one in spec.cost.parts] == ["softmax", "mean-square"]
    assert spec.cost.sizes == (3, 2)
    assert (spec.targets_at("a"), spec.targets_at("b")) == ((0.0, 1.0), (-0.5, 0.5))
    assert spec.targets == (-0.5, 0.5), "those of the last, which answers"
    assert spec.options("s")["outputs"] == {
        "a": {"cost": "softmax", "targets": [0.0, 1.0], "weight": 1.0},
        "b": {"cost": "mean-square", "targets": [-0.5, 0.5], "weight": 1.0},
    }


def test_one_output_may_be_described_as_one_of_several_is(tmp_path: Path) -> None:
    net = NET.replace(" (output)", "")
    spec = experiment("(output b (cost mean-square) (targets 0 1))", tmp_path, net).spec
    assert spec.cost == cost.get("mean-square")(2)
    assert (spec.targets, dict(spec.outputs)) == ((0.0, 1.0), {})


def test_a_weight_scales_the_cost_and_its_derivatives() -> None:
    y, d = np.array([0.5, -1.0, 2.0]), np.array([1.0, 0.0, 0.0])
    for name in ("lms", "mean-square", "softmax"):
        plain = cost.get(name)(3)
        heavy = plain.weighted(3.0)
        ends = plain.ends(y, d)
        for one, other in (
            (plain.value, heavy.value),
            (plain.slope, heavy.slope),
            (plain.bend, heavy.bend),
        ):
            assert evaluate(other, ends) == pytest.approx(3 * evaluate(one, ends), rel=1e-12)
        moved = np.array([0.3, 0.1, -0.7])
        assert heavy.along(ends, moved) == pytest.approx(3 * plain.along(ends, moved), rel=1e-12)


def test_each_output_layer_is_told_the_class() -> None:
    layers = freeze(described(NET.replace("(layer a (3)", "(layer a (2)"))).output_layers
    found = desired_at(layers, np.array([1, 0]), TargetKind.CLASSES, [(0, 1), (-1, 1)])
    assert found.tolist() == [[0, 1, -1, 1], [1, 0, 1, -1]]
    assert judged(layers, TargetKind.CLASSES) == slice(-2, None)


def test_labels_and_values_are_dealt_out_in_the_order_of_the_layers() -> None:
    layers = freeze(described(NET)).output_layers
    labels = np.array([[True, False, False, True, True]])
    found = desired_at(layers, labels, TargetKind.LABELS, [(0, 1), (-1, 1)])
    assert found.tolist() == [[1, 0, 0, 1, 1]]
    values = np.arange(10, dtype=np.float32).reshape(2, 5)
    assert np.array_equal(desired_at(layers, values, TargetKind.VALUES, [(0, 1)] * 2), values)
    assert judged(layers, TargetKind.VALUES) == slice(None)


def test_the_error_is_the_sum_over_the_layers_and_the_last_one_answers() -> None:
    loss = Costs((cost.get("lms")(2).weighted(0.5), cost.get("mean-square")(2)), (2, 2))
    outputs = np.array([[1, 0, 0.9, 0.2], [0, 0, 0.1, 0.6]], np.float32)
    targets = np.array([[0, 1, 1, 0], [0, 1, 1, 0]], np.float32)
    found = score(outputs, targets, largest(), loss, slice(-2, None))
    # half squares per output, halved, and mean squares; both are means over two patterns
    first = 0.5 * 0.5 * (2 + 1) / 2 / 2
    second = ((0.01 + 0.04) / 2 + (0.81 + 0.36) / 2) / 2
    assert found.error == pytest.approx(first + second, rel=1e-6)
    assert (found.misses, found.patterns) == (1, 2)
    assert found.squares == pytest.approx(0.5 * (0.01 + 0.04 + 0.81 + 0.36) / 4, rel=1e-6)


LINES = (
    "(defnet n (layer in (2)) (layer a (1) (linear) (output)) (layer b (1) (linear) (output))"
    " (connect in a (full)) (connect in b (full)))"
)


def test_two_linear_outputs_learn_two_functions(tmp_path: Path) -> None:
    """x -> 2 x0 + 1 and x -> x0 - x1 - 0.5, by the twin; a small weight still gets there."""
    x = rows(40)
    y = np.stack([2 * x[:, 0] + 1, x[:, 0] - x[:, 1] - 0.5], axis=1)
    one = experiment("(output b (weight 0.5))", tmp_path, LINES)
    weights = one.train(passes=60, data=(x, y), reference=True).weights
    assert weights["a.weight"].ravel() == pytest.approx([2, 0], abs=1e-3)
    assert weights["a.bias"].ravel() == pytest.approx([1], abs=1e-3)
    assert weights["b.weight"].ravel() == pytest.approx([1, -1], abs=1e-3)
    assert weights["b.bias"].ravel() == pytest.approx([-0.5], abs=1e-3)


def test_sizes_that_do_not_fit_are_told_with_the_layers(tmp_path: Path) -> None:
    one = experiment("", tmp_path)
    with pytest.raises(DataError, match="has 4 targets, layers a, b of net n have 5 units"):
        one.train(data=(rows(), np.zeros((30, 4), np.float32)))
    with pytest.raises(DataError, match="has 2 classes, layer a of net n has 3 units"):
        one.train(data=(rows(), np.arange(30) % 2))


def test_labels_need_targets_that_are_all_the_same(tmp_path: Path) -> None:
    one = experiment("(output a (targets 0 1))", tmp_path)
    with pytest.raises(DataError, match="have targets of their own"):
        one.train(data=(rows(), rows().repeat(3, axis=1)[:, :5] > 0))


def test_the_arithmetic_of_sn_refuses_several_outputs(tmp_path: Path) -> None:
    one = experiment("", tmp_path)
    with pytest.raises(TrainError, match="no nets with several output layers"):
        one.train(data=(rows(), np.zeros((30, 5), np.float32)), historical=True, passes=1)


def test_facts_name_each_output(tmp_path: Path) -> None:
    one = experiment("(output a (cost softmax) (targets 0 1) (weight 0.25))", tmp_path)
    said = facts(one, "s")
    assert said["output a"] == "softmax, targets 0 and 1, weight 0.25"
    assert said["output b"] == "lms, targets -1 and 1"
    assert "cost" not in said


@pytest.mark.kernels
def test_kernels_and_twin_train_alike_and_the_file_says_it_all(tmp_path: Path) -> None:
    net = NET.replace("(layer a (3)", "(layer a (2)")
    options = "(output a (cost softmax) (targets 0 1) (weight 0.25))"
    one = experiment(options, tmp_path, net)
    x = rows(50, 3)
    labels = (x[:, 0] + x[:, 1] > 0).astype(int)
    folder = tmp_path / "run"
    record = one.train(passes=5, data=(x, labels), folder=folder)
    walked = one.train(passes=5, data=(x, labels), reference=True)
    for name, weights in record.weights.items():
        assert weights == pytest.approx(walked.weights[name], abs=1e-5)
    assert record.train.misses == walked.train.misses < 10
    assert record.train.error == pytest.approx(walked.train.error, rel=1e-5)

    kept = sn.open(folder)
    outputs = kept.outputs(x)
    assert outputs.shape == (50, 4)
    file = folder / "n.sn.safetensors"
    np.testing.assert_allclose(numpy_outputs(file, x.astype(float)), outputs, atol=1e-6)
    np.testing.assert_allclose(kept.outputs(x, reference=True), outputs, atol=1e-6)
    assert np.count_nonzero(kept.predict(x) != labels) == record.train.misses
    assert kept.chosen(outputs).tolist() == outputs[:, 2:].argmax(axis=1).tolist()
    found = kept.test(sn.data.Part(x, labels.astype(np.int32)))
    assert (found.misses, found.error) == (record.train.misses, record.train.error)
    assert kept.about.ranges == ((0.0, 1.0), (-1.0, 1.0))
    assert isinstance(kept.about.cost, Costs)
    assert kept.about.cost == one.spec.cost
    assert kept.confidence(outputs).max() <= 1

    arrays, metadata = read_arrays(file)
    words = json.loads(metadata[HEADER])
    assert [layer["role"] for layer in words["layers"]] == ["input", "output", "output"]
    for change, message in (
        (lambda: words["outputs"].pop(), "speaks of a"),
        (lambda: words["outputs"].clear(), "speaks of none"),
    ):
        change()
        write_arrays(file, arrays, {HEADER: json.dumps(words)})
        with pytest.raises(DataError, match=message):
            sn.open(folder)
