"""Connections: layers and schemes in another order, arrows between them, and loops in time."""

from __future__ import annotations

from collections.abc import Iterable

from sn.lisp.forms import Pair, Symbol, Value
from sn.lisp.leads.writing import call, items, name_of
from sn.net.layer import Layer, Network

_ARROWS = ("->", "=>", "-->", "→", "to", "and", "with", ">", "<-", "into", "from")
_FULL = ("full", "dense", "linear", "fc", "all")


def connect(form: Pair, layers: Iterable[str], schemes: Iterable[str]) -> str | None:
    """Return the hint for a `connect` whose parts are there in another order, or with others."""
    names, known = [*layers], {*schemes, *_FULL}
    args = items(form.cdr, 20) or []
    if len(args) == 3 and type(args[2]) is Pair and all(name_of(end) in names for end in args[:2]):
        return None  # it is the scheme that is wrong
    ends: list[Value] = []
    scheme: Value = None
    for part in _flat(args, names):
        word = name_of(part.car) if type(part) is Pair else name_of(part)
        if type(part) is Pair and word in known and scheme is None:
            scheme = part
        elif type(part) is Symbol and word in known and word not in names and scheme is None:
            scheme = Pair(Symbol("full") if word in _FULL else part, None)
        elif word in names:
            ends.append(part)
        elif word not in _ARROWS:
            return None
    if len(ends) != 2:
        return None
    if scheme is None:
        return f"such as {call('connect', [*ends, Pair(Symbol('full'), None)])}"
    is_bare = len(args) == 3 and args[:2] == ends
    what = "a scheme stands in parentheses" if is_bare else "two layers and a scheme, in this order"
    return f"{what}: {call('connect', [*ends, scheme])}"


def _flat(parts: list[Value], layers: list[str]) -> list[Value]:
    """Return the parts of a connect, layers that stand in a list of their own among them."""
    found: list[Value] = []
    for part in parts:
        inner = items(part, 4) if type(part) is Pair else None
        if inner and all(name_of(one) in layers or name_of(one) in _ARROWS for one in inner):
            found += inner
        else:
            found.append(part)
    return found


def recurrence(net: Network, src: Layer, dst: Layer) -> str:
    """Return the hint for a connection that goes back to a layer computed before, or to itself."""
    unroll = (
        "SN computes each layer once, in the order of declaration, so nothing recurs; to unroll, "
        f"declare a layer for each step, such as {dst.name}-1 and {dst.name}-2"
    )
    if src is dst:
        return f"{unroll}, and connect one to the next"
    swapped = f"(connect {dst.name} {src.name} ...)"
    if any(group.label == f"{dst.name} -> {src.name}" for group in net.groups):
        return f"{unroll}, and connect {src.name}-1 to {dst.name}-2; {swapped} is there already"
    return f"did you mean {swapped}? {unroll}"


def maps_first(*layers: Layer) -> str | None:
    """Return the hint for a layer whose maps stand last: (16 16 3) where (3 16 16) is meant."""
    for one in layers:
        if len(one.shape) == 3 and one.shape[0] == one.shape[1] > one.shape[2]:
            rows, cols, maps = one.shape
            return (
                f"sizes are (MAPS ROWS COLS), the maps first: is {one.name} meant as "
                f"({maps} {rows} {cols})?"
            )
    return None
