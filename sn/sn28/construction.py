"""Construction: units and connections, made and cut one by one.

Source: SN 2.8 (sn-network, 3).
"""

from __future__ import annotations

from sn.describe.world import World
from sn.display import number_text
from sn.errors import NetError, ValueKindError
from sn.limits import Limit
from sn.lisp.calls import builtin
from sn.lisp.forms import Value, to_list
from sn.lisp.machine import Machine
from sn.lisp.sizes import need_list
from sn.live.net import LiveNet
from sn.live.walk import Walk
from sn.sn28.arguments import needs, units_of

_STEP, _WEIGHT = Limit(), Limit()


@builtin("alloc-net")
def alloc_net(it: Machine, units: int, links: int, weights: int = 0) -> float:
    """(alloc-net units links [weights])

    Forget all units and connections, and say how many there will be at most, unit 0 among the
    units; return the number of units. The locked variables nnum and nmax, snum and smax, wnum and
    wmax tell how many units, connections and weights there are, and may be. Weights count where
    connections may share them, and there are as many as links unless it is said.

    (progn (alloc-net 10 20) (newneurons 3) (list nnum nmax smax))
    => (4 10 20)
    """
    most = (_allocated(units, 1), _allocated(links, 0), _allocated(weights or links, 0))
    if most[2] > most[1]:
        text = f"there are at most as many weights as links, found {number_text(weights)}"
        raise ValueKindError(f"{text} and {number_text(links)}")
    world: World = it.world
    world.walk = Walk(LiveNet(most, world.live.variant))
    tell_counts(it, world.live)
    return float(units)


def _allocated(count: int, least: int) -> int:
    if count < least:
        raise ValueKindError(f"alloc-net needs at least {least}, found {number_text(count)}")
    return count


def tell_counts(it: Machine, net: LiveNet) -> None:
    """Set the variables that count what there is; where a program said how much there may be,
    lock them, and tell that too.
    """
    counts = {"nnum": net.n_units, "snum": net.n_conns, "wnum": net.n_weights}
    for name, number in counts.items():
        it.define(name, float(number), locked=net.most is not None)
    for name, limit in zip(("nmax", "smax", "wmax"), net.most or (), strict=False):
        it.define(name, float(limit), locked=True)


@builtin("clear-net")
def clear_net(it: Machine) -> Value:
    """(clear-net)

    Forget all units and connections; how many there may be stays.

    (progn (newneurons 3) (clear-net) (newneurons 1))
    => (1)
    """
    world: World = it.world
    world.walk = Walk(LiveNet(world.live.most, world.live.variant))
    tell_counts(it, world.live)
    return None


@builtin("newneurons")
def newneurons(it: Machine, count: int) -> Value:
    """(newneurons n)

    Make n units and return the list of their numbers. Unit 0, the bias, is always there.

    (newneurons 3)
    => (1 2 3)
    """
    if count < 0:
        raise ValueKindError(
            f"newneurons needs a count that is not negative, found {number_text(count)}"
        )
    world: World = it.world
    world.live.demand(count, 0)
    need_list(count)
    made = world.live.add_units(count)
    tell_counts(it, world.live)
    return to_list(map(float, made))


@builtin("connect")
def connect(
    it: Machine, pre: Value, post: Value, value: float | None = None, step: float | None = None
) -> Value:
    """(connect pre post [weight [epsilon]])

    Connect every unit of pre to every unit of post; each is a unit or a list of units, nested or
    not, and the upstream units are the outer loop. Every connection has a weight of its own, 0
    unless it is given, and the learning rate epsilon.

    (progn (newneurons 3) (connect '(1 2) 3) (connect 0 3 0.5) (list (amont 3) (sval 0 3)))
    => ((1 2 0) 0.5)
    """
    world: World = it.world
    net = world.live
    weight = 0.0 if value is None else _WEIGHT.take("a weight", value)
    rate = 0.0 if step is None else _STEP.take("the learning rate of a connection", step)
    above, below = units_of(pre), units_of(post)
    net.demand(0, len(above) * len(below))
    try:
        for src in above:
            for dst in below:
                net.connect(src, dst, weight, rate)
    finally:
        tell_counts(it, net)
    return None


@builtin("dup-connection")
def dup_connection(
    it: Machine,
    m1: Value,
    m2: Value,
    n1: Value,
    n2: Value,
    value: float | None = None,
    step: float | None = None,
) -> Value:
    """(dup-connection m1 m2 n1 n2 [weight [epsilon]])

    Connect n1 to n2 by the weight of m1 to m2. With lists, m1 and n1 are walked together, and m2
    and n2. A weight that is given is averaged with the shared one.

    (progn (newneurons 4) (connect 1 3 0.5) (dup-connection 1 3 2 4 1.5) (sval 1 3))
    => 1
    """
    world: World = it.world
    net = world.live
    needs(net, "dup-connection", table=True)
    weight = None if value is None else _WEIGHT.take("a weight", value)
    rate = 0.0 if step is None else _STEP.take("the learning rate of a connection", step)
    sources, targets = _walked_together("M1 and N1", m1, n1), _walked_together("M2 and N2", m2, n2)
    net.demand(0, len(sources) * len(targets))
    try:
        for from_src, src in sources:
            for from_dst, dst in targets:
                net.duplicate(connection(net, from_src, from_dst), src, dst, weight, rate)
    finally:
        tell_counts(it, net)
    return None


def connection(net: LiveNet, src: int, dst: int) -> int:
    """Return the number of a connection.

    Raises: NetError where there is none.
    """
    found = net.connection(src, dst)
    if found is None:
        raise NetError(
            f"unit {src} is not connected to unit {dst}",
            hint=f"(amont {dst}) lists the units that feed unit {dst}",
        )
    return found


def _walked_together(names: str, old: Value, new: Value) -> list[tuple[int, int]]:
    """Pair the units of two lists.

    Raises: ValueKindError when one is longer.
    """
    one, other = units_of(old), units_of(new)
    if len(one) != len(other):
        raise ValueKindError(
            f"dup-connection walks {names} together, found {len(one)} and {len(other)} units",
            hint="give both lists the same length",
        )
    return list(zip(one, other, strict=True))


@builtin("cut-connection")
def cut_connection(it: Machine, pre: int, post: int) -> Value:
    """(cut-connection pre post)

    Take a connection away. Its weight becomes 0 when no other connection uses it; snum and wnum
    stay.

    (progn (newneurons 3) (connect '(1 2) 3) (cut-connection 1 3) (amont 3))
    => (2)
    """
    world: World = it.world
    world.live.cut(connection(world.live, pre, post))
    return None


@builtin("pre-syn", locked=False)
@builtin("amont")
def amont(it: Machine, unit: int) -> list[int]:
    """(amont unit)

    Return the units that feed a unit, in order of creation.

    (progn (newneurons 3) (connect '(2 1) 3) (amont 3))
    => (2 1)
    """
    world: World = it.world
    return world.live.upstream(unit)


@builtin("post-syn", locked=False)
@builtin("aval")
def aval(it: Machine, unit: int) -> list[int]:
    """(aval unit)

    Return the units that a unit feeds, in order of creation.

    (progn (newneurons 3) (connect 1 '(3 2)) (aval 1))
    => (3 2)
    """
    world: World = it.world
    return world.live.downstream(unit)


@builtin("nfanin")
def nfanin(it: Machine, unit: int) -> int:
    """(nfanin unit)

    Return the number of connections into a unit, that of the bias included.

    (progn (newneurons 3) (connect '(0 1 2) 3) (nfanin 3))
    => 3
    """
    world: World = it.world
    return len(world.live.upstream(unit))
