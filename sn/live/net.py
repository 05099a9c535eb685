"""LiveNet: units, connections and weights that a program makes one by one and looks at any time.

    newneurons, connect, dup-connection, cut-connection -> LiveNet -> lists.py, walk.py

Unit 0 is the bias, a unit like others whose state begins at 1. Numbers of units, connections and
weights are SN's own: as they were made. What is known of a unit, a connection or a weight stands
in rows of float32 arrays, a row for each field, which grow as they are needed.

Source: SN 2.8 (sn-network, 2 and 3).
Read next: lists.py, in which order connections are walked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sn.display import number_text
from sn.errors import NetError
from sn.live.variants import ALL, Variant
from sn.net.sizes import demand

Floats32 = NDArray[np.float32]
Ints = NDArray[np.int32]

# Rows of the fields of units; SN's number of each is in FIELD_NUMBERS.
VAL, SUM, GRAD, BACK, STEP, CURV, BACK_CURV, SPARE = range(8)
N_UNIT_FIELDS = SPARE + 3
# Rows of the fields of weights, and of connections.
WEIGHT, DELTA, ACC, HESS = range(4)
N_WEIGHT_FIELDS = 4
CONN_STEP, CONN_CURV = range(2)
N_CONN_FIELDS = 2
_FIRST = 64  # places taken at first
_SPARE = 32  # places that are always there beyond the last: they are 0, and vectors may read them


class LiveNet:
    """Arrays: `units` (fields, units), `weights` (fields, weights), `conns` (fields, connections)
    of float32; `src`, `dst`, `wid` (connections,) int32 and `uses` (weights,), how many connections
    use a weight. They have room for more than there are; a connection that was cut has `dst` -1.

    `most` are the units, unit 0 among them, connections and weights that were allocated, None
    where nobody said. `shape` counts what changed in who is connected to whom.
    """

    def __init__(self, most: tuple[int, int, int] | None = None, variant: Variant = ALL) -> None:
        self.most, self.variant = most, variant
        # where connections own their weights, those of connections are the limit
        self._most_weights = most[2] if most and variant.has_table else math.inf
        self.units = np.zeros((N_UNIT_FIELDS, _FIRST), np.float32)
        self.weights = np.zeros((N_WEIGHT_FIELDS, _FIRST), np.float32)
        self.conns = np.zeros((N_CONN_FIELDS, _FIRST), np.float32)
        self.src, self.dst, self.wid, self.uses = (np.zeros(_FIRST, np.int32) for _ in range(4))
        self.n_units, self.n_conns, self.n_weights = 1, 0, 0
        self.units[VAL, 0] = 1
        self.shape = 0
        # connection of each pair (upstream << 31 | downstream), and the connections of each unit
        self.pairs: dict[int, int] = {}
        self.into: list[list[int]] = [[]]
        self.out_of: list[list[int]] = [[]]

    # --- making ---

    @classmethod
    def of_rows(
        cls, n_units: int, n_weights: int, rows: tuple[Ints, Ints, Ints], variant: Variant
    ) -> LiveNet:
        """Return a net of these connections, made in their order: (src, dst, wid), (n,) int32 each.

        All weights and learning rates are 0. Unlike `connect`, it takes several connections of one
        pair of units, as a constant that borders a map has them; `pairs` knows the last of them.
        """
        net = cls(variant=variant)
        src, dst, wid = rows
        n = len(src)
        net.add_units(n_units - 1)
        net.weights = _grown(net.weights, n_weights + _SPARE)
        net.uses = _grown(net.uses, n_weights + _SPARE)
        net.uses[:n_weights] = np.bincount(wid, minlength=n_weights)
        net.src, net.dst, net.wid = (_grown(column, n) for column in (net.src, net.dst, net.wid))
        net.src[:n], net.dst[:n], net.wid[:n] = src, dst, wid
        net.conns = _grown(net.conns, n)
        net.n_conns, net.n_weights, net.shape = n, n_weights, n
        for conn, (i, j) in enumerate(zip(src.tolist(), dst.tolist(), strict=True)):
            net.pairs[i << 31 | j] = conn
            net.into[j].append(conn)
            net.out_of[i].append(conn)
        return net

    def demand(self, n_units: int, n_conns: int) -> None:
        """Demand that there can be so many units and connections more, before they are made.

        Raises: NetError for more than were allocated or can be numbered, MemoryLimitError above
        the limit.
        """
        if self.most is not None:
            _demand_of("neurons", self.n_units + n_units, self.most[0])
            _demand_of("connections", self.n_conns + n_conns, self.most[1])
        demand(self.n_units + n_units, self.n_conns + n_conns, is_raw=True)

    def add_units(self, count: int) -> range:
        """Make `count` units and return their numbers."""
        first = self.n_units
        if first + count + _SPARE > self.units.shape[1]:
            self.units = _grown(self.units, first + count + _SPARE)
        self.n_units += count
        self.into.extend([] for _ in range(count))
        self.out_of.extend([] for _ in range(count))
        return range(first, first + count)

    def check_unit(self, unit: int) -> None:
        """Raise NetError unless there is such a unit."""
        if not 0 <= unit < self.n_units:
            raise NetError(
                f"there is no unit {number_text(unit)}; units 0 to {self.n_units - 1} exist",
                hint="(newneurons N) makes units",
            )

    def connect(self, src: int, dst: int, value: float = 0.0, step: float = 0.0) -> int:
        """Connect two units by a weight of their own; return the number of the connection.

        Raises: NetError when they are connected already or do not exist, and for more weights than
        were allocated.
        """
        wid = self.n_weights
        if wid >= self._most_weights and self.connection(src, dst) is None:
            _demand_of("weights", wid + 1, int(self._most_weights))
        conn = self._add(src, dst, wid, step)
        if wid + 1 + _SPARE > self.weights.shape[1]:
            self.weights = _grown(self.weights, wid + 1 + _SPARE)
            self.uses = _grown(self.uses, wid + 1 + _SPARE)
        self.n_weights += 1
        self.uses[wid] = 1
        if value:
            self.weights[WEIGHT, wid] = value
        return conn

    def duplicate(self, old: int, src: int, dst: int, value: float | None, step: float) -> int:
        """Connect two units by the weight of the connection `old`; return the connection's number.

        The weight's last change and gathered gradient become 0; with a value the weight becomes
        (value + n weight) / (n + 1), n the connections that used it (sn-network, 2.3).
        Raises: NetError when they are connected already or do not exist.
        """
        wid = int(self.wid[old])
        conn = self._add(src, dst, wid, step)
        if value is not None:
            n = np.float32(self.uses[wid])
            old_value = self.weights[WEIGHT, wid]
            with np.errstate(all="ignore"):
                mean = (np.float32(value) + n * old_value) / (n + np.float32(1))
            self.weights[WEIGHT, wid] = mean
        self.weights[DELTA, wid] = self.weights[ACC, wid] = 0
        self.uses[wid] += 1
        return conn

    def _add(self, src: int, dst: int, wid: int, step: float) -> int:
        n = self.n_units
        if not (0 <= src < n and 0 <= dst < n):
            self.check_unit(src)
            self.check_unit(dst)
        key, conn = src << 31 | dst, self.n_conns
        if self.pairs.setdefault(key, conn) != conn:
            raise NetError(
                f"unit {src} is already connected to unit {dst}",
                hint="there is at most one connection between two units",
            )
        if conn >= len(self.src):
            self.src, self.dst = _grown(self.src, conn + 1), _grown(self.dst, conn + 1)
            self.wid, self.conns = _grown(self.wid, conn + 1), _grown(self.conns, conn + 1)
        self.src[conn], self.dst[conn], self.wid[conn] = src, dst, wid
        self.n_conns += 1
        self.into[dst].append(conn)
        self.out_of[src].append(conn)
        self.shape += 1
        if step:
            if self.variant.has_steps:
                self.conns[CONN_STEP, conn] = step
            else:
                self.units[STEP, dst] = step
        return conn

    def cut(self, conn: int) -> None:
        """Take a connection away; its weight becomes 0 when no other uses it."""
        src, dst, wid = int(self.src[conn]), int(self.dst[conn]), int(self.wid[conn])
        del self.pairs[src << 31 | dst]
        self.into[dst].remove(conn)
        self.out_of[src].remove(conn)
        self.dst[conn] = -1
        self.shape += 1
        self.uses[wid] -= 1
        if self.uses[wid] == 0:
            self.weights[WEIGHT, wid] = self.weights[ACC, wid] = 0
            if (
                not self.variant.has_table
            ):  # a table goes on moving it by its last change, as SN 2.8
                self.weights[DELTA, wid] = 0

    def use(self, conn: int, wid: int) -> None:
        """Have a connection use another weight."""
        self.uses[self.wid[conn]] -= 1
        self.uses[wid] += 1
        self.wid[conn] = wid
        self.shape += 1

    # --- looking ---

    def connection(self, src: int, dst: int) -> int | None:
        """Return the number of the connection between two units, None where there is none.

        Raises: NetError for a unit that does not exist.
        """
        n = self.n_units
        if not (0 <= src < n and 0 <= dst < n):
            self.check_unit(src)
            self.check_unit(dst)
        return self.pairs.get(src << 31 | dst)

    def upstream(self, unit: int) -> list[int]:
        """Return the units that feed one, in order of creation."""
        self.check_unit(unit)
        return [int(self.src[conn]) for conn in self.into[unit]]

    def downstream(self, unit: int) -> list[int]:
        """Return the units that one feeds, in order of creation."""
        self.check_unit(unit)
        return [int(self.dst[conn]) for conn in self.out_of[unit]]

    def step_of(self, unit: int) -> float:
        """Return the learning rate of a unit: its own, or the mean of its connections'."""
        if not self.variant.has_steps:
            return float(self.units[STEP, unit])
        return self._mean(CONN_STEP, unit)

    def curvature_of(self, unit: int) -> float:
        """Return the mean of the averaged curvatures of the connections into a unit."""
        return self._mean(CONN_CURV, unit)

    def _mean(self, field: int, unit: int) -> float:
        """Return the mean over the connections into a unit, the last made first, in float32."""
        total = np.float32(0)
        with np.errstate(over="ignore", invalid="ignore"):
            for conn in reversed(self.into[unit]):
                total += self.conns[field, conn]
        return float(total / np.float32(len(self.into[unit]))) if self.into[unit] else 0.0

    def set_steps(self, units: Sequence[int], step: float) -> None:
        """Give units one learning rate, where the kernel keeps it."""
        if self.variant.has_steps:
            for unit in units:
                self.conns[CONN_STEP, self.into[unit]] = step
        else:
            self.units[STEP, list(units)] = step

    def alive(self) -> Ints:
        """Return the numbers of the connections that were not cut, in order of creation."""
        return np.flatnonzero(self.dst[: self.n_conns] >= 0).astype(np.int32)


def _demand_of(what: str, count: int, most: int) -> None:
    if count > most:
        raise NetError(
            f"too many {what}: {number_text(count)}, where {number_text(most)} were allocated",
            hint="(alloc-net UNITS LINKS [WEIGHTS]) says how many there may be, unit 0 included",
        )


def _grown(array: NDArray[Any], needed: int) -> NDArray[Any]:
    """Return an array with room for more along its last axis, the new ones 0."""
    room = max(needed, 2 * array.shape[-1])
    larger = np.zeros((*array.shape[:-1], room), array.dtype)
    larger[..., : array.shape[-1]] = array
    return larger
