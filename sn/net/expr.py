"""Scalar expressions: one formula, evaluated by the twin, differentiated, and compiled.

A non-linearity or a cost is written once as an expression of one or two variables. The twin
evaluates it in float64, the emitter turns the same tree into vector code, and both derivatives
are derived here symbolically. Trees are immutable and compare by value, so a common
subexpression is computed once.

Read next: stable.py for formulas that overflow as they are written, activations.py, costs.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from sn.codes import Code
from sn.errors import NetError

# Nodes of a formula or a derivative of it, shared ones each time they occur; chosen here: algebra
# with as many takes some seconds.
MOST = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Expr:
    """A node: `op` over `args`; `value` holds a constant, `name` a variable.

    `size` counts the nodes, shared ones each time they occur, `depth` those in one another.
    Raises: NetError for one of more than MOST nodes, which a derivative may come to.
    """

    op: str
    args: tuple[Expr, ...] = ()
    value: float = 0.0
    name: str = ""
    size: int = field(init=False, repr=False)
    depth: int = field(init=False, repr=False)
    _hash: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        size = 1
        for arg in self.args:
            size += arg.size
        if size > MOST:
            raise NetError(
                f"a formula, or a derivative of it, has more than {MOST:,} operations, written out",
                code=Code.FORMULA,
                hint="make it simpler: each use of a name counts as all that it stands for",
            )
        object.__setattr__(self, "size", size)
        depth = 1 + max((arg.depth for arg in self.args), default=0)
        object.__setattr__(self, "depth", depth)
        object.__setattr__(self, "_hash", hash((self.op, self.args, self.value, self.name)))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Expr):
            return NotImplemented
        return self._hash == other._hash and self._fields == other._fields

    @property
    def _fields(self) -> tuple[object, ...]:
        return self.op, self.args, self.value, self.name

    def __add__(self, other: Expr | float) -> Expr:
        return add(self, wrap(other))

    def __radd__(self, other: float) -> Expr:
        return add(wrap(other), self)

    def __sub__(self, other: Expr | float) -> Expr:
        return sub(self, wrap(other))

    def __rsub__(self, other: float) -> Expr:
        return sub(wrap(other), self)

    def __mul__(self, other: Expr | float) -> Expr:
        return mul(self, wrap(other))

    def __rmul__(self, other: float) -> Expr:
        return mul(wrap(other), self)

    def __truediv__(self, other: Expr | float) -> Expr:
        return div(self, wrap(other))

    def __rtruediv__(self, other: float) -> Expr:
        return div(wrap(other), self)

    def __neg__(self) -> Expr:
        return neg(self)

    def __str__(self) -> str:
        return show(self)


def _logistic(v: Any) -> Any:
    small = np.exp(-np.abs(v))
    return np.where(np.less(v, 0), small, 1.0) / (1.0 + small)


def _root_logistic(v: Any) -> Any:
    small = np.exp(-0.5 * np.abs(v))
    return np.where(np.less(v, 0), small, 1.0) / np.sqrt(1.0 + small * small)


def _softplus(v: Any) -> Any:
    return np.maximum(v, 0.0) + np.log1p(np.exp(-np.abs(v)))


def _logcosh(u: Any) -> Any:
    size = np.abs(u)
    # near 0 the other form is a difference of equal numbers
    near = 0.5 * np.log1p(np.sinh(np.minimum(size, 1.0)) ** 2)
    return np.where(size < 1, near, size + (np.log1p(np.exp(-2.0 * size)) - np.log(2.0)))


def _normal_cdf(v: Any) -> Any:
    # NumPy has no error function; in Python's the small end keeps its digits
    return 0.5 * _ERFC(np.multiply(v, -math.sqrt(0.5)))


_ERFC = np.vectorize(math.erfc, otypes=[float])

# NOTE(emit): every name here is a verb of the kernel builder, and the other way round.
_NUMPY: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    # a / b of a positive b that is neither tiny nor huge, in kernels without a division
    "over": np.divide,
    "neg": np.negative,
    "tanh": np.tanh,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "sin": np.sin,
    "cos": np.cos,
    "abs": np.abs,
    "min": np.minimum,
    "max": np.maximum,
    "lt": np.less,
    "le": np.less_equal,
    "eq": np.equal,
    "if": np.where,
    # a b + c, rounded once in kernels; of update rules
    "fma": lambda a, b, c: a * b + c,
    # e^v - 1, which is v near 0; the share of a normal distribution below v
    "expm1": np.expm1,
    "normal_cdf": _normal_cdf,
    # 1 / (1 + e^-v), its square root, log(1 + e^v), log((e^u + e^-u) / 2): right for every number
    "logistic": _logistic,
    "root_logistic": _root_logistic,
    "softplus": _softplus,
    "logcosh": _logcosh,
}

OPERATIONS = tuple(_NUMPY)


def const(value: float) -> Expr:
    """Return the constant `value`."""
    return Expr("const", value=float(value))


def variable(name: str) -> Expr:
    """Return the variable called `name`."""
    return Expr("var", name=name)


def wrap(value: Expr | float) -> Expr:
    """Return `value` itself, or a constant when it is a number."""
    return value if isinstance(value, Expr) else const(value)


def _is(e: Expr, value: float) -> bool:
    return e.op == "const" and e.value == value


def add(a: Expr, b: Expr) -> Expr:
    """a + b, with zeros and constants folded."""
    if _is(a, 0):
        return b
    if _is(b, 0):
        return a
    return _fold("add", a, b)


def sub(a: Expr, b: Expr) -> Expr:
    """a - b, with zeros and constants folded."""
    if _is(b, 0):
        return a
    if _is(a, 0):
        return neg(b)
    return _fold("sub", a, b)


def mul(a: Expr, b: Expr) -> Expr:
    """a * b, with zeros, ones and constants folded."""
    if _is(a, 0) or _is(b, 0):
        return const(0)
    if _is(a, 1):
        return b
    if _is(b, 1):
        return a
    if b.op == "const" and a.op != "const":
        a, b = b, a
    if a.op == "const" and b.op == "mul" and b.args[0].op == "const":
        both = a.value * b.args[0].value
        # a product that is too large or too small for a number stays two
        if math.isfinite(both) and both != 0:
            return mul(const(both), b.args[1])
    return _fold("mul", a, b)


def div(a: Expr, b: Expr) -> Expr:
    """a / b; a division by a constant becomes a product."""
    if _is(a, 0):
        return const(0)
    if b.op == "const" and b.value != 0 and math.isfinite(1 / b.value):
        return mul(const(1 / b.value), a)
    return Expr("div", (a, b))


def neg(a: Expr) -> Expr:
    """-a."""
    if a.op == "neg":
        return a.args[0]
    return _fold("neg", a)


def call(op: str, *args: Expr) -> Expr:
    """Return `op` applied to `args`; `op` is one of OPERATIONS."""
    simple: dict[str, Callable[..., Expr]] = {
        "add": add,
        "sub": sub,
        "mul": mul,
        "div": div,
        "neg": neg,
        "if": choose,
    }
    return simple[op](*args) if op in simple else _fold(op, *args)


def choose(test: Expr, yes: Expr, no: Expr) -> Expr:
    """`yes` where the test holds, else `no`; a test of constants is decided here.

    NOTE(emit): kernels have truth values of comparisons only.
    """
    if test.op == "const":
        return yes if test.value else no
    return Expr("if", (test, yes, no))


def power(a: Expr, n: int) -> Expr:
    """A to a whole power `n`, as repeated products (the kernels have no pow)."""
    if n < 0:
        return div(const(1), power(a, -n))
    if n == 0:
        return const(1)
    half = power(a, n // 2)
    square = mul(half, half) if n > 1 else const(1)
    return mul(square, a) if n % 2 else square


def _fold(op: str, *args: Expr) -> Expr:
    if all(arg.op == "const" for arg in args):
        with np.errstate(all="ignore"):
            value = float(_NUMPY[op](*(arg.value for arg in args)))
        if np.isfinite(value):
            return const(value)
    return Expr(op, args)


def derivative(e: Expr, name: str) -> Expr:
    """Return de/d`name`, in terms of the subexpressions of `e` so that they can be shared."""
    if e.op == "const":
        return const(0)
    if e.op == "var":
        return const(1 if e.name == name else 0)
    a = e.args[0]
    da = derivative(a, name)
    match e.op:
        case "neg":
            return neg(da)
        case "tanh":
            return mul(sub(const(1), mul(e, e)), da)
        case "exp":
            return mul(e, da)
        case "expm1":
            return mul(call("exp", a), da)
        case "normal_cdf":
            bell = call("exp", mul(const(-0.5), mul(a, a)))
            return mul(mul(const(1 / math.sqrt(2 * math.pi)), bell), da)
        case "log":
            return div(da, a)
        case "sqrt":
            return div(da, mul(const(2), e))
        case "logistic":
            return mul(mul(e, call("logistic", neg(a))), da)
        case "root_logistic":
            return mul(mul(const(0.5), mul(e, call("logistic", neg(a)))), da)
        case "softplus":
            return mul(call("logistic", a), da)
        case "logcosh":
            return mul(call("tanh", a), da)
        case "sin":
            return mul(call("cos", a), da)
        case "cos":
            return neg(mul(call("sin", a), da))
        case "abs":
            return call("if", call("lt", a, const(0)), neg(da), da)
        case "lt" | "le" | "eq":
            return const(0)
        case "if":
            yes, no = (derivative(arg, name) for arg in e.args[1:])
            return yes if yes == no else call("if", a, yes, no)
    b = e.args[1]
    db = derivative(b, name)
    match e.op:
        case "add":
            return add(da, db)
        case "sub":
            return sub(da, db)
        case "mul":
            return add(mul(da, b), mul(a, db))
        case "div" | "over":
            return div(sub(da, mul(e, db)), b)
        case "min":
            return da if da == db else call("if", call("lt", b, a), db, da)
        case "max":
            return da if da == db else call("if", call("lt", a, b), db, da)
        case "fma":
            return add(add(mul(da, b), mul(a, db)), derivative(e.args[2], name))
    raise AssertionError(f"no derivative rule for {e.op}")


def substitute(e: Expr, name: str, value: Expr) -> Expr:
    """Return `e` with every variable called `name` replaced by `value`."""
    if e.op == "var":
        return value if e.name == name else e
    if e.op == "const":
        return e
    return call(e.op, *(substitute(arg, name, value) for arg in e.args))


def evaluate(
    e: Expr,
    variables: Mapping[str, Any],
    ops: Mapping[str, Callable[..., Any]] = _NUMPY,
    constant: Callable[[float], Any] = float,
    memo: dict[Expr, Any] | None = None,
) -> Any:
    """Compute `e`; each distinct subexpression once.

    `ops` and `constant` say how: NumPy in float64 by default, vector instructions in the
    emitter. Give one `memo` to several calls and they share subexpressions.
    """
    if memo is None:
        return _evaluate_steps(e, variables, ops, constant)
    if e in memo:
        return memo[e]
    if e.op == "const":
        value = constant(e.value)
    elif e.op == "var":
        value = variables[e.name]
    else:
        value = ops[e.op](*[evaluate(arg, variables, ops, constant, memo) for arg in e.args])
    memo[e] = value
    return value


def _evaluate_steps(
    e: Expr,
    variables: Mapping[str, Any],
    ops: Mapping[str, Callable[..., Any]],
    constant: Callable[[float], Any],
) -> Any:
    """Compute `e` alone: a formula is taken apart once, its values are computed many times."""
    values: list[Any] = []
    for step, places in _steps(e):
        if step.op == "const":
            values.append(constant(step.value))
        elif step.op == "var":
            values.append(variables[step.name])
        else:
            values.append(ops[step.op](*[values[place] for place in places]))
    return values[-1]


@lru_cache(maxsize=1024)
def _steps(e: Expr) -> tuple[tuple[Expr, tuple[int, ...]], ...]:
    """Return each distinct subexpression behind its arguments, with the places of these."""
    steps: list[tuple[Expr, tuple[int, ...]]] = []
    place_of: dict[Expr, int] = {}

    def place(one: Expr) -> int:
        if one not in place_of:
            places = tuple(place(arg) for arg in one.args)
            place_of[one] = len(steps)
            steps.append((one, places))
        return place_of[one]

    place(e)
    return tuple(steps)


def variables_of(e: Expr) -> frozenset[str]:
    """Return the names of the variables in `e`."""
    return frozenset(step.name for step, _ in _steps(e) if step.op == "var")


def constants_of(e: Expr) -> tuple[float, ...]:
    """Return the constants in `e`, each once."""
    return tuple(step.value for step, _ in _steps(e) if step.op == "const")


_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "lt": "<", "le": "<=", "eq": "="}


def show(e: Expr) -> str:
    """Return `e` as a reader would write it."""
    if e.op == "const":
        return format(e.value, ".9g")
    if e.op == "var":
        return e.name
    if e.op in _INFIX:
        return f"({show(e.args[0])} {_INFIX[e.op]} {show(e.args[1])})"
    if e.op == "neg":
        return f"-{show(e.args[0])}"
    return f"{e.op}({', '.join(show(arg) for arg in e.args)})"
