"""Connection schemes: which units a statement connects, and which connections share a weight.

A scheme yields rows (downstream unit, upstream unit, weight number); nothing else about it
reaches the compiler, which finds the loops again from the rows. To add one, write a function
that connects two layers and register it.

Source: SN 2.8, connect.sn (local-2d-connect, mask-2d-connect, local-toric-connect, ...).
Read next: table.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sn.codes import Code
from sn.errors import NetError, Span
from sn.net import fitting
from sn.net.layer import Ints, Layer, Network
from sn.registry import Registry


@dataclass(frozen=True, slots=True)
class Window:
    """Options of the windowed schemes; lengths are (rows, cols), or one number in 1-D.

    `maps` lists, per downstream map, the upstream maps it sees; None means all of them.
    `offset` is how far the first window starts before the first unit; None centres it.
    `dilation`: how far apart the units are that a window sees; None stands for 1, side by side.
    `wrap`: along which axes, rows and columns, windows go on at the other side; in 1-D both.
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...] | None = None
    offset: tuple[int, ...] | None = None
    maps: tuple[tuple[int, ...], ...] | None = None
    wrap: tuple[bool, bool] = (False, False)
    dilation: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """One `connect` statement: two layers and where the statement stands."""

    src: Layer
    dst: Layer
    span: Span | None = None

    @property
    def label(self) -> str:
        """Both ends, as people write them."""
        return f"{self.src.name} -> {self.dst.name}"


scheme: Registry[Callable[..., None]] = Registry("connection scheme")


@scheme("full")
def full(net: Network, link: Link, window: Window | None = None) -> None:
    """(full): every unit of one layer to every unit of the other, each with its own weight.

    Rows run upstream-major, as SN's `connect` makes them.
    """
    net.demand(0, link.src.size * link.dst.size, link.span)
    src, dst = link.src.units.ravel(), link.dst.units.ravel()
    wid = net.add_weights(len(src) * len(dst))
    group = net.add_group(link.label, "full", link.span)
    net.connect(group, np.tile(dst, len(src)), np.repeat(src, len(dst)), wid)
    name_weights(net, link, wid.reshape(len(src), len(dst)).T)


@scheme("conv")
def conv(net: Network, link: Link, window: Window) -> None:
    """(conv (kernel H W) [OPTION ...]): SN's mask. One kernel per pair of maps, for all positions.

    Options: (stride H W), (dilation H W), (offset H W), (maps TABLE), (wrap [AXIS]). A dilation of
    2 sees every second unit. AXIS is rows or cols: (wrap) wraps both.
    Source: SN 2.8, mask-2d-connect and mask-toric-connect.
    """
    _windows(net, link, window, "conv", shared=True)


@scheme("local")
def local(net: Network, link: Link, window: Window) -> None:
    """(local (kernel H W) ...): the windows of `conv`, every connection with its own weight.

    Source: SN 2.8, local-2d-connect and local-toric-connect.
    """
    _windows(net, link, window, "local", shared=False)


@scheme("subsample")
def subsample(net: Network, link: Link, window: Window) -> None:
    """(subsample (kernel H W) [(stride H W)]): windows of one map, one coefficient for each map.

    A unit gets its map's coefficient times the sum of a window; a coefficient of 1/(H W) makes it
    the average. Windows do not overlap unless the stride, else the kernel's size, says so. They
    have no bias of their own: (bias map) at the layer gives one a map.
    Source: LeCun et al. 1990, layers H2 and H4; SN 3.2, s-layer.
    """
    dims = len(window.kernel)
    _check_dimensions(link, dims)
    n_maps, n_rows, n_cols = as_maps(link.dst, dims)
    src_maps, src_rows, src_cols = as_maps(link.src, dims)
    if n_maps != src_maps:
        raise NetError(
            f"each map of {link.dst.name} sums up one map of {link.src.name}: they need equally "
            f"many, found {n_maps} and {src_maps}",
            code=Code.WINDOW,
            span=link.span,
            hint=f"give {link.dst.name} {src_maps} maps, or combine maps with (conv ...)",
        )
    kernel, stride = _pair(window.kernel, 1), _pair(window.stride or window.kernel, 1)
    starts = [
        _inside(link, dims, axis, *sizes)
        for axis, sizes in enumerate(
            zip((n_rows, n_cols), (src_rows, src_cols), kernel, stride, strict=True)
        )
    ]
    net.demand(0, link.dst.size * math.prod(kernel), link.span)
    spread = [start + np.arange(taps) for start, taps in zip(starts, kernel, strict=True)]
    site = spread[0][:, None, :, None] * src_cols + spread[1][None, :, None, :]
    plane = np.arange(n_maps, dtype=np.int32).reshape(-1, 1, 1, 1, 1)
    wid = net.add_weights(n_maps)
    columns = np.broadcast_arrays(
        link.dst.units.reshape(n_maps, n_rows, n_cols, 1, 1),
        link.src.first + plane * (src_rows * src_cols) + site,
        wid.reshape(-1, 1, 1, 1, 1),
    )
    dst, src, per_row = (column.ravel().astype(np.int32) for column in columns)
    net.connect(net.add_group(link.label, "subsample", link.span), dst, src, per_row)
    name_weights(net, link, wid)


