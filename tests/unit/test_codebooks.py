"""Codebooks: neighbours against a loop over float32 numbers, words that move, hostile files."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sn.codebooks import files, lvq, nearest, quantising
from sn.describe import new_interpreter
from sn.errors import DataError, MemoryLimitError, render
from sn.memory import limited

F = np.float32


def slow_distance(a: np.ndarray, b: np.ndarray) -> np.float32:
    total = F(0)
    with np.errstate(all="ignore"):
        for x, y in zip(a, b, strict=True):
            total = F(total + F(F(x - y) * F(x - y)))
    return total


def slow_nearest(words: np.ndarray, vector: np.ndarray, k: int) -> list[int]:
    found = [(float(slow_distance(word, vector)), i) for i, word in enumerate(words)]
    return [i for _, i in sorted(found)[:k]]


def floats(rows: int, columns: int, top: float) -> st.SearchStrategy[np.ndarray]:
    elements = st.floats(-top, top, width=32, allow_subnormal=True)
    return hnp.arrays(F, (rows, columns), elements=elements)


@given(st.data(), st.integers(1, 9), st.integers(2, 5), st.integers(1, 6))
def test_the_nearest_are_those_of_a_loop(data: st.DataObject, n: int, m: int, d: int) -> None:
    top = data.draw(st.sampled_from([2.0, 2.0**-60, 2.0**60, 2.0**64]))
    words, vectors = data.draw(floats(n, d, top)), data.draw(floats(m, d, top))
    k = data.draw(st.integers(1, n))
    indices, found = nearest.nearest(words, vectors, k)
    for row, exact, vector in zip(indices, found, vectors, strict=True):
        assert row.tolist() == slow_nearest(words, vector, k)
        assert [slow_distance(words[i], vector) for i in row] == exact.tolist()
        assert nearest.nearest(words, vector[None], k)[0].tolist() == [row.tolist()]


def test_words_far_from_the_origin_are_told_apart() -> None:
    # |w|^2 - 2 w.v + |v|^2 alone would not see differences of 1 beside 1e7
    offsets = np.arange(20)[:, None] + np.zeros(8)
    words = (1e7 + offsets).astype(F)
    vectors = (1e7 + np.array([[3.0], [17.0], [0.0]]) + np.zeros(8)).astype(F)
    assert nearest.nearest(words, vectors, 1)[0][:, 0].tolist() == [3, 17, 0]


def test_words_that_are_no_numbers_are_nobodys_neighbours() -> None:
    words = np.array([[np.nan], [np.inf], [5], [-np.inf]], F)
    vectors = np.array([[0], [100]], F)
    assert nearest.nearest(words, vectors, 1)[0].tolist() == [[2], [2]]
    assert nearest.nearest(words, vectors, 4)[0].tolist() == [[2, 0, 1, 3]] * 2


@pytest.mark.parametrize(
    ("labels", "expected"), [([3], 3), ([1, 2, 2], 2), ([1, 2], -1), ([1, 1, 2, 2, 3], -1)]
)
def test_a_vote_is_won_or_tied(labels: list[int], expected: int) -> None:
    assert nearest.vote(np.array(labels, np.int32)) == expected


def test_words_do_not_vote_for_themselves() -> None:
    words = np.array([[0], [0], [0], [9]], F)
    labels = np.array([1, 2, 2, 3], np.int32)
    assert nearest.classes_of_own(words, labels, 1).tolist() == [2, 1, 1, 1]
    assert nearest.classes_of_own(words, labels, 2).tolist() == [2, -1, -1, -1]


def test_zip_codes_take_seconds() -> None:
    # the sizes of the 1989 data: the 2,007 test digits against the 7,291 that are learned
    rng = np.random.default_rng(0)
    words, vectors = rng.normal(size=(7291, 256)).astype(F), rng.normal(size=(2007, 256)).astype(F)
    start = time.perf_counter()
    indices, found = nearest.nearest(words, vectors, 3)
    assert time.perf_counter() - start < 20  # 1 s where nothing else runs
    for i in (0, 1000, 2006):
        exact = nearest.distances(words, vectors[i])
        assert indices[i].tolist() == np.argsort(exact, kind="stable")[:3].tolist()
        assert found[i].tolist() == exact[indices[i]].tolist()


def test_k_means_moves_words_to_means() -> None:
    data = np.array([[0], [10], [2], [12], [1], [11]], F)
    words = data[:2].copy()
    quantising.k_means(data, words)
    # 0: 0 lies on it, 2 moves it to (0 + 2)/2 = 1, 1 lies on it; the next pass goes on from there
    first, n = F(0), F(1)
    before = None
    while True:
        for x in (F(0), F(2), F(1)):
            if x != first:
                first, n = (n * first + x) / (n + F(1)), n + F(1)
        now = np.mean([(x - first) ** 2 for x in (0, 1, 2)])
        if before is not None and abs(before - now) <= 1e-4 * before:
            break
        before = now
    assert abs(words[0, 0] - first) < 1e-3
    assert abs(words[1, 0] - 10 - words[0, 0]) < 1e-3


def items(words: list[list[float]], labels: list[int]) -> lvq.Items:
    return lvq.Items(np.array(words, F), np.array(labels, np.int32))


def test_lvq1_attracts_at_the_rate_of_the_last_mistake() -> None:
    ref = items([[0], [10]], [0, 1])
    # 1 is right: no rate yet. 2 is wrong: away from it, at 0.5. 8 is right: attracted at 0.5
    lvq.learn(1, items([[1], [2], [8]], [0, 1, 1]), ref, 1, rate=0.5)
    assert ref.words.ravel().tolist() == [-1, 9]
    # in the second of two sweeps the rate is half, from the first mistake on
    ref = items([[0], [10]], [0, 1])
    lvq.learn(1, items([[2], [8]], [1, 1]), ref, 2, rate=0.5)
    # sweep 1: 0 - 0.5 (2 - 0) = -1; 10 + 0.5 (8 - 10) = 9
    # sweep 2: -1 - 0.25 (2 + 1) = -1.75; 9 + 0.25 (8 - 9) = 8.75
    assert ref.words.ravel().tolist() == [-1.75, 8.75]


def test_lvq2_moves_the_two_nearest_in_the_window() -> None:
    ref = items([[0], [10]], [0, 1])
    lvq.learn(2, items([[4]], [1]), ref, 1, rate=0.5, window=0.1)  # |2 40 - 100| = 20 > 10
    assert ref.words.ravel().tolist() == [0, 10]
    lvq.learn(2, items([[4]], [1]), ref, 1, rate=0.5, window=0.2)
    assert ref.words.ravel().tolist() == [-2, 7]
    lvq.learn(2, items([[2.5]], [0]), ref, 1, rate=0.5, window=1)  # the nearer one is right
    assert ref.words.ravel().tolist() == [-2, 7]


def test_lvq3_also_moves_words_that_are_right() -> None:
    ref = items([[0], [10]], [0, 1])
    lvq.learn(3, items([[4]], [0]), ref, 1, rate=0.5, window=0.2)
    assert ref.words.ravel().tolist() == [2, 13]
    ref = items([[0], [10]], [1, 1])
    lvq.learn(3, items([[5]], [1]), ref, 1, rate=0.5)  # both right: 0.2 of the rate
    assert ref.words.ravel().tolist() == [0.5, 9.5]


# --- files ---


WORDS = np.array([[1, 2.5], [0.1, -3e38]], F)
LABELS = np.array([7, -2], np.int32)


def test_files_give_back_what_was_saved() -> None:
    for encode, decode in ((files.encode, files.decode), (files.encode_text, files.decode_text)):
        words, labels = decode(encode(WORDS, LABELS), "x.cb")
        assert words.dtype == F and words.tolist() == WORDS.tolist()
        assert labels.dtype == np.int32 and labels.tolist() == [7, -2]


def test_the_bytes_of_files() -> None:
    assert files.encode(WORDS[:1], LABELS[:1]) == struct.pack("<iiffi", 1, 2, 1, 2.5, 7)
    assert files.encode_text(WORDS[:1], LABELS[:1]) == b"1 2\n1.0 2.5\n7\n"
    swapped = struct.pack(">iiffi", 1, 2, 1, 2.5, 7)
    assert files.decode(swapped, "x")[0].tolist() == [[1, 2.5]]
    assert files.decode(swapped + b"more", "x")[1].tolist() == [7]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x01\x00\x00",
        struct.pack("<ii", 0, 4),
        struct.pack("<ii", -1, -1),
        struct.pack("<ii", 2**31 - 1, 2**31 - 1) + bytes(100),
        files.encode(WORDS, LABELS)[:-1],
        b"2 2\n1 2\n0\n",
    ],
)
def test_damaged_binary_files_are_refused(raw: bytes) -> None:
    with pytest.raises(DataError, match="name.cb"):
        files.decode(raw, "name.cb")


def test_a_text_file_says_how_it_is_read() -> None:
    with pytest.raises(DataError) as caught:
        files.decode(b"150 4\n5.1 3.5 1.4 0.2\n0\n", "iris.cb")
    assert "load-ascii-codebook" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", None),
        ("2", None),
        ("2 2\n1 2\n0\n1 2\n", None),
        ("9999999999 9999999999\n", None),
        ("x 2\n", (1, 1)),
        ("1 0\n", (1, 3)),
        ("1 2\n1 1_0\n0\n", (2, 3)),
        ("1 2\n1 1e39\n0\n", (2, 3)),
        ("1 2\n1 2\n0.5\n", (3, 1)),
        ("1 2\n1 2\n9999999999\n", (3, 1)),
        ("1 2\n1 2\nnan\n", (3, 1)),
    ],
)
def test_damaged_text_files_are_refused(text: str, place: tuple[int, int] | None) -> None:
    with pytest.raises(DataError, match="name.cb") as caught:
        files.decode_text(text.encode(), "name.cb")
    span = caught.value.span
    assert (span and (span.line, span.column)) == place


@given(st.binary(max_size=60))
def test_any_bytes_are_a_codebook_or_refused(raw: bytes) -> None:
    for decode in (files.decode, files.decode_text):
        try:
            words, labels = decode(raw, "name.cb")
        except DataError:
            continue
        assert words.ndim == 2 and labels.shape == words.shape[:1]


def test_a_file_takes_no_more_than_memory_allows(tmp_path: Path) -> None:
    raw = files.encode(np.zeros((1000, 1000), F), np.zeros(1000, np.int32))
    with limited(1_000_000), pytest.raises(DataError, match="--memory|allowed"):
        files.decode(raw, "name.cb")


def test_neighbours_take_no_more_than_memory_allows() -> None:
    words = np.zeros((2000, 600), F)
    with limited(4_000_000):
        with pytest.raises(MemoryLimitError, match="differences"):
            nearest.distances(words, words[0])
        with pytest.raises(MemoryLimitError, match="the 2,000 nearest of 2,000 words"):
            nearest.nearest(words[:, :2], words[:, :2], 2000)


def test_a_damaged_file_is_told_where_it_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "bad.cb").write_text("1 2\n1 x\n0\n")
    it = new_interpreter(path=[tmp_path])
    with pytest.raises(DataError) as caught:
        it.run('(setq c 1)\n(setq c (load-ascii-codebook "bad"))', "program.sn")
    told = render(caught.value, it.source)
    assert told.startswith("program.sn:2:9: error")
    assert "bad.cb:2:3: note: in this file" in told
    assert it.run("c") == 1
