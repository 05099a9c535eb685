"""The verbs of vector code: one small kernel uses them all, plain NumPy says what they mean."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from llvmlite import ir
from numpy.typing import NDArray

from sn.emit.vector import I64, LANES, Builder, Index, Memories, Vec
from tests.sections import compiled

pytestmark = pytest.mark.kernels

Floats32 = NDArray[np.float32]
Verb = Callable[[Builder, Memories, Index], Vec]

NAN = float("nan")
# x: 4 vectors of ordinary numbers, then one with what is special
ORDINARY = np.random.default_rng(0).standard_normal(4 * LANES).astype(np.float32)
SPECIAL = np.array([0.0, -0.0, NAN, np.inf, -np.inf, 1.0, -1.0, 1e-45], np.float32)
X = np.concatenate([ORDINARY, SPECIAL])
T = np.array([3, 1, 4, 1, 5, 9, 2, 6], np.int32)
A, B, C, D = ORDINARY.reshape(4, LANES)


def vec(number: int) -> Callable[[Builder, Memories], Vec]:
    return lambda k, m: k.load(m.x, number * LANES)


def loop_sum(k: Builder, m: Memories, stop: Index | int) -> Vec:
    total = k.cell(k.constant(0))
    for i in k.loop(stop):
        total.set(total.get() + k.load(m.x, i * LANES))
    return total.get()


a, b, c, d, special = (vec(number) for number in range(5))


def pairwise(values: Floats32) -> np.float32:
    """Halves, then pairs, then the last two: the stated order."""
    values = values[:4] + values[4:]
    values = values[:2] + values[2:]
    return values[0] + values[1]


def fused(x: Floats32, y: Floats32, z: Floats32) -> Floats32:
    """x y + z rounded once: exact in extended precision, then rounded."""
    exact = x.astype(np.longdouble) * y.astype(np.longdouble) + z.astype(np.longdouble)
    return exact.astype(np.float32)


# name -> (vector code, what it must give in each lane)
VERBS: dict[str, tuple[Verb, Floats32 | list[float]]] = {
    "load": (lambda k, m, e: a(k, m), A),
    "load, unaligned": (lambda k, m, e: k.load(m.x, 3), X[3:11]),
    "load at a run-time index": (lambda k, m, e: k.load(m.x, e + 5), X[7:15]),
    "load of fewer lanes": (
        lambda k, m, e: k.shuffle(k.load(m.x, 0, 4), k.load(m.x, 8, 4), range(8)),
        np.concatenate([A[:4], B[:4]]),
    ),
    "arithmetic": (lambda k, m, e: (a(k, m) + b(k, m)) * c(k, m) - d(k, m), (A + B) * C - D),
    "division": (lambda k, m, e: a(k, m) / b(k, m), A / B),
    "negation": (lambda k, m, e: -special(k, m), -SPECIAL),
    "constant": (lambda k, m, e: k.constant(1 / 3), [np.float32(1 / 3)] * 8),
    "constants": (lambda k, m, e: k.constants([*range(8)]), [*range(8)]),
    "spread": (lambda k, m, e: k.spread(m.x, 5), [X[5]] * 8),
    "lane and splat": (lambda k, m, e: k.splat(k.lane(a(k, m), 6)), [A[6]] * 8),
    "gather": (lambda k, m, e: k.gather([k.load1(m.x, 3 * i) for i in range(8)]), X[:24:3]),
    "index": (
        lambda k, m, e: k.gather([k.load1(m.x, k.index(m.t, i) + 2) for i in range(8)]),
        X[T + 2],
    ),
    "index arithmetic": (
        lambda k, m, e: k.gather([k.load1(m.x, 1 + (e * 3 + i) * 2) for i in range(8)]),
        X[1 + (6 + np.arange(8)) * 2],
    ),
    "shuffle": (
        lambda k, m, e: k.shuffle(a(k, m), b(k, m), [0, 8, 15, 7, 1, 9, 2, 10]),
        [A[0], B[0], B[7], A[7], A[1], B[1], A[2], B[2]],
    ),
    "fma": (lambda k, m, e: k.fma(a(k, m), b(k, m), -(a(k, m) * b(k, m))), fused(A, B, -(A * B))),
    "total": (lambda k, m, e: k.splat(k.total(a(k, m))), [pairwise(A)] * 8),
    "totals of 3": (
        lambda k, m, e: k.totals([a(k, m), b(k, m), c(k, m)]),
        [pairwise(A), pairwise(B), pairwise(C), 0, 0, 0, 0, 0],
    ),
    "totals of 8": (
        lambda k, m, e: k.totals([k.load(m.x, i) for i in range(8)]),
        [pairwise(X[i : i + 8]) for i in range(8)],
    ),
    "polynomial": (
        lambda k, m, e: k.polynomial(a(k, m), (2.0, -1.0, 0.5)),
        fused(fused(np.full(8, 2, np.float32), A, np.full(8, -1, np.float32)), A, np.full(8, 0.5)),
    ),
    "loop with literal bounds": (lambda k, m, e: loop_sum(k, m, 4), ((A + B) + C) + D),
    "loop of one turn": (lambda k, m, e: loop_sum(k, m, 1), A),
    "loop with run-time bounds": (lambda k, m, e: loop_sum(k, m, e + 1), (A + B) + C),
    "select": (
        lambda k, m, e: k.select(k.compare("<", a(k, m), b(k, m)), c(k, m), d(k, m)),
        np.where(A < B, C, D),
    ),
    "compare is false for NaN": (
        lambda k, m, e: k.select(
            k.compare("<=", special(k, m), k.constant(0)), k.constant(1), k.constant(0)
        ),
        [1, 1, 0, 0, 1, 0, 1, 0],
    ),
    "minimum": (
        lambda k, m, e: k.minimum(special(k, m), k.constant(0.5)),
        [0.0, -0.0, 0.5, 0.5, -np.inf, 0.5, -1.0, 1e-45],
    ),
    "maximum": (
        lambda k, m, e: k.maximum(special(k, m), k.constant(0.5)),
        [0.5, 0.5, 0.5, np.inf, 0.5, 1.0, 0.5, 0.5],
    ),
    "keep_nan": (
        lambda k, m, e: k.keep_nan(special(k, m), k.constant(2)),
        [2, 2, NAN, 2, 2, 2, 2, 2],
    ),
    "sqrt": (lambda k, m, e: k.sqrt(k.absolute(a(k, m))), np.sqrt(np.abs(A))),
    "store1": (lambda k, m, e: stored(k, m), [0, 0, 0, A[0], 0, 0, 0, 0]),
}


def stored(k: Builder, m: Memories) -> Vec:
    """Write one number into scratch and read the vector around it."""
    k.store(k.constant(0), m.s, 0)
    k.store1(k.load1(m.x, 0), m.s, 3)
    return k.load(m.s, 0)


@pytest.fixture(scope="module")
def results() -> dict[str, Floats32]:
    """What every verb gives; the run-time index is 2."""

    def every(k: Builder, m: Memories, e: Index) -> None:
        for number, (verb, _) in enumerate(VERBS.values()):
            k.store(verb(k, m, e), m.o, number * LANES)

    out = np.full((len(VERBS), LANES), 7, np.float32)
    run = compiled(every, "x t s o", LANES)
    run(X, T, np.full(8, 9, np.float32), out, indices=[2])
    return dict(zip(VERBS, out, strict=True))


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_gives_the_same_bits_as_numpy(name: str, results: dict[str, Floats32]) -> None:
    expected = np.asarray(VERBS[name][1], np.float32)
    assert np.array_equal(results[name], expected, equal_nan=True)
    zeros = expected == 0
    assert np.array_equal(np.signbit(results[name][zeros]), np.signbit(expected[zeros]))


def test_what_is_known_while_compiling_costs_no_instruction() -> None:
    """Indices of constants alone fold away; so the code of a literal loop has literal offsets."""
    module = ir.Module()
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [I64]), "f")
    builder = ir.IRBuilder(function.append_basic_block())
    k = Builder(builder)
    fixed = (Index(k, None, 3) + 4) * 2 + Index(k, None, 1)
    assert (fixed.value, fixed.const) == (None, 15)
    assert not builder.block.instructions
    moving = 2 + Index(k, function.args[0], 0) * 1 + 5
    assert moving.const == 7
    assert not builder.block.instructions
    moving.whole()
    assert len(builder.block.instructions) == 1


def test_no_instruction_may_be_reordered() -> None:
    """Same bits everywhere: no fast-math flag, and no fusing but where a section says so."""
    module = ir.Module()
    kind = ir.FunctionType(ir.VoidType(), [ir.FloatType().as_pointer()])
    function = ir.Function(module, kind, "f")
    builder = ir.IRBuilder(function.append_basic_block())
    k = Builder(builder)
    memory = Memories({"x": type("M", (), {"k": k, "pointer": function.args[0]})()})
    x = k.load(memory.x, 0)
    k.store(k.fma(x, x, x) + x * x / (x - k.sqrt(x)), memory.x, 0)
    builder.ret_void()
    text = str(module)
    for flag in ("fast", "reassoc", "contract", "nnan", "arcp"):
        assert flag not in text
