"""Builtins on lists."""

from __future__ import annotations

from sn.display import number_text
from sn.errors import EvalError, ValueKindError
from sn.lisp.calls import builtin
from sn.lisp.equality import equal
from sn.lisp.forms import (
    LONG,
    List,
    Pair,
    Value,
    cells,
    describe,
    elements,
    iterate,
    list_error,
    ring_error,
    to_list,
)
from sn.lisp.sizes import SMALL, need_list, turns


@builtin("car")
def car(list: List) -> Value:
    """(car list)

    Return the first element; (car ()) is ().

    (car '(a b c))
    => a
    """
    return None if list is None else list.car


@builtin("cdr")
def cdr(list: List) -> Value:
    """(cdr list)

    Return the list without its first element; (cdr ()) is ().

    (cdr '(a b c))
    => (b c)
    """
    return None if list is None else list.cdr


# every path of two or three letters, with what it gives of this tree
_TREE = "(((1 2) 3 4) (5 6) 7 8)"
_PATHS = {
    "aa": "(1 2)",
    "ad": "(5 6)",
    "da": "(3 4)",
    "dd": "(7 8)",
    "aaa": "1",
    "aad": "5",
    "ada": "3",
    "add": "7",
    "daa": "(2)",
    "dad": "(6)",
    "dda": "(4)",
    "ddd": "(8)",
}


def _define_path(letters: str, example: str) -> None:
    """Define caar, cadr and so on: car and cdr in a row, the last letter first."""

    def path(list: List) -> Value:
        value: Value = list
        for letter in reversed(letters):
            if value is None:
                return None
            if type(value) is not Pair:
                raise ValueKindError(f"c{letters}r needs a list inside, found {describe(value)}")
            value = value.car if letter == "a" else value.cdr
        return value

    words = " of the ".join("car" if letter == "a" else "cdr" for letter in letters)
    path.__doc__ = f"""(c{letters}r list)

    Return the {words} of a list; of () it is ().

    (c{letters}r '{_TREE})
    => {example}
    """
    builtin(f"c{letters}r")(path)


for _letters, _example in _PATHS.items():
    _define_path(_letters, _example)


@builtin("cons")
def cons(first: Value, rest: Value) -> Pair:
    """(cons first rest)

    Return a new list: first in front of rest.

    (cons 'a '(b c))
    => (a b c)
    """
    return Pair(first, rest)


@builtin("list", dotted=True)
def list_(*values: Value) -> Value:
    """(list values...)

    Return a list of values. A dotted tail adds the elements of a list: (list 1 . l).

    (let ((l '(3 4))) (list 1 2 . l))
    => (1 2 3 4)
    """
    return to_list(values)


@builtin("range")
def range_(a: float, b: float | None = None, step: float | None = None) -> Value:
    """(range [from] to [step])

    Return the numbers from `from`, 1 unless given, to `to`, both included. Without a step they
    go up or down by 1.

    (range 4)
    => (1 2 3 4)
    (range 5 1)
    => (5 4 3 2 1)
    (range 0 1 0.25)
    => (0 0.25 0.5 0.75 1)
    """
    if b is None:
        a, b, step = 1.0, a, 1.0
    if step is None:
        step = 1.0 if a <= b else -1.0
    if step == 0:
        raise EvalError("range needs a step that is not 0")
    need_list(turns("range", a, b, step))
    numbers = []
    # by repeated addition, as in SN: the last number may fall short of `to`
    while a <= b if step > 0 else a >= b:
        numbers.append(a)
        a += step
    return to_list(numbers)


@builtin("length")
def length(list: List) -> float:
    """(length list)

    Return the number of elements, -1 for a circular list.

    (length '(a b c))
    => 3
    """
    n = 0
    try:
        for _ in cells(list):
            n += 1
    except ValueKindError:
        raise
    except EvalError:
        return -1.0
    return float(n)


@builtin("nth")
def nth(n: Value, list: Value) -> Value:
    """(nth n list)

    Return element n, counted from 0; written (nth list n) it is counted from 1. Outside the list
    there is ().

    (nth 2 '(a b c d))
    => c
    (nth '(a b c d) 2)
    => b
    """
    if type(n) is float and (type(list) is Pair or list is None):
        i, cell = int(n), list
    elif type(list) is float and (type(n) is Pair or n is None):
        i, cell = int(list) - 1, n
    else:
        text = f"nth needs a number and a list, found {describe(n)} and {describe(list)}"
        raise ValueKindError(text)
    cell = _skip(i, cell)
    return cell.car if type(cell) is Pair else None


@builtin("nthcdr")
def nthcdr(n: int, list: List) -> Value:
    """(nthcdr n list)

    Return the list without its first n elements; () if it has no more than these.

    (nthcdr 2 '(a b c d))
    => (c d)
    """
    return _skip(n, list)


def _skip(n: int, cell: Value) -> Value:
    if n < 0:
        return None
    anchor, since, limit = None, 0, LONG  # Brent's method, as in cells
    while n and type(cell) is Pair:
        n, cell = n - 1, cell.cdr
        since += 1
        if cell is anchor:
            n %= since  # whole rounds lead to the same cell
        if since == limit:
            anchor, since, limit = cell, 0, limit * 2
    return cell if type(cell) is Pair else None


