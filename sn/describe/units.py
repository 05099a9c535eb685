"""Units: SN's own way to make a net, unit by unit and connection by connection.

Source: SN 2.8, sn-network 3.
"""

from __future__ import annotations

from collections.abc import Iterator

from sn.describe.options import Argument, clause, count
from sn.describe.world import World
from sn.display import number_text
from sn.errors import NetError, ValueKindError
from sn.limits import Limit
from sn.lisp.calls import builtin
from sn.lisp.forms import Pair, Symbol, Value, describe, elements, iterate, to_list
from sn.lisp.machine import Machine
from sn.lisp.sizes import need_list
from sn.net.raw import RawNet


def _units(value: Value) -> Iterator[int]:
    """Yield the unit numbers of a number, a list, or nested lists."""
    if type(value) is float:
        if value != int(value):
            raise ValueKindError(f"a unit is a whole number, found {value:g}")
        yield int(value)
        return
    if value is not None and type(value) is not Pair:
        raise ValueKindError(f"expected units, found {describe(value)}")
    for part in iterate(value):
        yield from _units(part)


@builtin("alloc-net")
def alloc_net(it: Machine, units: int, links: int, weights: int = 0) -> float:
    """(alloc-net UNITS LINKS [WEIGHTS]): forget all units and connections, and say how many there
    will be at most, unit 0 among the units.

    The locked variables nnum and nmax, snum and smax, wnum and wmax tell how many units,
    connections and weights there are, and may be. Memory is taken as it is needed. The value is the
    number of units asked for.
    """
    most = (_allocated(units, 1), _allocated(links, 0), _allocated(weights or links, 0))
    if most[2] > most[1]:
        text = f"there are at most as many weights as links, found {number_text(weights)}"
        raise ValueKindError(f"{text} and {number_text(links)}")
    it.world.raw = RawNet(most=most)
    for name, number in zip(("nmax", "smax", "wmax"), most, strict=True):
        it.define(name, float(number), locked=True)
    _tell_counts(it, it.world.raw)
    return float(units)


def _allocated(count: int, least: int) -> int:
    if count < least:
        raise ValueKindError(f"alloc-net needs at least {least}, found {number_text(count)}")
    return count


def _tell_counts(it: Machine, raw: RawNet) -> None:
    """Set the variables that count what there is, where a program allocated it."""
    if raw.most is not None:
        counts = (len(raw.state), len(raw.src), raw.n_weights)
        for name, number in zip(("nnum", "snum", "wnum"), counts, strict=True):
            it.define(name, float(number), locked=True)


@builtin("clear-net")
def clear_net(it: Machine) -> Value:
    """(clear-net): forget all units and connections; how many there may be stays."""
    it.world.raw = RawNet(most=it.world.raw.most)
    _tell_counts(it, it.world.raw)
    return None


@builtin("newneurons")
def newneurons(it: Machine, count: int) -> Value:
    """(newneurons N): make N units and return the list of their numbers.

    Unit 0, the bias, is always there.
    """
    if count < 0:
        raise ValueKindError(
            f"newneurons needs a count that is not negative, found {number_text(count)}"
        )
    it.world.raw.demand(count, 0)
    need_list(count)
    made = it.world.raw.add_units(count)
    _tell_counts(it, it.world.raw)
    return to_list(map(float, made))


@builtin("connect")
def connect(it: Machine, pre: Value, post: Value) -> Value:
    """(connect PRE POST): connect every unit of PRE to every unit of POST.

    Each is a unit or a list of units, nested or not. The upstream units are the outer loop.
    Every connection has a weight of its own.
    """
    raw: RawNet = it.world.raw
    above, below = list(_units(pre)), list(_units(post))
    raw.demand(0, len(above) * len(below))
    try:
        for src in above:
            for dst in below:
                raw.connect(src, dst)
    finally:
        _tell_counts(it, raw)
    return None


