"""Small nets of every kind: by name, one per connection scheme and non-linearity, and at random.

The named ones are written as a user would write them, in the net forms; the random ones are put
together from the schemes themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from sn.errors import NetError
from sn.lower.ir import Bias, Full, Node, Plan, Rows, Subsample, Window
from sn.net import expr, schemes
from sn.net.activations import Activation, elu, gelu, linear, nlf_tanh, relu, tanh
from sn.net.costs import Cost, cost
from sn.net.layer import Layer, Network
from sn.net.reference import Reference
from sn.net.schemes import Link
from sn.net.table import ConnectionTable, freeze
from sn.session import Program, Session
from sn.shipped import nets_folder, shipped_nets

Floats = NDArray[np.float64]

# name -> the body of a defnet; every scheme and option of DESIGN stands here at least once
SCHEMES = {
    "full": "(layer in (5)) (layer h (9)) (layer out (3)) (connect in h (full))"
    " (connect h out (full))",
    "full without biases": "(layer in (5)) (layer h (9) (bias none)) (layer out (3) (bias none))"
    " (connect in h (full)) (connect h out (full))",
    "full over maps": "(layer in (2 3 3)) (layer h (2 2 2)) (layer out (3))"
    " (connect in h (full)) (connect h out (full))",
    "conv": "(layer in (7 7)) (layer h (3 5 5)) (layer out (4))"
    " (connect in h (conv (kernel 3 3))) (connect h out (full))",
    "conv with a stride and a border": "(layer in (8 8) (border -1)) (layer h (3 4 4))"
    " (layer out (4)) (connect in h (conv (kernel 5 5) (stride 2 2))) (connect h out (full))",
    "conv with an offset": "(layer in (6 6) (border 0.5)) (layer h (2 3 3)) (layer out (4))"
    " (connect in h (conv (kernel 3 3) (stride 2 2) (offset 1 0))) (connect h out (full))",
    "conv with two strides": "(layer in (6 9)) (layer h (2 5 3)) (layer out (4))"
    " (connect in h (conv (kernel 2 3) (stride 1 3))) (connect h out (full))",
    "conv with gaps": "(layer in (7 7)) (layer h (2 2 2)) (layer out (4))"
    " (connect in h (conv (kernel 2 2) (stride 3 3))) (connect h out (full))",
    "conv with a table of maps": "(layer in (6 6) (border 0)) (layer h (4 3 3) (border 1))"
    " (layer h2 (3 2 2)) (layer out (4)) (connect in h (conv (kernel 3 3) (stride 2 2)))"
    " (connect h h2 (conv (kernel 3 3) (maps '((0 1 3) (1 2) (0 2 3))))) (connect h2 out (full))",
    "conv over bordered maps": "(layer in (4 5) (border -1)) (layer h (2 3)) (layer out (4))"
    " (connect in h (conv (kernel 4) (stride 2) (offset 1))) (connect h out (full))",
    "conv over short runs of maps": "(layer in (12 5 5) (border -1)) (layer h (4 2 2))"
    " (layer out (4)) (connect in h (conv (kernel 3 3) (stride 2 2) (maps '((0 1 2 3 4 5)"
    " (1 2 3 4 5 6 7) (6 7 8 9 10 11) (3 4 5 6 7 8))))) (connect h out (full))",
    "conv that wraps": "(layer in (6 6)) (layer h (2 6 6)) (layer h2 (3 3 3)) (layer out (4))"
    " (connect in h (conv (kernel 3 3) (wrap))) (connect h h2 (conv (kernel 3 3) (stride 2 2)"
    " (wrap))) (connect h2 out (full))",
    "conv that wraps along one axis": "(layer in (6 8)) (layer h (2 6 6) (border -1))"
    " (layer h2 (3 3 3)) (layer out (4)) (connect in h (conv (kernel 3 3) (wrap rows)))"
    " (connect h h2 (conv (kernel 3 3) (stride 2 2) (wrap cols))) (connect h2 out (full))",
    "conv that wraps within a border": "(layer in (8 8) (border -1)) (layer h (3 4 4) (border 0.5))"
    " (layer h2 (2 4 4)) (layer out (4)) (connect in h (conv (kernel 5 5) (stride 2 2)"
    " (wrap rows))) (connect h h2 (conv (kernel 3 3) (maps '((0 2) (1 2))) (wrap cols)))"
    " (connect h2 out (full))",
    "conv in one dimension": "(layer in (16) (border 0)) (layer h (3 8)) (layer out (4))"
    " (connect in h (conv (kernel 5) (stride 2))) (connect h out (full))",
    "conv in one dimension that wraps": "(layer in (2 9)) (layer h (2 3)) (layer out (4))"
    " (connect in h (conv (kernel 4) (stride 3) (wrap))) (connect h out (full))",
    "conv with shared biases": "(layer in (5 5)) (layer h (3 3 3) (bias map)) (layer out (4))"
    " (connect in h (conv (kernel 3 3))) (connect h out (full))",
    "conv without biases": "(layer in (5 5)) (layer h (3 3 3) (bias none)) (layer out (4))"
    " (connect in h (conv (kernel 3 3))) (connect h out (full))",
    "conv with a dilation": "(layer in (9 8)) (layer h (3 5 4)) (layer h2 (2 3 2)) (layer out (4))"
    " (connect in h (conv (kernel 3 3) (dilation 2 2)))"
    " (connect h h2 (conv (kernel 2 2) (dilation 2 2) (maps '((0 2) (1 2)))))"
    " (connect h2 out (full))",
    "conv with a dilation, a stride and a border": "(layer in (9 9) (border -1)) (layer h (3 5 4)"
    " (border 0.5)) (layer h2 (2 5 4)) (layer out (4))"
    " (connect in h (conv (kernel 3 3) (dilation 2 3) (stride 2 2)))"
    " (connect h h2 (conv (kernel 3 3) (dilation 2 1))) (connect h2 out (full))",
    "conv with a dilation that wraps": "(layer in (7 8)) (layer h (2 7 8)) (layer h2 (2 7 4))"
    " (layer out (4)) (connect in h (conv (kernel 3 3) (dilation 2 2) (wrap)))"
    " (connect h h2 (conv (kernel 3 3) (dilation 2 1) (stride 1 2) (wrap)))"
    " (connect h2 out (full))",
    "conv with a dilation in one dimension": "(layer in (2 20)) (layer h (3 6)) (layer h2 (2 4))"
    " (layer out (4)) (connect in h (conv (kernel 4) (dilation 3) (stride 2)))"
    " (connect h h2 (local (kernel 2) (dilation 2))) (connect h2 out (full))",
    "local with a dilation": "(layer in (8 8) (border -1)) (layer h (2 6 6)) (layer h2 (2 2 3))"
    " (layer out (4)) (connect in h (local (kernel 3 3) (dilation 2 2)))"
    " (connect h h2 (local (kernel 3 2) (dilation 2 3))) (connect h2 out (full))",
    "local": "(layer in (6 6)) (layer h (2 4 4)) (layer out (4))"
    " (connect in h (local (kernel 3 3))) (connect h out (full))",
    "local with a stride and a border": "(layer in (6 6) (border -1)) (layer h (2 3 3) (border 1))"
    " (layer h2 (2 3 3)) (layer out (4)) (connect in h (local (kernel 3 3) (stride 2 2)))"
    " (connect h h2 (local (kernel 3 3))) (connect h2 out (full))",
    "local with a table of maps": "(layer in (5 5)) (layer h (3 4 4)) (layer h2 (3 3 3))"
    " (layer out (4)) (connect in h (local (kernel 2 2)))"
    " (connect h h2 (local (kernel 2 2) (maps '((0 2) (1) (0 1 2))))) (connect h2 out (full))",
    "local that wraps": "(layer in (4 6)) (layer h (4 6)) (layer h2 (2 3)) (layer out (4))"
    " (connect in h (local (kernel 3 2) (wrap)))"
    " (connect h h2 (local (kernel 3 3) (stride 2 2) (wrap))) (connect h2 out (full))",
    "local that wraps along one axis": "(layer in (4 6) (border -1)) (layer h (2 4 6))"
    " (layer h2 (2 3)) (layer out (4)) (connect in h (local (kernel 3 3) (wrap rows)))"
    " (connect h h2 (local (kernel 2 3) (stride 2 2) (wrap cols))) (connect h2 out (full))",
    "local in one dimension": "(layer in (12)) (layer h (2 5)) (layer out (4))"
    " (connect in h (local (kernel 4) (stride 2))) (connect h out (full))",
    "subsample": "(layer in (3 4 6)) (layer h (3 2 3) (bias map)) (layer out (4))"
    " (connect in h (subsample (kernel 2 2))) (connect h out (full))",
    "subsample after conv": "(layer in (9 9)) (layer h (2 7 7) (bias map)) (layer h2 (2 3 3)"
    " (bias map)) (layer h3 (3 2 2)) (layer h4 (3 1 1)) (layer out (4))"
    " (connect in h (conv (kernel 3 3))) (connect h h2 (subsample (kernel 2 2)))"
    " (connect h2 h3 (conv (kernel 2 2))) (connect h3 h4 (subsample (kernel 2 2)))"
    " (connect h4 out (full))",
    "subsample with windows that overlap": "(layer in (6 7)) (layer h (10 4 5)) (layer h2 (10 2 2))"
    " (layer out (4)) (connect in h (conv (kernel 3 3))) (connect h h2 (subsample (kernel 3 2)"
    " (stride 1 3))) (connect h2 out (full))",
    "subsample beside full": "(layer in (12)) (layer h (2 8) (bias none)) (layer h2 (2 3))"
    " (layer out (4)) (connect in h (full)) (connect h h2 (subsample (kernel 4) (stride 2)))"
    " (connect in h2 (full)) (connect h2 out (full)) (connect h out (full))",
    "full with shared biases": "(layer in (5)) (layer h (2 3) (bias map)) (layer h2 (2 2 2)"
    " (bias map)) (layer out (3)) (connect in h (full)) (connect h h2 (full))"
    " (connect h2 out (full))",
    "two sources": "(layer in (6 6)) (layer h (2 4 4)) (layer h2 (7)) (layer out (4))"
    " (connect in h (conv (kernel 3 3))) (connect in h2 (full)) (connect h h2 (full))"
    " (connect h2 out (full)) (connect h out (full))",
    "slices of the input": "(layer all (8 8)) (layer in (4 8) (from all 0 31) (border -1))"
    " (layer low (4 4 2) (from all 24 55)) (layer h (3 2 4)) (layer h2 (7)) (layer out (4))"
    " (connect in h (conv (kernel 3 3) (stride 2 2))) (connect low h2 (full))"
    " (connect h h2 (full)) (connect in h2 (full)) (connect h2 out (full))",
    "several inputs": "(layer in (6 6) (border 1)) (layer h (2 3 3))"
    " (layer side (2 5) (input)) (layer tail (3) (from side 7 9)) (layer h2 (2 4)) (layer out (4))"
    " (connect in h (local (kernel 3 3) (stride 2 2))) (connect side h2 (conv (kernel 2)))"
    " (connect h out (full)) (connect h2 out (full)) (connect tail h2 (full))",
    "scheme of own weights": "(layer in (7)) (layer h (9)) (layer out (4))"
    " (connect in h (scheme (lambda (from to) (let ((rows ())) (each ((j to)) (each ((i from))"
    " (if (<> 3 (+ i j)) (setq rows (cons (list j i) rows))))) rows))))"
    " (connect h out (full))",
    "scheme of shared weights": "(layer in (7)) (layer h (9)) (layer out (4))"
    " (connect in h (scheme (lambda (from to) (let ((rows ())) (each ((j to)) (each ((i from))"
    " (if (< i (+ 1 j)) (setq rows (cons (list j i (- j i)) rows))))) rows))))"
    " (connect h out (full))",
}

# programs of SN 2.8 make their units themselves: they describe no net that is compiled
NETS = [net.name for net in shipped_nets() if not net.name.startswith("sn28/")]
# The nets whose kernels are frozen in tests/golden/kernels: between them they call every section
# that a net of nets/ does. Full connections only; shared and own windows; tables of maps; pooling;
# a cost over the output layer.
FROZEN = ("net-2", "net-4", "zipcode-lenet", "lenet-1", "encoder", "ladder/4-relu-dropout")

# a net with a node of every kind, for what must hold wherever weights live
ALL_KINDS = (
    "(de odd (from to) (let ((rows ())) (each ((j to)) (each ((i from))"
    " (if (<> 0 (mod (+ i j) 3)) (setq rows (cons (list j i (mod (+ i (* 2 j)) 5)) rows))))) rows))"
    " (de even (from to) (let ((rows ())) (each ((j to)) (each ((i from))"
    " (if (= 0 (mod (+ i j) 3)) (setq rows (cons (list j i) rows))))) rows))"
    " (defnet sample (layer in (6 6) (border -1)) (layer h (3 3 3) (bias map) (border 0))"
    " (layer h2 (2 3 3)) (layer h3 (9)) (layer out (4))"
    " (connect in h (conv (kernel 3 3) (stride 2 2)))"
    " (connect h h2 (local (kernel 3 3) (maps '((0 2) (1)))))"
    " (connect h2 h3 (scheme odd)) (connect in h3 (scheme even))"
    " (connect h3 out (full)) (connect h out (full)))"
)

_SQUASHED = (
    "(layer in (5)) (layer h (11) {0}) (layer out (3) {0})"
    " (connect in h (full)) (connect h out (full))"
)
_FUNCTIONS = {
    "nlf-tanh": "(nlf-tanh 0.66666666 0)",
    "nlf-tanh with a linear term": "(nlf-tanh 0.66666666 0.05)",
    "nlf-tanh with scale and offset": "(nlf-tanh 0.5 0.1 1.2 0.3)",
    "tanh": "(tanh)",
    "linear": "(linear 0.7)",
    "relu": "(relu)",
    "elu": "(elu 0.7)",
    "gelu": "(gelu)",
    "a Lisp expression": "(nlf (lambda (x) (/ x (+ 1 (abs x)))))",
    "a Lisp expression of all functions": "(nlf (lambda (x) (+ (* 0.3 (sin x))"
    " (* 0.2 (cos (* 2 x))) (log (+ 2 (exp (/ x 2)))) (sqrt (+ 1 (* x x)))"
    " (tanh (min x 2)) (max (- x) -3))))",
    "a Lisp expression with a choice": "(nlf (lambda (x) (if (< x 0) (- (exp x) 1) x)))",
}
NON_LINEARITIES = {name: _SQUASHED.format(form) for name, form in _FUNCTIONS.items()}
FAMILIES = SCHEMES | NON_LINEARITIES

# a finite step must not cross the corner of relu, |x| or a choice: totals stay this far away
CORNER = 0.02


@cache
def shipped(name: str) -> Program:
    """Load a net of nets/, once for all tests: what they are given is not theirs to change."""
    return Session().load(nets_folder() / f"{name}.sn")


@cache
def family(name: str) -> Network:
    """Build one of FAMILIES, once for all tests: what they are given is not theirs to change."""
    return described(f"(defnet sample {FAMILIES[name]})")


def described(text: str) -> Network:
    """Build the last net of a program."""
    session = Session()
    session.evaluate(text)
    return list(session.world.networks.values())[-1]


def lms(table: ConnectionTable) -> Cost:
    """Half the sum of squared differences at the table's last layer."""
    return cost.get("lms")(table.layers[-1].size)


