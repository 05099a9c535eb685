"""Updates: how weights change, in one word or step by step where a table of weights is shared.

Source: SN 2.8 (sn-network, 5.4 and 5.5; sn-network-rounding).
"""

from __future__ import annotations

import numpy as np

from sn.describe.world import World
from sn.errors import ValueKindError
from sn.lisp.calls import builtin
from sn.lisp.forms import Value
from sn.lisp.machine import Machine
from sn.live import loops
from sn.live.bulk import add_in_turn
from sn.live.net import ACC, DELTA, HESS, WEIGHT, Ints, LiveNet
from sn.live.walk import Numbers, Op
from sn.sn28.arguments import Given, layer_of, needs


def all_units(net: LiveNet) -> Ints:
    """Return the numbers of all units."""
    return np.arange(net.n_units, dtype=np.int32)


def _update(it: Machine, given: Given, second: bool) -> Value:
    """Change the weights into layers, or all: of a table unit by unit, as SN does."""
    world: World = it.world
    net = world.live
    numbers = Numbers(alpha=given.number("alpha"), decay=given.number("decay"))
    if second:
        numbers.mu = given.number("mu")
    layers = given.layers(net)
    if not net.variant.has_table:
        for layer in layers or [all_units(net)]:
            world.walk.run([Op(loops.STEP, layer, flag=int(second))], numbers)
        return it.t
    parts = [layer[i : i + 1] for layer in layers for i in range(len(layer))]
    for part in parts or [all_units(net)]:
        ops = [Op(loops.CLEAR, flag=ACC), Op(loops.GATHER, part)]
        if second:
            ops += [Op(loops.CLEAR, flag=HESS), Op(loops.GATHER_CURVATURE, part)]
            ops += [Op(loops.SCALE)]
        world.walk.run([*ops, Op(loops.CHANGE), Op(loops.MOVE)], numbers)
    return it.t


@builtin("update-weight")
def update_weight(it: Machine, *args: Value) -> Value:
    """(update-weight [alpha [decay]] [layers...])

    Change the weights into layers, or all of them, by their gradients: the last change counts for
    alpha of the new one, and decay takes its part of the weight.

    (progn (newneurons 2) (connect 1 2) (nval 1 2) (ngrad 2 3) (nepsilon 2 0.5)
           (update-weight) (sval 1 2))
    => 3
    """
    return _update(it, Given(it, "update-weight", args), second=False)


@builtin("update-w-newton")
def update_w_newton(it: Machine, *args: Value) -> Value:
    """(update-w-newton [alpha [decay [mu]]] [layers...])

    Do as update-weight, with every change divided by mu plus the size of its curvature.

    (progn (newneurons 2) (connect 1 2) (nval 1 2) (ngrad 2 3) (nepsilon 2 0.5) (ssigma 1 2 0.5)
           (update-w-newton 0 0 0.5) (sval 1 2))
    => 3
    """
    world: World = it.world
    needs(world.live, "update-w-newton", curvature=True)
    return _update(it, Given(it, "update-w-newton", args), second=True)


# --- step by step ---


def _some(net: LiveNet, given: Given) -> Ints:
    layers = given.layers(net)
    return layers[0] if layers else all_units(net)


@builtin("clear-acc")
def clear_acc(it: Machine) -> Value:
    """(clear-acc)

    Begin to gather gradients: make them 0 for all weights.

    (progn (newneurons 2) (connect 1 2) (sacc 1 2 5) (clear-acc) (sacc 1 2))
    => 0
    """
    world: World = it.world
    needs(world.live, "clear-acc", table=True)
    world.live.weights[ACC] = 0
    return it.t


@builtin("update-acc")
def update_acc(it: Machine, *layer: Value) -> Value:
    """(update-acc [layer])

    Gather learning rate times state times gradient for the weights into a layer, or all.

    (progn (newneurons 2) (connect 1 2) (nval 1 2) (ngrad 2 3) (nepsilon 2 0.5)
           (update-acc) (sacc 1 2))
    => 3
    """
    world: World = it.world
    needs(world.live, "update-acc", table=True)
    given = Given(it, "update-acc", layer)
    given.at_most(1, "(update-acc [layer])")
    world.walk.run([Op(loops.GATHER, _some(world.live, given))])
    return it.t


@builtin("clear-hess")
def clear_hess(it: Machine) -> Value:
    """(clear-hess)

    Begin to gather curvatures: make them 0 for all weights.

    (progn (newneurons 2) (connect 1 2) (shess 1 2 5) (clear-hess) (shess 1 2))
    => 0
    """
    world: World = it.world
    needs(world.live, "clear-hess", table=True, curvature=True)
    world.live.weights[HESS] = 0
    return it.t


