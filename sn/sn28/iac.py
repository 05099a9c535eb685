"""Interactive activation and competition, and adaptive resonance: how activations change in a step.

Source: SN 2.8 (sn-network, 10).
Read next: ../live/iac.py.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sn.describe.world import World
from sn.lisp.calls import builtin
from sn.lisp.forms import Value
from sn.lisp.machine import Machine
from sn.live.iac import EXCITATION, INHIBITION, Activation, activate, add_up, resonate
from sn.live.net import Ints
from sn.live.walk import Walk
from sn.sn28.arguments import layer_of
from sn.sn28.fields import take_number


@builtin("update-excitation")
def update_excitation(it: Machine, *layers: Value) -> Value:
    """(update-excitation layers...)

    Compute what excites the units of layers, in the field n-spare1: the sum of weight times state
    over the connections into each unit whose weights are above 0.

    (progn (newneurons 3) (connect 1 3 2) (connect 2 3 -1) (nval 1 3) (nval 2 4)
           (update-excitation '(3)) (nspare1 3))
    => 6
    """
    return _add_up(it, layers, 1, EXCITATION)


@builtin("update-inhibition")
def update_inhibition(it: Machine, *layers: Value) -> Value:
    """(update-inhibition layers...)

    Compute what inhibits the units of layers, in the field n-spare2: the sum of weight times state
    over the connections into each unit whose weights are below 0.

    (progn (newneurons 3) (connect 1 3 2) (connect 2 3 -1) (nval 1 3) (nval 2 4)
           (update-inhibition '(3)) (nspare2 3))
    => -4
    """
    return _add_up(it, layers, -1, INHIBITION)


def _add_up(it: Machine, layers: tuple[Value, ...], sign: int, field: int) -> Value:
    world: World = it.world
    for layer in layers:
        with np.errstate(all="ignore"):
            add_up(world.walk, layer_of(world.live, layer), sign, field)
    return it.t


@builtin("update-iac-activation")
def update_iac_activation(
    it: Machine,
    layer: Value,
    alpha: float,
    beta: float,
    gamma: float,
    min_: float,
    max_: float,
    rest: float,
    decay: float,
) -> Value:
    """(update-iac-activation layer alpha beta gamma min max rest decay)

    Move the activations of a layer, the field n-sum, by a step of interactive activation: with net
    = gamma n-val + alpha n-spare1 + beta n-spare2, by net (max - a) where net is above 0, else by
    net (a - min), and by -decay (a - rest). update-state-only makes states of activations.

    (progn (newneurons 1) (nspare1 1 2) (nsum 1 0.5)
           (update-iac-activation '(1) 0.5 1 1 -1 1 0 0.5) (nsum 1))
    => 0.75
    """
    numbers = (alpha, beta, gamma, min_, max_, rest, decay)
    return _change(it, "update-iac-activation", activate, layer, numbers)


@builtin("update-art-activation")
def update_art_activation(
    it: Machine,
    layer: Value,
    alpha: float,
    beta: float,
    gamma: float,
    min_: float,
    max_: float,
    rest: float,
    decay: float,
) -> Value:
    """(update-art-activation layer alpha beta gamma min max rest decay)

    Move the activations of a layer, the field n-sum, by a step of adaptive resonance, where what
    excites and what inhibits have their own limits: by (gamma n-val + alpha n-spare1) (max - a),
    by beta n-spare2 (a - min), and by -decay (a - rest).

    (progn (newneurons 1) (nspare1 1 2) (nspare2 1 -1) (nsum 1 0.5)
           (update-art-activation '(1) 0.5 1 1 -1 1 0 0.5) (nsum 1))
    => -0.75
    """
    numbers = (alpha, beta, gamma, min_, max_, rest, decay)
    return _change(it, "update-art-activation", resonate, layer, numbers)


def _change(
    it: Machine,
    word: str,
    step: Callable[[Walk, Ints, Activation], None],
    layer: Value,
    numbers: tuple[float, ...],
) -> Value:
    world: World = it.world
    how = Activation(*(np.float32(take_number(f"a number of {word}", x)) for x in numbers))
    with np.errstate(all="ignore"):
        step(world.walk, layer_of(world.live, layer), how)
    return it.t
