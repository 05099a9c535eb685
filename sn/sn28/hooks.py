"""Hooks: the functions that a driver of the library calls, and whether they are still its own.

Source: SN 2.8 (sn-network, 6).
Read next: whole_loops.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.builtins.matrix import Matrix
from sn.describe.world import World
from sn.errors import SnError
from sn.lisp.forms import Pair, Symbol, Value, iterate, to_list
from sn.lisp.lambdas import De
from sn.lisp.machine import Machine
from sn.lisp.waiting import Waiting, definition, is_own
from sn.live.functions import Function
from sn.live.net import Floats32, Ints
from sn.live.presenter import Moves, Recipe
from sn.live.walk import Numbers
from sn.sn28.arguments import layer_of
from sn.sn28.nonlinear import Nlf

Floats = NDArray[np.float64]

# hooks that must be the library's own, by what a driver does
_OWN = ("present-pattern", "present-desired")
_OF_LEARNING = {False: ("basic-iteration",), True: ("basic-newton-iteration",)}
_BATCHES = (
    *("batch-iteration", "batch-newton-iteration", "batch-cg1-iteration", "batch-cg2-iteration"),
)
# functions that define-net makes
_MADE = {
    "performance": ("forward-prop", "do-compute-err"),
    "learn": ("forward-prop", "do-compute-err", "backward-prop", "do-update-weight"),
    "learn-curved": (
        *("forward-prop", "do-compute-err", "backward-prop", "backward-2-prop"),
        "do-update-weight-newton",
    ),
    "batch-iteration": ("forward-prop", "do-compute-err", "backward-prop", "do-update-acc"),
    "batch-newton-iteration": (
        *("forward-prop", "do-compute-err", "backward-prop", "backward-2-prop"),
        *("do-update-acc", "do-update-hess"),
    ),
}
_MADE["learn-cycle"], _MADE["learn-cycle-curved"] = _MADE["learn"], _MADE["learn-curved"]
_MADE["batch-cg1-iteration"] = _MADE["batch-iteration"]
_MADE["batch-cg2-iteration"] = ("forward-prop", "forward-2-prop")
# what the setters of judging.sn choose: the library's function, how many numbers they give it, and
# the library's functions that it calls
_CLASSIFIERS = {
    "sn-class-quadrant": ("quadrant", 0, ("state",)),
    "class-max": ("max", 0, ("state", "rank-of-max")),
    "sn-class-lms": ("lms", 1, ("state",)),
    "sn-class-hamming": ("hamming", 1, ("state",)),
    "sn-class-sgn": ("sgn", 2, ("state", "same-side")),
    "sn-class-nil": ("nil", 0, ()),
}
_COSTS = {"sn-cost-lms": ("lms", 0, ()), "sn-cost-thlms": ("thlms", 1, ())}
_Kinds = Mapping[str, tuple[str, int, tuple[str, ...]]]


class Refused(Exception):
    """Why a driver cannot run in compiled code, in words."""


class Hooks:
    """What the hooks of one driver are at the moment."""

    def __init__(self, it: Machine, driver: str) -> None:
        self._it, self._driver = it, driver
        self._world: World = it.world
        self._net = self._world.live
        self._cost: tuple[str, list[float]] = "", []
        self._class: tuple[str, list[float]] = "", []

    def value(self, name: str) -> Value:
        """Return the value that a name has now."""
        return self._it.intern(name).value

    def check(self, measures: bool, is_curved: bool) -> None:
        """Raise Refused unless every hook of the driver is the library's."""
        own = [*_OWN]
        if measures:
            own.append("test-pattern")
        elif self._driver not in _BATCHES:
            own += _OF_LEARNING[is_curved]
        for name in own:
            if not is_own(self._it, name):
                raise Refused(f"{name} is the program's own")
        made = {pair.car.name: pair.cdr for pair in self._pairs("net-functions")}
        for name in _MADE[self._driver]:
            if made.get(name) is None or made[name] is not self.value(name):
                raise Refused(f"{name} is not what define-net made")
        shown = "disp-perf-iteration" if measures else "disp-basic-iteration"
        if not self._is_library(shown, "sn-disp-nil"):
            raise Refused(f"{shown} shows every pattern")
        for name in ("theta", "input-noise"):
            if self.value(name) not in (0.0, None):
                raise Refused(f"{name} is not 0")
        self._cost = self._chosen("init-grad", _COSTS)
        self._class = self._chosen("classify", _CLASSIFIERS)
        if self._driver.startswith("learn") and "cycle" not in self._driver:
            if not self._is_library("next-pattern", "nextpat-seq"):
                raise Refused("next-pattern is not nextpat-seq")
            names = ("nextcho-seq", "nextcho-rnd")
            if not any(self._is_library("next-choice", name) for name in names):
                raise Refused("next-choice is the program's own")

    def _pairs(self, name: str) -> Iterator[Pair]:
        for entry in iterate(self.value(name)) if type(self.value(name)) is Pair else ():
            if type(entry) is Pair and type(entry.car) is Symbol:
                yield entry

    def _is_library(self, name: str, function: str) -> bool:
        """Whether a name means this function of the library, which is the library's own."""
        value = self.value(name)
        if value is None or not is_own(self._it, function):
            return False
        meant = self.value(function)
        return self._definition(value) is self._definition(meant)

    def _definition(self, value: Value) -> Value:
        return definition(self._it, value) if isinstance(value, Waiting) else value

    def _chosen(self, hook: str, kinds: _Kinds) -> tuple[str, list[float]]:
        """Return which of the library's functions a hook is, and the numbers that it gives it.

        A setter makes (lambda PARAMETERS (FUNCTION PARAMETERS... NUMBERS...)) where there are
        numbers, so that a hook that is kept and given back has those that it was chosen with.
        """
        value = self._definition(self.value(hook))
        for name, (kind, n, calls) in kinds.items():
            numbers = self._numbers_for(value, name)
            if not is_own(self._it, name) or numbers is None or len(numbers) != n:
                continue
            for called in calls:
                if not is_own(self._it, called) and hasattr(self.value(called), "apply"):
                    raise Refused(f"{called} is the program's own")
            return kind, numbers
        raise Refused(f"{hook} is the program's own")

    def _numbers_for(self, value: Value, name: str) -> list[float] | None:
        """Return the numbers that a function gives to this one, none where it is this one; None
        for another function.
        """
        if value is self._definition(self.value(name)):
            return []
        if type(value) is not De or type(value.body) is not Pair or value.body.cdr is not None:
            return None
        form = value.body.car
        if type(form) is not Pair or form.car is not self._it.intern(name):
            return None
        parts, parameters = list(iterate(form.cdr)), value.names or ()
        numbers = parts[len(parameters) :]
        is_plain = all(part is name for part, name in zip(parts, parameters, strict=False))
        return numbers if is_plain and all(type(n) is float for n in numbers) else None

    # --- what it is made of ---

    def whole(self, value: Value, name: str) -> int:
        """Return a number that must be whole."""
        if type(value) is not float or value != int(value):
            raise Refused(f"{name} needs whole numbers")
        return int(value)

    def whole_variable(self, name: str) -> int:
        """Return the whole number that a variable has."""
        return self.whole(self.value(name), name)

    def is_random_choice(self) -> bool:
        """Whether patterns come by chance."""
        return self._is_library("next-choice", "nextcho-rnd")

    def numbers(self) -> Numbers:
        """Return the numbers of the update rules."""
        found = {}
        for name in ("alpha", "decay", "gamma", "mu"):
            value = self.value(name)
            if value is not None and type(value) is not float:
                raise Refused(f"{name} is not a number")
            found[name] = value or 0.0
        if self._cost[0] == "thlms":
            (found["threshold"],) = self._cost[1]
        return Numbers(**found)

    def recipe(self, moves: Moves, is_curved: bool) -> Recipe:
        """Return what a presentation does."""
        layers = [self._layer(entry) for entry in self._pairs("net-layers")]
        if len(layers) < 2:
            raise Refused("there are no layers of define-net")
        rest, full = layers[1:], is_curved and self.value("lev-mar") is None
        curvature = [(units, df, ddf if full else None) for units, _, df, ddf in reversed(rest)]
        inputs, outputs, desired = (
            self._units(name) for name in ("input-layer", "output-layer", "desired-layer")
        )
        if len(outputs) != len(desired) or len(outputs) != len(rest[-1][0]):
            raise Refused("the output layer is another than that of define-net")
        if is_curved:
            self._check_averages([units for units, _, _ in curvature])
        return Recipe(
            inputs, outputs, desired,
            forward=[(units, f) for units, f, _, _ in rest],
            slope=rest[-1][2],
            moves=moves,
            backward=[(units, df) for units, _, df, _ in reversed(rest[:-1])],
            curvature=curvature if is_curved else (),
            is_one_sided=self._cost[0] == "thlms",
            names=[entry.car.name for entry in self._pairs("net-layers")],
        )  # fmt: skip

    def _check_averages(self, layers: list[Ints]) -> None:
        """Demand that every unit that is fed is in one layer whose curvature is computed."""
        met = np.bincount(np.concatenate(layers), minlength=self._net.n_units)
        fed = np.zeros(self._net.n_units, bool)
        fed[self._net.dst[self._net.alive()]] = True
        if (met > 1).any() or (fed & (met == 0)).any():
            raise Refused("connections lead to units that are not in one layer each")

    def _layer(self, entry: Pair) -> tuple[Ints, Function, Function, Function]:
        """Read (name) or (name nlf dnlf ddnlf)."""
        own = list(iterate(entry.cdr)) if entry.cdr is not None else []
        names = ("nlf", "dnlf", "ddnlf")
        found = own if len(own) == len(names) else [self.value(name) for name in names]
        functions = [self._function(value) for value in found]
        return (self._units(entry.car.name), functions[0], functions[1], functions[2])

    def _function(self, value: Value) -> Function:
        if not isinstance(value, Nlf) or value.function.kind is None:
            raise Refused("a non-linearity is computed by Lisp")
        return value.function

    def _units(self, name: str) -> Ints:
        try:
            return layer_of(self._net, self.value(name))
        except SnError as error:
            raise Refused(f"{name} is no list of units") from error

    def patterns(self, recipe: Recipe) -> tuple[Floats32, Floats32]:
        """Return patterns and what is desired of them, as float32 rows."""
        found = [
            self._rows("pattern-matrix", len(recipe.inputs)),
            self._rows("desired-matrix", len(recipe.desired)),
        ]
        n = min(map(len, found))
        return found[0][:n], found[1][:n]

    def _rows(self, name: str, n: int) -> Floats32:
        matrix = self.value(name)
        if not isinstance(matrix, Matrix) or matrix.storage.holds_objects:
            raise Refused(f"{name} is no matrix of numbers")
        if matrix.data.ndim < 2 or matrix.data[0].size != n:
            raise Refused(f"a row of {name} does not fill its layer")
        # a matrix of float32 is looked at as it stands, whatever the program writes there later
        rows = np.ascontiguousarray(matrix.data.reshape(len(matrix.data), -1), np.float32)
        return rows if matrix.storage.scale == 1 else rows / np.float32(matrix.storage.scale)

    # --- answers ---

    def good(self, outputs: Floats, desired: Floats) -> NDArray[np.bool_]:
        """Return which answers are good. Shapes: outputs, desired (n, k); (n,)."""
        return np.asarray(self._good(outputs, desired), bool)

    def _good(self, outputs: Floats, desired: Floats) -> Any:
        kind, numbers = self._class
        if kind == "nil":
            return np.ones(len(outputs), bool)
        if kind == "quadrant":
            wrong = (desired > 0) & (outputs <= 0) | (desired < 0) & (outputs >= 0)
            return ~wrong.any(axis=1)
        if kind == "max":
            tops = [x == x.max(axis=1, keepdims=True) for x in (outputs, desired)]
            return (tops[0] == tops[1]).all(axis=1)
        if kind == "lms":
            squares = (outputs - desired) ** 2
            return np.cumsum(squares, axis=1)[:, -1] / squares.shape[1] < numbers[0]
        if kind == "hamming":
            return ~(np.abs(outputs - desired) > numbers[0]).any(axis=1)
        low, high = numbers
        sides = [(x < low).astype(int) - (x > high) for x in (outputs, desired)]
        return (sides[0] == sides[1]).all(axis=1)

    def leave_classes(self, outputs: Floats32, desired: Floats32) -> None:
        """Set out-class and des-class, where answers are the largest outputs."""
        if self._class[0] != "max":
            return
        for name, values in (("out-class", outputs), ("des-class", desired)):
            tops = np.flatnonzero(values == values.max()).astype(float).tolist()
            value = tops[0] if len(tops) == 1 else to_list(tops)
            self._it.assign(self._it.intern(name), value)