@builtin("dup-connection")
def dup_connection(it: Machine, m1: Value, m2: Value, n1: Value, n2: Value) -> Value:
    """(dup-connection M1 M2 N1 N2): connect N1 to N2 by the weight of M1 to M2.

    With lists, M1 and N1 are walked together, and M2 and N2.
    """
    raw: RawNet = it.world.raw
    sources, targets = _walked_together("M1 and N1", m1, n1), _walked_together("M2 and N2", m2, n2)
    raw.demand(0, len(sources) * len(targets))
    try:
        for from_src, src in sources:
            for from_dst, dst in targets:
                raw.connect(src, dst, raw.weight_of(from_src, from_dst))
    finally:
        _tell_counts(it, raw)
    return None


def _walked_together(names: str, old: Value, new: Value) -> list[tuple[int, int]]:
    """Pair the units of two lists.

    Raises: ValueKindError when one is longer.
    """
    one, other = list(_units(old)), list(_units(new))
    if len(one) != len(other):
        raise ValueKindError(
            f"dup-connection walks {names} together, found {len(one)} and {len(other)} units",
            hint="give both lists the same length",
        )
    return list(zip(one, other, strict=True))


@builtin("nval")
def nval(it: Machine, unit: int, value: float | None = None) -> float:
    """(nval UNIT [VALUE]): the state of a unit; with a value, set it.

    A unit that belongs to no layer keeps its state: that is what a border is made of.
    """
    raw: RawNet = it.world.raw
    raw.check_unit(unit)
    if value is not None:
        raw.state[unit] = Limit().take("the state of a unit", value)
    return raw.state[unit]


@builtin("pre-syn", locked=False)
@builtin("amont")
def amont(it: Machine, unit: int) -> Value:
    """(amont UNIT): the units that feed it, in order of creation."""
    raw: RawNet = it.world.raw
    return to_list(float(src) for src, dst in zip(raw.src, raw.dst, strict=True) if dst == unit)


@builtin("post-syn", locked=False)
@builtin("aval")
def aval(it: Machine, unit: int) -> Value:
    """(aval UNIT): the units that it feeds, in order of creation."""
    raw: RawNet = it.world.raw
    return to_list(float(dst) for src, dst in zip(raw.src, raw.dst, strict=True) if src == unit)


@builtin("nfanin")
def nfanin(it: Machine, unit: int) -> float:
    """(nfanin UNIT): the number of connections into it, the bias included."""
    raw: RawNet = it.world.raw
    return float(sum(dst == unit for dst in raw.dst))


def raw_units(it: Machine, argument: Argument) -> list[int] | None:
    """Read (units LIST): unit numbers made by newneurons; None for other forms."""
    form = argument.form
    if type(form) is not Pair or type(form.car) is not Symbol or form.car.name != "units":
        return None
    found = clause(argument, "(units LIST)")
    count(found, 1, 1, "(units LIST)")
    value = it.eval(found.args[0].form)
    world: World = it.world
    units: list[int] = []
    if type(value) is float:
        raise ValueKindError(
            f"(units LIST) takes units made by newneurons, found {describe(value)}",
            span=found.args[0].span,
            hint=f"a layer of {value:g} units has the size ({value:g}) in its place",
        )
    for entry in elements(value):
        if type(entry) is not float or not 0 < entry < len(world.raw.state):
            raise ValueKindError(
                f"expected units made by newneurons, found {describe(entry)}",
                span=found.args[0].span,
                hint="(setq h1 (newneurons 768)) makes units, (layer h1 (units h1)) uses them",
            )
        units.append(int(entry))
    earlier = {unit for others in world.taken.values() for unit in others}
    again = [unit for unit in units if unit in earlier]
    if again or len(set(units)) < len(units) or not units:
        what = f"unit {again[0]} is in two layers" if again else "units stand twice or not at all"
        raise NetError(what, span=found.args[0].span)
    return units
