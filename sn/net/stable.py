"""Stable forms: formulas that overflow or lose digits as they are written, made right.

    1 / (1 + exp(-x))      ->  logistic(x)          log(1 + exp(x))   ->  softplus(x)
    1 - 1 / (1 + exp(-x))  ->  logistic(-x)         log((e^x + e^-x) / 2)  ->  logcosh(x)

`stable` rewrites a formula from the leaves up; where no identity applies it stays as it was
written. `derivative` differentiates and rewrites what comes out. Each rewriting is an identity
of real numbers: only rounding, overflow and underflow differ.

Read next: terms.py for the algebra, reference.py and emit/functions.py for who computes it.
"""

from __future__ import annotations

import math
from functools import lru_cache

from sn.net import expr
from sn.net.expr import Expr, add, call, const, mul
from sn.net.quotients import common_denominator
from sn.net.terms import (
    ONE,
    Sum,
    Term,
    as_term,
    atom_of,
    binomial,
    build,
    logarithm_of_exponentials,
    merged,
    opposite,
    terms,
)

_ALGEBRA = ("add", "sub", "mul", "div", "neg")
# a rewriting may make a formula larger by so much; chosen here: no textbook form comes near
LARGER, ROOM = 3, 60
# nodes of a formula whose sums and products are looked at; a larger one stays as it is, as the time
# grows with the square. Chosen here: the largest of all tests and textbooks has 237.
LARGEST = 400
_LOGISTIC = frozenset({"logistic", "root_logistic"})


@lru_cache(maxsize=4096)
def stable(e: Expr) -> Expr:
    """Return the same function without differences of equal numbers and needless overflow."""
    if not e.args:
        return e
    args = tuple(stable(arg) for arg in e.args)
    if args != e.args:
        e = call(e.op, *args)
    try:
        return _rewritten(e)
    except (OverflowError, ZeroDivisionError):  # factors met that no number holds together
        return e


def _rewritten(e: Expr) -> Expr:
    """Return a formula, whose arguments are in stable forms, in one itself."""
    match e.op:
        case "log":
            return _log(e)
        case "exp":
            return _exp(e)
        case "if" if e.args[1] == e.args[2]:
            return e.args[1]
        case "max" if opposite(e.args[0]) == build(terms(e.args[1])):
            return call("abs", e.args[0])
        case op if op in _ALGEBRA:
            return _algebra(e)
    return e


@lru_cache(maxsize=4096)
def derivative(e: Expr, name: str) -> Expr:
    """Return de/d`name` in a stable form."""
    return stable(expr.derivative(stable(e), name))


def _algebra(e: Expr) -> Expr:
    """Return sums, products and quotients with the identities applied, or as they are."""
    if e.size > LARGEST:
        return e
    before = _operations(e)
    if not before & (_LOGISTIC | {"tanh", "exp", "div", "softplus", "logcosh"}):
        return e
    some = terms(e)
    if "div" in before:
        some = common_denominator(some) or some
    found = build(some)
    if found.size > LARGER * e.size + ROOM:
        return e
    after = _operations(found)
    if before & _LOGISTIC or (after - before) & (_LOGISTIC | {"logcosh"}):
        return found
    is_other = "softplus" in before and _atoms(found, "softplus") != _atoms(e, "softplus")
    return found if is_other or found.size < e.size else e


@lru_cache(maxsize=1 << 14)
def _operations(e: Expr) -> frozenset[str]:
    """The operations of the sums and products at the top, and of their atoms."""
    found = frozenset({e.op})
    return found.union(*map(_operations, e.args)) if e.op in _ALGEBRA else found


def _atoms(e: Expr, op: str) -> set[Expr]:
    """The atoms of one operation in the sums and products at the top."""
    if e.op in _ALGEBRA:
        return set[Expr]().union(*(_atoms(arg, op) for arg in e.args))
    return {e} if e.op == op else set()


def _log(e: Expr) -> Expr:
    """The logarithm of exponentials, logistic functions and their products."""
    some = terms(e.args[0])
    if len(some) > 1 and binomial(some) is None:
        return e
    term = as_term(some) if some else Term(0.0)
    rest, parts = Term(term.factor), list[Expr]()
    for atom, power in term.powers:
        inner = _logarithm(atom)
        if inner is None:
            rest = rest.times(atom_of(atom, power))
        else:
            parts.append(mul(const(power), inner))
    if not parts or (rest.factor <= 0 and not rest.powers):
        return e
    if rest.powers:
        parts.append(call("log", build([rest])))
    else:
        parts.append(const(math.log(rest.factor)))
    total = parts[0]
    for part in parts[1:]:
        total = add(total, part)
    some = merged(terms(total))
    return build([t for t in some if t.powers or abs(t.factor) > 1e-15])


def _logarithm(atom: Expr) -> Expr | None:
    if atom.op == "exp":
        return atom.args[0]
    if atom.op == "logistic":
        return expr.neg(call("softplus", opposite(atom.args[0])))
    if atom.op not in ("add", "sub"):
        return None
    some = terms(atom)
    if binomial(some) is None:
        return None
    one, other = (logarithm_of_exponentials(t) if _is_exponential(t) else None for t in some)
    if one is None or other is None:
        return _log_of_pair(some)
    middle, half = (merged(terms(mul(const(0.5), e))) for e in (one + other, one - other))
    if all(not t.powers for t in middle):
        return add(build(middle) + const(math.log(2)), call("logcosh", build(half)))
    return _log_of_pair(some)


def _log_of_pair(some: Sum) -> Expr | None:
    """log(a + b) is log a + softplus(log b - log a); a is positive, or the logarithm stays."""
    pair = binomial(some)
    assert pair is not None
    front = Term(pair.factor, tuple(p for p in pair.powers if p[0].op not in _LOGISTIC))
    (v,) = (atom.args[0] for atom, power in pair.powers if atom.op == "logistic" and power == -1)
    if not _is_exponential(front):
        return None
    return add(logarithm_of_exponentials(front), call("softplus", opposite(v)))


def _is_exponential(term: Term) -> bool:
    return term.factor > 0 and all(atom.op == "exp" for atom, _ in term.powers)


def _exp(e: Expr) -> Expr:
    """exp(-softplus(v)) is s(-v)."""
    kept, found = Sum(), ONE
    for term in terms(e.args[0]):
        (atom, power), *rest = term.powers or (((e, 0.0)),)
        is_softplus = atom.op == "softplus" and power == 1 and not rest
        if is_softplus and term.factor < 0 and (2 * term.factor).is_integer():
            found = found.times(atom_of(call("logistic", opposite(atom.args[0])), -term.factor))
        else:
            kept.append(term)
    if found is ONE:
        return e
    return build(terms(mul(build([found]), call("exp", build(kept)))))
