"""Functions of one number as vector code: the same polynomials, hence the same bits, everywhere.

`compile_expression` turns an `Expr` into instructions. Errors against float64 are a few units
in the last place over the stated range.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from llvmlite import ir

from sn.emit.coefficients import (
    COS_P,
    ERFCX_P,
    ERFCX_STEP,
    EXP_LOW,
    EXP_P,
    LOG_P,
    RECIPROCAL,
    SIN_P,
    TANH_LIMIT,
    TANH_P,
    TANH_Q,
)
from sn.emit.pairs import refine
from sn.emit.vector import I32, Builder, Vec
from sn.net.expr import Expr, evaluate


def over(k: Builder, a: Vec, b: Vec) -> Vec:
    """a / b for b from 1e-37 to 1e37, to two units in the last place, not finite for others.

    It has no division, which takes longer.
    Source: the reciprocal by Newton's method, from bits taken from those of a constant.
    """
    kind = ir.VectorType(I32, k.lanes)
    start = ir.Constant(kind, [I32(RECIPROCAL)] * k.lanes)
    bits = k.ir.sub(start, k.ir.bitcast(b.value, kind))
    inverse = Vec(k, k.ir.bitcast(bits, b.value.type))
    for _ in range(3):
        inverse = k.fma(inverse, k.fma(-b, inverse, k.constant(1)), inverse)
    return a * inverse


def tanh(k: Builder, x: Vec) -> Vec:
    """tanh x; all x. NaN stays NaN."""
    # minimum and maximum return their second operand for NaN: it must not become a limit
    clamped = k.minimum(k.constant(TANH_LIMIT), k.maximum(k.constant(-TANH_LIMIT), x))
    square = clamped * clamped
    return clamped * k.polynomial(square, TANH_P) / k.polynomial(square, TANH_Q)


def exp(k: Builder, x: Vec) -> Vec:
    """e^x; 0 below -87.3365, where it is no normal float32, infinity above 88.7."""
    value = _exp(k, k.maximum(k.minimum(x, k.constant(88.7228)), k.constant(EXP_LOW)))
    value = k.select(k.compare(">", x, k.constant(88.7228)), k.constant(float("inf")), value)
    value = k.select(k.compare("<", x, k.constant(EXP_LOW)), k.constant(0), value)
    return k.keep_nan(x, value)


def _exp(k: Builder, clamped: Vec) -> Vec:
    """e^x for x from -104 to 88.7228."""
    whole, grown = _grown(k, clamped)
    value = grown + k.constant(1)
    # in two steps: 2^128 is no float32, though e^88.7 is
    half = _round(k, whole * k.constant(0.5))
    return value * _power_of_two(k, half) * _power_of_two(k, whole - half)


def _grown(k: Builder, x: Vec) -> tuple[Vec, Vec]:
    """Return n and r with e^x = 2^n (1 + r), r from -0.3 to 0.42."""
    whole = _round(k, x * k.constant(1.44269504088896341))
    rest = k.fma(whole, k.constant(-0.693359375), x)
    rest = k.fma(whole, k.constant(2.12194440e-4), rest)
    return whole, k.fma(k.polynomial(rest, EXP_P), rest * rest, rest)


def _exp_of_minus(k: Builder, size: Vec) -> Vec:
    """e^-x of x that is not negative; dwindles to 0 at 104."""
    return _exp(k, k.maximum(-size, k.constant(-104)))


def expm1(k: Builder, x: Vec) -> Vec:
    """e^x - 1, also where e^x is nearly 1."""
    clamped = k.maximum(k.minimum(x, k.constant(60)), k.constant(-30))
    whole, grown = _grown(k, clamped)
    scale = _power_of_two(k, whole)
    value = k.fma(scale, grown, scale - k.constant(1))
    return k.keep_nan(x, k.select(k.compare(">", x, k.constant(60)), exp(k, x), value))


def normal_cdf(k: Builder, v: Vec) -> Vec:
    """The share of a normal distribution below v: erfc(-v / sqrt 2) / 2."""
    size = k.absolute(v)
    half = k.constant(0.5) * size
    # v^2 / 2 in two parts: a product of large numbers has no digits left behind the point
    square = half * size
    rest = k.fma(half, size, -square)
    bell = _exp_of_minus(k, square) * (k.constant(1) - rest)
    t = k.constant(1) / k.fma(k.constant(ERFCX_STEP * 0.5**0.5), size, k.constant(1))
    tail = k.constant(0.5) * bell * k.polynomial(t, ERFCX_P)
    tail = k.select(k.compare("<", size, k.constant(14)), tail, k.constant(0))
    value = k.select(k.compare("<", v, k.constant(0)), tail, k.constant(1) - tail)
    return k.keep_nan(v, value)


def logistic(k: Builder, v: Vec) -> Vec:
    """1 / (1 + e^-v)."""
    small = _exp_of_minus(k, k.absolute(v))
    top = k.select(k.compare("<", v, k.constant(0)), small, k.constant(1))
    return k.keep_nan(v, top / (k.constant(1) + small))


def root_logistic(k: Builder, v: Vec) -> Vec:
    """The square root of the logistic function: a normal number down to -174."""
    small = _exp_of_minus(k, k.constant(0.5) * k.absolute(v))
    top = k.select(k.compare("<", v, k.constant(0)), small, k.constant(1))
    return k.keep_nan(v, top / k.sqrt(k.fma(small, small, k.constant(1))))


def softplus(k: Builder, v: Vec) -> Vec:
    """log(1 + e^v)."""
    small = _exp_of_minus(k, k.absolute(v))
    return k.keep_nan(v, k.maximum(v, k.constant(0)) + _log1p(k, small))


def logcosh(k: Builder, u: Vec) -> Vec:
    """log((e^u + e^-u) / 2), that is -log(1 - tanh^2 u) / 2 near 0."""
    size = k.absolute(u)
    t = tanh(k, k.minimum(size, k.constant(1)))
    near = k.constant(-0.5) * _log1p(k, -(t * t))
    small = _exp_of_minus(k, size + size)
    far = size + (_log1p(k, small) - k.constant(0.693147180559945309))
    return k.keep_nan(u, k.select(k.compare("<", size, k.constant(1)), near, far))


def _log1p(k: Builder, x: Vec) -> Vec:
    """log(1 + x) for x from -0.6 to 1, also where 1 + x is rounded.

    Source: W. Kahan: what rounding takes from 1 + x cancels in the quotient.
    """
    one = k.constant(1)
    sum_ = one + x
    kept = sum_ - one
    value = log(k, sum_) * (x / kept)
    return k.select(k.compare("==", kept, k.constant(0)), x, value)


def log(k: Builder, x: Vec) -> Vec:
    """Natural logarithm; NaN below 0, minus infinity at 0."""
    b = k.ir
    kind = ir.VectorType(I32, k.lanes)

    def whole(value: int) -> ir.Constant:
        return ir.Constant(kind, [I32(value)] * k.lanes)

    bits = b.bitcast(x.value, kind)
    exponent = b.sub(b.lshr(bits, whole(23)), whole(126))
    mantissa = b.or_(b.and_(bits, whole(0x007FFFFF)), whole(0x3F000000))
    m = Vec(k, b.bitcast(mantissa, x.value.type))
    e = Vec(k, b.sitofp(exponent, x.value.type))
    small = k.compare("<", m, k.constant(0.707106781186547524))
    e = k.select(small, e - k.constant(1), e)
    m = k.select(small, m + m - k.constant(1), m - k.constant(1))
    square = m * m
    value = k.polynomial(m, LOG_P) * m * square
    value = k.fma(e, k.constant(-2.12194440e-4), value)
    value = k.fma(square, k.constant(-0.5), value)
    value = k.fma(e, k.constant(0.693359375), m + value)
    value = k.select(k.compare("==", x, k.constant(0)), k.constant(float("-inf")), value)
    value = k.select(k.compare("<", x, k.constant(0)), k.constant(float("nan")), value)
    infinite = k.compare("==", x, k.constant(float("inf")))
    return k.keep_nan(x, k.select(infinite, x, value))


def sin(k: Builder, x: Vec) -> Vec:
    """sin x; for |x| below some thousands."""
    return _circular(k, x, 0)


def cos(k: Builder, x: Vec) -> Vec:
    """cos x; for |x| below some thousands."""
    return _circular(k, x, 1)


def _circular(k: Builder, x: Vec, quarter: int) -> Vec:
    """sin(x + quarter * pi / 2), reduced by quarter turns in three parts (Cody and Waite)."""
    turns = _round(k, x * k.constant(0.636619772367581))
    rest = k.fma(turns, k.constant(-1.5703125), x)
    rest = k.fma(turns, k.constant(-4.837512969970703e-4), rest)
    rest = k.fma(turns, k.constant(-7.549789948768648e-8), rest)
    square = rest * rest
    sine = k.fma(k.polynomial(square, SIN_P) * square, rest, rest)
    cosine = k.polynomial(square, COS_P) * square * square
    cosine = cosine + k.fma(square, k.constant(-0.5), k.constant(1))
    b = k.ir
    kind = ir.VectorType(I32, k.lanes)

    def whole(value: int) -> ir.Constant:
        return ir.Constant(kind, [I32(value)] * k.lanes)

    phase = b.add(b.fptosi(turns.value, kind), whole(quarter))
    odd = Vec(k, b.icmp_signed("!=", b.and_(phase, whole(1)), whole(0)))
    down = Vec(k, b.icmp_signed("!=", b.and_(phase, whole(2)), whole(0)))
    value = k.select(odd, cosine, sine)
    return k.keep_nan(x, k.select(down, -value, value))


def _round(k: Builder, x: Vec) -> Vec:
    """To the nearest whole number: adding 1.5 * 2^23 drops the fraction."""
    shift = k.constant(12582912.0)
    return (x + shift) - shift


def _power_of_two(k: Builder, whole: Vec) -> Vec:
    kind = ir.VectorType(I32, k.lanes)
    bias = ir.Constant(kind, [I32(127)] * k.lanes)
    shift = ir.Constant(kind, [I32(23)] * k.lanes)
    bits = k.ir.shl(k.ir.add(k.ir.fptosi(whole.value, kind), bias), shift)
    return Vec(k, k.ir.bitcast(bits, whole.value.type))


def verbs(k: Builder) -> dict[str, Callable[..., Vec]]:
    """Return what each operation of an expression is in a kernel."""
    return {
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "div": lambda a, b: a / b,
        "over": lambda a, b: over(k, a, b),
        "neg": lambda a: -a,
        "tanh": lambda a: tanh(k, a),
        "exp": lambda a: exp(k, a),
        "log": lambda a: log(k, a),
        "sqrt": k.sqrt,
        "sin": lambda a: sin(k, a),
        "cos": lambda a: cos(k, a),
        "abs": k.absolute,
        "min": k.minimum,
        "max": k.maximum,
        "lt": lambda a, b: k.compare("<", a, b),
        "le": lambda a, b: k.compare("<=", a, b),
        "eq": lambda a, b: k.compare("==", a, b),
        "if": k.select,
        "fma": k.fma,
        "expm1": lambda x: expm1(k, x),
        "normal_cdf": lambda v: normal_cdf(k, v),
        "logistic": lambda v: logistic(k, v),
        "root_logistic": lambda v: root_logistic(k, v),
        "softplus": lambda v: softplus(k, v),
        "logcosh": lambda u: logcosh(k, u),
    }


def compile_expression(
    k: Builder, e: Expr, variables: Mapping[str, Vec], memo: dict[Expr, Vec]
) -> Vec:
    """Return the value of `e`; share `memo` between an expression and its derivatives."""
    ops = verbs(k)

    def compute(e: Expr) -> Vec:
        value: Vec = evaluate(e, variables, ops, k.constant, memo)
        return value

    refine(k, e, memo, compute)
    return compute(e)
