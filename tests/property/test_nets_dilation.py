"""Random dilated windows: recognised from their rows, kernels like the twin, any width alike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from sn.emit.windows import room
from sn.emit.windows.choose import Chosen, Sizes, Way, choose
from sn.errors import NetError
from sn.lower.ir import Rows, Window
from sn.lower.recognise import lower
from sn.net import schemes
from sn.net.layer import Network
from sn.net.schemes import Link
from sn.net.table import ConnectionTable, freeze
from sn.optim.rules import Curvature
from sn.session import Session
from tests.property import test_nets_kernels as kernels
from tests.property import test_nets_widths as widths
from tests.property.test_nets_plans import rows_of_plan, rows_of_table
from tests.sample_nets import SMOOTH, WRAPS


@st.composite
def dilated(draw: st.DrawFn) -> Network:
    """Draw two layers of windows, of which some see every second or third unit."""
    net = Network("random")
    border = draw(st.sampled_from((None, 0.0, -1.0, 0.5)))
    dims = draw(st.sampled_from((1, 2, 2)))
    src = net.add_layer("in", tuple(draw(st.integers(5, 9)) for _ in range(dims)), None, border)
    for name in ("h", "h2"):
        border = draw(st.sampled_from((None, 0.0, -1.0)))
        src = _add(draw, net, src, name, dims, border)
    schemes.full(net, Link(src, net.add_layer("out", (3,))))
    return net


def _add(
    draw: st.DrawFn, net: Network, src: schemes.Layer, name: str, dims: int, border: float | None
) -> schemes.Layer:
    field = src.shape[-dims:]
    wrap = draw(st.sampled_from(WRAPS)) if dims == 2 else (draw(st.integers(0, 3)) == 0,) * 2
    kernel = tuple(draw(st.integers(1, 4)) for _ in field)
    apart = tuple(draw(st.integers(1, 3)) for _ in field)
    stride = tuple(draw(st.integers(1, 3)) for _ in field)
    grid = []
    for size, taps, gap, step, wraps in zip(
        field, kernel, apart, stride, wrap[-dims:], strict=True
    ):
        span = (taps - 1) * gap + 1
        fitting = (size - span) // step + 1
        if wraps:
            assume(taps * gap <= size)
            grid.append(max(1, size // step))
        elif src.border is None:
            assume(fitting > 0)
            grid.append(fitting)
        else:
            grid.append(draw(st.integers(max(1, fitting), -(-size // step))))
    maps = draw(st.integers(1, 4))
    above = net.add_layer(name, (maps, *grid), draw(st.sampled_from(SMOOTH)), border)
    if draw(st.booleans()):
        schemes.bias(net, above, draw(st.booleans()))
    kind = draw(st.sampled_from(("conv", "conv", "local")))
    window = schemes.Window(kernel, stride, None, None, wrap, apart)
    try:
        schemes.scheme.get(kind)(net, Link(src, above), window)
    except NetError:
        assume(False)
    return above


TABLES = dilated().map(freeze)


@settings(derandomize=True, deadline=None, max_examples=80)
@given(TABLES)
def test_the_plan_of_dilated_windows_expands_to_its_rows(table: ConnectionTable) -> None:
    plan = lower(table)
    assert np.array_equal(rows_of_plan(plan), rows_of_table(table))


@st.composite
def wide(draw: st.DrawFn) -> tuple[ConnectionTable, schemes.Window]:
    """Draw one convolution with so many positions that its gaps show, with a border or none."""
    kernel, apart, stride = (
        tuple(draw(st.integers(*ends)) for _ in range(2)) for ends in ((2, 4), (2, 3), (1, 2))
    )
    spans = [(taps - 1) * gap + 1 for taps, gap in zip(kernel, apart, strict=True)]
    grid = [draw(st.integers(4, 6)) for _ in spans]
    sizes = [(n - 1) * step + span for n, step, span in zip(grid, stride, spans, strict=True)]
    border = draw(st.sampled_from((None, -1.0)))
    if border is not None:
        sizes = [size - 2 * gap for size, gap in zip(sizes, apart, strict=True)]
        # some window lies inside as a whole: else nothing may show how far apart its taps are
        room = zip(sizes, spans, stride, strict=True)
        assume(all(size - span >= step - 1 for size, span, step in room))
    net = Network("wide")
    below = net.add_layer("in", tuple(sizes), None, border)
    above = net.add_layer("h", (2, *grid))
    window = schemes.Window(kernel, stride, None, None, (False, False), apart)
    schemes.scheme.get(draw(st.sampled_from(("conv", "local"))))(net, Link(below, above), window)
    schemes.full(net, Link(above, net.add_layer("out", (3,))))
    return freeze(net), window


@settings(derandomize=True, deadline=None, max_examples=60)
@given(wide(), st.integers(0, 99))
def test_dilated_windows_are_found_whatever_the_order_of_rows(
    drawn: tuple[ConnectionTable, schemes.Window], seed: int
) -> None:
    table, window = drawn
    node = lower(table).nodes[0]
    assert isinstance(node, Window)
    assert (node.kernel, node.stride, node.dilation) == (
        window.kernel,
        window.stride,
        window.dilation,
    )
    assert not any(isinstance(one, Rows) for one in lower(table).nodes)


@pytest.mark.parametrize(
    ("kernel", "grid", "dilation"), [(3, 3, 3), (3, 2, 2), (5, 4, 4), (2, 2, 5)]
)
def test_windows_over_grids_no_larger_than_their_gaps_are_found(
    kernel: int, grid: int, dilation: int
) -> None:
    size = grid + (kernel - 1) * dilation
    layers = f"(layer a (2 {size} {size})) (layer h (2 {grid} {grid}))"
    node = window_of(layers, f"(kernel {kernel} {kernel}) (dilation {dilation} {dilation})")
    assert (node.kernel, node.dilation) == ((kernel, kernel), (dilation, dilation))


@pytest.mark.kernels
@settings(derandomize=True, deadline=None, max_examples=12, phases=[Phase.generate])
@given(TABLES, st.sampled_from(Curvature), st.integers(0, 99))
def test_dilated_windows_present_like_the_twin(
    table: ConnectionTable, curvature: Curvature, seed: int
) -> None:
    kernels.check_like_the_twin(table, curvature, seed)


@pytest.mark.kernels
@settings(derandomize=True, deadline=None, max_examples=6, phases=[Phase.generate])
@given(TABLES, st.sampled_from(sorted(widths.RULES)), st.integers(0, 99))
def test_dilated_windows_have_the_same_bits_at_any_width(
    table: ConnectionTable, rule: str, seed: int
) -> None:
    widths.check(table, widths.RULES[rule], seed)


def described(layers: str, window: str) -> ConnectionTable:
    """One convolution, `window`, between the layers a and h, over a layer that learns."""
    session = Session()
    session.evaluate(
        f"(defnet n (layer in (2)) {layers} (layer out (3))"
        f" (connect in a (full)) (connect a h (conv {window})) (connect h out (full)))"
    )
    return freeze(session.world.networks["n"])


# lists of more and of fewer maps than a vector, taken whole and map by map; windows in strips and
# by their rows; blocks of 8 units that are rows, parts of rows, or neither
SHAPES = {
    "12 maps": ("(layer a (12 8 10)) (layer h (4 4 4))", "(kernel 3 3) (dilation 2 3)"),
    "a border, a stride": (
        "(layer a (5 9 9) (border -0.5)) (layer h (4 5 5))",
        "(kernel 3 3) (dilation 2 3) (stride 2 2)",
    ),
    "a table": (
        "(layer a (6 9 9)) (layer h (4 5 5))",
        "(kernel 3 3) (dilation 2 2) (maps '((0 1 2) (1 2 3) (2 3 4) (3 4 5)))",
    ),
    "rows of 8": ("(layer a (3 8 12)) (layer h (4 4 8))", "(kernel 3 3) (dilation 2 2)"),
}
WAYS = {
    "columns backward": Way("lists", True),
    "lists": Way("lists", False, False),
    "maps": Way("maps", False, False),
}


@pytest.mark.kernels
@pytest.mark.parametrize(
    ("shape", "way"),
    [
        ("12 maps", "lists"),
        ("a border, a stride", "columns backward"),
        ("a border, a stride", "lists"),
        ("a border, a stride", "maps"),
        ("a table", "lists"),
        ("a table", "maps"),
        ("rows of 8", "lists"),
    ],
)
def test_every_way_of_a_dilated_window_computes_the_same(
    shape: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def choose_it(node: Window, propagates: bool) -> Chosen:
        sizes = Sizes(node, WAYS[way].frames)
        return Chosen(node, WAYS[way], choose(node, propagates).geometry, sizes)

    monkeypatch.setattr(room, "choose", choose_it)
    table = described(*SHAPES[shape])
    assert [str(node) for node in lower(table).nodes if isinstance(node, Window) if node.is_dilated]
    kernels.check_like_the_twin(table, Curvature.NONE, 1)
    kernels.check_like_the_twin(table, Curvature.FULL, 2)
    widths.check(table, widths.RULES["full Newton"], 3)


def window_of(layers: str, window: str) -> Window:
    (found,) = (node for node in lower(described(layers, window)).nodes if isinstance(node, Window))
    return found


def test_dilated_windows_over_small_grids_send_their_gradients_through_frames() -> None:
    node = window_of("(layer a (12 12 12)) (layer h (12 4 4))", "(kernel 5 5) (dilation 2 2)")
    assert choose(node).way == Way("lists", True, False)
    # nothing is sent to an input layer; undilated windows keep the order of their sums
    assert choose(node, propagates=False).way.backward_by_columns
    plain = window_of("(layer a (12 8 8)) (layer h (12 4 4))", "(kernel 5 5)")
    assert choose(plain).way == Way("lists", True)
    # round an axis a site has two places
    layers = "(layer a (12 8 8)) (layer h (12 8 8))"
    assert choose(window_of(layers, "(kernel 3 3) (dilation 2 2) (wrap)")).way == Way("", True)
