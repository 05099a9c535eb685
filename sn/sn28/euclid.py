"""Euclidean units: the words of propagation.py and updates.py for distances instead of products.

The total input of such a unit is the squared distance of its weights from its inputs. What the
original code did is kept, with its faults, as the words say.

Source: SN 2.8 (sn-network, 9).
Read next: ../live/euclid.py.
"""

from __future__ import annotations

import numpy as np

from sn.describe.world import World
from sn.lisp.calls import builtin
from sn.lisp.forms import Value
from sn.lisp.machine import Machine
from sn.live import loops
from sn.live.euclid import Euclid
from sn.live.functions import Function
from sn.live.net import ACC, HESS, SUM, Ints
from sn.live.walk import Numbers, Op, Walk
from sn.sn28.arguments import Given, needs
from sn.sn28.propagation import noise
from sn.sn28.updates import all_units

# --- states and gradients ---


@builtin("update-nn-sum")
def update_nn_sum(it: Machine, *args: Value) -> Value:
    """(update-nn-sum [theta] layers...)

    Compute the total inputs of Euclidean layers: the sum of the squared differences of weight and
    state over the connections into each unit, plus theta times a Gaussian draw; theta is 0 unless
    it is given, whatever the variable is.

    (progn (newneurons 3) (connect '(1 2) 3 2) (nval 1 5) (update-nn-sum '(3)) (nsum 3))
    => 13
    """
    given = Given(it, "update-nn-sum", args)
    theta = given.number_or(0.0)
    walk: Walk = it.world.walk
    for layer in given.layers(walk.net):
        _sum(it, walk, theta, layer)
    return it.t


def _sum(it: Machine, walk: Walk, theta: float, layer: Ints) -> None:
    with np.errstate(all="ignore"):
        Euclid(walk).sums(layer, noise(it, theta, len(layer)))


@builtin("update-nn-state")
def update_nn_state(it: Machine, *args: Value) -> Value:
    """(update-nn-state [theta] nlf layers...)

    Compute the total inputs of a Euclidean layer, as update-nn-sum does, then its states by a
    non-linearity, layer by layer.

    (progn (newneurons 2) (connect 1 2 2) (nval 1 5) (update-nn-state (nlf-f-lin 0 0 2 0) '(2))
           (nval 2))
    => 18
    """
    given = Given(it, "update-nn-state", args)
    theta = given.number_or(0.0)
    f = given.function("nlf")
    walk: Walk = it.world.walk
    for layer in given.layers(walk.net):
        _sum(it, walk, theta, layer)
        walk.run([Op(loops.VALUES, layer, f)])
    return it.t


@builtin("update-nn-back-sum")
def update_nn_back_sum(it: Machine, *args: Value) -> Value:
    """(update-nn-back-sum layers...)

    Compute what comes back to the units of layers from Euclidean units: twice the sum of gradient
    times difference of state and weight over the connections out of each. As in SN 2.8, the total
    input nsum stands for the state nval: it is the right one for linear units only.

    (progn (newneurons 2) (connect 1 2 2) (nsum 1 5) (ngrad 2 0.5) (update-nn-back-sum '(1))
           (nbacksum 1))
    => 3
    """
    walk: Walk = it.world.walk
    for layer in Given(it, "update-nn-back-sum", args).layers(walk.net):
        _back_sum(walk, layer)
    return it.t


def _back_sum(walk: Walk, layer: Ints) -> None:
    with np.errstate(all="ignore"):
        Euclid(walk).back_sums(layer)


@builtin("update-nn-gradient")
def update_nn_gradient(it: Machine, *args: Value) -> Value:
    """(update-nn-gradient dnlf layers...)

    Compute what comes back to a layer from Euclidean units, as update-nn-back-sum does, then its
    gradients, layer by layer.

    (progn (newneurons 2) (connect 1 2 2) (nsum 1 5) (ngrad 2 0.5)
           (update-nn-gradient (nlf-f-lin 0 0 0 2) '(1)) (ngrad 1))
    => 6
    """
    given = Given(it, "update-nn-gradient", args)
    df = given.function("dnlf")
    walk: Walk = it.world.walk
    for layer in given.layers(walk.net):
        _back_sum(walk, layer)
        walk.run([Op(loops.SLOPES, layer, df)])
    return it.t


@builtin("update-nn-deltastate")
def update_nn_deltastate(it: Machine, *args: Value) -> Value:
    """(update-nn-deltastate dnlf layers...)

    Compute how the states of Euclidean layers change along the last changes of weights, in the
    field n-grad: 2 f'(a) times the sum of the difference of weight and state, times that of their
    changes.

    (progn (newneurons 2) (connect 1 2 5) (nval 1 2) (sdelta 1 2 3)
           (update-nn-deltastate (nlf-f-lin 0 0 0 1) '(2)) (ngrad 2))
    => 18
    """
    given = Given(it, "update-nn-deltastate", args)
    df = given.function("dnlf")
    walk: Walk = it.world.walk
    needs(walk.net, "update-nn-deltastate", table=True)
    for layer in given.layers(walk.net):
        slopes = np.array([df(x) for x in walk.net.units[SUM, layer].tolist()], np.float32)
        with np.errstate(all="ignore"):
            Euclid(walk).tangents(layer, slopes)
    return it.t


# --- curvatures ---


