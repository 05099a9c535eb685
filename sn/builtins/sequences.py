"""Builtins that call a function along a count or a list, keep what it accepts, or sort by it."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from sn.builtins.lists import range_
from sn.lisp.calls import builtin
from sn.lisp.forms import List, Value, elements, iterate
from sn.lisp.machine import Callee, Machine


@builtin("rmapcar")
def rmapcar(
    it: Machine, function: Callee, a: float, b: float | None = None, step: float | None = None
) -> list[Value]:
    """(rmapcar function [from] to [step])

    Call a function with each number of `range`; return the list of the results.

    (rmapcar (lambda (i) (* i i)) 3)
    => (1 4 9)
    """
    return [it.call(function, (number,)) for number in iterate(range_(a, b, step))]


@builtin("rmapc")
def rmapc(
    it: Machine, function: Callee, a: float, b: float | None = None, step: float | None = None
) -> Value:
    """(rmapc function [from] to [step])

    Do as `rmapcar` does, but return the last result only.

    (rmapc 1+ 2 4)
    => 5
    """
    result: Value = None
    for number in iterate(range_(a, b, step)):
        result = it.call(function, (number,))
    return result


@builtin("filter")
def filter_(it: Machine, function: Callee, list: List) -> list[Value]:
    """(filter function list)

    Return the list of the elements for which a function does not give ().

    (filter (lambda (x) (> x 1)) '(1 2 3))
    => (2 3)
    """
    return [value for value in elements(list) if it.call(function, (value,)) is not None]


@builtin("sort-list")
def sort_list(it: Machine, list: List, after: Callee) -> list[Value]:
    """(sort-list list after)

    Return a sorted list, in which of two elements a comes behind b where (after a b) is not (), as
    in SN: > sorts upward. Where it is () both ways, they stay as they are.

    (sort-list '(2 3 5 4 1) >)
    => (1 2 3 4 5)
    """
    order = functools.cmp_to_key(functools.partial(_order, it, after))
    # Python sorts in C, which waits while the function is called
    made: Sequence[Value] = it.reenter(lambda: sorted(elements(list), key=order))
    return [*made]


def _order(it: Machine, after: Callee, a: Value, b: Value) -> int:
    if it.call(after, (a, b)) is not None:
        return 1
    return -1 if it.call(after, (b, a)) is not None else 0
