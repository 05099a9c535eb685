"""Unit sections: patterns in, biases, non-linearities, output gradients, full connections.

Vectors run along the units of a layer as it lies in memory, pads included; pads of states,
slopes and gradients are 0, so full connections may run over them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sn.emit.functions import compile_expression
from sn.emit.memory import LayerLayout
from sn.emit.vector import LANES, PARTIAL, Builder, Index, Memories, Vec
from sn.net.costs import Reduction
from sn.net.expr import Expr


def load_pattern(
    k: Builder,
    m: Memories,
    layer: LayerLayout,
    example: Index,
    start: int = 0,
    width: int | None = None,
) -> None:
    """Copy one pattern into the states of an input layer, and have the next one brought near.

    The layer shows the numbers from `start` on of a pattern of `width`; all of it unless said.
    Patterns are used far apart in time, so that the CPU sees no stream of them (1989 net: -2 %).
    """
    size = layer.maps * layer.positions
    width = size if width is None else width
    for plane in k.loop(layer.maps):
        source = example * width + (plane * layer.positions + start)
        target = plane * layer.pitch + layer.state
        whole = layer.positions // LANES * LANES
        if whole:
            for some, i in k.sweep(whole):
                some.store(some.load(m.x, source + i), m.s, target + i)
        for rest in range(whole, layer.positions):
            k.store1(k.load1(m.x, source + rest), m.s, target + rest)
    for i in k.loop(size, PARTIAL):
        k.prefetch(m.x, (example + 1) * width + (i + start))


def zero(k: Builder, m: Memories, at: int, size: int) -> None:
    """Set `size` elements (whole vectors) to 0."""
    for some, i in k.sweep(size):
        some.store(some.constant(0), m.s, i + at)


@dataclass(frozen=True, slots=True)
class Functions:
    """What becomes of a sum a: the state f(a), and the derivatives that training needs."""

    value: Expr
    slope: Expr
    bend: Expr | None = None


def activate(k: Builder, m: Memories, layer: LayerLayout, f: Functions) -> None:
    """State = f(sum), slope = f'(sum), bend = f''(sum), map by map; pads become 0."""
    tail = layer.positions % LANES
    whole = layer.pitch - (LANES if tail else 0)

    def one(k: Builder, at: Index, keep: int = LANES) -> None:
        finish(k, m, layer, f, at, k.load(m.s, at + layer.state), keep)

    if not tail:
        for some, i in k.sweep(layer.size):
            one(some, i, some.lanes)
        return
    for plane in k.loop(layer.maps):
        if whole:
            for some, i in k.sweep(whole):
                one(some, plane * layer.pitch + i, some.lanes)
        one(k.narrow(), plane * layer.pitch + whole, tail)


@dataclass(frozen=True, slots=True)
class Masked:
    """What a mask multiplies besides states, and where it stands: from `start` on, in rows of
    `width` numbers for each pattern.
    """

    start: int
    width: int
    slope: bool = True
    bend: bool = False


def mask(k: Builder, m: Memories, layer: LayerLayout, masked: Masked, example: Index) -> None:
    """Multiply the states of a layer, with slopes and bends, by the mask of a presentation."""
    k = k.narrow()
    targets = [layer.state]
    targets += [layer.slope] if masked.slope else []
    targets += [layer.bend] if masked.bend else []
    whole = layer.positions // LANES * LANES

    def one(place: Index, kept: Vec) -> None:
        for target in targets:
            k.store(k.load(m.s, place + target) * kept, m.s, place + target)

    for plane in k.loop(layer.maps):
        source = example * masked.width + (plane * layer.positions + masked.start)
        if whole:
            for i in k.loop(whole, LANES):
                one(plane * layer.pitch + i, k.load(m.d, source + i))
        if rest := layer.positions - whole:
            numbers = [k.load1(m.d, source + (whole + lane)) for lane in range(rest)]
            pads = [k.lane(k.constant(0), 0)] * (LANES - rest)
            one(plane * layer.pitch + whole, k.gather(numbers + pads))


