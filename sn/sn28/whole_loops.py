"""Whole loops: drivers of the library that run in one call of compiled code.

`learn` and its like call hooks for every pattern: present-pattern, forward-prop, classify ...,
which a program may define anew at any time. Where each of them is still the library's, a driver
asks here, and thousands of presentations run at once, with the same bits, the same draws and the
same variables behind them. Where one is not, the answer is () and the driver goes on in Lisp.

Read next: hooks.py for what is looked at, ../live/presenter.py for what runs.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sn.describe.world import World
from sn.errors import EvalError
from sn.interrupts import interrupts_delayed
from sn.lisp.calls import builtin
from sn.lisp.forms import Symbol, Value
from sn.lisp.machine import Machine
from sn.live import loops
from sn.live.net import ACC, HESS, Floats32, Ints
from sn.live.presenter import Moves, Presenter, Recipe, chunk_of
from sn.live.walk import Numbers, Op
from sn.sn28.fast import Fast
from sn.sn28.hooks import Hooks, Refused

Floats = NDArray[np.float64]
_FAST_BLOCK = 16  # times as many presentations between two looks at Ctrl-C; chosen here
_KEPT = 8  # presenters; a driver and two measurements take turns with another driver's


@dataclass(frozen=True, slots=True)
class _Driver:
    """What a driver does: how weights move, whether with curvatures, and over which patterns."""

    moves: Moves
    is_curved: bool = False
    order: str = "range"  # "next": as next-pattern says; "cycles"


_DRIVERS = {
    "performance": _Driver(Moves.NOT),
    "learn": _Driver(Moves.STEP, order="next"),
    "learn-cycle": _Driver(Moves.STEP, order="cycles"),
    "learn-curved": _Driver(Moves.STEP, True, "next"),
    "learn-cycle-curved": _Driver(Moves.STEP, True, "cycles"),
    "batch-iteration": _Driver(Moves.GATHER),
    "batch-newton-iteration": _Driver(Moves.GATHER, True),
    "batch-cg1-iteration": _Driver(Moves.GATHER),
    "batch-cg2-iteration": _Driver(Moves.ALONG),
}


@builtin("sn-compiled-loop")
def compiled_loop(it: Machine, driver: Symbol, *numbers: Value) -> Value:
    """(sn-compiled-loop driver numbers...)

    Run a driver of the library in compiled code, as far as no hook of it was defined anew; return
    () where it must go on in Lisp. `sn run --explain` tells which did, and why others did not.

    (sn-compiled-loop 'performance 0 3)
    => ()
    """
    world: World = it.world
    found = _DRIVERS.get(driver.name)
    try:
        if found is None:
            raise Refused(f"{driver.name} has no compiled form")
        value = _Loop(it, driver.name, found).run(numbers)
    except Refused as refused:
        world.told_loops[driver.name, str(refused)] += 1
        return None
    world.told_loops[driver.name, ""] += 1
    return value


@dataclass(frozen=True, slots=True)
class _Shown:
    """What is presented, and how: patterns and targets are float32 rows."""

    recipe: Recipe
    patterns: Floats32
    targets: Floats32
    numbers: Numbers


class _Loop:
    """One call of a driver."""

    def __init__(self, it: Machine, name: str, driver: _Driver) -> None:
        self._it, self._name, self._driver = it, name, driver
        self._hooks = Hooks(it, name)
        self._world: World = it.world
        self._net = self._world.live

    def run(self, numbers: Sequence[Value]) -> Value:
        """Run the driver and set the variables that it leaves."""
        hooks, driver = self._hooks, self._driver
        whole = [hooks.whole(number, self._name) for number in numbers]
        measures = driver.moves is Moves.NOT
        hooks.check(measures, driver.is_curved)
        recipe = hooks.recipe(driver.moves, driver.is_curved)
        patterns, targets = hooks.patterns(recipe)
        shown = _Shown(recipe, patterns, targets, hooks.numbers())
        if driver.order == "range":
            first, last = whole
            self._check(first, last, patterns)
            return self._over_range(np.arange(first, last + 1, dtype=np.int32), shown)
        (times,) = whole
        if times < 0:
            raise Refused("it is to run less than 0 times")
        first, last = hooks.whole_variable("patt-min"), hooks.whole_variable("patt-max")
        self._check(first, last, patterns)
        if driver.order == "cycles":
            self._cycles(times, first, last, shown)
        else:
            current = hooks.whole_variable("current-pattern")
            self._check(current, current, patterns)
            self._in_turn(times, first, last, current, shown)
        return self._it.t

    def _check(self, first: int, last: int, patterns: Floats32) -> None:
        if last < first:
            raise Refused("there is no pattern")
        if first < 0 or last >= len(patterns):
            raise Refused("a pattern is outside of pattern-matrix")

    def _over_range(self, order: Ints, shown: _Shown) -> Value:
        """Measure a range, or gather over it and move the weights."""
        gathers = self._driver.moves is Moves.GATHER
        if gathers:
            self._clear()
        errors, outputs = self._present(order, shown)
        if self._driver.moves is Moves.ALONG:
            squares = outputs.astype(np.float64) ** 2
            return float(np.cumsum(np.cumsum(squares, axis=1)[:, -1])[-1])
        _check_finite(order, errors)
        if gathers:
            self._move(shown.numbers)
        local, good = self._leave(order, errors, outputs, shown)
        if gathers:
            self._grow_older(len(order))
        _set(self._it, "global-error", float(np.cumsum(local)[-1]) / len(order))
        percent = 100.0 * int(good.sum()) / len(order)
        _set(self._it, "good-an-percent", percent)
        return self.value("global-error") if gathers else percent

    def _in_turn(self, times: int, first: int, last: int, current: int, shown: _Shown) -> None:
        """Learn from patterns as next-pattern gives them."""
        block = self._block(shown)
        while times > 0:
            n = min(times, block)
            with interrupts_delayed():
                order = self._next(n, first, last, current)
                self._learn(order[:-1], shown)
                current = int(order[-1])
                _set(self._it, "current-pattern", float(current))
            times -= n

    def _cycles(self, times: int, first: int, last: int, shown: _Shown) -> None:
        """Learn from all patterns of the range, so many times over."""
        size, done, block = last - first + 1, 0, self._block(shown)
        while done < times * size:
            n = min(times * size - done, block)
            with interrupts_delayed():
                self._learn((first + np.arange(done, done + n) % size).astype(np.int32), shown)
            done += n

    def _block(self, shown: _Shown) -> int:
        """Compile what is needed, and return how many presentations run before Ctrl-C is looked
        for.
        """
        self._presenter(shown.recipe)
        fast = self._fast(shown.recipe)
        if fast is None:
            return chunk_of(self._net)
        with contextlib.suppress(Refused):
            fast.ready(shown.patterns, shown.targets, shown.numbers)
        return _FAST_BLOCK * chunk_of(self._net)

    def _learn(self, order: Ints, shown: _Shown) -> None:
        errors, outputs = self._present(order, shown)
        _check_finite(order, errors)
        self._leave(order[-1:], errors[-1:], outputs[-1:], shown)
        self._grow_older(len(order))

    def _grow_older(self, n: int) -> None:
        age = self.value("age")
        _set(self._it, "age", (age if type(age) is float else 0.0) + n)

    def _present(self, order: Ints, shown: _Shown) -> tuple[Floats32, Floats32]:
        """Present patterns in turn; return errors and outputs, in the fast mode 0 but for the last
        where weights move.
        """
        recipe, patterns, targets = shown.recipe, shown.patterns, shown.targets
        run = self._presenter(recipe).present
        fast = self._fast(recipe) if len(order) > 1 else None
        if fast is None:
            return run(order, patterns, targets, shown.numbers)
        try:
            n, k = len(order), len(recipe.outputs)
            errors, outputs = np.zeros(n, np.float32), np.zeros((n, k), np.float32)
            if self._driver.moves is Moves.STEP:
                fast.train(order[:-1], patterns, targets, shown.numbers)
            else:
                outputs = fast.measure(int(order[0]), int(order[-1]), patterns)
                with np.errstate(all="ignore"):  # _check_finite tells
                    errors = np.float32(0.5) * ((targets[order] - outputs) ** 2).sum(axis=1)
        except Refused as refused:
            self._world.told_loops["fast", str(refused)] += 1
            return run(order, patterns, targets, shown.numbers)
        self._world.told_loops["fast", ""] += 1
        errors[-1:], outputs[-1:] = run(order[-1:], patterns, targets, shown.numbers)
        return errors, outputs

    def _fast(self, recipe: Recipe) -> Fast | None:
        """Return the kernels of a recipe, None in the historical mode and where there are none."""
        if self._world.is_historical or self._driver.moves in (Moves.GATHER, Moves.ALONG):
            return None
        kept: dict[object, Fast | None] = self._world.fast
        key = (id(self._net), recipe.key())
        found = kept.get(key)
        if key not in kept or (found is not None and not found.is_fresh):
            try:
                kept[key] = Fast(self._net, recipe)
            except Refused as refused:
                self._world.told_loops["fast", str(refused)] += 1
                kept[key] = None
        while len(kept) > _KEPT:
            del kept[next(iter(kept))]
        return kept[key]

    def _presenter(self, recipe: Recipe) -> Presenter:
        """Return the presenter of a recipe, made once while the net stays as it is."""
        kept: dict[object, Presenter] = self._world.presenters
        key = (id(self._net), recipe.key())
        found = kept.pop(key, None)
        if found is None or not found.is_fresh:
            found = Presenter(self._net, recipe)
        kept[key] = found
        while len(kept) > _KEPT:
            del kept[next(iter(kept))]
        return found

    def _next(self, n: int, first: int, last: int, current: int) -> Ints:
        """Return n patterns from the current one on, and the one behind them: (n + 1,)."""
        order = np.full(n + 1, current, np.int32)
        if self._hooks.is_random_choice():
            for i in range(n):
                drawn = (last + 1 - first) * self._it.random.rand() + first
                order[i + 1] = min(last, math.floor(drawn))
        else:
            start = current + 1 if current < last else first
            order[1:] = first + (start - first + np.arange(n)) % (last - first + 1)
        return order

    # --- weights that move behind a range ---

    def _clear(self) -> None:
        self._net.weights[ACC] = 0
        if self._driver.is_curved:
            self._net.weights[HESS] = 0

    def _move(self, values: Numbers) -> None:
        if self._name == "batch-cg1-iteration":
            return
        ops = [Op(loops.SCALE)] if self._driver.is_curved else []
        self._world.walk.run([*ops, Op(loops.CHANGE), Op(loops.MOVE)], values)

    # --- variables ---

    def _leave(
        self, order: Ints, errors: Floats32, outputs: Floats32, shown: _Shown
    ) -> tuple[Floats, NDArray[np.bool_]]:
        """Set what presentations leave behind; return errors and which answers were good."""
        it = self._it
        local = errors.astype(np.float64) / outputs.shape[1]
        wanted = shown.targets[order]
        good = self._hooks.good(outputs.astype(np.float64), wanted.astype(np.float64))
        _set(it, "local-error", float(local[-1]))
        _set(it, "good-answer", it.t if good[-1] else None)
        self._hooks.leave_classes(outputs[-1], wanted[-1])
        return local, good

    def value(self, name: str) -> Value:
        """Return the value of a variable."""
        return self._it.intern(name).value


def _check_finite(order: Ints, errors: Floats32) -> None:
    """Refuse errors that are not finite, as Lisp does where hooks compute them.

    Raises: EvalError at the first.
    """
    finite = np.isfinite(errors)
    if not finite.all():
        pattern = int(order[int(np.argmin(finite))])
        raise EvalError(
            f"floating exception: the error of pattern {pattern} is not finite",
            hint="weights or states have grown beyond bounds; smaller learning rates keep them, "
            "and (forget 1) draws weights anew",
        )


def _set(it: Machine, name: str, value: Value) -> None:
    it.assign(it.intern(name), value)
