"""JavaScript: the forward pass of a net for a browser, in float64, without a library.

    const net = make();  net.run(pattern, weights) -> outputs;  net.states

`weights` is a Float32Array, as `Program.stored` gives it. What a page needs to know of a net beside
its arithmetic, names and shapes, is data and no code: sn/page has that. `standalone` is a module
with the weights in it, for the programs of others.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sn.data.scaling import Scaling
from sn.emit import coefficients
from sn.export.formulas import Words
from sn.export.loops import Language, Loops, one_line, tables
from sn.export.portable import Placed, Program

# NOTE(net/expr.py): each operation that is no operator, for every number.
_FUNCTIONS = {
    "logistic": "const e = Math.exp(-Math.abs(v)); return (v < 0 ? e : 1) / (1 + e);",
    "root_logistic": (
        "const e = Math.exp(-0.5 * Math.abs(v)); return (v < 0 ? e : 1) / Math.sqrt(1 + e * e);"
    ),
    "softplus": "return Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)));",
    "logcosh": (
        "const u = Math.abs(v), h = Math.sinh(u); if (u < 1) return 0.5 * Math.log1p(h * h); "
        "return u + (Math.log1p(Math.exp(-2 * u)) - Math.LN2);"
    ),
    # Source: as in sn/emit/functions.py, whose coefficients these are
    "normal_cdf": (
        "const u = Math.abs(v), z = 1 / (1 + STEP * u); "
        "const p = TAIL.reduce((sum, factor) => sum * z + factor, 0); "
        "const tail = 0.5 * Math.exp(-0.5 * u * u) * p; return v < 0 ? tail : 1 - tail;"
    ),
}


def number(value: float) -> str:
    """Return a number as JavaScript writes it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "(-Infinity)"
    return repr(value) if value >= 0 else f"({value!r})"


def _function(op: str) -> str:
    return op if op in _FUNCTIONS else f"Math.{op}"


LANGUAGE = Language(
    words=Words(number, "const", "const", _function),
    counter="let",
    whole="const",
    sum="let",
    weight="const",
    comment=lambda text: f"// {text}",
)


def javascript(program: Program) -> str:
    """Return the text of a function of no arguments that makes a net; see above."""
    loops = Loops(program, LANGUAGE, depth=2)
    for placed in program.inputs:
        _load(loops, placed)
    loops.run()
    start = 0
    for placed in program.outputs:
        _give(loops, placed, start)
        start += placed.layer.size
    body = "\n".join(loops.lines)
    lines = [
        "() => {",
        f'  "use strict"; // the net {one_line(program.plan.original.name)}, written by SN',
        *(f"  const {name} = [{','.join(map(str, values))}];" for name, values in tables(program)),
        f"  const x = new Float64Array({program.n_units}), t = new Float64Array(x.length);",
        f"  const out = new Float64Array({program.plan.table.n_outputs});",
        *_functions(body),
        "  const run = (given, w) => {",
        body,
        "    return out;",
        "  };",
        "  return { run, states: x, totals: t };",
        "}",
    ]
    return "\n".join(lines)


def standalone(
    program: Program,
    weights: NDArray[np.float32],
    scaling: Scaling | None = None,
    about: Sequence[str] = (),
) -> str:
    """Return a module that exports `outputs(pattern)`; weights: (n_weights,) in weight order.

    `scaling` is done to each pattern first; `about` are lines on the net for its head.
    """
    table = program.plan.table
    packed = base64.b64encode(program.stored(weights).astype("<f4").tobytes()).decode("ascii")
    lines = [f"// {one_line(line)}" for line in about]
    lines += [
        f"// outputs(pattern) takes {table.n_inputs} numbers and returns {table.n_outputs}.",
        f"const make = {javascript(program)};",
        f'const bytes = Uint8Array.from(atob("{packed}"), (letter) => letter.charCodeAt(0));',
        # whatever the order of bytes of the machine
        "const view = new DataView(bytes.buffer), weights = new Float32Array(bytes.length / 4);",
        "for (let i = 0; i < weights.length; i++) weights[i] = view.getFloat32(4 * i, true);",
        "const net = make();",
    ]
    shown = "pattern"
    if scaling is not None:
        columns = {"shift": scaling.shift, "factor": scaling.factor, "fill": scaling.fill}
        for name, column in columns.items():
            lines.append(f"const {name} = [{', '.join(map(number, column.tolist()))}];")
        lines.append("const filled = (v, i) => (Number.isNaN(v) ? fill[i] : v);")
        lines.append("const scaled = (v, i) => (filled(v, i) - shift[i]) * factor[i];")
        shown = "Array.from(pattern, scaled)"
    lines.append(f"export const outputs = (pattern) => Array.from(net.run({shown}, weights));")
    return "\n".join(lines) + "\n"


def _functions(body: str) -> list[str]:
    """Return the functions that a text calls."""
    used = [name for name in _FUNCTIONS if f"{name}(" in body]
    lines = [f"  const {name} = (v) => {{ {_FUNCTIONS[name]} }};" for name in used]
    if "normal_cdf" in used:
        step = coefficients.ERFCX_STEP * math.sqrt(0.5)
        tail = json.dumps(coefficients.ERFCX_P)
        lines.insert(0, f"  const STEP = {step!r}, TAIL = {tail};")
    return lines


def _load(loops: Loops, placed: Placed) -> None:
    layer = placed.layer
    with loops.loop("i", layer.size) as i:
        at = i if placed.order is None else f"order{layer.first}[{i}]"
        loops.say(f"x[{layer.first} + {i}] = given[{layer.shown.start} + {at}];")


def _give(loops: Loops, placed: Placed, start: int) -> None:
    layer = placed.layer
    with loops.loop("i", layer.size) as i:
        at = i if placed.order is None else f"order{layer.first}[{i}]"
        loops.say(f"out[{start} + {at}] = x[{layer.first} + {i}];")
