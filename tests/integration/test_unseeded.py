"""A program that never calls (seed N): the same numbers in every process, from the run's seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sn.contest import compare, contenders
from sn.errors import SnError
from sn.lisp.random import SnRandom
from sn.session import Session, load

ROOT = Path(__file__).resolve().parents[2]
# draws, and what depends on orders: of names, of definitions, of what is near a misspelt name
PROGRAM = """
(setq first (rand)) (setq second (gauss 2 1)) (setq pick (int (rand 0 1000)))
(print first second pick)
(defnet n (layer in (16 16)) (layer out (10))
  (connect in out (scheme (lambda (a b)
    (all ((i b)) (cons i (cons (int (rand 0 255)) ())))))))
(experiment n (data "mnist-1989") (order shuffled) (optimizer s (sgd (epsilon 0.001))))
(print (named "g*"))
(on-error (print "caught") ())
(frist)
"""
RUN = """
import hashlib, sys
from sn.errors import SnError, render
from sn.net.table import freeze
from sn.session import Session
program = sys.stdin.read()
for seed in (0, 7):
    session = Session(seed=seed)
    try:
        session.evaluate(program, "p.sn")
    except SnError as error:
        print(render(error))
    print(hashlib.sha256(freeze(session.world.networks["n"]).src.tobytes()).hexdigest())
    print(END)
"""
END = "-- the next seed --"


def told(hash_seed: str) -> list[str]:
    """Return what the program says with the seeds 0 and 7, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", RUN.replace("END", repr(END))],
        input=PROGRAM,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *parts, rest = done.stdout.split(f"{END}\n")
    assert len(parts) == 2 and not rest
    return parts


def test_processes_agree_and_seeds_differ() -> None:
    first, other = told("1")
    assert [first, other] == told("4242")
    assert other.splitlines()[0] != first.splitlines()[0]
    assert other.splitlines()[-1] != first.splitlines()[-1]


def draws(seed: int, text: str = "(list (rand) (gauss) (rand))") -> str:
    session = Session(seed=seed)
    return session.interpreter.show(session.evaluate(text))


def test_unseeded_is_seeded_by_the_run() -> None:
    assert draws(0) == draws(0, "(progn (seed 0) (list (rand) (gauss) (rand)))")
    assert draws(5) == draws(9, "(progn (seed 5) (list (rand) (gauss) (rand)))")
    seeds = (0, 1, 2**31 - 1, 2**31, 2**32, 2**62, 2**63, 2**64 - 1)
    assert len({draws(seed) for seed in seeds}) == len(seeds)


def test_a_generator_knows_whether_the_run_matters() -> None:
    random = SnRandom()
    assert not random.drew_unseeded
    random.seed(3)
    random.gauss()
    assert not random.drew_unseeded
    random.begin(3)
    random.gauss()
    assert random.drew_unseeded


SMALL = """
(setq rate (rand 0 0.002))
(print "seen")
(defnet n (layer in (16 16)) (layer out (10)) (connect in out (full)))
(experiment n (data "mnist-1989") (optimizer s (sgd (learning-rate rate))))
"""


@pytest.mark.kernels
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_comparison_gives_each_seed_its_own_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], jobs: int
) -> None:
    path = tmp_path / "draws.sn"
    path.write_text(SMALL)
    found = compare(contenders([path]), [0, 3], passes=1, jobs=jobs)
    assert capsys.readouterr().out.count("seen") == 1
    for run in found.first.runs:
        alone = load(path, seed=run.seed).experiment().train(passes=1, seed=run.seed)
        assert alone.passes[0].train == run.passes[0].train
        assert alone.options["learning_rate"] == run.options["learning_rate"]
    rates = {run.options["learning_rate"] for run in found.first.runs}
    assert len(rates) == 2


def test_a_seed_that_is_not_finite_is_refused() -> None:
    with pytest.raises(SnError):
        Session().evaluate("(seed (/ 1 0))")
