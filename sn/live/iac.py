"""IAC: interactive activation and competition, layers whose units excite and inhibit each other.

Fields, as SN 2.8 uses them: the activation a of a unit is its total input, x its state, and the
spare fields 1 and 2 have what excites and what inhibits it. All in float32, inputs from the last
connection made on.

Source: SN 2.8 (sn-network, 10); McClelland and Rumelhart 1981 (IAC), Grossberg 1976 (ART).
Read next: ../sn28/iac.py, the words that ask for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sn.live.bulk import Places, add_in_turn, fill
from sn.live.net import SPARE, SUM, VAL, WEIGHT, Floats32, Ints
from sn.live.walk import Walk

EXCITATION, INHIBITION = SPARE, SPARE + 1


@dataclass(frozen=True, slots=True)
class Activation:
    """How activations change: factors of excitation, inhibition and state; the least, the largest
    and the resting activation; how fast they decay to it.
    """

    alpha: np.float32
    beta: np.float32
    gamma: np.float32
    least: np.float32
    most: np.float32
    rest: np.float32
    decay: np.float32


def add_up(walk: Walk, units: Ints, sign: int, to: int) -> None:
    """Sum of w x over the connections into each unit whose weight has a sign, into a field."""
    net, into = walk.net, walk.lists().into
    for unit in units.tolist():
        some = slice(into.start[unit], into.start[unit + 1])
        w = net.weights[WEIGHT, into.wid[some]]
        x = net.units[VAL, into.other[some]]
        counts = w * np.float32(sign) > 0
        net.units[to, unit] = add_in_turn(w[counts] * x[counts])


def activate(walk: Walk, units: Ints, how: Activation) -> None:
    """a += net (most - a), or net (a - least) where net is below 0, - decay (a - rest)."""

    def step(a: Floats32, x: Floats32, excited: Floats32, inhibited: Floats32) -> Floats32:
        net = (how.gamma * x + how.alpha * excited) + how.beta * inhibited
        room = np.where(net > 0, how.most - a, a - how.least)
        moved: Floats32 = a + (net * room - how.decay * (a - how.rest))
        return moved

    _step(walk, units, step)


def resonate(walk: Walk, units: Ints, how: Activation) -> None:
    """a += up (most - a) + down (a - least) - decay (a - rest): both limits at once."""

    def step(a: Floats32, x: Floats32, excited: Floats32, inhibited: Floats32) -> Floats32:
        up, down = how.gamma * x + how.alpha * excited, how.beta * inhibited
        change = up * (how.most - a) + down * (a - how.least)
        moved: Floats32 = a + (change - how.decay * (a - how.rest))
        return moved

    _step(walk, units, step)


def _step(walk: Walk, units: Ints, step: Callable[..., Floats32]) -> None:
    rows = walk.net.units
    a, x = Places(rows[SUM], units), Places(rows[VAL], units)
    fill(a, step, a, x, Places(rows[EXCITATION], units), Places(rows[INHIBITION], units))
