"""Choose: how the sums of a convolution are arranged.

Two arrangements there are for the forward pass and for the update: vectors along positions
(columns of the in maps, im2col.py) and vectors along taps and in maps (frames, packed.py). Back-
propagation of dilated windows may go through frames as well (scatter.py). What either costs is
estimated here, in cycles; `choose` returns the cheapest combination as a value that is passed on
to whoever places or calls sections.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sn.emit.memory import whole_vectors
from sn.emit.vector import LANES, PARTIAL, REGISTERS
from sn.emit.windows.im2col import Geometry, geometry
from sn.emit.windows.packed import Runs
from sn.emit.windows.scatter import block_of
from sn.emit.windows.tiles import Room, Tiling, tile
from sn.lower.ir import Window


@dataclass(frozen=True, slots=True)
class Way:
    """How the update, the forward pass and back-propagation run.

    `frames`: of lists of maps ("lists") or of single maps ("maps"); "" for columns.
    """

    frames: str
    forward_by_columns: bool
    backward_by_columns: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """A convolution and the way it runs; `sizes`: of its frames, None for columns."""

    node: Window
    way: Way
    geometry: Geometry
    sizes: Sizes | None

    @property
    def finishes(self) -> bool:
        """Whether back-propagation writes each gradient of the layer below once, in one store."""
        return not (self.way.backward_by_columns and self.geometry.is_direct)

    @property
    def spread_size(self) -> int:
        """Elements of the gradients, spread for back-propagation."""
        size = self.node.grid.maps * len(self.geometry.flat.gradient_lanes)
        return -(-(size + PARTIAL) // PARTIAL) * PARTIAL

    @property
    def classes_size(self) -> int:
        """Elements of the sums of all classes of sites."""
        flat = self.geometry.flat
        return self.node.field.maps * flat.n_classes * flat.class_pitch

    @property
    def slots(self) -> int:
        """Packed weights, pads between kernels included."""
        if self.sizes is None:
            return len(self.node.pairs) * whole_vectors(self.node.taps)
        return sum(map(len, self.sizes.groups.values())) * self.sizes.runs.weights

    @property
    def backward_size(self) -> int:
        """Elements that back-propagation needs while it runs, beside squares of weights."""
        if self.sizes is None or self.way.backward_by_columns:
            return self.spread_size + self.classes_size
        frames = self.node.field.maps if self.sizes.width == 1 else len(self.sizes.distinct)
        return frames * self.sizes.gradients

    def scratch_size(self, second: bool) -> int:
        """Elements that a section needs only while it runs; `second`: with curvatures."""
        backward = self.backward_size
        if second:
            backward += self.slots + 2 * PARTIAL
        if self.sizes is not None and self.way.forward_by_columns:
            return max(backward, self.node.field.maps * len(self.geometry.column_lanes))
        return backward

    def forward_tiling(self, lanes: int) -> Tiling:
        """The register tiles of the forward pass by columns."""
        node = self.node
        return tile(node.pairs, [node.taps], *rooms(node.grid.positions, lanes))

    def is_complete(self, lanes: int) -> bool:
        """Whether the forward section has all terms of every sum of its layer at hand at once."""
        if not self.way.forward_by_columns:
            return len(lists_of(self.node)) == self.node.grid.maps
        return self.forward_tiling(lanes).is_complete(self.node.grid.maps)


def rooms(positions: int, lanes: int) -> tuple[Room, Room]:
    """What tiles have with 16 lanes, and with those of this CPU."""
    wide, mine = (Room(-(-positions // n), REGISTERS[n]) for n in (PARTIAL, lanes))
    return wide, mine


def backward_tiling(node: Window, g: Geometry, lanes: int) -> Tiling:
    """The register tiles of back-propagation by columns."""
    turned = [(source, out) for out, source in node.pairs]
    taps = [len(listed) for _, listed in g.flat.classes]
    return tile(turned, taps, *rooms(g.flat.class_pitch, lanes))


def choose(node: Window, propagates: bool = True) -> Chosen:
    """Choose by estimated cycles, for 16 lanes and two multiply-adds a cycle.

    `propagates`: whether the layer below wants gradients. Only dilated windows have a choice
    there: with others columns waste less, and their sums keep the order they always had.

    The order of sums follows from the choice, so it must not depend on the CPU. Costs beside
    the multiply-adds: 1.5 a vector copied, 45 for up to 16 sums over lanes and 25 for 8.
    """
    g = geometry(node)
    positions, taps, pairs = node.grid.positions, node.taps, len(node.pairs)
    vectors = -(-positions // PARTIAL)
    columns = 1.5 * node.field.maps * len(g.column_lanes) / PARTIAL
    # below 16 sums at once, each waits for its own last multiply-add
    most = max(np.unique([source for _, source in node.pairs], return_counts=True)[1])
    forward = 0.55 * pairs * taps * vectors * max(1, 16 / (most * vectors))
    sums = taps // PARTIAL * 45 + min(45, -(-(taps % PARTIAL) // LANES) * 25)
    dots = pairs * (0.7 * taps * vectors + sums)
    costs: dict[Way, float] = {Way("", True): columns + forward + dots}
    # frames have each site once, in one place
    of_frames = {} if any(node.wrap) else {name: Sizes(node, name) for name in ("lists", "maps")}
    for frames, sizes in of_frames.items():
        copied = sizes.copied / PARTIAL * 1.5
        seen = [group for groups in sizes.groups.values() for group in groups]
        turns = (tile_of(seen.count(group), sizes, PARTIAL)[1] for group in sizes.distinct)
        depth = len(seen) * sizes.runs.count * -(-sizes.runs.length // PARTIAL)
        update = sum(turns) * positions + 2 * depth
        costs[Way(frames, True)] = columns + forward + copied + update
        if positions <= 64:
            # a load for each product; those that straddle cache lines take twice as long
            each = 0.55 if sizes.width % LANES == 0 else 1.1
            products = each * depth * positions + 2.8 * positions * len(sizes.groups)
            costs[Way(frames, False)] = products + copied + update
    if node.is_dilated and propagates:
        collect = collecting(node, g)
        backward = {way: scattering(node, of_frames[way.frames]) for way in costs if way.frames}
        scattered = {
            replace(way, backward_by_columns=False): costs[way] + cost
            for way, cost in backward.items()
        }
        costs = {way: cost + collect for way, cost in costs.items()} | scattered
    way = min(costs, key=lambda way: costs[way])
    return Chosen(node, way, g, of_frames.get(way.frames))


def collecting(node: Window, g: Geometry) -> float:
    """Cycles of back-propagation by columns: the sums, and the copies before and after them."""
    flat = g.flat
    spread = node.grid.maps * len(flat.gradient_lanes)
    total = node.field.maps * (flat.n_classes * flat.class_pitch + node.field.positions)
    return backward_tiling(node, g, PARTIAL).cost + 1.5 * (spread + total) / PARTIAL


def scattering(node: Window, sizes: Sizes) -> float:
    """Cycles of back-propagation through frames: the same."""
    rows, row = node.kernel[0], node.kernel[1] * sizes.width
    vectors = rows * -(-row // PARTIAL)
    units = block_of(node.grid.cols)
    seen = sum(map(len, sizes.groups.values()))
    # two multiply-adds or loads a cycle, and 4 to wait for the last
    turn = max(vectors / 2, (vectors + rows * units) / 2 / units, 4 * rows / units)
    sent = node.grid.positions * (seen * turn + len(sizes.distinct) * 1.5 * vectors)
    frames = len(sizes.distinct) * sizes.gradients / PARTIAL
    # 8 loads, 24 shuffles and 16 more for the sums turn 8 sites of 8 maps round
    turned = 40 * len(sizes.distinct) * -(-sizes.width // LANES) * node.field.positions / LANES
    if sizes.width == 1:
        turned = 3 * len(sizes.distinct) * node.field.positions / LANES
    return sent + frames + turned


class Sizes:
    """The sizes of the frames of a node, before they are placed.

    `groups`: of each out map, the groups of in maps it sees; `distinct`: all groups.
    """

    def __init__(self, node: Window, frames: str) -> None:
        lists = lists_of(node)
        self.groups = {
            out: [found] if frames == "lists" else [(source,) for source in found]
            for out, found in lists.items()
        }
        self.distinct = list(dict.fromkeys(g for groups in self.groups.values() for g in groups))
        self.width = max(len(group) for group in self.distinct)
        (rows, cols), grid = geometry(node).frame, node.grid
        # rows of a frame start on a cache line, as far as sites fill whole vectors
        pitch = cols * self.width
        self.rows = rows
        self.row = pitch if self.width % LANES else -(-pitch // PARTIAL) * PARTIAL
        if node.is_dilated:
            # rows are not copied in the order they lie: none may reach into the next
            self.row = whole_vectors(self.row)
        row, kernel_rows = node.kernel[1] * self.width, node.kernel[0]
        # short rows fill vectors badly; a strip has the whole window in one run
        in_rows = kernel_rows * -(-row // PARTIAL)
        has_strips = 1.25 * -(-(kernel_rows * row) // PARTIAL) < in_rows
        self.runs = Runs(1, kernel_rows * row) if has_strips else Runs(kernel_rows, row)
        self.strip = -(-(rows * row + PARTIAL) // PARTIAL) * PARTIAL if has_strips else 0
        # past the rows a store may reach, and there is what unseen sites read
        size = rows * self.row + whole_vectors(self.width) + PARTIAL
        self.gradients = -(-size // PARTIAL) * PARTIAL
        turned = 3 * whole_vectors(node.field.maps) * node.field.positions
        padded = node.field.positions * whole_vectors(self.width)
        if self.width == 1:
            turned, padded = 0, node.field.rows * whole_vectors(node.field.cols)
        # half a vector takes as long as a whole one
        strips = grid.cols * rows * -(-row // PARTIAL) * PARTIAL if has_strips else 0
        self.copied = len(self.distinct) * (padded + strips) + turned

    def starts(self) -> dict[int, int]:
        """Return where the weights of each out map start."""
        found, at = {}, 0
        for out, groups in self.groups.items():
            found[out] = at
            at += len(groups) * self.runs.weights
        return found


def lists_of(node: Window) -> dict[int, tuple[int, ...]]:
    """The in maps that each out map sees."""
    lists: dict[int, tuple[int, ...]] = {}
    for out, source in node.pairs:
        lists[out] = (*lists.get(out, ()), source)
    return lists


def tile_of(maps: int, sizes: Sizes, lanes: int) -> tuple[tuple[int, int, int], float]:
    """Out maps, runs and vectors of a run that are summed together, and the cycles of a position.

    Of all shapes that fit the registers, the cheapest for `maps` out maps with one list.
    """
    vectors = -(-whole_vectors(sizes.runs.length) // lanes)

    def turns(width: int, depth: int) -> float:
        """Cycles of one tile: two multiply-adds, or loads, or the latency of a sum."""
        return max(width * depth / 2, (width + depth) / 2, 6) + 0.1 * (width + depth)

    def cost(shape: tuple[int, int, int]) -> float:
        width, runs, depth = shape
        total = 0.0
        for some, times in ((width, maps // width), (maps % width, 1)):
            for count, again in ((runs, sizes.runs.count // runs), (sizes.runs.count % runs, 1)):
                if some and count:
                    each = turns(some, count * depth)
                    total += times * again * -(-vectors // depth) * each
        return total

    shapes = [
        (width, runs, depth)
        for width in range(1, min(maps, 16) + 1)
        for depth in range(1, min(vectors, 16) + 1)
        for runs in (range(1, sizes.runs.count + 1) if depth == vectors else (1,))
        if width * runs * depth + runs * depth + 1 <= REGISTERS[lanes]
    ]
    best = min(shapes, key=cost)
    return best, cost(best)
