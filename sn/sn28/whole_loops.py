"""Whole loops: drivers of the library that run in one call of compiled code.

`learn` and its like call hooks for every pattern: present-pattern, forward-prop, classify ...,
which a program may define anew at any time. Where each of them is still the library's, a driver
asks here, and thousands of presentations run at once, with the same bits, the same draws and the
same variables behind them. Where one is not, the answer is () and the driver goes on in Lisp.

Read next: hooks.py for what is looked at, ../live/presenter.py for what runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sn.describe.world import World
from sn.lisp.calls import builtin
from sn.lisp.forms import Symbol, Value
from sn.lisp.machine import Machine
from sn.live import loops
from sn.live.net import ACC, HESS, Floats32, Ints
from sn.live.presenter import Moves, Presenter, Recipe
from sn.live.walk import Numbers, Op
from sn.sn28.fast import Fast
from sn.sn28.hooks import Hooks, Refused

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
        values = hooks.numbers()
        patterns, targets = hooks.patterns(recipe)
        draws = self._it.random.state()
        order, after = self._order(whole)
        if len(order) and not 0 <= int(order.min()) <= int(order.max()) < len(patterns):
            self._it.random.restore(draws)
            raise Refused("a pattern is outside of pattern-matrix")
        if driver.moves is Moves.GATHER:
            self._clear()
        errors, outputs = self._present(recipe, order, patterns, targets, values)
        if driver.moves is Moves.GATHER:
            self._move(values)
        return self._leave(order, after, errors, outputs, targets, len(recipe.outputs))

    def _present(
        self,
        recipe: Recipe,
        order: Ints,
        patterns: Floats32,
        targets: Floats32,
        values: Numbers,
    ) -> tuple[Floats32, Floats32]:
        """Present patterns in turn; return errors and outputs, in the fast mode 0 but for the last
        where weights move.
        """
        run = self._presenter(recipe).present
        fast = self._fast(recipe) if len(order) > 1 else None
        if fast is None:
            return run(order, patterns, targets, values)
        try:
            n, k = len(order), len(recipe.outputs)
            errors, outputs = np.zeros(n, np.float32), np.zeros((n, k), np.float32)
            if self._driver.moves is Moves.STEP:
                fast.train(order[:-1], patterns, targets, values)
            else:
                outputs = fast.measure(int(order[0]), int(order[-1]), patterns)
                errors = np.float32(0.5) * ((targets[order] - outputs) ** 2).sum(axis=1)
        except Refused as refused:
            self._world.told_loops["fast", str(refused)] += 1
            return run(order, patterns, targets, values)
        self._world.told_loops["fast", ""] += 1
        errors[-1:], outputs[-1:] = run(order[-1:], patterns, targets, values)
        return errors, outputs

    def _fast(self, recipe: Recipe) -> Fast | None:
        """Return the kernels of a recipe, None in the historical mode and where there are none."""
        if self._world.is_historical or self._driver.moves is Moves.GATHER:
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

    def _order(self, whole: Sequence[int]) -> tuple[Ints, int | None]:
        """Return the patterns to present in turn, and the current pattern behind them."""
        hooks = self._hooks
        if self._driver.order == "range":
            first, last = whole
            return np.arange(first, last + 1, dtype=np.int32), None
        (times,) = whole
        if times < 0:
            raise Refused("it is to run less than 0 times")
        first, last = hooks.whole_variable("patt-min"), hooks.whole_variable("patt-max")
        if last < first:
            raise Refused("there is no pattern to learn from")
        if self._driver.order == "cycles":
            return np.tile(np.arange(first, last + 1, dtype=np.int32), times), None
        current = hooks.whole_variable("current-pattern")
        if hooks.is_random_choice():
            return self._random_order(times, first, last, current)
        begun = np.arange(current, current + times + 1)
        if current > last:
            begun[1:] = first + np.arange(times)
        wrapped = np.where(begun > last, first + (begun - last - 1) % (last - first + 1), begun)
        wrapped[0] = current
        return wrapped[:-1].astype(np.int32), int(wrapped[-1])

    def _random_order(
        self, times: int, first: int, last: int, current: int
    ) -> tuple[Ints, int | None]:
        order = np.zeros(times + 1, np.int32)
        order[0] = current
        for i in range(times):
            u = self._it.random.rand()
            order[i + 1] = min(last, int(np.floor((last + 1 - first) * u + first)))
        return order[:-1], int(order[-1])

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
        self,
        order: Ints,
        after: int | None,
        errors: Floats32,
        outputs: Floats32,
        targets: Floats32,
        n_outputs: int,
    ) -> Value:
        """Set what the driver sets, and return its value."""
        it, n = self._it, len(order)
        if n == 0:
            return it.t if self._driver.order != "range" else self._measured(0.0, 0, 0)
        local = errors.astype(np.float64) / n_outputs
        wanted = targets[order]
        good = self._hooks.good(outputs.astype(np.float64), wanted.astype(np.float64))
        _set(it, "local-error", float(local[-1]))
        _set(it, "good-answer", it.t if good[-1] else None)
        self._hooks.leave_classes(outputs[-1], wanted[-1])
        if self._driver.moves is not Moves.NOT:
            age = it.intern("age").value
            _set(it, "age", (age if type(age) is float else 0.0) + n)
        if after is not None:
            _set(it, "current-pattern", float(after))
        if self._driver.order != "range":
            return it.t
        return self._measured(float(np.cumsum(local)[-1]), int(good.sum()), n)

    def _measured(self, total: float, good: int, n: int) -> Value:
        if n == 0:
            raise Refused("there is no pattern to measure")
        _set(self._it, "global-error", total / n)
        _set(self._it, "good-an-percent", 100.0 * good / n)
        measures = self._driver.moves is Moves.NOT
        return 100.0 * good / n if measures else total / n


def _set(it: Machine, name: str, value: Value) -> None:
    it.assign(it.intern(name), value)