def finish(
    k: Builder, m: Memories, layer: LayerLayout, f: Functions, at: Index, total: Vec, keep: int
) -> None:
    """Store what becomes of the sums of a vector of units at `at`: 0 beyond the first `keep`."""
    memo: dict[Expr, Vec] = {}
    for target, formula in ((layer.state, f.value), (layer.slope, f.slope), (layer.bend, f.bend)):
        if formula is None:
            continue
        result = compile_expression(k, formula, {"a": total}, memo)
        k.store(_kept(k, result, keep), m.s, at + target)


def _kept(k: Builder, value: Vec, keep: int, rest: Vec | None = None) -> Vec:
    """The first `keep` lanes; the others of `rest`, or 0."""
    if keep >= k.lanes:
        return value
    lanes = [lane if lane < keep else k.lanes for lane in range(k.lanes)]
    return k.shuffle(value, rest or k.constant(0), lanes)


@dataclass(frozen=True, slots=True)
class Start:
    """What the sums of a section start from: 0 where `is_new`, biases where there is a `to_bias`,
    the distance from a state to its bias in the weights, else what is in memory.
    """

    is_new: bool = False
    to_bias: int | None = None

    def value(self, k: Builder, m: Memories, at: Index) -> Vec:
        """Return the sums at `at` before anything is added."""
        if self.is_new:
            return k.constant(0)
        return k.load(m.s, at) if self.to_bias is None else k.load(m.w, at + self.to_bias)


MEMORY = Start()


@dataclass(frozen=True, slots=True)
class Second:
    """What rules of second order need at a layer: the cost's second derivative (at the output
    only), and whether the term with f'' is kept (full Newton) or dropped (Gauss-Newton).
    """

    cost_bend: Expr | None
    is_full: bool


@dataclass(frozen=True, slots=True)
class Desired:
    """Where the desired values of an output layer stand: from `start` on, in rows of `width`;
    all of a row unless said. `feeds`: its gradients already hold what came back from layers that
    it feeds, to which those of the cost are added.
    """

    start: int = 0
    width: int | None = None
    feeds: bool = False


ALL = Desired()


@dataclass(frozen=True, slots=True)
class Through:
    """f' and f'' of an output layer, for what comes back to it from the layers that it feeds."""

    slope: Expr
    bend: Expr | None = None


@dataclass(frozen=True, slots=True)
class LayerCost:
    """A cost over the layer: what is reduced over its outputs, and dE/dy of one of them."""

    reductions: tuple[Reduction, ...]
    slope: Expr


def output_grad(
    k: Builder,
    m: Memories,
    layer: LayerLayout,
    slope: Expr,
    example: Index,
    second: Second | None = None,
    desired: Desired = ALL,
) -> None:
    """grad = -dE/dy * f'(a) at the output layer; the desired values are pattern `example`'s.

    curv = E'' f'(a)^2 [- (-dE/dy) f''(a)].
    """
    k = k.narrow()
    for here, wanted, _ in _outputs(k, m, layer, example, desired):
        ends = {"y": k.load(m.s, here + layer.state), "d": wanted}
        back = compile_expression(k, -slope, ends, {})
        _put(k, m, back, here + layer.grad, desired)
        if second is not None and second.cost_bend is not None:
            curv = compile_expression(k, second.cost_bend, ends, {})
            _put(k, m, curv, here + layer.curv, desired)
        _through(k, m, layer, here, second)


