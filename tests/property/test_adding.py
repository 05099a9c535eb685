"""Reports that are added up say what those of a whole set say, however it is cut."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sn.data.scaling import Moments, Scale, learn, learn_from
from sn.net.costs import cost
from sn.results.adding import ClassSum, LabelSum, Sum, ValueSum, rejected
from sn.results.reports import class_report, label_report, share_to_reject, value_report
from sn.train.cautions import error_of_constants, misses_of_guessing
from sn.train.criteria import largest, middle

SEEDS = st.integers(0, 2**32 - 1)


def drawn(seed: int, width: int) -> tuple[NDArray[Any], NDArray[Any], list[slice]]:
    """Outputs of few values, so that many are equal; targets of classes; cuts into parts."""
    stream = np.random.default_rng(seed)
    count = int(stream.integers(1, 60))
    outputs = (stream.integers(-3, 4, (count, width)) / 2).astype(np.float32)
    targets = np.where(stream.integers(0, width, (count, 1)) == np.arange(width), 1, -1)
    cuts = [0, *np.sort(stream.integers(0, count, 3)).tolist(), count]
    parts = [slice(a, b) for a, b in zip(cuts, cuts[1:], strict=False) if b > a]
    return outputs, targets.astype(np.float32), parts


def added(found: Sum, outputs: NDArray[Any], targets: NDArray[Any], parts: list[slice]) -> Any:
    for part in parts:
        found.add(outputs[part], targets[part])
    return found.report()


@given(SEEDS, st.integers(1, 4))
def test_classes(seed: int, width: int) -> None:
    outputs, targets, parts = drawn(seed, width)
    names = [str(n) for n in range(max(width, 2))]
    found = added(ClassSum(names, 0.0, len(outputs), width), outputs, targets, parts)
    whole = class_report(outputs, targets, names)
    assert found.confusion.tolist() == whole.confusion.tolist()
    assert found.rejected == whole.rejected


@given(SEEDS)
def test_labels(seed: int) -> None:
    outputs, targets, parts = drawn(seed, 3)
    found = added(LabelSum("abc", 0.0), outputs, targets, parts)
    whole = label_report(outputs, targets, "abc", 0.0)
    assert (found.misses.tolist(), found.patterns) == (whole.misses.tolist(), whole.patterns)


@given(SEEDS)
def test_values(seed: int) -> None:
    outputs, _, parts = drawn(seed, 3)
    targets = np.random.default_rng(seed).normal(5, 2, outputs.shape).astype(np.float32)
    found = added(ValueSum("abc"), outputs, targets, parts)
    whole = value_report(outputs, targets, "abc")
    np.testing.assert_allclose(found.rms, whole.rms, rtol=1e-10)
    np.testing.assert_allclose(found.explained, whole.explained, rtol=1e-6, atol=1e-9)


@given(SEEDS, st.sampled_from([0.01, 0.1, 0.3]))
def test_the_share_to_reject(seed: int, level: float) -> None:
    outputs, targets, _ = drawn(seed, 3)
    two = np.sort(outputs.astype(float), axis=1)
    is_right = outputs.argmax(axis=1) == targets.argmax(axis=1)
    expected = share_to_reject(outputs, is_right, level)
    assert rejected(two[:, -1] - two[:, -2], is_right, level) == expected


@given(SEEDS)
def test_what_a_run_warns_of_by_how_often_targets_come(seed: int) -> None:
    _, targets, _ = drawn(seed, 3)
    rows, times = np.unique(targets, axis=0, return_counts=True)
    for criterion in (largest(), middle(0.0)):
        expected = misses_of_guessing(targets, criterion)
        assert misses_of_guessing(rows, criterion, times) == expected
    for name in ("lms", "softmax"):
        made = cost.get(name)(3)
        one, other = (targets + 1) / 2, (rows + 1) / 2
        a, b = error_of_constants(one, made), error_of_constants(other, made, times)
        assert a is not None and b is not None
        np.testing.assert_allclose(b, a, rtol=1e-6)


@given(SEEDS, st.sampled_from(["none", "standard", "range"]), st.booleans())
def test_scales_learnt_block_by_block(seed: int, kind: str, misses: bool) -> None:
    stream = np.random.default_rng(seed)
    values = stream.normal(3, 5, (int(stream.integers(2, 40)), 4)).astype(np.float32)
    values[:, 1] = 7
    if misses:
        values[stream.random(values.shape) < 0.2] = np.nan
    cut = int(stream.integers(1, len(values)))
    scale = Scale(kind, -1, 1)
    moments = Moments.of(values[:cut]) + Moments.of(values[cut:])
    whole, found = learn(scale, values, misses), learn_from(scale, moments, misses)
    for name in ("shift", "factor", "fill"):
        np.testing.assert_allclose(getattr(found, name), getattr(whole, name), rtol=1e-6, atol=1e-9)
