"""Arguments: units and layers of units as words of SN 2.8 take them, from lists nested or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from sn.builtins.lists import n_atoms
from sn.builtins.matrix import FLOAT, Matrix, stored
from sn.display import many
from sn.errors import ArityError, EvalError, NetError, ValueKindError
from sn.limits import Limit
from sn.lisp.forms import Pair, Value, describe, iterate
from sn.lisp.kinds import is_lambda_list
from sn.lisp.machine import Machine
from sn.lisp.sizes import SMALL, need_list
from sn.live.functions import Function
from sn.live.net import Floats32, Ints, LiveNet
from sn.sn28.nonlinear import Nlf, nlf_of

_NUMBER = Limit()
_LONG = 1_000_000  # cells that are walked without looking for a ring; chosen here
_RING = "rplaca and rplacd can make such a list"


def units_of(value: Value) -> list[int]:
    """Return the unit numbers of a number, a list, or nested lists."""
    if type(value) is float:
        return [_unit(value)]
    found: list[int] = []
    left = [_parts(value)]
    around = {id(value): None}  # the lists that are being walked, one in the other
    is_counted = False
    while left:
        for part in left[-1]:
            if type(part) is float:
                found.append(_unit(part))
            else:
                if id(part) in around:
                    raise EvalError("a list of units contains itself", hint=_RING)
                if len(found) > SMALL and not is_counted:
                    need_list(n_atoms(value), 0)  # a list may stand in it many times
                    is_counted = True
                left.append(_parts(part))
                around[id(part)] = None
                break
        else:
            left.pop()
            around.popitem()
    return found


def _parts(value: Value) -> Iterator[Value]:
    if value is not None and type(value) is not Pair:
        raise ValueKindError(f"expected units, found {describe(value)}")
    return iter(iterate(value))


def _unit(value: float) -> int:
    if value - value != 0 or value != int(value):
        raise ValueKindError(f"a unit is a whole number, found {value:g}")
    return int(value)


def layer_of(net: LiveNet, value: Value) -> Ints:
    """Return the units of a list as an array.

    Raises: ValueKindError for anything else, NetError for units that do not exist.
    """
    numbers = _flat(value)
    if numbers is not None:
        given = np.array(numbers, np.float64)
        with np.errstate(invalid="ignore"):
            units = given.astype(np.int32)
        if np.array_equal(units, given):
            if len(units):
                net.check_unit(int(units.min()))
                net.check_unit(int(units.max()))
            return units
    found = units_of(value)
    if found:
        net.check_unit(min(found))
        net.check_unit(max(found))
    return np.array(found, np.int32)


def _flat(value: Value) -> list[float] | None:
    """Return the numbers of a list that has nothing else; None for other values, and long lists."""
    numbers: list[float] = []
    add = numbers.append
    cell = value
    for _ in range(_LONG):
        if type(cell) is not Pair:
            return numbers if cell is None else None
        number = cell.car
        if type(number) is not float:
            return None
        add(number)
        cell = cell.cdr
    return None


def as_float32(word: str, matrix: Matrix) -> Floats32:
    """Return the elements of a matrix, row after row, as the kernel keeps them: (n,).

    Raises: ValueKindError for what are no numbers, EvalError for one that float32 cannot hold.
    """
    numbers: Floats32 = stored(matrix.numbers(), FLOAT).ravel()
    finite = np.isfinite(numbers)
    if not finite.all():
        at = int(np.argmin(finite))
        raise EvalError(f"floating exception: element {at:,} for {word} is {numbers[at]}")
    return numbers


class Given:
    """The arguments of a word such as (update-state [theta] [nlf] LAYERS...), taken in turn.

    What is left out comes from the variable of the same name.
    """

    def __init__(self, it: Machine, word: str, args: Sequence[Value]) -> None:
        self.it, self.word = it, word
        self._left = list(args)

    def number_or(self, default: float) -> float:
        """Take a number, or a default when there is none."""
        value = self._left.pop(0) if self._left and type(self._left[0]) is float else default
        return self._taken(f"a number of {self.word}", value)

    def _taken(self, name: str, value: float) -> float:
        """Return a number that fits float32."""
        number: float = _NUMBER.take(name, value)
        return number

    def number(self, name: str) -> float:
        """Take a number, or the variable `name` when there is none, and 0 when that is ()."""
        value: Value = None
        if self._left and type(self._left[0]) is float:
            value = self._left.pop(0)
        elif self._left and self._left[0] is None and name:
            self._left.pop(0)
        value = self.variable(name) if value is None else value
        if value is None:
            return 0.0
        if type(value) is not float:
            raise ValueKindError(f"{name} must be a number, found {describe(value)}")
        return self._taken(name or f"a number of {self.word}", value)

    def function(self, name: str) -> Function:
        """Take a non-linearity, or the variable `name` when there is none."""
        value: Value = None
        if self._left and is_function(self._left[0]):
            value = self._left.pop(0)
        value = self.variable(name) if value is None else value
        return nlf_of(self.it, value, name)

    def layers(self, net: LiveNet) -> list[Ints]:
        """Take the lists of units that are left."""
        return [layer_of(net, value) for value in self._left]

    def values(self, form: str, least: int, most: int | None = None) -> list[Value]:
        """Take all that is left, of which there must be so many."""
        if not least <= len(self._left) <= (most or least):
            found = many(len(self._left), "argument")
            raise ArityError(f"expected {form}, found {found} for the layers")
        return self._left

    def at_most(self, count: int, form: str) -> None:
        """Demand that no more is left."""
        if len(self._left) > count:
            raise ArityError(f"expected {form}, found {many(len(self._left), 'argument')}")

    def variable(self, name: str) -> Value:
        """Return the value that a variable has now."""
        return self.it.intern(name).value


def is_function(value: Value) -> bool:
    """Whether a value can be called as a non-linearity."""
    return isinstance(value, Nlf) or (
        value is not None and (is_lambda_list(value) or hasattr(value, "apply"))
    )


def needs(net: LiveNet, word: str, *, table: bool = False, curvature: bool = False) -> None:
    """Demand a kernel with shared weights, or with second derivatives.

    Raises: NetError for a kernel without.
    """
    variant = net.variant
    if (table and not variant.has_table) or (curvature and not variant.has_curvature):
        what = "shared weights" if table and not variant.has_table else "second derivatives"
        raise NetError(
            f"{word} needs a kernel with {what}, this one is {variant.name}",
            hint='(libload "sn28/sn28itenew") loads the kernel that has both',
        )
