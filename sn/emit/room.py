"""Room: what the schedule asks of a kind of node, in eight verbs.

    fits      whether the node can run in memory laid out as it is
    decide    how it will run: a value, made once and passed on
    place     where its weights, tables and scratch lie, given that decision
    forward   the calls that add to the sums of its layer
    backward  the calls that propagate gradients (and curvatures) to the layer below
    update    the calls that move its weights; a section may do both at once
    evaluate  the call that does its part for a batch of patterns
    learn     the calls that propagate and add up descents for a block of patterns

A room is a package below sn/emit with one subclass of `Room`; rooms.py lists them. The base class
has the answers of a node that needs nothing.

Read next: rooms.py, dense/room.py for the simplest room, schedule.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sn.emit.layers import Start
from sn.emit.layers_learn import UnitSums
from sn.emit.memory import BatchLayout, LayerLayout, Layout, LearnLayout
from sn.emit.program import Block, Call, Made, Record, Ref, call
from sn.lower.ir import Node, Plan
from sn.net.combine import WEIGHTED_SUM, Combine


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """What all nodes of one kernel have in common.

    `second`: whether curvatures are propagated; `finished`: the layers whose gradients one
    section finishes, which propagates into them.
    """

    plan: Plan
    lay: Layout
    batch: BatchLayout
    second: bool
    finished: frozenset[int]

    @property
    def to_curv(self) -> int:
        """Distance from a gradient to its curvature, 0 where there are none."""
        return self.lay.to_curv if self.second else 0

    def propagates_to(self, layer: int) -> bool:
        """Whether a layer wants the gradients of its units: an input layer does not."""
        return self.plan.layers[layer].start is None

    def slope_of(self, layer: int) -> int | None:
        """Where the slopes of a layer lie whose gradients are finished, else None."""
        return self.lay.layers[layer].slope if layer in self.finished else None


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """How a node runs.

    `finishes`: back-propagation writes each gradient of the layer below once, in one store;
    `is_complete`: the forward section has all terms of every sum at hand, so that it can start
    from the biases; `is_at_once`: it can make the states too; `scratch`: elements that its
    sections need only while they run.
    """

    finishes: bool = False
    is_complete: bool = False
    is_at_once: bool = False
    scratch: int = 0


@dataclass(frozen=True, slots=True)
class BiasPlace:
    """Packed biases from `at` on; `pitch` from map to map, 0 for one bias a map."""

    at: int
    pitch: int


NO_BIAS = BiasPlace(-1, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A node in memory: the record that its sections take."""

    number: int
    node: Any
    record: Record | None = None
    bias: BiasPlace | None = None

    @property
    def ref(self) -> Ref:
        """The name of its record."""
        assert self.record is not None
        return Ref(self.record.name)

    @property
    def dst(self) -> Ref:
        """The name of the layer that it adds to."""
        return layer_ref(self.node.dst)

    @property
    def src(self) -> Ref:
        """The name of the layer that it reads."""
        return layer_ref(self.node.src)


def unit_sums(layer: int, site: Site, lay: LearnLayout) -> UnitSums:
    """Return the sums of the gradients of a layer's units; room is made the first time."""
    one: LayerLayout = site.lay.layers[layer]
    return UnitSums(lay.once(layer, one.size), one.maps, one.positions, one.pitch)


def layer_ref(layer: int) -> Ref:
    """Return the name of a layer: its number, as two names may differ in punctuation only."""
    return Ref(f"LAYER_{layer}")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A node in a batch: its record and section, what prepares for all batches, and whether it
    can finish a layer alone.
    """

    record: Record
    section: Callable[..., None]
    is_whole: bool
    before: Callable[..., None] | None = None


@dataclass(frozen=True, slots=True)
class Below:
    """The layer that a node propagates to, while it learns in batches.

    `units`: their record, None where it wants no gradients; `is_alone`: nothing else propagates
    to it.
    """

    units: Ref | None
    is_alone: bool


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What a node is given to learn in batches: its record of `evaluate`, None where its layer does
    its part; the kernel's site and memory; the layer below; what all nodes of its kind share.
    """

    record: Record | None
    site: Site
    lay: LearnLayout
    below: Below
    shared: Any

    @property
    def batch(self) -> Record:
        """The record, of nodes that have one."""
        assert self.record is not None
        return self.record


@dataclass(frozen=True, slots=True, eq=False)
class Learning:
    """What a node does while it learns in batches.

    `back` and `sums`: calls for each block of patterns; `finishes`: `back` turns what it propagates
    into gradients. Once a batch `collect`; then the descents of `size` packed weights from `first`
    on lie from `at` on.
    """

    records: tuple[Record, ...]
    back: tuple[Call, ...]
    sums: tuple[Call, ...]
    first: int
    size: int
    at: int
    finishes: bool = False
    collect: tuple[Call, ...] = ()


def propagate(section: Callable[..., None], placed: Placed, site: Site) -> tuple[Call, ...]:
    """Return the calls of a section that propagates to one layer below, unless that is an input.

    It finishes the gradients of a layer to which nothing else adds; curvatures are a second call.
    """
    if not site.propagates_to(placed.node.src):
        return ()
    slope = site.slope_of(placed.node.src)
    if slope is not None:
        return (call(section, placed.ref, slope=slope),)
    calls = [call(section, placed.ref)]
    if site.second:
        calls.append(call(section, placed.ref, to_curv=site.to_curv))
    return tuple(calls)


N = TypeVar("N", bound=Node)
D = TypeVar("D", bound=Decision)
P = TypeVar("P", bound=Placed)


class Room(Generic[N, D, P]):
    """The verbs of one kind of node.

    `combines`: the ways of making totals that its sections compute.
    """

    combines: tuple[Combine, ...] = (WEIGHTED_SUM,)

    def misses(self, node: N) -> str:
        """Return why the room does not compute the node's combine, "" where it does."""
        is_known = node.combine in self.combines
        return "" if is_known else f"no section for it combines by {node.combine.name}"

    def fits(self, node: N, plan: Plan, lay: Layout) -> str:
        """Return why the node cannot run as its kind, "" where it can."""
        return ""

    def decide(self, node: N, plan: Plan, lay: Layout, second: bool) -> D:
        """Decide how the node runs."""
        raise NotImplementedError

    def share(self, nodes: Sequence[N], site: Site) -> Any:
        """Place what all nodes of this kind have in common, before the first of them."""
        return None

    def place(self, number: int, node: N, decided: D, site: Site, shared: Any) -> P:
        """Place the node's weights, tables and scratch."""
        raise NotImplementedError

    def forward(self, placed: P, site: Site, start: Start, end: Ref | None) -> tuple[Call, ...]:
        """Return the calls that add to the sums; `end` names what makes states of them at once."""
        return ()

    def backward(self, placed: P, site: Site) -> tuple[Call, ...]:
        """Return the calls that only propagate."""
        return ()

    def update(self, placed: P, site: Site, rule: Made) -> tuple[Call, ...]:
        """Return the calls that move weights."""
        return ()

    def after(self, shared: Any, rule: Made) -> Block | None:
        """Return what is done once after the updates of all nodes."""
        return None

    def evaluate(self, placed: P, site: Site) -> Evaluation | None:
        """Place the node for batches; None where its layer does its part."""
        return None

    def learn(self, placed: P, given: Lesson) -> Learning:
        """Place the node for learning in batches."""
        raise NotImplementedError
