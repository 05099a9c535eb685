"""The film of a run: which passes it keeps, what becomes of it when a run goes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sn.errors import DataError
from sn.results import film
from sn.results.arrays import write_arrays
from sn.results.film import FILM, add_frame, is_frame, read_film
from tests.sample_nets import shipped

W = np.arange(6, dtype=np.float32)


def test_two_passes_of_each_doubling_are_kept() -> None:
    found = [number for number in range(100) if is_frame(number)]
    assert found == [0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96]


def test_frames_are_read_in_order(tmp_path: Path) -> None:
    assert read_film(tmp_path, 6) == []
    for number in (0, 2, 12):
        add_frame(tmp_path, number, W + number)
    found = read_film(tmp_path, 6)
    assert [number for number, _ in found] == [0, 2, 12]
    assert np.array_equal(found[2][1], W + 12)
    assert read_film(tmp_path, 7) == []


def test_a_run_that_went_back_loses_later_frames(tmp_path: Path) -> None:
    for number in (0, 1, 2, 3, 4):
        add_frame(tmp_path, number, W)
    add_frame(tmp_path, 2, W + 1)
    assert [number for number, _ in read_film(tmp_path, 6)] == [0, 1, 2]


def test_there_is_room_for_so_many_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film, "MOST", 3 * W.nbytes)
    for number in (0, 1, 2, 3, 4):
        add_frame(tmp_path, number, W)
    assert [number for number, _ in read_film(tmp_path, 6)] == [0, 1, 2]


def test_a_film_that_is_damaged_is_told_and_made_anew(tmp_path: Path) -> None:
    (tmp_path / FILM).write_bytes(b"no film")
    with pytest.raises(DataError, match=r"film\.safetensors"):
        read_film(tmp_path, 6)
    add_frame(tmp_path, 1, W)
    assert [number for number, _ in read_film(tmp_path, 6)] == [1]
    write_arrays(tmp_path / FILM, {"../x": W}, {})
    with pytest.raises(DataError, match="is no number of passes"):
        read_film(tmp_path, 6)


@pytest.mark.kernels
def test_a_run_keeps_the_weights_it_started_from(tmp_path: Path) -> None:
    experiment = shipped("xor").experiment()
    record = experiment.train(passes=3, folder=tmp_path)
    frames = dict(read_film(tmp_path, 9))
    assert sorted(frames) == [0, 1, 2, 3]
    drawn = experiment.spec.init.draw(experiment.table, record.seed)
    assert np.array_equal(frames[0], drawn.astype(np.float32))
    last = np.zeros(9, np.float32)
    for one in experiment.table.parameters:
        last[one.wid] = record.weights[one.name]
    assert np.array_equal(frames[3], last)
    experiment.train(passes=6, folder=None, resume=tmp_path)
    assert sorted(dict(read_film(tmp_path, 9))) == [0, 1, 2, 3, 4, 6]
