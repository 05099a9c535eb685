"""Terms: a formula as a sum of products of powers, so that equal parts meet and cancel.

    e  =  sum of  factor * atom^power * ...

An atom is whatever is no sum, product or quotient; a sum inside a product stays an atom, unless
it holds exponentials or logistic functions, which products may cancel. Where sums are made, the
identities of the logistic function s and of tanh are applied: 1 - s(v) is s(-v),
1 + tanh u is 2 s(2u), 1 - tanh^2 u is 4 s(2u) s(-2u). Each side of them is the same function,
and the side that is kept has no difference of nearly equal numbers.

`build` writes products with a logistic function as (h r) h, h its square root: s alone is no
normal number below -87, where the product with a large rest r still is.

Read next: stable.py for what is made of exponentials and logarithms.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sn.net.expr import Expr, add, call, const, div, mul, neg, sub

Key = frozenset[tuple[Expr, float]]
# where a sum that holds one of these meets another, their product is multiplied out
_CANCELLING = frozenset({"exp", "logistic", "tanh"})
_WITHIN_ONE = frozenset({"logistic", "tanh", "sin", "cos"})
MOST = 48  # terms that a product may be multiplied out to; chosen here


@dataclass(frozen=True, slots=True)
class Term:
    """A product: `factor` times each atom to its power."""

    factor: float
    powers: tuple[tuple[Expr, float], ...] = ()

    @property
    def key(self) -> Key:
        """What two terms share that add up to one."""
        return frozenset(self.powers)

    def power_of(self, atom: Expr) -> float:
        """The power of an atom, 0 where it does not occur."""
        return next((power for other, power in self.powers if other == atom), 0.0)

    def times(self, other: Term, power: float = 1.0) -> Term:
        """This product times another to a power."""
        powers = dict(self.powers)
        for atom, n in other.powers:
            powers[atom] = powers.get(atom, 0.0) + power * n
        kept = tuple((atom, n) for atom, n in powers.items() if n)
        return Term(self.factor * other.factor**power, kept)

    def scaled(self, factor: float) -> Term:
        """This product with its factor multiplied."""
        return Term(self.factor * factor, self.powers)


ONE = Term(1.0)
Sum = list[Term]


def atom_of(e: Expr, power: float = 1.0) -> Term:
    """Return one atom to a power as a product."""
    return Term(1.0, ((e, power),))


def logistic(v: Expr) -> Expr:
    """The logistic function of `v`, written in one way."""
    return call("logistic", build(terms(v)))


def opposite(e: Expr) -> Expr:
    """Return -e, written in one way."""
    return build([term.scaled(-1) for term in terms(e)])


def is_close(a: float, b: float) -> bool:
    """Whether two factors are one number, up to rounding."""
    return math.isclose(a, b, rel_tol=4e-15, abs_tol=0.0)


def terms(e: Expr) -> Sum:
    """Return a formula as a sum of products; a sum that is 0 has none."""
    return list(_terms(e))


@lru_cache(maxsize=1 << 14)
def _terms(e: Expr) -> Sequence[Term]:
    match e.op:
        case "const":
            return [Term(e.value)] if e.value else []
        case "neg":
            return [term.scaled(-1) for term in terms(e.args[0])]
        case "add":
            return merged(terms(e.args[0]) + terms(e.args[1]))
        case "sub":
            return merged(terms(e.args[0]) + [t.scaled(-1) for t in terms(e.args[1])])
        case "mul":
            return product(terms(e.args[0]), terms(e.args[1]))
        case "div":
            below = terms(e.args[1])
            if not below:
                return [atom_of(e)]
            return product(terms(e.args[0]), [ONE.times(inverted(as_term(below)))])
        case "logistic":
            return [atom_of(logistic(e.args[0]))]
        case "root_logistic":
            return [atom_of(logistic(e.args[0]), 0.5)]
        case "exp":
            return [atom_of(call("exp", build(terms(e.args[0]))))]
    return [atom_of(e)]


def inverted(term: Term) -> Term:
    """Return 1 / term, with sums of two exponentials as logistic functions."""
    result = Term(1 / term.factor)
    for atom, power in term.powers:
        pair = binomial(terms(atom)) if atom.op in ("add", "sub") else None
        result = _normal(result.times(atom_of(atom) if pair is None else pair, -power))
    return result


def as_term(some: Sum) -> Term:
    """Return a sum as one product: itself as an atom, its first sign +, if it has several terms."""
    if len(some) == 1:
        return some[0]
    if some[0].factor < 0:
        return atom_of(build([term.scaled(-1) for term in some])).scaled(-1)
    return atom_of(build(some))


def binomial(some: Sum) -> Term | None:
    """Return c e^u + c' e^v as the product c e^u / s(u - v + ...), None for other sums.

    The term without an exponential, where there is one, is the one in front.
    """
    if len(some) != 2:
        return None
    first, second = some
    if _has_exponential(first) and not _has_exponential(second):
        first, second = second, first
    ratio = second.times(first, -1)
    if ratio.factor <= 0 or any(atom.op != "exp" for atom, _ in ratio.powers):
        return None
    if not ratio.powers:
        return None
    return first.times(atom_of(logistic(opposite(logarithm_of_exponentials(ratio)))), -1)


def logarithm_of_exponentials(term: Term) -> Expr:
    """The logarithm of a positive factor times exponentials."""
    parts = [t.scaled(power) for atom, power in term.powers for t in terms(atom.args[0])]
    return build(merged([*parts, *terms(const(math.log(term.factor)))]))


def _has_exponential(term: Term) -> bool:
    return any(atom.op == "exp" for atom, _ in term.powers)


def product(left: Sum, right: Sum) -> Sum:
    """Multiply two sums; one that cannot cancel anything stays together."""
    is_alive = all(any(map(_may_cancel, side)) for side in (left, right))
    is_logistic = any(len(side) > 1 and any(map(_is_tail, side)) for side in (left, right))
    if (is_alive or is_logistic) and len(left) * len(right) <= MOST:
        return merged([_normal(a.times(b)) for a in left for b in right])
    if not left or not right:
        return []
    if len(left) == 1 and not left[0].powers:
        return [term.scaled(left[0].factor) for term in right]
    if len(right) == 1 and not right[0].powers:
        return [term.scaled(right[0].factor) for term in left]
    return [_normal(as_term(left).times(as_term(right)))]


def _is_tail(term: Term) -> bool:
    return any(atom.op == "logistic" for atom, _ in term.powers)


def _may_cancel(term: Term) -> bool:
    return any(atom.op in _CANCELLING or power < 0 for atom, power in term.powers)


def _normal(term: Term) -> Term:
    """Join exponentials, and e^-v s(v) is s(-v)."""
    powers = [(atom.args[0], power) for atom, power in term.powers if atom.op == "exp"]
    if not powers:
        return term
    rest = Term(term.factor, tuple(pair for pair in term.powers if pair[0].op != "exp"))
    inner = merged([t.scaled(power) for u, power in powers for t in terms(u)])
    for atom, power in rest.powers:
        if atom.op != "logistic" or power <= 0:
            continue
        share = _ratio(inner, terms(atom.args[0]))
        if share is not None and 0 < -share <= power and (2 * share).is_integer():
            other = logistic(opposite(atom.args[0]))
            return rest.times(atom_of(atom), share).times(atom_of(other), -share)
    if not inner:
        return rest
    return rest.times(atom_of(call("exp", build(inner))))


def _ratio(a: Sum, b: Sum) -> float | None:
    """Return a / b where that is a number."""
    found = {term.key: term.factor for term in b}
    if len(a) != len(b) or not a or any(term.key not in found for term in a):
        return None
    ratios = [term.factor / found[term.key] for term in a]
    return ratios[0] if all(is_close(ratio, ratios[0]) for ratio in ratios) else None


def merged(some: Iterable[Term]) -> Sum:
    """Add terms of one key up, and apply the identities of logistic function and tanh."""
    found = _added(some)
    while (better := _identity(found)) is not None:
        found = _added(better)
    return found


def _added(some: Iterable[Term]) -> Sum:
    sums: dict[Key, Term] = {}
    for term in some:
        other = sums.get(term.key)
        sums[term.key] = term if other is None else Term(other.factor + term.factor, other.powers)
    return [term for term in sums.values() if term.factor]


def _identity(some: Sum) -> Sum | None:
    """Return the sum with two terms made one by the first identity that fits, or None."""
    places = {term.key: place for place, term in enumerate(some)}
    for place, term in enumerate(some):
        for atom, power in term.powers:
            rule = _RULES.get(atom.op)
            if rule is None or power < 1:
                continue
            found = rule(term, atom, some, places)
            if found is not None:
                partners, new = found
                first = min(place, *partners)
                rest = [t for i, t in enumerate(some) if i not in (place, *partners)]
                return [*rest[:first], *new, *rest[first:]]
    return None


_Found = tuple[tuple[int, ...], Sum]  # places of the partners, and what they all become
_Rule = Callable[[Term, Expr, Sum, dict[Key, int]], _Found | None]


def _of_logistic(term: Term, s: Expr, some: Sum, places: dict[Key, int]) -> _Found | None:
    v = s.args[0]
    other = logistic(opposite(v))
    base = term.times(atom_of(s), -1)
    place = places.get(base.key)
    if place is not None:
        c = some[place].factor
        if is_close(term.factor, -c):  # 1 - s(v)
            return (place,), [Term(c, base.powers).times(atom_of(other))]
        if is_close(term.factor, -2 * c):  # 1 - 2 s(v)
            return (place,), [Term(-c, base.powers).times(_half_tanh(v))]
    place = places.get(base.times(atom_of(other)).key)
    if place is not None:
        c = some[place].factor
        if is_close(term.factor, c):
            return (place,), [Term(c, base.powers)]
        if is_close(term.factor, -c):  # s(-v) - s(v)
            return (place,), [Term(-c, base.powers).times(_half_tanh(v))]
    return None


def _half_tanh(v: Expr) -> Term:
    return atom_of(call("tanh", build(terms(mul(const(0.5), v)))))


def _of_tanh(term: Term, t: Expr, some: Sum, places: dict[Key, int]) -> _Found | None:
    v = mul(const(2), t.args[0])
    base = term.times(atom_of(t), -1)
    place = places.get(base.key)
    if place is not None:
        c = some[place].factor
        for sign in (1, -1):
            if is_close(term.factor, sign * c):
                inner = v if sign == 1 else opposite(v)
                return (place,), [Term(2 * c, base.powers).times(atom_of(logistic(inner)))]
    base = base.times(atom_of(t), -1)
    place = places.get(base.key)
    if term.power_of(t) >= 2 and place is not None and is_close(some[place].factor, -term.factor):
        both = atom_of(logistic(v)).times(atom_of(logistic(opposite(v))))
        return (place,), [Term(4 * some[place].factor, base.powers).times(both)]
    return None


def _of_softplus(term: Term, p: Expr, some: Sum, places: dict[Key, int]) -> _Found | None:
    """softplus(v) - v is softplus(-v), softplus(v) - softplus(-v) is v, softplus(v) - v/2 - log 2
    is logcosh(v/2), and softplus(v) - d v is (1 - d) softplus(v) + d softplus(-v).
    """
    v = terms(p.args[0])
    base = term.times(atom_of(p), -1)
    minus = call("softplus", opposite(p.args[0]))
    place = places.get(base.times(atom_of(minus)).key)
    if place is not None and is_close(some[place].factor, -term.factor) and len(v) == 1:
        return (place,), [base.times(v[0])]
    if len(v) != 1:
        return None
    place = places.get(base.times(v[0]).key)
    if place is not None and is_close(some[place].factor, -term.factor * v[0].factor):
        return (place,), [base.times(atom_of(minus))]
    line = base.times(v[0])
    half, log_2 = places.get(line.key), places.get(base.key)
    if half is not None and log_2 is not None:
        is_half = is_close(2 * some[half].factor, -line.factor)
        if is_half and is_close(some[log_2].factor, -term.factor * math.log(2)):
            u = build(terms(mul(const(0.5), p.args[0])))
            return (half, log_2), [base.times(atom_of(call("logcosh", u)))]
    for place, other in enumerate(some):
        share = other.times(line, -1)
        if share.powers and all(atom.op == "var" and n == 1 for atom, n in share.powers):
            part = build([share.scaled(-1)])
            left = as_term(terms(sub(const(1), part)))
            mirror = base.times(atom_of(minus)).times(share.scaled(-1))
            return (place,), [term.times(left), mirror]
    return None


_RULES: dict[str, _Rule] = {
    "logistic": _of_logistic,
    "tanh": _of_tanh,
    "softplus": _of_softplus,
}


def build(some: Sum) -> Expr:
    """Return a sum of products as a formula."""
    total: Expr | None = None
    for term in some:
        if total is None:
            total = _build(term)
        elif term.factor < 0:
            total = sub(total, _build(term.scaled(-1)))
        else:
            total = add(total, _build(term))
    return const(0) if total is None else total


def _build(term: Term) -> Expr:
    if not math.isfinite(term.factor):
        raise OverflowError("a factor is too large for a number")
    inner = abs(term.factor) <= 1 and all(
        atom.op in _WITHIN_ONE and power > 0 for atom, power in term.powers
    )
    over, under, split = const(1), const(1), const(1)
    for atom, power in term.powers:
        if power < 0:
            under = mul(under, _power(atom, -power))
        elif atom.op == "logistic" and not inner:
            whole = math.floor(power)
            split = mul(split, _power(atom, whole / 2))
            over = mul(over, _power(atom, power - whole))
        else:
            over = mul(over, _power(atom, power))
    rest = mul(const(abs(term.factor)), div(over, under))
    value = mul(mul(split, rest), split)
    return neg(value) if term.factor < 0 else value


def _power(atom: Expr, power: float) -> Expr:
    if atom.op == "exp" and power != 1:
        return call("exp", build(terms(mul(const(power), atom.args[0]))))
    if atom.op == "sqrt" and power >= 2:
        whole = math.floor(power / 2)
        return mul(_power(atom.args[0], whole), _power(atom, power - 2 * whole))
    whole = math.floor(power)
    result = const(1)
    for _ in range(whole):
        result = mul(result, atom)
    if power != whole:
        root = Expr("root_logistic", atom.args) if atom.op == "logistic" else call("sqrt", atom)
        result = mul(result, root)
    return result