def rows(
    net: Network, link: Link, pairs: Sequence[tuple[int, int, float | None]], name: str
) -> None:
    """Connect the listed (downstream, upstream, key): indices from 0 within the layers.

    Rows with the same key share a weight; None takes a weight of its own. This is what a
    scheme written in Lisp comes down to. The weights are named in order of their keys.
    """
    net.demand(0, len(pairs), link.span)
    keys: dict[float, int] = {}
    wid = np.empty(len(pairs), np.int32)
    for row, (_, _, key) in enumerate(pairs):
        if key is None:
            wid[row] = net.add_weights(1)[0]
        else:
            if key not in keys:
                keys[key] = int(net.add_weights(1)[0])
            wid[row] = keys[key]
    dst = np.array([pair[0] for pair in pairs], np.int32) + np.int32(link.dst.first)
    src = np.array([pair[1] for pair in pairs], np.int32) + np.int32(link.src.first)
    net.connect(net.add_group(link.label, name, link.span), dst, src, wid)
    own = np.setdiff1d(wid, list(keys.values()))
    shared = sorted(keys)
    if keys:
        named = np.array([*(keys[key] for key in shared), *own.tolist()], np.int32)
        name_weights(net, link, named, keys=(*shared, *(None for _ in own)))
    else:
        name_weights(net, link, own.astype(np.int32))


