"""The programs of nets/sn28: what they print, held to the original where it is known.

Source: the unmodified programs, run in the historical kernels (sn-examples; zipcode-1989, 6). Where
a program is ours alone, the numbers are those it gave here when it was written.
"""

from __future__ import annotations

import io
import re

import numpy as np
import pytest

from sn.data.base import is_available
from sn.lisp.forms import Value, elements, show
from sn.session import Session
from sn.shipped import nets_folder

pytestmark = pytest.mark.kernels

needs_digits = pytest.mark.skipif(
    not is_available("digits-480"), reason="the data set digits-480 is not here"
)
PERF = re.compile(r"patterns\{(\d+)-(\d+)\}, age=(\d+), error=([\d.e+-]+), performance=([\d.]+)\n")


class Run:
    """A program that ran: its text, what it measured and what its variables are."""

    def __init__(self, name: str, change: tuple[str, str] = ("", "")) -> None:
        text = (nets_folder() / "sn28" / f"{name}.sn").read_text("utf-8")
        assert change[0] in text
        self.session = Session()
        out = io.StringIO()
        self.session.interpreter.stdout.file = out
        self.session.evaluate(text.replace(*change) if change[0] else text, f"{name}.sn")
        self.text = out.getvalue()
        self.perf = [
            (int(first), int(age), float(error), float(percent))
            for first, _, age, error, percent in PERF.findall(self.text)
        ]

    def value(self, text: str) -> Value:
        return self.session.evaluate(text)

    def counts(self) -> tuple[Value, ...]:
        """Return how many units, links and weights there are."""
        return tuple(elements(self.value("(list nnum snum wnum)")))


def test_xor_is_the_original_to_the_bit() -> None:
    run = Run("xor")
    errors = {age: error for _, age, error, _ in run.perf}
    assert list(errors) == list(range(0, 161, 4))
    known = {0: 0.80398017, 4: 1.28392029, 8: 0.81168916, 12: 0.7457, 16: 0.6967, 64: 0.488}
    known |= {80: 0.2149, 88: 0.3518, 100: 0.4143, 104: 0.128, 160: 0.0569}
    for age, error in known.items():
        assert errors[age] == pytest.approx(error, abs=5.1e-5), age
    right = {age: percent for _, age, _, percent in run.perf}
    assert [right[age] for age in (0, 4, 8, 64, 80, 88, 100)] == [50, 50, 75, 75, 100, 75, 75]
    assert all(right[age] == 100 for age in range(104, 161, 4))
    weights = "-1.83857358 2.46105456 0.820271492 2.23720789 2.04552174 1.98111665 1.56002939 "
    weights += "1.54306638 -1.45554054"
    found = elements(run.value("(apply append (all ((j (range 3 5))) (weight j)))"))
    assert [np.float32(x) for x in found] == [np.float32(word) for word in weights.split()]


def test_the_encoder_of_1988_prints_its_log() -> None:
    log = "0.6718 0 0.2258 25 0.1810 50 0.2156 50 0.1663 50 0.0748 100".split()
    found = [word for _, _, error, right in Run("encoder").perf for word in (error, right)]
    assert found == pytest.approx([float(word) for word in log], abs=5.1e-5)


def lines_of(run: Run) -> list[tuple[str, bool]]:
    """Return the error of each presentation, and whether its answer was good."""
    found = re.findall(r"age=\d+  pattern=\d  error= +([\d.]+)  (.{9}|  ok  )\n", run.text)
    return [(error, told == "  ok  ") for error, told in found]


def test_adaline_prints_what_the_original_does() -> None:
    run = Run("adaline")
    errors = "0.50000! 0.60500! 0.73205! 0.22378 0.37333 0.41451 0.45846 0.01903 0.29812 0.31270 "
    errors += "0.32569 0.00505 0.25230 0.25587 0.25746 0.04051"
    assert lines_of(run) == [(word.strip("!"), "!" not in word) for word in errors.split()]
    assert elements(run.value("(weight 3)")) == pytest.approx([0.4341, 0.365, 0.4001], abs=5e-5)


def test_hebb_prints_what_the_original_does() -> None:
    run = Run("hebb")
    errors = "0.50000! 0.60500! 0.72000! 0.24500 0.32000 0.40500 0.50000 0.00500 0.18000 0.24500 "
    errors += "0.32000 0.12500 0.08000 0.12500 0.18000 0.60500"
    assert lines_of(run) == [(word.strip("!"), "!" not in word) for word in errors.split()]
    assert show(run.value("(weight 3)")) == "(0.8 0.8 0.8)"


def test_the_perceptron_tells_t_from_l() -> None:
    assert Run("perceptron").perf == [(0, 0, 1.0, 50.0), (0, 8, 0.0, 100.0)]