@dataclass(frozen=True)
class Presentation:
    """Weights, pattern and desired outputs for one table, float64 but exact in float32."""

    weights: Floats
    pattern: Floats
    desired: Floats


def has_corner(table: ConnectionTable) -> bool:
    """Whether some non-linearity of the net has a corner at 0."""
    return any({"if", "max", "min", "abs"} & _operations(x.activation.value) for x in table.layers)


def _operations(e: expr.Expr) -> set[str]:
    return {e.op}.union(*(_operations(arg) for arg in e.args))


def presentation(table: ConnectionTable, seed: int = 0) -> Presentation:
    """Draw weights of about 1.5 / sqrt(fan-in), a pattern in -1..1 and desired values.

    Where the net has corners, several draws are tried and the one whose totals stay farthest from
    0 is taken, so that central differences do not cross a corner.
    """
    best, distance = None, -1.0
    for attempt in range(40):
        rng = np.random.default_rng([seed, attempt])
        width = 1.5 / np.sqrt(table.fan_in_of_weight)
        some = Presentation(
            _rounded(rng.uniform(-1, 1, table.n_weights) * width),
            _rounded(rng.uniform(-1, 1, table.n_inputs)),
            _rounded(rng.uniform(-1, 1, table.n_outputs)),
        )
        margin = corner_margin(table, some)
        if margin > distance:
            best, distance = some, margin
        if distance > CORNER:
            break
    assert best is not None
    return best