def layer_output_grad(
    k: Builder,
    m: Memories,
    layer: LayerLayout,
    cost: LayerCost,
    example: Index,
    second: Second | None = None,
    desired: Desired = ALL,
) -> None:
    """Grad and curv of a cost over the layer, such as softmax with cross-entropy.

    The reductions go over all outputs first: vectors one after the other, then their lanes; pads
    are left out. Everything is 8 lanes wide, so the bits are the same everywhere.
    """
    k = k.narrow()
    places = list(_outputs(k, m, layer, example, desired))
    ends = [{"y": k.load(m.s, at + layer.state), "d": wanted} for at, wanted, _ in places]
    memos: list[dict[Expr, Vec]] = [{} for _ in places]
    for one in cost.reductions:
        is_max = one.how == "max"
        rest = k.constant(float("-inf") if is_max else 0)
        total = rest
        for known, memo, (_, _, count) in zip(ends, memos, places, strict=True):
            value = _kept(k, compile_expression(k, one.of, known, memo), count, rest)
            total = k.maximum(total, value) if is_max else total + value
        if is_max:
            for width in (4, 2, 1):
                total = k.maximum(total, k.shuffle(total, total, [i ^ width for i in range(LANES)]))
        else:
            total = k.splat(k.total(total))
        for known in ends:
            known[one.name] = total
    for known, memo, (at, _, count) in zip(ends, memos, places, strict=True):
        grad = compile_expression(k, -cost.slope, known, memo)
        _put(k, m, _kept(k, grad, count), at + layer.grad, desired)
        if second is not None and second.cost_bend is not None:
            curv = compile_expression(k, second.cost_bend, known, memo)
            _put(k, m, _kept(k, curv, count), at + layer.curv, desired)
        _through(k, m, layer, at, second)


def joint_output_grad(
    k: Builder,
    m: Memories,
    layer: LayerLayout,
    grad: Expr,
    example: Index,
    curv: Expr | None = None,
    desired: Desired = ALL,
    through: Through | None = None,
) -> None:
    """Grad and curv as formulas of the total input `a`, which stands where slopes do.

    With `through`, what comes back goes through the non-linearity first, and is added.
    """
    k = k.narrow()
    for here, wanted, count in _outputs(k, m, layer, example, desired):
        ends = {"a": k.load(m.s, here + layer.slope), "d": wanted}
        memo: dict[Expr, Vec] = {}
        if through is not None:
            slope = compile_expression(k, through.slope, ends, memo)
            back = k.load(m.s, here + layer.grad)
            if curv is not None:
                bent = k.load(m.s, here + layer.curv) * (slope * slope)
                if through.bend is not None:
                    bent = k.fma(-back, compile_expression(k, through.bend, ends, memo), bent)
                k.store(bent, m.s, here + layer.curv)
            k.store(back * slope, m.s, here + layer.grad)
        for target, formula in ((layer.grad, grad), (layer.curv, curv)):
            if formula is not None:
                value = compile_expression(k, formula, ends, memo)
                _put(k, m, _kept(k, value, count), here + target, desired)


def _put(k: Builder, m: Memories, value: Vec, at: Index, desired: Desired) -> None:
    """Store what the cost says of a vector of units, or add it to what came back to them."""
    k.store(value + k.load(m.s, at) if desired.feeds else value, m.s, at)


def _outputs(
    k: Builder, m: Memories, layer: LayerLayout, example: Index, desired: Desired
) -> Iterator[tuple[Index, Vec, int]]:
    """Yield the place of each vector of output units, their desired values, how many they are."""
    size = layer.maps * layer.positions
    width = size if desired.width is None else desired.width
    for plane in range(layer.maps):
        for first in range(0, layer.positions, LANES):
            count = min(LANES, layer.positions - first)
            at = example * width + (desired.start + plane * layer.positions + first)
            if count == LANES:
                wanted = k.load(m.y, at)
            else:
                numbers = [k.load1(m.y, at + lane) for lane in range(count)]
                wanted = k.gather(numbers + [k.lane(k.constant(0), 0)] * (LANES - count))
            yield Index(k, None, plane * layer.pitch + first), wanted, count


def hidden_grad(k: Builder, m: Memories, layer: LayerLayout, second: Second | None = None) -> None:
    """grad = back f'(a); curv = back_curv f'(a)^2 [- back f''(a)].

    Source: SN 2.8, update-gradient, update-lmggradient, update-ggradient.
    """
    for some, i in k.sweep(layer.size):
        _through(some, m, layer, i, second)


def _through(k: Builder, m: Memories, layer: LayerLayout, at: Index, second: Second | None) -> None:
    slope, back = k.load(m.s, at + layer.slope), k.load(m.s, at + layer.grad)
    if second is not None:
        curv = k.load(m.s, at + layer.curv) * (slope * slope)
        if second.is_full:
            curv = k.fma(-back, k.load(m.s, at + layer.bend), curv)
        k.store(curv, m.s, at + layer.curv)
    k.store(back * slope, m.s, at + layer.grad)
