"""The programs of nets/sn28 on codebooks: what they print, and k-NN against a plain computation.

Source: leaving one out, one neighbour classifies 96 % of Fisher's irises; 5.5 % of the zip codes of
1989 are errors of their nearest neighbour (T. Hastie, R. Tibshirani, J. Friedman, The Elements of
Statistical Learning, 2009, 13.3.3). The other numbers are those that the programs gave here when
they were written.
"""

from __future__ import annotations

import io
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from sn.builtins.codebook import Codebook
from sn.data.base import is_available
from sn.lisp.forms import Value, elements
from sn.session import Session
from sn.shipped import nets_folder

pytestmark = pytest.mark.kernels


class Run:
    """A program that ran: its text and its session."""

    def __init__(self, name: str) -> None:
        file: Path = nets_folder() / "sn28" / f"{name}.sn"
        self.session = Session()
        out = io.StringIO()
        self.session.interpreter.stdout.file = out
        self.session.evaluate(file.read_text("utf-8"), file.name)
        self.text = out.getvalue()

    def value(self, text: str) -> Value:
        return self.session.evaluate(text)

    def codebook(self, name: str) -> Codebook:
        found = self.value(name)
        assert isinstance(found, Codebook)
        return found


def rights(data: Codebook, ref: Codebook, k: int) -> int:
    """Return how many items k neighbours classify right, one by one and column by column."""
    count = 0
    for word, label in zip(data.words.data, data.labels.data, strict=True):
        far = np.zeros(len(ref.labels.data), np.float32)
        for column, value in zip(ref.words.data.T, word, strict=True):
            far = far + (column - value) ** 2
        near = ref.labels.data[np.argsort(far, kind="stable")[:k]]
        votes = Counter(near.tolist()).most_common(2)
        is_tie = len(votes) == 2 and votes[0][1] == votes[1][1]
        count += not is_tie and votes[0][0] == label
    return count


def test_neighbours_of_the_irises() -> None:
    run = Run("neighbours")
    percents = {
        line.split("  ")[0]: float(line.split()[-2])
        for line in run.text.splitlines()
        if line.endswith("%") and "words" in line
    }
    assert percents == {
        "all": 96.0,
        "edited": 94.67,
        "edited, condensed": 90.67,
        "condensed": 94.67,
        "k-means of a class": 97.33,
        "k-means, voted": 92.0,
        "before LVQ": 89.33,
        "LVQ1": 97.33,
        "LVQ2": 94.67,
        "LVQ3": 97.33,
    }
    assert "one left out:   96.00 %" in run.text
    assert "radial basis functions: error 0.0330, performance=94.6667\n" in run.text
    app, tst = run.codebook("iris-app"), run.codebook("iris-tst")
    for k, percent in ((1, 96), (3, 96), (5, 98.6667), (7, 98.6667)):
        assert 100 * rights(tst, app, k) / 75 == pytest.approx(percent, abs=1e-4)
        assert k == 1 or f"{k} nearest: performance={percent}\n" in run.text
    for name in ("edited", "means", "first-words", "(condense iris-app)"):
        ref = run.codebook(name)
        assert 100 * rights(tst, ref, 1) / 75 == pytest.approx(
            run.value(f"(perf-knn iris-tst {name})")
        )
    assert rights(app, run.codebook("(condense iris-app)"), 1) == 75  # what condensing is for


def test_a_ring_finds_a_tour() -> None:
    run = Run("tsp")
    lengths = [
        float(line.split()[-1]) for line in run.text.splitlines() if ":  " in line or ": 1" in line
    ]
    assert lengths == [14.1405, 4.2330, 4.2264]
    tour = [int(n) for n in elements(run.value("tour"))]
    assert sorted(tour) == list(range(30))
    towns = run.codebook("towns").words.data.astype(float)
    steps = towns[tour] - towns[np.roll(tour, 1)]
    assert np.hypot(*steps.T).sum() == pytest.approx(4.2264, abs=5e-5)


@pytest.mark.skipif(not is_available("zipcode"), reason="the data set zipcode is not here")
def test_zip_codes_and_their_neighbours() -> None:
    session = Session()
    session.evaluate(
        "(setq app (data-codebook 'zipcode 'train) tst (data-codebook 'zipcode 'test))"
    )
    start = time.perf_counter()
    errors = 2007 - 20.07 * session.evaluate("(perf-knn tst app)")
    assert time.perf_counter() - start < 30  # 1.4 s where nothing else runs
    assert errors == pytest.approx(113)  # 5.63 %