@builtin("update-hess")
def update_hess(it: Machine, *layer: Value) -> Value:
    """(update-hess [layer])

    Gather the averaged curvatures of the connections into a layer, or all, for their weights.

    (progn (newneurons 2) (connect 1 2) (ssigma 1 2 0.5) (update-hess) (update-hess) (shess 1 2))
    => 1
    """
    world: World = it.world
    needs(world.live, "update-hess", table=True, curvature=True)
    given = Given(it, "update-hess", layer)
    given.at_most(1, "(update-hess [layer])")
    world.walk.run([Op(loops.GATHER_CURVATURE, _some(world.live, given))])
    return it.t


@builtin("hessian-scale")
def hessian_scale(it: Machine, mu: float | None = None) -> Value:
    """(hessian-scale [mu])

    Divide what is gathered for every weight by mu plus the size of its curvature.

    (progn (newneurons 2) (connect 1 2) (sacc 1 2 3) (shess 1 2 -1) (hessian-scale 0.5)
           (sacc 1 2))
    => 2
    """
    world: World = it.world
    needs(world.live, "hessian-scale", table=True, curvature=True)
    given = Given(it, "hessian-scale", [mu] if mu is not None else [])
    world.walk.run([Op(loops.SCALE)], Numbers(mu=given.number("mu")))
    return it.t


@builtin("update-delta")
def update_delta(it: Machine, alpha: float | None = None) -> Value:
    """(update-delta [alpha])

    Compute the changes of all weights from what is gathered: alpha times the last change, plus
    1 - alpha times what is gathered.

    (progn (newneurons 2) (connect 1 2) (sacc 1 2 3) (sdelta 1 2 1) (update-delta 0.5)
           (sdelta 1 2))
    => 2
    """
    world: World = it.world
    needs(world.live, "update-delta", table=True)
    given = Given(it, "update-delta", [alpha] if alpha is not None else [])
    world.walk.run([Op(loops.CHANGE)], Numbers(alpha=given.number("alpha")))
    return it.t


@builtin("update-wghtonly")
def update_wghtonly(it: Machine, decay: float | None = None) -> Value:
    """(update-wghtonly [decay])

    Add their changes to all weights, of which decay is taken away first.

    (progn (newneurons 2) (connect 1 2 4) (sdelta 1 2 1) (update-wghtonly 0.5) (sval 1 2))
    => 3
    """
    world: World = it.world
    needs(world.live, "update-wghtonly", table=True)
    given = Given(it, "update-wghtonly", [decay] if decay is not None else [])
    world.walk.run([Op(loops.MOVE)], Numbers(decay=given.number("decay")))
    return it.t


@builtin("update-wghtonly-conjgrad")
def update_wghtonly_conjgrad(it: Machine, curvature: float) -> Value:
    """(update-wghtonly-conjgrad curvature)

    Move all weights along their changes as far as a parabola goes down: by the sum of what is
    gathered times the change, over the curvature, times the change.

    (progn (newneurons 2) (connect 1 2 1) (sacc 1 2 3) (sdelta 1 2 2)
           (update-wghtonly-conjgrad 6) (sval 1 2))
    => 3
    """
    world: World = it.world
    net = world.live
    needs(net, "update-wghtonly-conjgrad", table=True)
    if not curvature > 0:
        raise ValueKindError(f"the curvature must be above 0, found {curvature:g}")
    n = net.n_weights
    acc, delta = net.weights[ACC, :n], net.weights[DELTA, :n]
    # a sum in double precision: with one in float32 the steps of the original do not come out
    with np.errstate(all="ignore"):
        total = np.add.accumulate(acc.astype(float) * delta)[-1] if n else 0.0
        net.weights[WEIGHT, :n] += np.float32(total / curvature) * delta
    return it.t


@builtin("mean-sqr-weight")
def mean_sqr_weight(it: Machine, *units: Value) -> float:
    """(mean-sqr-weight units...)

    Return the mean of the squared weights of all connections into units.

    (progn (newneurons 3) (connect '(1 2) 3 2) (mean-sqr-weight 3))
    => 4
    """
    return _mean_square(it, units, WEIGHT)


@builtin("mean-sqr-delta")
def mean_sqr_delta(it: Machine, *units: Value) -> float:
    """(mean-sqr-delta units...)

    Return the mean of the squared last changes of the weights of all connections into units.

    (progn (newneurons 3) (connect '(1 2) 3) (sdelta 1 3 2) (mean-sqr-delta 3))
    => 2
    """
    return _mean_square(it, units, DELTA)


def _mean_square(it: Machine, units: tuple[Value, ...], row: int) -> float:
    """Return a mean over connections, added up in float32 as they are walked."""
    world: World = it.world
    net = world.live
    layers = [np.zeros(0, np.int32), *(layer_of(net, value) for value in units)]
    conns = world.walk.connections_into(np.concatenate(layers))
    if not len(conns):
        return 0.0
    found = net.weights[row, net.wid[conns]]
    with np.errstate(all="ignore"):
        return float(np.float32(add_in_turn(found * found)) / np.float32(len(conns)))