def bias(net: Network, layer: Layer, shared: bool, span: Span | None = None) -> None:
    """Connect unit 0 to a layer: a weight per unit, or one per map when `shared`.

    Source: SN 2.8, bias-connect (build-net gives every unit its own) and shared-bias-connect.
    """
    net.demand(0, layer.size, span)
    units = layer.units.ravel()
    maps = as_maps(layer, len(layer.shape) - 1)[0] if len(layer.shape) > 1 else 1
    wid = net.add_weights(maps if shared else len(units))
    group = net.add_group(f"bias -> {layer.name}", "bias", span)
    per_unit = np.repeat(wid, len(units) // len(wid)).astype(np.int32)
    net.connect(group, units, np.zeros(len(units), np.int32), per_unit)
    net.name_parameter(f"{layer.name}.bias", wid if shared else wid.reshape(layer.shape))


def name_weights(
    net: Network,
    link: Link,
    wid: Ints,
    maps: tuple[tuple[int, ...], ...] | None = None,
    keys: tuple[float | None, ...] | None = None,
) -> None:
    """Name the weights of a link after its layer; a second link to it adds its source."""
    name = f"{link.dst.name}.weight"
    if net.has_parameter(name):
        name = f"{name}.{link.src.name}"
    net.name_parameter(name, wid, maps, keys)


def as_maps(layer: Layer, dims: int) -> tuple[int, int, int]:
    """Return a layer's shape as (maps, rows, cols) for windows of `dims` dimensions."""
    shape = layer.shape
    maps = shape[:-dims] or (1,)
    grid = shape[-dims:] if dims == 2 else (1, *shape[-dims:])
    return math.prod(maps), grid[0], grid[1]


def _windows(net: Network, link: Link, window: Window, name: str, shared: bool) -> None:
    dims = len(window.kernel)
    _check_dimensions(link, dims)
    n_maps, *counts = as_maps(link.dst, dims)
    src_maps, *sizes = as_maps(link.src, dims)
    kernel = _pair(window.kernel, 1)
    table = window.maps
    pairs = n_maps * src_maps if table is None else sum(map(len, table))
    net.demand(0, pairs * math.prod(counts) * math.prod(kernel), link.span)
    axes = [_axis(link, window, axis, counts[axis], sizes[axis]) for axis in (0, 1)]
    grid = link.src.units.reshape(src_maps, *sizes)
    low = [axis.before for axis in axes]
    high = [axis.behind for axis in axes]
    if any(low) or any(high):
        if link.src.border is None:
            short = [
                _along(link, window, axis, counts[axis], sizes[axis])
                for axis in (0, 1)
                if low[axis] + high[axis] > 0
            ]
            raise fitting.outside(short, link.span, link.label, window.offset is not None)
        grid = net.padded(link.src, grid, low[0], low[1], high[0], high[1], link.span)
    rows, cols = (axis.sites() for axis in axes)
    if table is None:
        table = (tuple(range(src_maps)),) * n_maps
    # order of creation: map, source map, then taps; SN duplicates the first window last
    shape = (*counts, *kernel)
    here = rows[:, None, :, None] * grid.shape[2] + cols[None, :, None, :]
    flat = grid.reshape(src_maps, -1)
    units = link.dst.units.reshape(n_maps, *counts)[:, :, :, None, None]
    group = net.add_group(link.label, name, link.span)
    per_map = []
    for plane, sources in enumerate(table):
        taps = (len(sources), *kernel) if shared else (len(sources), *shape)
        wid = net.add_weights(math.prod(taps)).reshape(taps)
        columns = np.broadcast_arrays(
            units[plane],
            flat[list(sources)][:, here],
            wid[:, None, None] if shared else wid,
        )
        dst, src, per_row = (column.ravel() for column in columns)
        net.connect(group, dst, src, per_row)
        named = (*window.kernel,) if shared else (*counts, *kernel)
        per_map.append(wid.reshape(len(sources), *named) if sources else np.zeros(0, np.int32))
    if len({array.shape for array in per_map}) == 1:
        name_weights(net, link, np.stack(per_map), table)
    else:
        for plane, array in enumerate(per_map):
            net.name_parameter(f"{link.dst.name}.weight.{plane}", array, (table[plane],))


@dataclass(frozen=True, slots=True)
class _Axis:
    """Windows along one axis: `n` of `size` taps over `n_src` units, the first from `start` on.

    Lengths may be too large for an array until `before` and `behind` are known to be small.
    """

    n: int
    n_src: int
    size: int
    start: int
    step: int
    gap: int
    wraps: bool

    @property
    def before(self) -> int:
        """How many border units the windows see before the first unit."""
        return 0 if self.wraps else max(0, -self.start)

    @property
    def behind(self) -> int:
        """How many border units the windows see behind the last unit."""
        last = self.start + (self.n - 1) * self.step + (self.size - 1) * self.gap
        return 0 if self.wraps else max(0, last + 1 - self.n_src)

    def sites(self) -> NDArray[np.int64]:
        """Return what each window sees, counted from the first border unit: (n, size)."""
        at = np.arange(self.n)[:, None] * self.step + np.arange(self.size) * self.gap + self.start
        return at % self.n_src if self.wraps else at + self.before


def _axis(link: Link, window: Window, axis: int, n: int, n_src: int) -> _Axis:
    along = _along(link, window, axis, n, n_src)
    start, size, wraps = _start(link, window, axis, along), along.kernel, window.wrap[axis]
    # what is never stepped over
    step, gap = (along.step if n > 1 else 0), (along.gap if size > 1 else 0)
    if wraps:
        start, step, gap = start % n_src, step % n_src, gap % n_src
    return _Axis(n, n_src, size, start, step, gap, wraps)


def _check_dimensions(link: Link, dims: int) -> None:
    for layer in (link.src, link.dst):
        if not dims <= len(layer.shape) <= dims + 1:
            raise NetError(
                f"a {dims}-D kernel needs layers of {dims} or {dims + 1} dimensions, "
                f"{layer.name} has shape {_sizes(layer.shape)}",
                code=Code.WINDOW,
                span=link.span,
                hint=f"give {layer.name} a shape such as "
                + ("(ROWS COLS) or (MAPS ROWS COLS)" if dims == 2 else "(SIZE) or (MAPS SIZE)"),
            )


def _inside(link: Link, dims: int, axis: int, n: int, n_src: int, size: int, step: int) -> Ints:
    """Return where windows start that lie inside: (n, 1). All that fit must be there."""
    word = "units" if dims == 1 else ("rows", "columns")[axis]
    along = fitting.Axis(word, n, n_src, size, 1, step, link.src.name, link.dst.name)
    if n != along.fits:
        raise fitting.other_count(along, link.span)
    # a stride that is never stepped over may be too large for an array
    return (np.arange(n, dtype=np.int32) * np.int32(step if n > 1 else 0))[:, None]


def _pair(values: tuple[int, ...], lead: int) -> tuple[int, int]:
    return (lead, values[0]) if len(values) == 1 else (values[0], values[1])


def _sizes(shape: tuple[int, ...]) -> str:
    return "(" + " ".join(str(size) for size in shape) + ")"


def _along(link: Link, window: Window, axis: int, n: int, n_src: int) -> fitting.Axis:
    """Return what the program says of an axis: `n` windows over `n_src` units."""
    dims = len(window.kernel)
    size, gap, step = (
        _pair(given or (1,) * dims, 1)[axis]
        for given in (window.kernel, window.dilation, window.stride)
    )
    word = "units" if dims == 1 else ("rows", "columns")[axis]
    return fitting.Axis(word, n, n_src, size, gap, step, link.src.name, link.dst.name)


def _start(link: Link, window: Window, axis: int, along: fitting.Axis) -> int:
    """Return where the first window starts, in source units (negative: in the border).

    Without an offset the border is split evenly, the odd unit before: 16 units, 8 windows of
    5 with stride 2 need 19 sites, two before and one after.
    Source: the 1989 net as rebuilt in the SN kernels, 64,660 connections.
    """
    if window.offset is not None:
        return -_pair(window.offset, 0)[axis]
    if window.wrap[axis]:
        return 0
    missing = along.needed - along.n_src
    if missing <= -along.step and along.n > 0:
        raise fitting.unseen(along, link.span)
    return -((max(0, missing) + 1) // 2)
