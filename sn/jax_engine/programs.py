"""Programs: what JAX compiles of a net and a rule: some steps, sums over patterns, outputs.

A block is a fixed number of steps, done by one `lax.scan`; steps beyond its count are passed
over. So there is one program for every count, and the bits do not depend on how a pass is cut. A
step of several patterns takes them some side by side (`jax.vmap`) and adds these up by an inner
scan. `jax.vmap` over the first axis of weights, orders and numbers makes the same program one of
many nets, `shard_map` deals these, or the patterns of a step, out to devices.

Read next: engine.py for who runs them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

import jax
import jax.numpy as jnp
from jax import lax
from jax.sharding import Mesh, PartitionSpec

from sn.jax_engine.devices import PATTERNS, is_accelerated, shared_out
from sn.jax_engine.formulas import Array
from sn.jax_engine.function import NetFunction
from sn.jax_engine.stepping import Carry, Numbers, stepped
from sn.jax_engine.weights import Pieces
from sn.optim.rules import Curvature, UpdateRule

Sums: TypeAlias = tuple[Pieces, Pieces]  # of descents and of curvatures

# Presentations of a block, at most; chosen here: as many as the loop asks for at once.
BLOCK = 512
# Patterns side by side. A core's cache has room for what 128 of them leave in the nets of nets/;
# on an accelerator what they leave takes a gigabyte at most; chosen here.
SIDE_BY_SIDE = 128
FLOATS = 2**28
# Weights, and connections by fours, of nets that a core takes at once, of many: half a megabyte
# stays in its cache. The 1989 net takes 32 us a presentation by fours, 50 us with 64 at once.
AT_ONCE = 2**17


@dataclass(frozen=True, slots=True)
class Size:
    """How patterns go through a program: `batch` of them a step, `side` at once, `steps` a block.

    Batches are filled up to a multiple of `side` by patterns that do not count.
    """

    batch: int
    side: int
    steps: int

    @property
    def parts(self) -> int:
        """How many times so many patterns at once are a batch."""
        return -(-self.batch // self.side)

    @property
    def room(self) -> int:
        """The numbers of patterns that a step is given."""
        return self.parts * self.side


def size_for(batch: int, function: NetFunction, n_nets: int) -> Size:
    """Return how batches of so many patterns go through a program."""
    most = SIDE_BY_SIDE
    if is_accelerated():
        most = max(FLOATS // (4 * function.plan.table.n_rows * n_nets), 1)
        most = 1 << (most.bit_length() - 1)
    side = min(batch, most)
    return Size(batch, side, max(BLOCK // batch, 1))


@dataclass(frozen=True, slots=True)
class Shown:
    """Patterns (n, n_inputs), what is desired (n, n_outputs) and masks (n, units) or None.

    With `is_drawn` each net has its own: (n_nets, n, ...).
    """

    patterns: Array
    desired: Array
    masks: Array | None
    is_drawn: bool = field(default=False, kw_only=True)


class Programs:
    """The compiled functions of a net for a rule; `is_many` where arrays have an axis of nets.

    `over`: the devices that many nets, or the patterns of one, are dealt out to.
    """

    def __init__(
        self,
        function: NetFunction,
        rule: UpdateRule,
        size: Size,
        is_many: bool,
        is_mean: bool = False,
        varies: bool = False,
        over: Mesh | None = None,
    ) -> None:
        self._function, self._rule, self.size = function, rule, size
        self._is_many, self._is_mean, self._varies = is_many, is_mean, varies
        self._over_nets = over if is_many else None
        is_even = over is not None and size.side % over.size == 0
        self._over_patterns = over if is_even and not is_many and size.batch > 1 else None
        self._compiled: dict[tuple[str, bool], Array] = {}

    # --- what is called; every array may have an axis of nets before those named ---

    def steps(
        self, carry: Carry, *, numbers: Numbers, shown: Shown, orders: Array, counts: Array
    ) -> Carry:
        """Take the steps of a block.

        Shapes: orders: (steps, room) int32, the patterns of each; counts: (steps,) int32, how many
        of these count, the same for all nets; numbers: as in `Numbers`, behind an axis of `steps`
        where they vary.
        """
        work = self._get("steps", shown, (True, True), (True, False))
        found: Carry = work(carry, numbers, *_given(shown), orders, counts)
        return found

    def sums(
        self, weights: Pieces, shown: Shown, order: Array, count: Array, curvature: Curvature
    ) -> tuple[Pieces, Pieces]:
        """Return the sums of descents and curvatures.

        Shapes: order: (room,) int32; count: () int32, how many of them count.
        """
        work = self._get(f"sums {curvature}", shown, (True,), (True, False))
        found: tuple[Pieces, Pieces] = work(weights, *_given(shown), order, count)
        return found

    def outputs(self, weights: Pieces, patterns: Array) -> Array:
        """Return the outputs for patterns (n, n_inputs): (n, n_outputs)."""
        work = self._get("outputs", Shown(patterns, patterns, None), (True,), ())
        return work(weights, patterns, patterns, None)

    def states(self, weights: Pieces, shown: Shown, order: Array) -> Array:
        """Return the states of all units for patterns of an order, (n,) int32: (n, n_units)."""
        work = self._get("states", shown, (True,), (True,))
        return work(weights, *_given(shown), order)

    def _get(
        self, name: str, shown: Shown, before: tuple[bool, ...], after: tuple[bool, ...]
    ) -> Array:
        """Return a program; `before` and `after` say which arguments around what is shown are of
        each net.
        """
        key = name, shown.is_drawn
        if key not in self._compiled:
            kind, _, curvature = name.partition(" ")
            work = getattr(self, f"_{kind}")
            if curvature:
                work = partial(work, curvature=Curvature(curvature))
            if self._is_many:
                drawn = (shown.is_drawn,) * 3
                own = (*before, *drawn, *after)
                work = jax.vmap(work, in_axes=tuple(0 if one else None for one in own))
                if not is_accelerated():
                    table = self._function.plan.table
                    most = AT_ONCE // (table.n_weights + table.n_rows // 4 + 1)
                    work = in_turn(work, own, max(most, 1))
                work = shared_out(work, self._over_nets, own)
            self._compiled[key] = jax.jit(work)
        return self._compiled[key]

    # --- one net ---

    def _steps(
        self,
        carry: Carry,
        numbers: Numbers,
        patterns: Array,
        desired: Array,
        masks: Array | None,
        orders: Array,
        counts: Array,
    ) -> Carry:
        def step(carry: Carry, each: tuple[Array, ...]) -> tuple[Carry, None]:
            order, count, *rest = each
            own = rest[0] if self._varies else numbers

            def take(carry: Carry) -> Carry:
                shown = Shown(patterns, desired, masks)
                return self._step(carry, own, shown, order, count)

            return lax.cond(count > 0, take, lambda carry: carry, carry), None

        along = (orders, counts, numbers) if self._varies else (orders, counts)
        found: Carry = lax.scan(step, carry, along)[0]
        return found

    def _step(
        self, carry: Carry, numbers: Numbers, shown: Shown, order: Array, count: Array
    ) -> Carry:
        curvature = self._rule.curvature
        if self.size.batch == 1:
            descent, bend = self._of_one(carry.weights, shown, order[0], curvature)
        else:
            descent, bend = self._sums(
                carry.weights, *_given(shown), order, count, curvature=curvature
            )
        if self._is_mean and self.size.batch > 1:
            share = 1 / count.astype(jnp.float32)
            descent = tuple(piece * share for piece in descent)
            bend = tuple(piece * share for piece in bend)
        is_second = curvature is not Curvature.NONE
        return stepped(self._rule, carry, numbers, descent, bend if is_second else None)

    def _of_one(
        self, weights: Pieces, shown: Shown, number: Array, curvature: Curvature
    ) -> tuple[Pieces, Pieces]:
        masks = None if shown.masks is None else shown.masks[number]
        ends = shown.patterns[number], shown.desired[number], masks
        descent = self._function.descent(weights, *ends)
        if curvature is Curvature.NONE:
            return descent, _zeros(weights)
        is_full = curvature is Curvature.FULL
        return descent, self._function.curvatures(weights, *ends, is_full=is_full)

    def _sums(
        self,
        weights: Pieces,
        patterns: Array,
        desired: Array,
        masks: Array | None,
        order: Array,
        count: Array,
        curvature: Curvature,
    ) -> tuple[Pieces, Pieces]:
        size = self.size
        counts_ = (jnp.arange(size.room) < count).astype(jnp.float32).reshape(size.parts, size.side)
        add = partial(self._side_by_side, curvature=curvature)
        if (over := self._over_patterns) is not None:
            axis, whole = PartitionSpec(PATTERNS), PartitionSpec()
            add = jax.shard_map(
                partial(self._summed_over_devices, curvature=curvature),
                mesh=over,
                in_specs=(whole, whole, whole, whole, axis, axis),
                out_specs=whole,
                check_vma=False,
            )

        def part(sums: Sums, some: tuple[Array, Array]) -> tuple[Sums, None]:
            more = add(weights, patterns, desired, masks, *some)
            return jax.tree.map(jnp.add, sums, more), None

        orders = order.reshape(size.parts, size.side)
        if size.parts == 1:
            return add(weights, patterns, desired, masks, orders[0], counts_[0])
        start = _zeros(weights), _zeros(weights)
        return lax.scan(part, start, (orders, counts_))[0]

    def _summed_over_devices(
        self,
        weights: Pieces,
        patterns: Array,
        desired: Array,
        masks: Array | None,
        order: Array,
        share: Array,
        curvature: Curvature,
    ) -> tuple[Pieces, Pieces]:
        ends = patterns, desired, masks, order, share
        sums: Sums = self._side_by_side(weights, *ends, curvature=curvature)
        return lax.psum(sums, PATTERNS)

    def _side_by_side(
        self,
        weights: Pieces,
        patterns: Array,
        desired: Array,
        masks: Array | None,
        order: Array,
        share: Array,
        curvature: Curvature,
    ) -> tuple[Pieces, Pieces]:
        """Return the sums over patterns side by side; `share`, (side,), is 1 for those that count
        and 0 for the others.
        """
        ends = patterns[order], desired[order], None if masks is None else masks[order]
        axes = (0, 0, None if masks is None else 0)

        def cost(weights: Pieces) -> Array:
            each = jax.vmap(partial(self._function.cost, weights), in_axes=axes)(*ends)
            return jnp.sum(each * share)

        descent = tuple(-piece for piece in jax.grad(cost)(weights))
        if curvature is Curvature.NONE:
            return descent, _zeros(weights)
        is_full = curvature is Curvature.FULL
        bend = partial(self._function.curvatures, weights, is_full=is_full)
        bends: Pieces = jax.vmap(bend, in_axes=axes)(*ends)
        return descent, tuple(share @ piece for piece in bends)

    def _outputs(self, weights: Pieces, patterns: Array, _: Array, __: None) -> Array:
        return jax.vmap(self._function.outputs, in_axes=(None, 0))(weights, patterns)

    def _states(
        self, weights: Pieces, patterns: Array, _: Array, masks: Array | None, order: Array
    ) -> Array:
        ends = patterns[order], None if masks is None else masks[order]
        axes = (None, 0, None if masks is None else 0)
        return jax.vmap(self._function.states, in_axes=axes)(weights, *ends)


def in_turn(work: Callable[..., Array], is_own: Sequence[bool], most: int) -> Callable[..., Array]:
    """Return work over nets that takes at most so many at once, and the next ones after them.

    `is_own` says which arguments have an axis of nets.
    """

    def done(*arguments: Array) -> Array:
        own = [one for one, has_axis in zip(arguments, is_own, strict=True) if has_axis]
        count = len(jax.tree.leaves(own)[0])
        at_once = max(n for n in range(1, min(most, count) + 1) if count % n == 0)
        if at_once == count:
            return work(*arguments)

        def some(part: list[Array]) -> Array:
            rest = iter(part)
            both = zip(arguments, is_own, strict=True)
            return work(*(next(rest) if has_axis else one for one, has_axis in both))

        found = lax.map(some, jax.tree.map(lambda x: x.reshape(-1, at_once, *x.shape[1:]), own))
        return jax.tree.map(lambda x: x.reshape(count, *x.shape[2:]), found)

    return done


def _zeros(weights: Pieces) -> Pieces:
    return tuple(jnp.zeros_like(piece) for piece in weights)


def _given(shown: Shown) -> tuple[Array, Array, Array | None]:
    return shown.patterns, shown.desired, shown.masks
