"""Propagation: states, errors, gradients and curvatures of layers, one word for each step.

A layer is a list of units, nested or not. What is computed comes from the compiled loops of
`live/`, in SN's float32 and in SN's order. A non-linearity in Lisp may make another net meanwhile:
a word goes on with the one that it began with, whose units it has looked at.

Source: SN 2.8 (sn-network, 5.1 to 5.3 and 5.5).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sn.describe.world import World
from sn.errors import ValueKindError
from sn.lisp.calls import builtin
from sn.lisp.forms import Value
from sn.lisp.machine import Machine
from sn.live import loops
from sn.live.functions import Function
from sn.live.net import BACK_CURV, Floats32, Ints
from sn.live.walk import Numbers, Op, Walk
from sn.sn28.arguments import Given, layer_of, needs
from sn.sn28.fields import take_number

_NO_NOISE = np.zeros(0, np.float32)


def noise(it: Machine, theta: float, n: int) -> Floats32:
    """Return theta times a draw for each of n units, in their order."""
    if theta == 0:
        return _NO_NOISE
    draws = np.array([it.random.gauss() for _ in range(n)], np.float32)
    with np.errstate(over="ignore"):
        return np.float32(theta) * draws


def _sum(it: Machine, walk: Walk, layer: Ints, theta: float, then: Sequence[Op] = ()) -> None:
    walk.run([Op(loops.SUMS, layer), *then], noise=noise(it, theta, len(layer)))


@builtin("update-weighted-sum")
def update_weighted_sum(it: Machine, *args: Value) -> Value:
    """(update-weighted-sum [theta] layers...)

    Compute the total inputs of layers: the sum of weight times state over the connections into
    each unit, plus theta times a Gaussian draw; theta is the variable unless it is given.

    (progn (newneurons 2) (connect 1 2 0.5) (nval 1 3) (update-weighted-sum '(2)) (nsum 2))
    => 1.5
    """
    given = Given(it, "update-weighted-sum", args)
    theta = given.number("theta")
    walk: Walk = it.world.walk
    for layer in given.layers(walk.net):
        _sum(it, walk, layer, theta)
    return it.t


@builtin("update-state-only")
def update_state_only(it: Machine, *args: Value) -> Value:
    """(update-state-only [nlf] layers...)

    Compute the states of layers from their total inputs by a non-linearity, the variable nlf
    unless it is given.

    (progn (newneurons 1) (nsum 1 3) (update-state-only (nlf-f-lin 1 2 0 0) '(1)) (nval 1))
    => 6
    """
    given = Given(it, "update-state-only", args)
    f = given.function("nlf")
    walk: Walk = it.world.walk
    for layer in given.layers(walk.net):
        walk.run([Op(loops.VALUES, layer, f)])
    return it.t


@builtin("update-state")
def update_state(it: Machine, *args: Value) -> Value:
    """(update-state [theta] [nlf] layers...)

    Compute the total inputs of a layer, then its states, layer by layer.

    (progn (newneurons 2) (connect 1 2 0.5) (nval 1 2) (update-state '(2)) (nval 2))
    => 1
    """
    given = Given(it, "update-state", args)
    theta = given.number("theta")
    f = given.function("nlf")
    walk: Walk = it.world.walk
    for layer in given.layers(walk.net):
        _sum(it, walk, layer, theta, [Op(loops.VALUES, layer, f)])
    return it.t


# --- errors and gradients ---


def _error(it: Machine, df: Function, out: Value, desired: Value, threshold: float | None) -> float:
    world: World = it.world
    net = world.live
    outputs, targets = layer_of(net, out), layer_of(net, desired)
    if len(outputs) != len(targets):
        raise ValueKindError(
            f"there must be as many desired units as outputs, found {len(targets)} and "
            f"{len(outputs)}"
        )
    if net.variant.has_curvature:
        net.units[BACK_CURV, outputs] = 1
    cost = Op(loops.LMS, outputs, other=targets, flag=int(threshold is not None))
    return world.walk.run(
        [cost, Op(loops.SLOPES, outputs, df)], Numbers(threshold=threshold or 0.0)
    )


@builtin("init-grad-lms")
def init_grad_lms(it: Machine, *args: Value) -> Value:
    """(init-grad-lms [dnlf] out desired)

    Return half the sum of the squared differences of two layers, and begin the gradients of the
    first with them: minus the derivatives of that cost.

    (progn (newneurons 2) (nval 1 0.5) (nval 2 1) (list (init-grad-lms '(1) '(2)) (nbacksum 1)))
    => (0.125 0.5)
    """
    given = Given(it, "init-grad-lms", args)
    df = given.function("dnlf")
    out, desired = given.values("(init-grad-lms [dnlf] out desired)", 2)
    return _error(it, df, out, desired, None)


@builtin("init-grad-thlms")
def init_grad_thlms(it: Machine, *args: Value) -> Value:
    """(init-grad-thlms [dnlf] out desired [threshold])

    Do as init-grad-lms, but an output above a desired value that is above the threshold, 0 unless
    it is given, is no error, nor is one below another desired value.

    (progn (newneurons 2) (nval 1 1.5) (nval 2 1) (init-grad-thlms '(1) '(2)))
    => 0
    """
    given = Given(it, "init-grad-thlms", args)
    df = given.function("dnlf")
    found = given.values("(init-grad-thlms [dnlf] out desired [threshold])", 2, 3)
    threshold = found[2] if len(found) == 3 else 0.0
    if type(threshold) is not float:
        raise ValueKindError("the threshold of init-grad-thlms must be a number")
    limit = take_number("the threshold of init-grad-thlms", threshold)
    return _error(it, df, found[0], found[1], limit)


@builtin("update-back-sum")
def update_back_sum(it: Machine, *args: Value) -> Value:
    """(update-back-sum layers...)

    Compute what comes back to the units of layers: the sum of weight times gradient over the
    connections out of each.

    (progn (newneurons 2) (connect 1 2 0.5) (ngrad 2 3) (update-back-sum '(1)) (nbacksum 1))
    => 1.5
    """
    walk: Walk = it.world.walk
    for layer in Given(it, "update-back-sum", args).layers(walk.net):
        walk.run([Op(loops.BACK_SUMS, layer)])
    return it.t


@builtin("update-gradient-only")
def update_gradient_only(it: Machine, *args: Value) -> Value:
    """(update-gradient-only [dnlf] layers...)

    Compute the gradients of layers from what came back, by the derivative of their non-linearity.

    (progn (newneurons 1) (nbacksum 1 3) (update-gradient-only (nlf-f-lin 0 0 0 2) '(1)) (ngrad 1))
    => 6
    """
    given = Given(it, "update-gradient-only", args)
    df = given.function("dnlf")
    walk: Walk = it.world.walk
    for layer in given.layers(walk.net):
        walk.run([Op(loops.SLOPES, layer, df)])
    return it.t


@builtin("update-gradient")
def update_gradient(it: Machine, *args: Value) -> Value:
    """(update-gradient [dnlf] layers...)

    Compute what comes back to a layer, then its gradients, layer by layer.

    (progn (newneurons 2) (connect 1 2 0.5) (ngrad 2 3)
           (update-gradient (nlf-f-lin 0 0 0 2) '(1)) (ngrad 1))
    => 3
    """
    given = Given(it, "update-gradient", args)
    df = given.function("dnlf")
    walk: Walk = it.world.walk
    for layer in given.layers(walk.net):
        walk.run([Op(loops.BACK_SUMS, layer), Op(loops.SLOPES, layer, df)])
    return it.t


# --- curvatures ---


def _curvature(it: Machine, word: str, given: Given, df: Function, ddf: Function | None) -> Value:
    walk: Walk = it.world.walk
    needs(walk.net, word, curvature=True)
    numbers = Numbers(gamma=given.number("gamma"))
    for layer in given.layers(walk.net):
        walk.run(
            [
                Op(loops.BACK_CURVATURES, layer),
                Op(loops.CURVATURES, layer, df, ddf),
                Op(loops.AVERAGES, layer),
            ],
            numbers,
        )
    return it.t


@builtin("update-ggradient")
def update_ggradient(it: Machine, *args: Value) -> Value:
    """(update-ggradient [dnlf [ddnlf]] [gamma] layers...)

    Compute the second derivatives h of layers, h = q f' f' - b f'', and average the curvature of
    every connection into them: sigma = (1 - gamma) sigma + gamma h x x.

    (progn (newneurons 2) (connect 1 2) (nval 1 2) (nsqbacksum 2 1)
           (update-ggradient (nlf-f-lin 0 0 0 1) (nlf-f-0) 0.5 '(2)) (ssigma 1 2))
    => 2
    """
    given = Given(it, "update-ggradient", args)
    df = given.function("dnlf")
    ddf = given.function("ddnlf")
    return _curvature(it, "update-ggradient", given, df, ddf)


@builtin("update-lmggradient")
def update_lmggradient(it: Machine, *args: Value) -> Value:
    """(update-lmggradient [dnlf] [gamma] layers...)

    Do as update-ggradient without the second derivative of the non-linearity, so h is never
    negative (Gauss-Newton).

    (progn (newneurons 2) (connect 1 2) (nval 1 2) (nsqbacksum 2 1)
           (update-lmggradient (nlf-f-lin 0 0 0 1) 0.5 '(2)) (ssigma 1 2))
    => 2
    """
    given = Given(it, "update-lmggradient", args)
    df = given.function("dnlf")
    return _curvature(it, "update-lmggradient", given, df, None)


@builtin("update-deltastate")
def update_deltastate(it: Machine, *args: Value) -> Value:
    """(update-deltastate [dnlf] layers...)

    Compute how states change along the last changes of weights, in the field n-grad: f'(a) times
    the sum of weight times what n-grad is upstream, plus change times state.

    (progn (newneurons 2) (connect 1 2) (nval 1 2) (sdelta 1 2 3)
           (update-deltastate (nlf-f-lin 0 0 0 1) '(2)) (ngrad 2))
    => 6
    """
    given = Given(it, "update-deltastate", args)
    df = given.function("dnlf")
    walk: Walk = it.world.walk
    needs(walk.net, "update-deltastate", table=True)
    for layer in given.layers(walk.net):
        walk.run([Op(loops.TANGENTS, layer, df)])
    return it.t