def test_the_hopfield_net_recalls_all_it_stored() -> None:
    run = Run("hopfield")
    found = re.findall(r"overlap ([\d.]+), after (\d) updates ([\d.]+)", run.text)
    assert [before for before, _, _ in found] == "0.8125 0.8125 0.8438 0.8438 0.8125 0.7500".split()
    assert all(after == "1.0000" for _, _, after in found)
    assert run.value("(sval (car units) (car units))") == 0  # it is there, and drives nothing


def test_the_hamming_net_finds_the_nearest() -> None:
    run = Run("hamming")
    off = [int(n) for n in re.findall(r"(\d+) bits turned over", run.text)]
    assert off == [6, 7, 7, 8, 5, 3, 8, 4]
    assert run.text.endswith("8 of 8 right\n")


def test_the_sparse_memory_gives_words_back() -> None:
    found = re.findall(r"(\d+) bits off, +(\d+) after reading once", Run("kanerva").text)
    pairs = [(int(asked), int(read)) for asked, read in found]
    assert len(pairs) == 10
    assert sum(read for _, read in pairs) < sum(asked for asked, _ in pairs)
    assert sum(read == 0 for _, read in pairs) >= 4


def test_the_time_delay_net_has_the_counts_of_the_original() -> None:
    run = Run("tdnn", ("(trun 40 5)", "(learn 40)"))
    assert run.counts() == (1365, 15770, 1338)


def test_conjugate_gradients_learn_a_sine() -> None:
    perf = Run("conjgrad").perf
    assert perf[0][2] > 1 and perf[-1][2] < 1e-4 and perf[-1][3] == 100


def netmask(change: tuple[str, str] = ("", "")) -> Run:
    """Return a run of NetMASK, whose counts and test set are those of the original."""
    run = Run("netmask", change)
    assert run.counts() == (469, 3146, 746)
    assert "** Test set size = 160, 90% confidence interval = +-9.68%.\n" in run.text
    return run


def table_of(run: Run, ages: list[int]) -> list[float]:
    kept = [(error, right) for _, age, error, right in run.perf if age in ages]
    return [number for pair in kept for number in pair]


@needs_digits
def test_netmask_learns_digits_as_the_original_did() -> None:
    run = netmask()
    printed = """
    0.6731 9.6875 0.6679 7.5  0.0866 86.5625 0.0918 85  0.0582 97.1875 0.0622 97.5
    0.0474 98.4375 0.0523 98.125  0.0418 99.6875 0.0496 100  0.0395 99.6875 0.0513 98.75
    0.0425 99.6875 0.0593 96.875
    """
    wanted = [float(word) for word in printed.split()]
    assert table_of(run, [0, 320, 640, 960, 1600, 3200, 6400]) == pytest.approx(wanted, abs=5.1e-5)


@needs_digits
def test_netmask_with_rates_by_shared_weights() -> None:
    run = netmask(("(epsi-sqrt 0.1)", "(mask-epsi 0.1)"))
    printed = "0.1395 60 0.1442 53.75 0.0489 99.0625 0.0544 95.625 0.0326 100 0.0469 99.375"
    wanted = [float(word) for word in printed.split()]
    assert table_of(run, [320, 1600, 6400]) == pytest.approx(wanted, abs=5.1e-5)


CURVED = """(libload "sn28/sn28itenew")
(de epsi-sqrt (x) (epsilon 0.0005))
(de trun (it num) ({driver} it num))
"""


@needs_digits
@pytest.mark.parametrize(
    ("driver", "printed"),
    [
        ("trun-lm", "0.1815 12.8125 0.1808 13.125 0.0668 93.75 0.0739 91.25"),
        ("trun-newton", "0.0677 93.75 0.0754 91.875"),
    ],
)
def test_netmask_with_curvatures(driver: str, printed: str) -> None:
    run = netmask(('(libload "sn28/sn28ite")', CURVED.format(driver=driver)))
    wanted = [float(word) for word in printed.split()]
    ages = [320, 6400] if len(wanted) == 8 else [6400]
    assert table_of(run, ages) == pytest.approx(wanted, abs=5.1e-5)


@needs_digits
def test_brain_damage_leaves_the_digits_known() -> None:
    run = Run("obd", ("(repeat 4", "(repeat 2"))
    cut = [int(n) for n in re.findall(r"(\d+) connections cut", run.text)]
    assert cut == [1314, 1193]
    assert run.counts() == (573, 13250, 10730)  # what is cut leaves its place
    trained = [right for first, _, _, right in run.perf if first == 0]
    assert trained[-1] == 100


@pytest.mark.parametrize(
    ("kernel", "text", "counts"),
    [
        ("sn28", "'((input 400) (hidden 40) (output 40))", (521, 17680)),  # NetFULL
    ],
)
def test_counts_of_full_nets(kernel: str, text: str, counts: tuple[int, int]) -> None:
    found = Session().evaluate(
        f"""
        (sn28-kernel '{kernel})
        (alloc-net {counts[0]} {counts[1]})
        (build-net {text} '((input hidden) (hidden output)))
        (list nnum snum)
        """
    )
    assert tuple(elements(found)) == counts