def _rounded(values: Floats) -> Floats:
    return values.astype(np.float32).astype(np.float64)


def corner_margin(table: ConnectionTable, shown: Presentation) -> float:
    """Smallest |total| over the units of layers with a corner; infinity when there is none."""
    margin = np.inf
    total, _ = Reference(table, lms(table)).forward(shown.weights, shown.pattern)
    for layer in table.computed_layers:
        if {"if", "max", "min", "abs"} & _operations(layer.activation.value):
            margin = min(margin, float(np.abs(total[layer.units]).min()))
    return margin


# --- random nets ---

SMOOTH: tuple[Activation, ...] = (
    nlf_tanh(),
    nlf_tanh(0.66666666, 0.05),
    tanh(),
    linear(),
    Activation("x / (1 + x x)", expr.variable("a") / (1 + expr.variable("a") * expr.variable("a"))),
)
ALL = (*SMOOTH, relu(), gelu(), elu())


# along which axes random windows wrap: mostly none
WRAPS = ((False, False),) * 4 + ((True, True), (True, False), (False, True))


@st.composite
def networks(draw: st.DrawFn, activations: tuple[Activation, ...] = ALL) -> Network:
    """Draw a feed-forward net of 2 to 4 layers, each connected by some scheme, now and then twice.

    Layers are small, so that a presentation by the twin takes a millisecond.
    """
    net = Network("random")
    border = draw(st.sampled_from((None, 0.0, -1.0, 0.5)))
    net.add_layer("layer0", draw(_shapes()), None, border)
    n_layers = draw(st.integers(2, 4))
    for number in range(1, n_layers):
        is_last = number == n_layers - 1
        _add_layer(draw, net, f"layer{number}", activations, is_last)
    return net


