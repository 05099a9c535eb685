"""Euclid: units whose total input is the squared distance of their weights from their inputs.

The walks are those of loops.py with (w - x)^2 in the place of w x, in float32 and in SN's order,
unit by unit in NumPy. What needs no connections, states and slopes, is the same and is done there.

Source: SN 2.8 (sn-network, 9), whose code is followed where its manual differs.
Read next: ../sn28/euclid.py, the words that ask for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sn.live.bulk import add_in_turn
from sn.live.lists import Lists
from sn.live.net import (
    ACC,
    BACK,
    BACK_CURV,
    CONN_CURV,
    CONN_STEP,
    CURV,
    DELTA,
    GRAD,
    STEP,
    SUM,
    VAL,
    WEIGHT,
    Floats32,
    Ints,
)
from sn.live.walk import Numbers, Walk

_ONE, _TWO = np.float32(1), np.float32(2)


@dataclass(frozen=True, slots=True)
class _Star:
    """A unit with its connections on one side, the last made first.

    Shapes: other, wid, conn (n,) int32: the unit at the other end, weight and number of each.
    """

    unit: int
    other: Ints
    wid: Ints
    conn: Ints


def _stars(lists: Lists, units: Ints) -> Iterator[_Star]:
    for unit in units.tolist():
        some = slice(lists.start[unit], lists.start[unit + 1])
        yield _Star(unit, lists.other[some], lists.wid[some], lists.conn[some])


class Euclid:
    """Operations on the Euclidean units of one net."""

    def __init__(self, walk: Walk) -> None:
        self._net, self._lists = walk.net, walk.lists()

    def sums(self, units: Ints, noise: Floats32) -> None:
        """Total inputs: a_j = sum of (w - x)^2, plus a noise for each unit where there is any."""
        u, w = self._net.units, self._net.weights[WEIGHT]
        for k, star in enumerate(_stars(self._lists.into, units)):
            far = w[star.wid] - u[VAL, star.other]
            total = np.float32(add_in_turn(far * far))
            u[SUM, star.unit] = total + noise[k] if len(noise) else total

    def back_sums(self, units: Ints) -> None:
        """What comes back to units: b_i = 2 times the sum of g (a_i - w).

        The original takes its own total input a_i where the derivative has its state x_i.
        """
        u, w = self._net.units, self._net.weights[WEIGHT]
        for star in _stars(self._lists.out_of, units):
            parts = u[GRAD, star.other] * (u[SUM, star.unit] - w[star.wid])
            u[BACK, star.unit] = _TWO * np.float32(add_in_turn(parts))

    def back_curvatures(self, units: Ints) -> None:
        """What comes back of curvature: q_i = 2 times the sum of 2 h (a_i - w)^2 - g.

        Units that feed none keep theirs.
        """
        u, w = self._net.units, self._net.weights[WEIGHT]
        for star in _stars(self._lists.out_of, units):
            if len(star.conn):
                far = u[SUM, star.unit] - w[star.wid]
                parts = (_TWO * u[CURV, star.other]) * (far * far) - u[GRAD, star.other]
                u[BACK_CURV, star.unit] = _TWO * np.float32(add_in_turn(parts))

    def averages(self, units: Ints, gamma: float) -> None:
        """Averaged curvatures: sigma = (1 - gamma) sigma + gamma (2 h (w - x)^2 - g)."""
        net, part = self._net, np.float32(gamma)
        u, sigma = net.units, net.conns[CONN_CURV]
        for star in _stars(self._lists.into, units):
            far = net.weights[WEIGHT, star.wid] - u[VAL, star.other]
            found = (_TWO * u[CURV, star.unit]) * (far * far) - u[GRAD, star.unit]
            sigma[star.conn] = (_ONE - part) * sigma[star.conn] + part * found

    def step(self, units: Ints, numbers: Numbers, second: bool) -> None:
        """One step of weights that belong to one connection each, as `loops.step` makes it."""
        net = self._net
        alpha, decay, _, mu, _ = numbers.array()
        weight, delta = net.weights[WEIGHT], net.weights[DELTA]
        for star in _stars(self._lists.into, units):
            far = weight[star.wid] - net.units[VAL, star.other]
            g, rate = net.units[GRAD, star.unit], self._rates(star)
            if second:
                rate = rate / (mu + abs(net.conns[CONN_CURV, star.conn]))
            change = far * (g * rate)
            if alpha:
                part = (_ONE - alpha) * g * rate
                if not net.variant.has_steps:
                    part = (_ONE - alpha) * (g * rate)
                change = delta[star.wid] * alpha + far * part
            delta[star.wid] = change
            kept = weight[star.wid]
            if decay:
                kept = (_ONE - rate * decay) * kept
            weight[star.wid] = kept + change

    def gather(self, units: Ints) -> None:
        """acc += (w - x) (g e) over the connections of units."""
        net = self._net
        for star in _stars(self._lists.into, units):
            far = net.weights[WEIGHT, star.wid] - net.units[VAL, star.other]
            part = net.units[GRAD, star.unit] * self._rates(star)
            np.add.at(net.weights[ACC], star.wid, far * part)  # in turn, as weights are shared

    def _rates(self, star: _Star) -> Floats32:
        """Return the learning rate of each connection: (n,)."""
        if self._net.variant.has_steps:
            rates: Floats32 = self._net.conns[CONN_STEP, star.conn]
            return rates
        return np.full(len(star.conn), self._net.units[STEP, star.unit], np.float32)

    def tangents(self, units: Ints, slopes: Floats32) -> None:
        """Derivatives of states along delta: r = 2 f'(a) times the sum of (w - x) (delta - r).

        They stand in GRAD; slopes: (n,), f'(a) of each unit.
        Source: the derivative of f(sum of (w - x)^2).
        """
        u, w = self._net.units, self._net.weights
        for star, slope in zip(_stars(self._lists.into, units), slopes, strict=True):
            far = w[WEIGHT, star.wid] - u[VAL, star.other]
            parts = far * (w[DELTA, star.wid] - u[GRAD, star.other])
            along = _TWO * np.float32(add_in_turn(parts))
            u[GRAD, star.unit] = slope * along
