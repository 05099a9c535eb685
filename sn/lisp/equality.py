"""Equality: whether two values have the same structure, however deep, shared or circular.

Pairs of lists that have been compared are merged into classes, as in union-find: what is in one
class is taken to be equal, so that circular lists come to an end, after at most as many steps as
the two have cells. Source: M. D. Adams and R. K. Dybvig, "Efficient nondestructive equality
checking for trees and graphs", ICFP 2008.
"""

from __future__ import annotations

from sn.lisp.forms import Pair, Value

_PATIENCE = 10_000  # steps before classes are kept; chosen here: most lists are shorter


def equal(a: Value, b: Value) -> bool:
    """Tell whether two values are structurally equal (SN's `=`); different kinds are unequal.

    Objects other than numbers, strings and lists decide with their own method `compare(other)`:
    True, False, or the pairs of values that must be equal too.
    """
    todo = [(a, b)]
    steps = 0
    classes: dict[int, int] = {}
    while todo:
        a, b = todo.pop()
        if a is b:
            continue
        kind = type(a)
        if kind is not type(b):
            return False
        if kind is float or kind is str:
            if a != b:
                return False
            continue
        compare = getattr(a, "compare", None)
        if kind is not Pair and compare is None:
            return False
        steps += 1
        if steps > _PATIENCE and _are_merged(classes, id(a), id(b)):
            continue
        if compare is None:
            todo.append((a.cdr, b.cdr))
            todo.append((a.car, b.car))
            continue
        found = compare(b)
        if found is False:
            return False
        if found is not True:
            todo += found
    return True


def _are_merged(classes: dict[int, int], a: int, b: int) -> bool:
    """Merge the classes of two objects, by id; tell whether they were one before."""
    a, b = _root(classes, a), _root(classes, b)
    classes[a] = b
    return a == b


def _root(classes: dict[int, int], key: int) -> int:
    above = classes.setdefault(key, key)
    while above != key:
        # halve the path, so that no chain grows long
        classes[key] = classes[above]
        key, above = above, classes[above]
    return key
