"""Each function of one number, as C and ONNX have it: for every number, by any compiler's rules."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sn.export.c import c
from sn.export.portable import Program
from sn.lower.recognise import lower
from sn.net import schemes
from sn.net.activations import Activation
from sn.net.expr import Expr, call, const, evaluate, variable
from sn.net.layer import Network
from sn.net.schemes import Link
from sn.net.table import ConnectionTable, freeze
from tests.unit.test_export import GCC, called, compiled, needs_gcc, onnx_model, run_onnx

A = variable("a")
FORMULAS = {
    op: call(op, A)
    for op in (
        *("exp", "expm1", "log", "sqrt", "tanh", "sin", "cos", "abs"),
        *("logistic", "root_logistic", "softplus", "logcosh", "normal_cdf"),
    )
} | {"min": call("min", A, const(2)), "max": call("max", const(-2), A)}
SIZES = (1e-30, 1e-8, 1e-3, 0.3, 0.9, 1, 1.5, 5, 12, 25, 31, 61, 80, 88.6, 89, 104, 200, 1e9, 3e38)
FINITE = np.array([0, *SIZES, *(-size for size in SIZES)], np.float32)
OTHER = np.array([np.inf, -np.inf, np.nan], np.float32)
ALL = np.concatenate([FINITE, OTHER])
# in another order of its factors e^v overflows a little before the largest number
EARLY = FINITE[np.abs(FINITE) != np.float32(88.6)]


@cache
def _table() -> ConnectionTable:
    """A net with a layer for each formula, of one unit whose total is the input."""
    net = Network("functions")
    pattern = net.add_layer("in", (1,))
    for op, formula in FORMULAS.items():
        layer = net.add_layer(op, (1,), Activation(op, formula), None, is_output=True)
        schemes.full(net, Link(pattern, layer))
    return freeze(net)


def _wanted(formula: Expr, values: NDArray[np.float32]) -> NDArray[np.float32]:
    with np.errstate(all="ignore"):
        found = np.asarray(evaluate(formula, {"a": values.astype(np.float64)}))
        return found.astype(np.float32)


def _apart(
    found: NDArray[np.float32], values: NDArray[np.float32], close: float = 2e-6
) -> dict[str, list[float]]:
    """Return for which values which functions are off by more than `close` of their size."""
    off = {}
    for column, (op, formula) in enumerate(FORMULAS.items()):
        wanted = _wanted(formula, values)
        with np.errstate(invalid="ignore"):
            near = np.abs(found[:, column] - wanted) <= close * np.maximum(1, np.abs(wanted))
        is_same = (found[:, column] == wanted) | (np.isnan(found[:, column]) & np.isnan(wanted))
        if not (near | is_same).all():
            off[op] = values[~(near | is_same)].tolist()
    return off


def _program() -> tuple[Program, NDArray[np.float32]]:
    return Program(lower(_table())), np.ones(_table().n_weights, np.float32)


@needs_gcc
@pytest.mark.parametrize(
    ("flags", "values", "close"),
    [("-O2", ALL, 2e-6), ("-O3 -march=native -ffast-math", EARLY, 1e-5)],
)
def test_functions_in_c(
    flags: str, values: NDArray[np.float32], close: float, tmp_path: Path
) -> None:
    """-ffast-math says that there are no infinities; what is finite must hold all the same."""
    library = compiled(c(*_program()), tmp_path, *flags.split())
    assert _apart(called(library, _table(), values[:, None]), values, close) == {}


def test_functions_in_onnx() -> None:
    assert _apart(run_onnx(onnx_model(*_program()), ALL[:, None]), ALL) == {}


@needs_gcc
def test_c_does_nothing_undefined(tmp_path: Path) -> None:
    """Not for numbers that are none, nor at the ends of its arrays, however many patterns."""
    shown = ", ".join(
        "NAN" if np.isnan(v) else f"{v}f".replace("inff", "INFINITY") for v in ALL.tolist()
    )
    main = f"""
    #include <stdlib.h>
    int main(void) {{
      const float shown[] = {{ {shown} }};
      for (long count = 0; count <= {len(ALL)}; count++) {{
        float *in = malloc(count * sizeof *in), *work = malloc(FUNCTIONS_WORK * sizeof *work);
        float *out = malloc(count * FUNCTIONS_OUTPUTS * sizeof *out);
        for (long i = 0; i < count; i++) in[i] = shown[i];
        functions_outputs(in, out, count, work);
        free(in); free(work); free(out);
      }}
      return 0;
    }}"""
    (tmp_path / "net.c").write_text(c(*_program()) + main)
    checks = "-fsanitize=address,undefined,float-cast-overflow"
    assert GCC is not None
    command = [GCC, "-std=c99", "-O1", checks, "-fno-sanitize-recover=all", "-o", "net", "net.c"]
    subprocess.run([*command, "-lm"], cwd=tmp_path, check=True)
    done = subprocess.run([tmp_path / "net"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
