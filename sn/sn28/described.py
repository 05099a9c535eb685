"""Described nets as live ones: what net forms describe, looked at and trained in SN 2.8's words.

Layers become variables that have lists of units, as build-net leaves them; unit numbers are those
that the net forms give: the bias is 0, then layer by layer, then the constants of borders.

Read next: ../live/formulas.py for which non-linearities SN 2.8 has.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sn.describe.world import World, settle
from sn.errors import EvalError, UnknownNameError, did_you_mean
from sn.lisp.calls import builtin
from sn.lisp.forms import Pair, Symbol, Value, to_list
from sn.lisp.machine import Machine
from sn.live.formulas import of_activation
from sn.live.functions import Function
from sn.live.net import VAL, LiveNet
from sn.live.variants import Variant
from sn.live.walk import Walk
from sn.net.activations import Activation
from sn.net.expr import evaluate
from sn.net.layer import Layer, Network
from sn.net.sizes import demand
from sn.net.table import ConnectionTable, freeze
from sn.sn28.construction import tell_counts
from sn.sn28.nonlinear import Nlf


@builtin("live-net", locked=False)
def live_net(it: Machine, name: Symbol | None = None) -> Value:
    """(live-net ['name])

    Make a net of net forms the one that SN 2.8's words work on, the last described unless a name is
    given: its units and connections, weights 0. Its layers become variables, the first the input
    and the last the output of the library's functions, which can train it. Return the layers.

    (progn (defnet a (layer in (2)) (layer out (1)) (connect in out (full)))
           (live-net) (list in out (amont (car out)) wnum))
    => ((1 2) (3) (0 1 2) 3)
    """
    world: World = it.world
    table = freeze(_network(world, name))
    if any(layer.shown is None for layer in table.input_layers[1:]) or len(table.outputs) > 1:
        raise EvalError(f"{table.name} has several inputs or outputs, SN 2.8's nets one of each")
    table.demand_weighted_sums("the live net")
    functions = {layer.name: nlfs_of(layer) for layer in _computed(table)}
    net = live_of(table, world.live.variant)
    world.walk = Walk(net)
    names = []
    for layer in table.layers:
        symbol = it.intern(layer.name)
        if symbol.locked:
            raise EvalError(f"layer {layer.name} has the name of a word of SN")
        symbol.set_global(_units(layer))
        names.append(symbol)
    first, last = table.layers[0], table.layers[-1]
    desired = to_list(map(float, net.add_units(last.size)))
    tell_counts(it, net)
    for word, layer_units in (
        ("make-input", _units(first)), ("make-output", _units(last)), ("make-desired", desired),
    ):  # fmt: skip
        it.call(it.intern(word), [layer_units])
    structure = Pair(to_list([symbol.value for symbol in names]), desired)
    it.intern("net-struc").set_global(structure)
    it.call(it.intern("define-net"), [_setters(it, names, functions)])
    return to_list(names)


def _network(world: World, name: Symbol | None) -> Network:
    if not world.networks:
        raise EvalError(
            "there is no net of net forms", hint="(defnet NAME (layer ...) ...) describes one"
        )
    if name is not None and name.name not in world.networks:
        raise UnknownNameError(
            f"there is no net {name.name}", hint=did_you_mean(name.name, world.networks)
        )
    chosen = world.networks[name.name if name is not None else list(world.networks)[-1]]
    settle(world, chosen)
    return chosen


def live_of(table: ConnectionTable, variant: Variant) -> LiveNet:
    """Return the live net of a table, its connections in order of their downstream units.

    Raises: EvalError where connections share weights and the kernel has no such, MemoryLimitError
    for more of them than the live net may take.
    """
    if not variant.has_table and table.n_weights < table.n_rows:
        raise EvalError(
            f"the kernel {variant.name} has no shared weights, which {table.name} needs",
            hint="(sn28-kernel 'sn28itenew) has them",
        )
    demand(table.n_units, table.n_rows, is_raw=True)
    order = np.argsort(table.dst, kind="stable")
    rows = (table.src[order], table.dst[order], table.wid[order])
    net = LiveNet.of_rows(table.n_units, table.n_weights, rows, variant)
    is_constant = ~np.isnan(table.constant)
    net.units[VAL, : table.n_units][is_constant] = table.constant[is_constant]
    return net


def _computed(table: ConnectionTable) -> list[Layer]:
    return [table.layers[index] for index in table.computed]


def _units(layer: Layer) -> Value:
    return to_list(float(layer.first + i) for i in range(layer.size))


def nlfs_of(layer: Layer) -> tuple[Nlf, Nlf, Nlf]:
    """Return the non-linearity of a layer with its derivatives, which formulas compute unit by
    unit.
    """
    found = of_activation(layer.activation) or _formula(layer.activation)
    return Nlf(found[0]), Nlf(found[1]), Nlf(found[2])


def _formula(activation: Activation) -> tuple[Function, Function, Function]:
    parts = (activation.value, activation.slope, activation.bend)
    f, df, ddf = (
        Function(f"{activation.name}{mark}", None, lisp=_at(part))
        for part, mark in zip(parts, ("", ", f'", ", f''"), strict=True)
    )
    return f, df, ddf


def _at(part: object) -> Callable[[float], float]:
    return lambda x: float(np.asarray(evaluate(part, {"a": np.float64(x)})))  # type: ignore[arg-type]


def _setters(it: Machine, names: list[Symbol], functions: dict[str, tuple[Nlf, Nlf, Nlf]]) -> Value:
    """Return what define-net takes: ((name) (name (setq nlf F dnlf DF ddnlf DDF)) ...)."""
    found = []
    for symbol in names:
        own = functions.get(symbol.name)
        if own is None:
            found.append(to_list([symbol]))
            continue
        words = zip(("nlf", "dnlf", "ddnlf"), own, strict=True)
        pairs: list[Value] = [part for word, f in words for part in (it.intern(word), f)]
        found.append(to_list([symbol, to_list([it.intern("setq"), *pairs])]))
    return to_list(found)
