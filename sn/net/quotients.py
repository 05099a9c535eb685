"""Quotients: sums of fractions brought to one denominator, where their numerators cancel.

The derivative of x / (1 + |x|) is 1 / (1 + |x|) - x sign(x) / (1 + |x|)^2, a difference of
nearly equal numbers for large x; over one denominator the numerator is 1.

Read next: terms.py for sums and terms, stable.py for who asks.
"""

from __future__ import annotations

import math

from sn.net.expr import Expr, call, const
from sn.net.terms import MOST, ONE, Sum, Term, atom_of, merged, terms

_SIDE = call("lt", const(0), const(1))


def common_denominator(some: Sum) -> Sum | None:
    """Return a sum of fractions as one fraction where its numerator becomes one term, else None."""
    # in order: the same formula is written in the same way each time
    atoms = list(dict.fromkeys(atom for t in some for atom, power in t.powers if power < 0))
    if len(some) < 2 or not any(_is_sum(atom) for atom in atoms):
        return None
    lowest = ONE
    for atom in atoms:
        power = min(term.power_of(atom) for term in some)
        lowest = lowest.times(atom_of(atom), power)
    above = expanded([term.times(lowest, -1) for term in some])
    if above is None or len(above) > 1:
        return None
    return [folded(term.times(lowest)) for term in above]


def _is_sum(e: Expr) -> bool:
    return e.op in ("add", "sub", "sqrt")


def expanded(some: Sum) -> Sum | None:
    """Multiply everything out; |u| is u sign(u). None where that takes too many terms."""
    found = Sum()
    for term in some:
        parts: Sum = [Term(term.factor)]
        for atom, power in term.powers:
            parts = [
                _signed(a.times(b))
                for a in parts
                for b in (_opened(atom, power) or [ONE.scaled(0)])
            ]
            if len(parts) > MOST:
                return None
        found += parts
    return merged(found)


def _opened(atom: Expr, power: float) -> Sum:
    whole = int(power)
    if power != whole or power < 0:
        return [atom_of(atom, power)]
    if atom.op == "sqrt" and whole >= 2:
        inner = terms(atom.args[0])
        root = [atom_of(atom)] if whole % 2 else [ONE]
        return _to_the(inner, whole // 2, root)
    if atom.op in ("add", "sub"):
        return _to_the(terms(atom), whole, [ONE])
    if atom.op == "abs":
        sign = atom_of(sign_of(atom.args[0]))
        return _to_the([t.times(sign) for t in terms(atom.args[0])], whole, [ONE])
    scale = _as_sign(atom)
    if scale is not None:
        return _to_the([atom_of(scale[1]).scaled(scale[0])], whole, [ONE])
    return [atom_of(atom, power)]


def _to_the(some: Sum, power: int, start: Sum) -> Sum:
    result = start
    for _ in range(power):
        if len(result) * len(some) > MOST:
            return [atom_of(const(math.inf))] * (MOST + 1)
        result = [_signed(a.times(b)) for a in result for b in some]
    # an inner |u| may have come to light
    inner = [atom for t in result for atom, p in t.powers if atom.op == "abs" and p > 0]
    return (expanded(result) or []) if inner else result


def sign_of(u: Expr) -> Expr:
    """-1 where u is negative, else 1: the slope of |u|."""
    return call("if", call("lt", u, const(0)), const(-1), const(1))


def _as_sign(e: Expr) -> tuple[float, Expr] | None:
    """Return c and sign(u) where `e` is c sign(u), chosen by u < 0."""
    if e.op != "if" or e.args[0].op != "lt" or e.args[0].args[1] != const(0):
        return None
    yes, no = e.args[1:]
    if yes.op != "const" or no.op != "const" or yes.value != -no.value:
        return None
    return no.value, sign_of(e.args[0].args[0])


def _is_sign(e: Expr) -> bool:
    return _as_sign(e) is not None


def _signed(term: Term) -> Term:
    """sign(u)^2 is 1."""
    for atom, power in term.powers:
        if power >= 2 and _as_sign(atom) is not None:
            term = term.times(atom_of(atom), -2 * (power // 2))
    return term


def folded(term: Term) -> Term:
    """u sign(u) is |u| again."""
    for atom, power in term.powers:
        if power > 0 and _is_sign(atom):
            u = atom.args[0].args[0]
            if term.power_of(u) >= 1:
                less = term.times(atom_of(u), -1).times(atom_of(atom), -1)
                return less.times(atom_of(call("abs", u)))
    return term
