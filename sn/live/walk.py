"""Walk: operations on the units of a live net, run by compiled loops as SN 2.8 would.

    Walk(net).run([Op(...), ...]) -> error of the last cost

Read next: loops.py, whose operations these are; ../sn28/, the words that ask for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from sn.limits import LARGEST, Limit
from sn.live import arithmetic, loops
from sn.live import net as fields
from sn.live.arithmetic import LINEAR
from sn.live.compiling import machine_code
from sn.live.functions import Function, rows_of
from sn.live.lists import BothLists, lists_of
from sn.live.net import LiveNet

Floats32 = NDArray[np.float32]
Ints = NDArray[np.int32]
_NUMBER = Limit()
_NAMES = ("alpha", "decay", "gamma", "mu", "the threshold")
_NO_UNITS = np.zeros(0, np.int32)
_NO_NOISE = np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True)
class Op:
    """One operation of loops.py on some units.

    f, g: functions; `other`: the desired units of a cost; `flag`: what the operation says beside.
    """

    op: int
    units: Ints = field(default_factory=lambda: _NO_UNITS)
    f: Function | None = None
    g: Function | None = None
    other: Ints | None = None
    flag: int = 0


@dataclass(slots=True)
class Numbers:
    """The numbers that operations read."""

    alpha: float = 0.0
    decay: float = 0.0
    gamma: float = 0.0
    mu: float = 0.0
    threshold: float = 0.0

    def array(self) -> Floats32:
        """Return them in the order of loops.py.

        Raises: SettingError for one that float32 cannot hold.
        """
        numbers = (self.alpha, self.decay, self.gamma, self.mu, self.threshold)
        for name, number in zip(_NAMES, numbers, strict=True):
            if not -LARGEST <= number <= LARGEST:
                _NUMBER.take(name, number)  # which says what is wrong
        return np.array(numbers, np.float32)


class Walk:
    """Runs operations on one net, whatever becomes of it between them."""

    def __init__(self, net: LiveNet) -> None:
        self.net = net
        self._lists: BothLists | None = None

    def lists(self) -> BothLists:
        """Return the lists of the net as it stands."""
        now, net = self._lists, self.net
        if now is None or now.shape != net.shape or now.n_units != net.n_units:
            self._lists = now = lists_of(net)
        return now

    def connections_into(self, units: Ints) -> Ints:
        """Return the connections into units, unit by unit, the last made first in each."""
        into = self.lists().into
        parts = [into.conn[into.start[unit] : into.start[unit + 1]] for unit in units.tolist()]
        return np.concatenate([np.zeros(0, np.int32), *parts])

    def run(
        self,
        ops: Sequence[Op],
        numbers: Numbers | None = None,
        noise: Floats32 = _NO_NOISE,
    ) -> float:
        """Run operations in turn; return the error of the last cost among them.

        `noise`: (n,), added to the total inputs of the n units of a `SUMS`.
        """
        kept = _Program()
        for op in ops:
            if _calls_lisp(op):
                self._execute(kept, numbers, noise)
                kept = _Program()
                self._call_lisp(op)
            else:
                kept.add(op)
        return self._execute(kept, numbers, noise)

    def _execute(self, program: _Program, numbers: Numbers | None, noise: Floats32) -> float:
        net, lists = self.net, self.lists()
        into, out_of, result = lists.into, lists.out_of, np.zeros(1, np.float32)
        rows, units, functions, table = program.arrays()
        _compiled().execute(
            rows, units, functions, table, (numbers or Numbers()).array(), noise,
            into.start, into.other, into.wid, into.conn,
            out_of.start, out_of.other, out_of.wid, int(not net.variant.has_steps),
            net.units, net.weights, net.conns, net.n_weights, result,
        )  # fmt: skip
        return float(result[0])

    def _call_lisp(self, op: Op) -> None:
        """Do an operation whose function only Lisp can compute, and which may change the net."""
        assert op.f is not None
        units, totals = op.units, self.net.units[fields.SUM, op.units].tolist()
        at = np.array([op.f(x) for x in totals], np.float32)
        bend = None if op.g is None else np.array([op.g(x) for x in totals], np.float32)
        u = self.net.units  # as they are behind the calls
        with np.errstate(all="ignore"):
            if op.op == loops.VALUES:
                u[fields.VAL, units] = at
            elif op.op == loops.SLOPES:
                u[fields.GRAD, units] = u[fields.BACK, units] * at
            elif op.op == loops.CURVATURES:
                curv = u[fields.BACK_CURV, units] * (at * at)
                if bend is not None:
                    curv = curv - u[fields.BACK, units] * bend
                u[fields.CURV, units] = curv
            else:
                self._tangents(op, at)

    def _tangents(self, op: Op, slope: Floats32) -> None:
        one = Function("one", LINEAR, (0.0, 0.0, 0.0, 1.0))
        self._execute(_Program.of(Op(op.op, op.units, one)), None, _NO_NOISE)
        self.net.units[fields.GRAD, op.units] *= slope


class _Program:
    """Operations as the arrays that the loops read."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, int, int, int, int]] = []
        self._units: list[Ints] = []
        self._n_units = 0
        self._functions: list[Function] = []

    @classmethod
    def of(cls, op: Op) -> _Program:
        """Return the program of one operation."""
        program = cls()
        program.add(op)
        return program

    def add(self, op: Op) -> None:
        """Add an operation at the end."""
        at = self._place(op.units)
        f, g = op.flag, -1
        if op.f is not None:
            f = self._function(op.f)
        if op.g is not None:
            g = self._function(op.g)
        if op.other is not None:
            f, g = self._place(op.other), op.flag
        self._rows.append((op.op, at, len(op.units), f, g))

    def _place(self, units: Ints) -> int:
        at = self._n_units
        self._units.append(units)
        self._n_units += len(units)
        return at

    def _function(self, f: Function) -> int:
        self._functions.append(f)
        return len(self._functions) - 1

    def arrays(self) -> tuple[NDArray[np.int64], Ints, Floats32, Floats32]:
        """Return rows, units, functions and tables."""
        rows = np.array(self._rows, np.int64).reshape(-1, 5)
        units = np.concatenate(self._units) if self._units else _NO_UNITS
        functions, table = rows_of(self._functions)
        return rows, units.astype(np.int32), functions, table


def _calls_lisp(op: Op) -> bool:
    return any(f is not None and f.kind is None for f in (op.f, op.g))


@cache
def _compiled() -> ModuleType:
    """The loops as machine code."""
    return machine_code(arithmetic, loops)