@builtin("last")
def last(list: List) -> Value:
    """(last list)

    Return the last element.

    (last '(a b c))
    => c
    """
    cell = lastcdr(list)
    return cell.car if cell is not None else None


@builtin("lastcdr")
def lastcdr(list: List) -> List:
    """(lastcdr list)

    Return the last pair of a list.

    (lastcdr '(a b c))
    => (c)
    """
    return None if list is None else end_of(list)


def end_of(list: Pair) -> Pair:
    """Return the last pair.

    Raises: ValueKindError for a list that ends in something else than (), EvalError for a ring.
    """
    cell, anchor, limit = list, None, LONG  # Brent's method, as in cells
    while True:
        for _ in range(limit):
            after = cell.cdr
            if type(after) is not Pair:
                if after is not None:
                    raise list_error(list, after)
                return cell
            cell = after
            if cell is anchor:
                raise ring_error()
        anchor, limit = cell, limit * 2


@builtin("nfirst")
def nfirst(n: int, list: List) -> list[Value]:
    """(nfirst n list)

    Return the first n elements; all of them if there are fewer.

    (nfirst 2 '(a b c))
    => (a b)
    """
    values, cell, anchor, limit = [], list, None, LONG  # Brent's method, as in cells
    while n > 0 and type(cell) is Pair:
        values.append(cell.car)
        n, cell = n - 1, cell.cdr
        if cell is anchor and cell is not None:
            need_list(n, 0)  # a ring has as many as are asked for
        if len(values) == limit:
            anchor, limit = cell, limit * 2
    return values


@builtin("member")
def member(value: Value, list: List) -> Value:
    """(member value list)

    Return the part of the list that starts with the first element equal to value, or ().

    (member 2 '(1 2 3))
    => (2 3)
    """
    return next((cell for cell in cells(list) if equal(cell.car, value)), None)


@builtin("assoc")
def assoc(key: Value, list: List) -> Value:
    """(assoc key list)

    Return the first element that is a list starting with something equal to key, or ().

    (assoc 'b '((a 1) (b 2)))
    => (b 2)
    """
    for item in iterate(list):
        if type(item) is Pair and equal(item.car, key):
            return item
    return None


@builtin("append")
def append(*lists: Value) -> Value:
    """(append lists...)

    Return a list of the elements of all lists; the last list is shared, not copied.

    (append '(1 2) () '(3))
    => (1 2 3)
    """
    if not lists:
        return None
    parts = [elements(values) for values in lists[:-1]]
    need_list(sum(map(len, parts)), 0)
    result = lists[-1]
    for values in reversed(parts):
        result = to_list(values, result)
    return result


@builtin("reverse")
def reverse(list: List) -> Value:
    """(reverse list)

    Return the elements in the opposite order.

    (reverse '(1 2 3))
    => (3 2 1)
    """
    values = elements(list)
    values.reverse()
    return to_list(values)


class _Leaving:
    """Where `flatten` has gone through a list, on its stack."""

    __slots__ = ("key",)

    def __init__(self, key: int) -> None:
        self.key = key


@builtin("flatten")
def flatten(tree: Value) -> list[Value]:
    """(flatten tree)

    Return all atoms of nested lists in one list; an atom becomes a list of itself.

    (flatten '(1 (2 (3)) () 4))
    => (1 2 3 4)
    """
    atoms: list[Value] = []
    todo: list[Value] = [tree]
    inside: set[int] = set()  # the lists around the current place, by id
    while todo:
        if len(atoms) == SMALL:
            need_list(n_atoms(tree), 0)
        value = todo.pop()
        if type(value) is _Leaving:
            inside.discard(value.key)
        elif type(value) is Pair:
            if id(value) in inside:
                raise EvalError("flatten needs a tree that does not contain itself")
            inside.add(id(value))
            todo.append(_Leaving(id(value)))
            todo += reversed(elements(value))
        elif value is not None:
            atoms.append(value)
    return atoms


def n_atoms(tree: Value) -> int:
    """Return how many atoms a tree has: many more than cells where lists stand in it many times."""
    counts: dict[int, int] = {}  # by the id of a cell; of one that is being counted 0
    todo = [tree]
    while todo:
        cell = todo[-1]
        parts = [part for part in (cell.car, cell.cdr) if type(part) is Pair]
        fresh = [part for part in parts if id(part) not in counts]
        counts.setdefault(id(cell), 0)
        if fresh:
            todo += fresh
            continue
        todo.pop()
        is_atom = type(cell.car) is not Pair and cell.car is not None
        counts[id(cell)] = is_atom + sum(counts[id(part)] for part in parts)
    return counts[id(tree)]


@builtin("makelist")
def makelist(n: int, value: Value) -> Value:
    """(makelist n value)

    Return a list of n times the same value.

    (makelist 3 'a)
    => (a a a)
    """
    if n < 0:
        raise EvalError(f"makelist needs a count that is not negative, found {number_text(n)}")
    need_list(n, 0)
    return to_list([value] * n)
