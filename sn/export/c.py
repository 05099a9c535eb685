"""C: a trained net as one file of C99, which needs nothing but its own text.

    NAME_outputs(patterns, outputs, count, work)    with  float work[NAME_WORK];

Patterns go through side by side, LANES at a time, so that a compiler finds the vectors. The
functions of one number are the polynomials of the kernels (sn/emit/coefficients.py).
Source of the idea: SN's NetTool and `save-weights-as-c` wrote nets as C.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from sn.data.scaling import Scaling
from sn.emit import coefficients
from sn.export.formulas import Words
from sn.export.loops import Language, Loops, one_line, tables
from sn.export.portable import Placed, Program

LANES = 16  # patterns side by side: two vectors of AVX, four of SSE or NEON
WIDTH = 96

# Each operation that is no operator: the text of its function and the operations that it calls.
_LIBRARY: dict[str, tuple[str, tuple[str, ...]]] = {
    "abs": ("return v < 0 ? -v : v;", ()),
    "sqrt": ("return sqrtf(v);", ()),
    "tanh": (
        "v = v < -LIMIT ? -LIMIT : v > LIMIT ? LIMIT : v;\n"
        "const float q = v * v;\n"
        "return v * TANH_P / TANH_Q;",
        (),
    ),
    # -ffast-math takes (v + s) - s for v; else the bits of v + s keep compilers from vectors
    "round": (
        "union { float f; int32_t i; } u;\n"
        "u.f = v + 12582912.0f;\n"
        "#ifdef __FAST_MATH__\n"
        "return (float)(u.i - 0x4B400000);\n"
        "#else\n"
        "return u.f - 12582912.0f;\n"
        "#endif",
        (),
    ),
    "power": (
        "union { int32_t i; float f; } u;\nu.i = ((int32_t)v + 127) << 23;\nreturn u.f;",
        (),
    ),
    "grown": (
        "const float r = (v - n * 0.693359375f) + n * 2.12194440e-4f;\n"
        "return (EXP_P) * (r * r) + r;",
        (),
    ),
    "exp": (
        "const float c = v > -104.0f ? v < 88.7228f ? v : 88.7228f : -104.0f;\n"
        "const float n = NAME_round(c * 1.44269504088896341f), half = NAME_round(n * 0.5f);\n"
        "const float e = (NAME_grown(c, n) + 1.0f) * NAME_power(half) * NAME_power(n - half);\n"
        "return v > 88.7228f ? (float)INFINITY : v != v ? v : e;",
        ("round", "power", "grown"),
    ),
    "expm1": (
        "const float c = v > -30.0f ? v < 60.0f ? v : 60.0f : -30.0f;\n"
        "const float n = NAME_round(c * 1.44269504088896341f), p = NAME_power(n);\n"
        "const float e = p * NAME_grown(c, n) + (p - 1.0f), large = NAME_exp(v);\n"
        "return v > 60.0f ? large : v != v ? v : e;",
        ("round", "power", "grown", "exp"),
    ),
    "log": (
        "union { float f; int32_t i; } u, m;\n"
        "u.f = v;\n"
        "m.i = (u.i & 0x007FFFFF) | 0x3F000000;\n"
        "float e = (float)((int32_t)((uint32_t)u.i >> 23) - 126), x = m.f;\n"
        "const int small = x < 0.707106781186547524f;\n"
        "e = small ? e - 1.0f : e;\n"
        "x = small ? x + x - 1.0f : x - 1.0f;\n"
        "const float q = x * x;\n"
        "float y = (LOG_P) * x * q;\n"
        "y = y - e * 2.12194440e-4f - 0.5f * q;\n"
        "y = x + y + e * 0.693359375f;\n"
        "y = v == 0 ? -(float)INFINITY : v < 0 ? (float)NAN : y;\n"
        "return v > 3.4028234e38f || v != v ? v : y;",
        (),
    ),
    "log1p": (
        "const float sum = 1.0f + v, kept = sum - 1.0f;\n"
        "const float y = NAME_log(sum) * (v / (kept == 0 ? 1.0f : kept));\n"
        "return kept == 0 ? v : y;",
        ("log",),
    ),
    "logistic": (
        "const float e = NAME_exp(-NAME_abs(v));\nreturn (v < 0 ? e : 1.0f) / (1.0f + e);",
        ("abs", "exp"),
    ),
    "root_logistic": (
        "const float e = NAME_exp(-0.5f * NAME_abs(v));\n"
        "return (v < 0 ? e : 1.0f) / sqrtf(1.0f + e * e);",
        ("abs", "exp"),
    ),
    "softplus": (
        "return (v > 0 ? v : 0) + NAME_log1p(NAME_exp(-NAME_abs(v)));",
        ("abs", "exp", "log1p"),
    ),
    "logcosh": (
        "const float u = NAME_abs(v), t = NAME_tanh(u < 1.0f ? u : 1.0f);\n"
        "const float near = -0.5f * NAME_log1p(-(t * t));\n"
        "const float far = u + (NAME_log1p(NAME_exp(-2.0f * u)) - 0.693147180559945309f);\n"
        "return u < 1.0f ? near : far;",
        ("abs", "tanh", "exp", "log1p"),
    ),
    "normal_cdf": (
        "const float u = NAME_abs(v), z = 1.0f / (1.0f + STEP * u);\n"
        "const float tail = 0.5f * NAME_exp(-0.5f * u * u) * (TAIL);\n"
        "return v < 0 ? tail : 1.0f - tail;",
        ("abs", "exp"),
    ),
    "sin": ("return sinf(v);", ()),
    "cos": ("return cosf(v);", ()),
    # what is no number stays none, be it a or b
    "min": ("return a < b || a != a ? a : b;", ()),
    "max": ("return a > b || a != a ? a : b;", ()),
}
_ARGUMENTS = {"min": "float a, float b", "max": "float a, float b", "grown": "float v, float n"}
_WORD = re.compile(r"\b(TANH_P|TANH_Q|EXP_P|LOG_P|TAIL|LIMIT|STEP|NAME)(?=\b|_)")
_IDENTIFIER = re.compile(r"[^a-z0-9_]")


def identifier(name: str) -> str:
    """Return a name that C takes, of the letters and digits of any name."""
    word = _IDENTIFIER.sub("_", name.lower())[:40]
    return word if word[:1].isalpha() else f"net_{word}"


def number(value: float) -> str:
    """Return a float as C writes it, with as many digits as tell it from any other."""
    if math.isnan(value):
        return "(float)NAN"
    single = np.float32(value)
    if np.isinf(single):
        return "(float)INFINITY" if value > 0 else "(-(float)INFINITY)"
    digits = repr(float(str(single)))
    return f"{digits}f" if value >= 0 else f"({digits}f)"


def c(
    program: Program,
    weights: NDArray[np.float32],
    scaling: Scaling | None = None,
    about: Sequence[str] = (),
) -> str:
    """Return the file of a net with its weights, (n_weights,) in weight order.

    `scaling` is done to each pattern first; `about` are lines on the net for its head.
    """
    table, name = program.plan.table, identifier(program.plan.original.name)
    language = Language(
        words=Words(number, "const float", "const int", lambda op: f"{name}_{op}"),
        counter="int",
        whole="const int",
        sum="float",
        weight="const float",
        comment=lambda text: f"/* {text} */",
        lanes="LANES",
        # written out before it is made vectors of, it takes GCC 12 five times as long
        stay="#pragma GCC unroll 1",
    )
    loops = Loops(program, language, depth=2)
    for placed in program.inputs:
        _load(loops, placed, scaling)
    loops.run()
    start = 0
    for placed in program.outputs:
        _give(loops, placed, start)
        start += placed.layer.size
    body = loops.lines
    upper = name.upper()
    head = [
        f"The net {one_line(program.plan.original.name)}, written by SN.",
        *map(one_line, about),
    ]
    return "\n".join(
        [
            "/*",
            *(f" * {line}".rstrip() for line in head),
            " *",
            f" *     float work[{upper}_WORK];",
            f" *     {name}_outputs(patterns, outputs, count, work);",
            " *",
            f" * reads count x {upper}_INPUTS numbers and writes count x {upper}_OUTPUTS.",
            " * C99; -O3 -march=native makes it fast.",
            " */",
            "#include <math.h>",
            "#include <stdint.h>",
            "",
            f"#define {upper}_INPUTS {table.n_inputs}",
            f"#define {upper}_OUTPUTS {table.n_outputs}",
            f"#define {upper}_WORK {2 * program.n_units * LANES}",
            "",
            f"enum {{ LANES = {LANES} }}; /* patterns side by side */",
            "",
            *_array("float", "w", (number(float(one)) for one in program.stored(weights))),
            *(
                line
                for key, values in tables(program)
                for line in _array("int", key, map(str, values))
            ),
            *_scaling(scaling),
            *_functions("\n".join(body), name),
            f"void {name}_outputs(",
            "    const float *patterns, float *outputs, long count, float *work) {",
            f"  float *x = work, *t = work + {program.n_units} * LANES;",
            "  for (long done = 0; done < count; done += LANES) {",
            "    const int here = count - done < LANES ? (int)(count - done) : LANES;",
            *body,
            "  }",
            "}",
            "",
        ]
    )


def _array(kind: str, name: str, values: Iterable[str]) -> list[str]:
    """Return the definition of a constant array, as many values a line as fit."""
    lines, line = [f"static const {kind} {name}[] = {{"], " "
    for value in values:
        if len(line) + len(value) + 2 > WIDTH:
            lines.append(line)
            line = " "
        line += f" {value},"
    if lines[-1:] == lines[:1] and line == " ":
        line = "  0,"
    return [*lines, line, "};", ""]


def _scaling(scaling: Scaling | None) -> list[str]:
    if scaling is None:
        return []
    columns = {"shift": scaling.shift, "factor": scaling.factor}
    if not np.isnan(scaling.fill).any():
        columns["fill"] = scaling.fill
    return [
        line
        for name, column in columns.items()
        for line in _array("double", name, map(repr, column.tolist()))
    ]


def _load(loops: Loops, placed: Placed, scaling: Scaling | None) -> None:
    layer, inputs = placed.layer, loops.program.plan.table.n_inputs
    with loops.loop("i", layer.size) as i:
        at = i if placed.order is None else f"order{layer.first}[{i}]"
        loops.say(f"const int from = {layer.shown.start} + {at};")
        with loops.each():
            # what is beyond the last pattern is computed too, from the last one again
            loops.say("const long pattern = done + (l < here ? l : here - 1);")
            value = f"patterns[pattern * {inputs} + from]"
            if scaling is not None:
                if not np.isnan(scaling.fill).any():
                    loops.say(
                        f"const double given = {value}, full = given != given ? fill[from] : given;"
                    )
                    value = "full"
                value = f"(float)(({value} - shift[from]) * factor[from])"
            loops.say(f"{loops.unit('x', f'{layer.first} + {i}')} = {value};")


def _give(loops: Loops, placed: Placed, start: int) -> None:
    layer, outputs = placed.layer, loops.program.plan.table.n_outputs
    with loops.loop("i", layer.size) as i:
        at = i if placed.order is None else f"order{layer.first}[{i}]"
        value = loops.unit("x", f"{layer.first} + {i}")
        loops.say("for (int l = 0; l < here; l++)")
        loops.say(f"  outputs[(done + l) * {outputs} + {start} + {at}] = {value};")


def _functions(body: str, name: str) -> list[str]:
    """Return the functions that a text calls, and those that they call, each before its use."""
    wanted = {op for op in _LIBRARY if f"{name}_{op}(" in body}
    while True:
        more = {one for op in wanted for one in _LIBRARY[op][1]} - wanted
        if not more:
            break
        wanted |= more
    found: list[str] = []
    said: set[str] = set()

    def say(op: str) -> None:
        if op in said:
            return
        said.add(op)
        text, calls = _LIBRARY[op]
        for one in calls:
            say(one)
        found.append(f"static inline float {name}_{op}({_ARGUMENTS.get(op, 'float v')}) {{")
        lines = _filled(text, name).split("\n")
        found.extend(line if line.startswith("#") else f"  {line}" for line in lines)
        found.extend(["}", ""])

    for op in sorted(wanted):
        say(op)
    return found


def _filled(text: str, name: str) -> str:
    """Return a function with its coefficients and the names that it calls."""
    filled = {
        "TANH_P": f"({_horner('q', coefficients.TANH_P)})",
        "TANH_Q": f"({_horner('q', coefficients.TANH_Q)})",
        "EXP_P": _horner("r", coefficients.EXP_P),
        "LOG_P": _horner("x", coefficients.LOG_P),
        "TAIL": _horner("z", coefficients.ERFCX_P),
        "LIMIT": number(coefficients.TANH_LIMIT),
        "STEP": number(coefficients.ERFCX_STEP * math.sqrt(0.5)),
        "NAME": name,
    }
    return _WORD.sub(lambda found: filled[found[0]], text)


def _horner(x: str, factors: Sequence[float]) -> str:
    """Return a polynomial, its highest power first, by Horner's rule."""
    text = number(factors[0])
    for factor in factors[1:]:
        text = f"({text} * {x} + {number(factor)})"
    return text