def _shapes() -> st.SearchStrategy[tuple[int, ...]]:
    return st.one_of(
        st.tuples(st.integers(2, 12)),
        st.tuples(st.integers(2, 7), st.integers(2, 9)),
        st.tuples(st.integers(1, 3), st.integers(2, 6), st.integers(2, 6)),
    )


def _add_layer(
    draw: st.DrawFn, net: Network, name: str, activations: tuple[Activation, ...], is_last: bool
) -> None:
    src = net.layers[-1]
    kind = draw(st.sampled_from(("window", "window", "window", "full", "rows")))
    if kind == "window" and src.size > 1:
        plan = _window(draw, src)
    else:
        plan = None
    shape = plan[1] if plan else draw(st.one_of(st.tuples(st.integers(1, 11)), _shapes()))
    border = None if is_last else draw(st.sampled_from((None, 0.0, -1.0)))
    layer = net.add_layer(name, shape, draw(st.sampled_from(activations)), border)
    bias = draw(st.sampled_from(("unit", "map", "none")))
    if bias == "unit" or (bias == "map" and len(shape) > 1):
        schemes.bias(net, layer, bias == "map")
    link = Link(src, layer)
    if plan is not None:
        try:
            schemes.scheme.get(plan[0])(net, link, plan[2])
        except NetError:
            schemes.full(net, link)
    elif kind == "rows":
        _rows(draw, net, link)
    else:
        schemes.full(net, link)
    if len(net.layers) > 2 and draw(st.booleans()):
        schemes.full(net, Link(draw(st.sampled_from(net.layers[:-2])), layer))