def _curvature(it: Machine, word: str, given: Given, df: Function, ddf: Function | None) -> Value:
    walk: Walk = it.world.walk
    needs(walk.net, word, curvature=True)
    gamma = given.number("gamma")
    for layer in given.layers(walk.net):
        with np.errstate(all="ignore"):
            Euclid(walk).back_curvatures(layer)
            walk.run([Op(loops.CURVATURES, layer, df, ddf)])
            Euclid(walk).averages(layer, gamma)
    return it.t


@builtin("update-nn-ggradient")
def update_nn_ggradient(it: Machine, *args: Value) -> Value:
    """(update-nn-ggradient dnlf ddnlf gamma layers...)

    Compute the second derivatives h of layers, h = q f' f' - b f'', with what comes back from
    Euclidean units, and average the curvature of every connection into them, which are Euclidean:
    sigma = (1 - gamma) sigma + gamma (2 h (w - x)^2 - g). As in SN 2.8, q has the total input nsum
    in the place of the state, as update-nn-back-sum has.

    (progn (newneurons 2) (connect 1 2) (nval 1 2) (nsqbacksum 2 1)
           (update-nn-ggradient (nlf-f-lin 0 0 0 1) (nlf-f-0) 0.5 '(2)) (ssigma 1 2))
    => 4
    """
    given = Given(it, "update-nn-ggradient", args)
    df = given.function("dnlf")
    ddf = given.function("ddnlf")
    return _curvature(it, "update-nn-ggradient", given, df, ddf)


@builtin("update-nn-lmggradient")
def update_nn_lmggradient(it: Machine, *args: Value) -> Value:
    """(update-nn-lmggradient dnlf gamma layers...)

    Do as update-nn-ggradient without the second derivative of the non-linearity.

    (progn (newneurons 2) (connect 1 2) (nval 1 2) (nsqbacksum 2 1)
           (update-nn-lmggradient (nlf-f-lin 0 0 0 1) 0.5 '(2)) (ssigma 1 2))
    => 4
    """
    given = Given(it, "update-nn-lmggradient", args)
    df = given.function("dnlf")
    return _curvature(it, "update-nn-lmggradient", given, df, None)


# --- weights ---


@builtin("update-nn-weight")
def update_nn_weight(it: Machine, *args: Value) -> Value:
    """(update-nn-weight [alpha [decay]] [layers...])

    Change the weights into Euclidean layers, or all of them, by gradient times the difference of
    weight and state (half the derivative): the last change counts for alpha of the new one, and
    decay takes its part of the weight. As in SN 2.8, every second layer is left out.

    (progn (newneurons 2) (connect 1 2 5) (nval 1 2) (ngrad 2 -1) (nepsilon 2 0.5)
           (update-nn-weight 0 0 '(2)) (sval 1 2))
    => 3.5
    """
    return _update(it, Given(it, "update-nn-weight", args), second=False)


@builtin("update-nn-w-newton")
def update_nn_w_newton(it: Machine, *args: Value) -> Value:
    """(update-nn-w-newton [alpha [decay [mu]]] [layers...])

    Do as update-nn-weight, for all layers, with every change divided by mu plus the size of its
    curvature.

    (progn (newneurons 2) (connect 1 2 5) (nval 1 2) (ngrad 2 -1) (nepsilon 2 0.5)
           (ssigma 1 2 0.5) (update-nn-w-newton 0 0 0.5 '(2)) (sval 1 2))
    => 3.5
    """
    world: World = it.world
    needs(world.live, "update-nn-w-newton", curvature=True)
    return _update(it, Given(it, "update-nn-w-newton", args), second=True)


def _update(it: Machine, given: Given, second: bool) -> Value:
    """Change the weights into layers, or all: of a table unit by unit, as update-weight does."""
    world: World = it.world
    net = world.live
    numbers = Numbers(alpha=given.number("alpha"), decay=given.number("decay"))
    if second:
        numbers.mu = given.number("mu")
    layers = given.layers(net)
    if not second:
        layers = layers[::2]
    with np.errstate(all="ignore"):
        if not net.variant.has_table:
            for layer in layers or [all_units(net)]:
                Euclid(world.walk).step(layer, numbers, second)
            return it.t
        parts = [layer[i : i + 1] for layer in layers for i in range(len(layer))]
        for part in parts or [all_units(net)]:
            world.walk.run([Op(loops.CLEAR, flag=ACC)])
            Euclid(world.walk).gather(part)
            if second:
                ops = [Op(loops.CLEAR, flag=HESS), Op(loops.GATHER_CURVATURE, part)]
                world.walk.run([*ops, Op(loops.SCALE)], numbers)
            world.walk.run([Op(loops.CHANGE), Op(loops.MOVE)], numbers)
    return it.t


@builtin("update-nn-acc")
def update_nn_acc(it: Machine, *layers: Value) -> Value:
    """(update-nn-acc [layers...])

    Gather learning rate times gradient times the difference of weight and state for the weights
    into Euclidean layers, or all.

    (progn (newneurons 2) (connect 1 2 5) (nval 1 2) (ngrad 2 -1) (nepsilon 2 0.5)
           (update-nn-acc) (sacc 1 2))
    => -1.5
    """
    world: World = it.world
    net = world.live
    needs(net, "update-nn-acc", table=True)
    with np.errstate(all="ignore"):
        for layer in Given(it, "update-nn-acc", layers).layers(net) or [all_units(net)]:
            Euclid(world.walk).gather(layer)
    return it.t
