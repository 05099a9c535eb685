"""Sizes of the language: lists, texts and matrices are counted before they are made."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pytest

from sn import memory
from sn.builtins import matrixmath
from sn.errors import EvalError, MemoryLimitError
from sn.lisp import sizes
from sn.lisp.forms import describe, to_list
from sn.session import Session
from tests.refusals import refused

LIMIT = 10_000_000  # of small_memory
pytestmark = pytest.mark.usefixtures("small_memory")


BIG = '(setq x \'(1 2 3)) (setq s "0123456789abcdef") (setq d s) (setq u (ubmatrix 1000 1000))'
TOO_LARGE = {
    "(range 1 1e9)": "a list of 1,000,000,000 elements would take 96 GB",
    "(range 1e6)": "a list of 1,000,000 elements would take 96 MB",
    "(range 1e12 1)": "a list of 1,000,000,000,000 elements",
    "(range 0 1 1e-6)": "elements would take 96 MB",
    "(makelist 1e6 1)": "a list of 1,000,000 elements would take 72 MB",
    "(makelist 1e308 1)": "a list of 1.00e+308 elements",
    "(mapfor (i 1 1e6) i)": "a list of 1,000,000 elements",
    "(repeat 40 (setq x (append x x)))": "a list of 196,608 elements would take 14.2 MB",
    "(repeat 40 (setq s (concat s s)))": "a text of 16,777,216 characters would take 16.8 MB",
    '(repeat 40 (setq s (concat "é" s s)))': "characters would take",
    "(repeat 64 (setq x (list x x))) (flatten x)": "a list of 5.53e+19 elements would take",
    "(matrix 1e5 1e5)": "a matrix of 100000x100000 would take 40 GB",
    "(matrix 1e308 2)": "a matrix of 1.00e+308x2 would take",
    "(dmatrix 1e4 1e4)": "a matrix of 10000x10000 would take 800 MB",
    "(ubmatrix 1e4 1e4)": "a matrix of 10000x10000 would take 100 MB",
    "(array 1e4 1e4)": "a matrix of 10000x10000 would take 800 MB",
    "(dim m 1e4 1e4)": "a matrix of 10000x10000 would take 400 MB",
    "(m+c u 1)": "a computation with a matrix of 1000x1000 would take 24 MB",
    "(m+m u u)": "a computation with a matrix of 1000x1000",
    "(mean-mat u)": "a computation with a matrix of 1000x1000",
    "(m*m (dmatrix 2000 1) (dmatrix 1 2000))": "a computation with a matrix of 2000x2000",
    "(u () ())": "a list of 1,000,000 elements",
    "(index-print u)": "the text of a matrix of 1000x1000 would take 100 MB",
    "(copy-matrix (transpose u)) (m+c (copy-matrix u) 1)": "a computation with a matrix",
    "(newneurons 1e6)": "a net of 1,000,001 units and 0 connections",
    "(newneurons 1e308)": "a net has at most 2,147,483,647 units",
    "(connect (newneurons 500) (newneurons 500))": "and 250,000 connections would take 85.1 MB",
    '(sprintf "%1000000000d" 5)': "sprintf prints at most 10,000 characters for '%1000000000d'",
    f'(sprintf "%{"9" * 5000}d" 5)': "sprintf prints at most 10,000 characters",
    '(sprintf "%.99999999999999999999f" 5)': "sprintf prints at most 10,000 characters",
    "(tab 1e308)": "tab goes to column 10,000 at most, found 1.00e+308",
}


@pytest.mark.parametrize("program", TOO_LARGE)
def test_what_is_too_large_is_refused_before_it_is_made(program: str) -> None:
    assert TOO_LARGE[program] in refused(f"{BIG}\n{program}").message


@pytest.mark.parametrize(
    "program",
    [
        "(range 1 1e4)",
        "(makelist 5e4 1)",
        "(mapfor (i 1 1e4) i)",
        "(m+m (matrix 300 300) (matrix 300 300))",
        "(repeat 17 (setq s (concat s s)))",
    ],
)
def test_what_is_small_enough_is_made(program: str) -> None:
    Session().evaluate(f"{BIG}\n{program}", "test.sn")


ENDLESS = {
    "(range 1e16 1e17 1)": "range never ends: a step of 1 changes nothing at 1e+17",
    "(range 9007199254740990 9007199254740994 1)": "range never ends",
    "(range 1e300 0)": "range never ends: a step of -1 changes nothing at 1e+300",
    "(for (i 1e16 1e17 1) i)": "for never ends: a step of 1 changes nothing at 1e+17",
    "(for (i 1e16 1e16) i)": "for never ends: a step of 1 changes nothing at 1e+16",
    "(for (i 1 10 1e-300) i)": "for never ends: a step of 1e-300 changes nothing at 10",
    "(mapfor (i -1e16 0 1) i)": "mapfor never ends: a step of 1 changes nothing at 1e+16",
}


@pytest.mark.parametrize("program", ENDLESS)
def test_a_step_that_changes_nothing_is_refused(program: str) -> None:
    assert refused(program).message.startswith(ENDLESS[program])


@pytest.mark.parametrize(
    ("ends", "wanted"),
    [
        ("1e16 1e16 4", [1e16]),
        ("1e300 0 1", []),
        ("0 0 5e-324", [0.0]),
        ("9007199254740988 9007199254740991 1", [2.0**53 - 4 + n for n in range(4)]),
        ("0 1e308 5e307", [0.0, 5e307, 1e308]),
    ],
)
def test_loops_that_end_run_to_their_end(ends: str, wanted: list[float]) -> None:
    program = f"(setq l ()) (for (i {ends}) (setq l (cons i l))) (reverse l)"
    found = Session().evaluate(program, "test.sn")
    numbers = []
    while found is not None:
        numbers.append(found.car)
        found = found.cdr
    assert numbers == wanted


def test_a_cell_and_a_number_take_what_is_asked_for() -> None:
    memory.set_limit(None)
    tracemalloc.start()
    made = to_list(float(n) + 0.5 for n in range(100_000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    asked = sizes.CELL + sizes.NUMBER + sizes.ITEM
    assert made is not None
    assert peak / 100_000 == pytest.approx(asked, rel=0.1)


def test_large_products_are_computed_in_blocks_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(37, 11)), rng.normal(size=(11, 5))
    monkeypatch.setattr(matrixmath, "BLOCK", 300)
    assert matrixmath._product(a, b) == pytest.approx(np.einsum("ij,jk->ik", a, b))
    assert matrixmath._product(a, b[:, 0]) == pytest.approx(np.einsum("ij,j->i", a, b[:, 0]))


@pytest.mark.parametrize("program", ["(mean-mat [1e308 1e308])", "(sdev-mat [1e308 -1e308])"])
def test_a_result_that_overflows_is_an_error_without_a_warning(program: str) -> None:
    error = refused(program)
    assert isinstance(error, EvalError)
    assert not isinstance(error, MemoryLimitError)
    assert error.message.startswith("floating exception: the result of")


def test_a_huge_text_is_described_by_its_beginning() -> None:
    started = time.process_time()
    for _ in range(1000):
        text = describe("ab" * 1_000_000)
    assert time.process_time() - started < 5
    assert text == f"the string {chr(34)}{'ab' * 28}..."