def _window(draw: st.DrawFn, src: Layer) -> tuple[str, tuple[int, ...], schemes.Window]:
    """Draw a scheme, the shape of the layer it leads to and its window."""
    dims = min(2, len(src.shape)) if len(src.shape) != 2 else draw(st.sampled_from((1, 2)))
    field = src.shape[-dims:]
    in_maps = int(np.prod(src.shape[:-dims]))
    wrap = draw(st.sampled_from(WRAPS)) if dims == 2 else (draw(st.integers(0, 3)) == 0,) * 2
    kernel = tuple(draw(st.integers(1, min(5, size))) for size in field)
    stride = tuple(draw(st.integers(1, 3)) for _ in field)
    offset = None
    grid = []
    for size, taps, step, wraps in zip(field, kernel, stride, wrap[-dims:], strict=True):
        fitting = (size - taps) // step + 1
        if wraps:
            whole = size % step == 0 or draw(st.integers(0, 3))
            grid.append(max(1, size // step) if whole else draw(st.integers(1, size)))
        elif src.border is None:
            grid.append(fitting)
        else:
            grid.append(draw(st.integers(fitting, fitting + -(-(taps - 1) // step))))
    if src.border is not None and not all(wrap) and draw(st.booleans()):
        offset = tuple(draw(st.integers(0, taps - 1)) for taps in kernel)
    out_maps = draw(st.integers(1, 5))
    table = None
    if draw(st.booleans()):
        lists = st.lists(st.integers(0, in_maps - 1), min_size=1, max_size=in_maps, unique=True)
        table = tuple(tuple(draw(lists)) for _ in range(out_maps))
    shape = (out_maps, *grid) if out_maps > 1 or len(src.shape) == 3 else tuple(grid)
    name = draw(st.sampled_from(("conv", "local")))
    return name, shape, schemes.Window(kernel, stride, offset, table, wrap)


def _rows(draw: st.DrawFn, net: Network, link: Link) -> None:
    """Connect a random half of the pairs of units, with weights of their own or shared."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    every = [(j, i) for j in range(link.dst.size) for i in range(link.src.size)]
    chosen = [pair for pair in every if rng.random() < 0.5] or every[:1]
    is_shared = draw(st.booleans())
    keys = [float(rng.integers(0, 6)) if is_shared else None for _ in chosen]
    schemes.rows(net, link, [(j, i, key) for (j, i), key in zip(chosen, keys, strict=True)], "rows")


def tables(activations: tuple[Activation, ...] = ALL) -> st.SearchStrategy[ConnectionTable]:
    """Draw the table of a random net."""
    return networks(activations).map(freeze)


# --- plans ---


def facts(plan: Plan) -> list[tuple[object, ...]]:
    """What is recognised, without weight numbers: equal for nets that differ in these only."""
    return [_facts(node) for node in plan.nodes]


def _facts(node: Node) -> tuple[object, ...]:
    match node:
        case Bias():
            return "bias", node.dst, node.shared, node.wid.shape
        case Full():
            return "full", node.dst, node.src, node.wid.shape
        case Window():
            place = (node.pairs, node.kernel, node.stride, node.offset, node.border, node.wrap)
            place = (*place, node.dilation)
            return "window", node.dst, node.src, node.grid, node.field, place, node.shared
        case Subsample():
            place = (node.kernel, node.stride, node.wid.shape)
            return "subsample", node.dst, node.src, node.grid, node.field, place
        case Rows():
            pairs = (node.dst_unit.tolist(), node.src_unit.tolist())
            return "rows", node.dst, pairs, node.is_shared, node.why


def equal(a: Plan, b: Plan) -> bool:
    """Whether two plans hold the same nodes, weight numbers included."""
    weights = (np.array_equal(x.wid, y.wid) for x, y in zip(a.nodes, b.nodes, strict=False))
    return facts(a) == facts(b) and all(weights)
