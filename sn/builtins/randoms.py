"""Builtins on random numbers: SN's own generator, see `sn/lisp/random.py`."""

from __future__ import annotations

from sn.errors import EvalError
from sn.lisp.calls import builtin
from sn.lisp.machine import Machine


@builtin("seed")
def seed(it: Machine, n: float) -> float:
    """(seed n)

    Start the random numbers again from n, truncated to a whole number; return n. A program that
    never calls it draws as if it had started with (seed S), S the seed of the run, 0 by default.

    (progn (seed 1) (list (rand) (rand)))
    => (0.796579 0.906506)
    """
    if n - n != 0:
        raise EvalError("seed needs a finite number")
    it.random.seed(n)
    return n


@builtin("rand")
def rand(it: Machine, a: float | None = None, b: float | None = None) -> float:
    """(rand [a] [b])

    Return a random number from 0 to 1, with one argument from -a to a, with two from a to b.

    (progn (seed 0) (rand 3 5))
    => 3.10849
    """
    u = it.random.rand()
    if a is None:
        return u
    return 2 * a * u - a if b is None else (b - a) * u + a


@builtin("gauss")
def gauss(it: Machine, a: float | None = None, b: float | None = None) -> float:
    """(gauss [mean] [deviation])

    Return a normal random number; one argument gives the deviation, two the mean and deviation.

    (progn (seed 0) (gauss 10 1))
    => 10.1281
    """
    z = it.random.gauss()
    if a is None:
        return z
    return a * z if b is None else a + b * z
