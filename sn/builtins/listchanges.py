"""Builtins that change lists in place."""

from __future__ import annotations

from itertools import pairwise

from sn.builtins.lists import end_of
from sn.lisp.calls import builtin
from sn.lisp.forms import List, Pair, Value


@builtin("nconc")
def nconc(*lists: List) -> Value:
    """(nconc lists...)

    Join lists by changing the last pair of each; return the first that is not ().

    (let ((l (list 1 2))) (nconc l (list 3)) l)
    => (1 2 3)
    """
    parts = [part for part in lists if part is not None]
    for part, after in pairwise(parts):
        end_of(part).cdr = after  # the end of the last is not looked for: it may go round
    return parts[0] if parts else None


@builtin("nconc1")
def nconc1(list: List, value: Value) -> Value:
    """(nconc1 list value)

    Add a value at the end of a list by changing its last pair; return the list.

    (let ((l (list 1 2))) (nconc1 l 3) l)
    => (1 2 3)
    """
    return nconc(list, Pair(value, None))


@builtin("rplaca")
def rplaca(list: Pair, value: Value) -> Value:
    """(rplaca list value)

    Replace the first element of a list; return the list.

    (rplaca (list 1 2) 'a)
    => (a 2)
    """
    list.car, list.car_span = value, None
    return list


@builtin("rplacd")
def rplacd(list: Pair, rest: Value) -> Value:
    """(rplacd list rest)

    Replace what follows the first element of a list; return the list.

    (rplacd (list 1 2) '(a b))
    => (1 a b)
    """
    list.cdr = rest
    return list
