"""The feed: whatever is asked for comes, whether it was read ahead or not."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sn.data.row_files import RowFile
from sn.data.rows import TargetKind
from sn.data.scaling import Scaling
from sn.data.streamed import Streamed, ToInputs
from sn.errors import DataError
from sn.train.feed import Feed
from sn.train.targets import Desired

COUNT, WIDTH = 300, 5
FLOAT32 = np.dtype(np.float32)


def rows_in(path: Path, values: NDArray[Any], numbers: NDArray[np.int32] | None = None) -> Streamed:
    """Write rows to a file, and return those of numbers."""
    path.write_bytes(values.tobytes())
    file = RowFile(path, values.dtype, 0, len(values), values.shape[1:])
    zeros, ones = np.zeros(file.width), np.ones(file.width)
    convert = ToInputs(Scaling(zeros, ones, zeros * np.nan), str(path))
    count = len(values) if numbers is None else len(numbers)
    return Streamed(file, convert, FLOAT32, 0, count, numbers)


@pytest.fixture
def values() -> NDArray[Any]:
    return np.arange(COUNT * WIDTH, dtype=np.int32).reshape(COUNT, WIDTH)


def feed_of(inputs: Streamed, window: int = 40) -> Feed:
    targets = np.arange(len(inputs)) % 3

    def made(some: NDArray[Any]) -> NDArray[np.float32]:
        return (some[:, None] == np.arange(3)).astype(np.float32)

    return Feed(inputs, Desired(targets, TargetKind.CLASSES, 3, 3, made), window)


def assert_are(some: Any, inputs: Streamed, numbers: NDArray[Any], values: NDArray[Any]) -> None:
    own = values if inputs.numbers is None else values[inputs.numbers]
    np.testing.assert_array_equal(some.patterns, own[numbers])
    np.testing.assert_array_equal(some.targets.argmax(axis=1), numbers % 3)


@pytest.mark.parametrize("is_subset", [False, True])
@pytest.mark.parametrize("window", [1, 7, 40, 1000])
def test_all_that_is_asked_for_comes(
    tmp_path: Path,
    values: NDArray[Any],
    monkeypatch: pytest.MonkeyPatch,
    is_subset: bool,
    window: int,
) -> None:
    monkeypatch.setattr("sn.data.row_files.PIECE", 64)
    stream = np.random.default_rng(0)
    numbers = np.sort(stream.permutation(COUNT)[:200]).astype(np.int32) if is_subset else None
    inputs = rows_in(tmp_path / "x", values, numbers)
    feed = feed_of(inputs, window)
    for _ in range(3):
        order = stream.permutation(len(inputs)).astype(np.int32)
        feed.follow(order)
        at = 0
        while at < len(order):
            if stream.random() < 0.3:  # something else, as the curvature of a sample
                other = stream.integers(0, len(inputs), 6).astype(np.int32)
                assert_are(feed.read(other), inputs, other, values)
            count = int(stream.integers(1, 30))
            part = order[at : at + count]
            assert_are(feed.take(part), inputs, part, values)
            at += count
    feed.close()


def test_patterns_from_before_come_with_those_that_follow(
    tmp_path: Path, values: NDArray[Any]
) -> None:
    inputs = rows_in(tmp_path / "x", values)
    feed = feed_of(inputs)
    order = np.random.default_rng(1).permutation(COUNT).astype(np.int32)
    feed.follow(order[20:])
    assert_are(feed.take(order[15:30]), inputs, order[15:30], values)
    assert_are(feed.take(order[30:50]), inputs, order[30:50], values)
    assert_are(feed.take(order[:10]), inputs, order[:10], values)
    assert_are(feed.take(order[50:]), inputs, order[50:], values)
    feed.close()


def test_a_sweep_has_all_in_their_order(tmp_path: Path, values: NDArray[Any]) -> None:
    inputs = rows_in(tmp_path / "x", values)
    found = list(feed_of(inputs).sweep())
    patterns = np.concatenate([some.patterns for some in found])
    np.testing.assert_array_equal(patterns, values)


def test_no_thread_is_left_behind(tmp_path: Path, values: NDArray[Any]) -> None:
    def threads() -> int:
        return sum(one.name == "sn-feed" for one in threading.enumerate())

    feed = feed_of(rows_in(tmp_path / "x", values), 1)
    feed.follow(np.arange(COUNT, dtype=np.int32))
    feed.follow(np.arange(COUNT, dtype=np.int32))
    assert threads() == 1
    sweep = feed.sweep()
    next(sweep)
    sweep.close()
    feed.close()
    assert threads() == 0


def test_what_goes_wrong_in_the_thread_is_raised_where_it_is_waited_for(
    tmp_path: Path, values: NDArray[Any]
) -> None:
    inputs = rows_in(tmp_path / "x", values)
    feed = feed_of(inputs, 10)
    assert feed.read(np.zeros(1, np.int32)).patterns[0].tolist() == values[0].tolist()
    (tmp_path / "x").write_bytes(values[:5].tobytes())
    order = np.arange(COUNT, dtype=np.int32)
    feed.follow(order)
    with pytest.raises(DataError, match="was changed while it was being read"):
        feed.take(order)
    feed.close()


def test_rows_are_read_one_by_one_and_as_runs(tmp_path: Path, values: NDArray[Any]) -> None:
    inputs = rows_in(tmp_path / "x", values)
    assert inputs[7].tolist() == values[7].tolist()
    assert inputs[-1].tolist() == values[-1].tolist()
    assert inputs[np.array([9, 2, 2])].tolist() == values[[9, 2, 2]].tolist()
    assert inputs[10:20].tolist() == values[10:20].tolist()
    assert inputs[::50].tolist() == values[::50].tolist()
    assert [row.tolist() for row in inputs.part(slice(3, 5))] == values[3:5].tolist()
    some = inputs.part(np.array([2, 4, 8])).part(np.array([1, 2]))
    assert np.asarray(some).tolist() == values[[4, 8]].tolist()
    assert (some.shape, some.ndim, some.size, len(some)) == ((2, WIDTH), 2, 2 * WIDTH, 2)
